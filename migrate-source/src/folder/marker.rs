//! Markers: the comments that cut one file into an up and a down.
//!
//! Three families are understood: `-- migrate:up` of dbmate, with its option `transaction:false`,
//! `-- +goose Up` of goose, and a bare `-- UP`. A marker stands on a line of its own.

use std::ops::Range;

use crate::Database;
use crate::near::nearest;
use crate::sql::{Goose, TokenKind, tokens};

/// The markers of a file.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// Those that are understood, in order.
    pub(super) known: Vec<Marker>,
    /// Those that are not.
    pub(super) unknown: Vec<Unknown>,
    /// Where the first thing stands that is no comment.
    first_sql: Option<usize>,
}

/// A marker that is understood.
#[derive(Debug, Clone)]
pub(super) struct Marker {
    pub(super) kind: Kind,
    /// The bytes of its comment.
    pub(super) comment: Range<usize>,
    /// The bytes of its line, line end included.
    line: Range<usize>,
    /// Whether its part runs in a transaction, if it says so.
    transaction: Option<bool>,
    /// Whether it is one of goose's.
    goose: bool,
    /// Whether its line holds anything else.
    shares_line: bool,
}

/// A comment that is nearly a marker, or one that is not supported.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) comment: Range<usize>,
    pub(super) suggestion: Option<&'static str>,
}

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Up,
    Down,
    StatementBegin,
    StatementEnd,
    /// Goose's `NO TRANSACTION`, which holds for both parts wherever it stands.
    NoTransaction,
}

/// A file, cut at its markers.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    /// What precedes the up marker: comments, whose directives hold for both parts.
    pub(super) preamble: &'a str,
    pub(super) up: Section<'a>,
    pub(super) down: Option<Section<'a>>,
    /// Whether its markers are those of goose, which wants every statement finished.
    pub(super) goose: bool,
    /// The markers that mark nothing.
    pub(super) misplaced: Vec<Marker>,
}

/// One part of a file.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) text: &'a str,
    /// Where it begins, in bytes from the start of the file: always at the start of a line.
    pub(super) offset: usize,
    /// Whether it runs in a transaction, if anything but its own directives says so.
    pub(super) transaction: Option<bool>,
}

impl Markers {
    /// The markers of a file. In one that is neither an up nor a down by its name, what looks like
    /// the beginning of a down is not passed over when SQL follows it: that would run with the up.
    pub(super) fn read(text: &str, database: Database, either: bool) -> Markers {
        let mut markers = Markers::default();
        let mut looks_like_down = None;
        for token in tokens(text, database) {
            if !token.kind.is_comment() {
                markers.first_sql.get_or_insert(token.offset);
                markers.unknown.extend(looks_like_down.take());
                continue;
            }
            let comment = token.offset..token.end();
            let meaning = match token.kind {
                TokenKind::LineComment => meaning(token.text),
                _ => Meaning::None,
            };
            if either && matches!(meaning, Meaning::None) && resembles_down(token.text) {
                looks_like_down = Some(Unknown {
                    comment,
                    suggestion: Some("-- migrate:down"),
                });
            } else {
                match meaning {
                    Meaning::None => {}
                    Meaning::Unknown(suggestion) => {
                        markers.unknown.push(Unknown {
                            comment,
                            suggestion,
                        });
                    }
                    Meaning::Marker {
                        kind,
                        transaction,
                        goose,
                    } => {
                        looks_like_down = None;
                        let line = line(text, &comment);
                        let shares_line = !text[line.start..comment.start].trim().is_empty();
                        markers.known.push(Marker {
                            kind,
                            comment,
                            line,
                            transaction,
                            goose,
                            shares_line,
                        });
                    }
                }
            }
        }
        markers
    }

    /// Whether the file begins with an up marker, so that it holds both parts.
    pub(super) fn begin_with_up(&self) -> bool {
        self.first().is_some_and(|marker| {
            let before_sql = self.first_sql.is_none_or(|sql| marker.comment.start < sql);
            marker.kind == Kind::Up && before_sql
        })
    }

    /// Cuts the file, which begins with an up marker.
    pub(super) fn cut<'a>(&self, text: &'a str) -> Option<Cut<'a>> {
        let up = self.first().filter(|_| self.begin_with_up())?;
        let down = self
            .known
            .iter()
            .find(|marker| marker.kind == Kind::Down && !marker.shares_line);
        let everywhere = self
            .known
            .iter()
            .any(|marker| marker.kind == Kind::NoTransaction);
        let section = |marker: &Marker, end: usize| Section {
            text: &text[marker.line.end..end],
            offset: marker.line.end,
            transaction: if everywhere {
                Some(false)
            } else {
                marker.transaction
            },
        };
        Some(Cut {
            preamble: &text[..up.line.start],
            up: section(up, down.map_or(text.len(), |down| down.line.start)),
            down: down.map(|down| section(down, text.len())),
            goose: up.goose,
            misplaced: self.misplaced(up, down),
        })
    }

    /// The markers of a file that is not cut: all but `NO TRANSACTION` mark nothing there.
    pub(super) fn all_misplaced(&self) -> Vec<Marker> {
        self.known
            .iter()
            .filter(|marker| marker.kind != Kind::NoTransaction)
            .cloned()
            .collect()
    }

    /// Whether the comment that begins at `offset` is a marker, understood or not. `NO TRANSACTION`
    /// is a directive as well.
    pub(super) fn include(&self, offset: usize) -> bool {
        let known = self
            .known
            .iter()
            .filter(|marker| marker.kind != Kind::NoTransaction);
        known
            .map(|marker| marker.comment.start)
            .any(|start| start == offset)
            || self
                .unknown
                .iter()
                .any(|unknown| unknown.comment.start == offset)
    }

    /// The first of the markers that begin a part.
    fn first(&self) -> Option<&Marker> {
        self.known
            .iter()
            .find(|marker| matches!(marker.kind, Kind::Up | Kind::Down) && !marker.shares_line)
    }

    fn misplaced(&self, up: &Marker, down: Option<&Marker>) -> Vec<Marker> {
        let cuts = |marker: &Marker| {
            marker.comment == up.comment || down.is_some_and(|down| down.comment == marker.comment)
        };
        let mut in_part = false;
        let mut in_statement = false;
        let mut misplaced = Vec::new();
        for marker in &self.known {
            if cuts(marker) {
                in_part = true;
                in_statement = false;
                continue;
            }
            let right = match marker.kind {
                Kind::Up | Kind::Down => false,
                Kind::NoTransaction => true,
                Kind::StatementBegin => in_part && !std::mem::replace(&mut in_statement, true),
                Kind::StatementEnd => std::mem::replace(&mut in_statement, false),
            };
            if !right {
                misplaced.push(marker.clone());
            }
        }
        misplaced
    }
}

/// Whether the comment is a marker, understood or not.
pub(super) fn is_marker(comment: &str) -> bool {
    !matches!(meaning(comment), Meaning::None)
}

/// Whether the comment consists of what other tools, or tired fingers, write above a down.
fn resembles_down(comment: &str) -> bool {
    let text = comment.to_ascii_lowercase();
    let mut words = text
        .split(|c: char| c.is_whitespace() || "-/*#=!+@:".contains(c))
        .filter(|word| !word.is_empty());
    let tools = [
        "migrate",
        "migration",
        "migrations",
        "goose",
        "rambler",
        "dbmate",
    ];
    let word = match words.next() {
        Some(tool) if tools.contains(&tool) => words.next(),
        word => word,
    };
    let down = ["down", "downs", "undo", "rollback", "revert"];
    let alone = word.is_some_and(|word| down.contains(&word)) && words.next().is_none();
    alone || text.contains("create above / drop below")
}

enum Meaning {
    None,
    Unknown(Option<&'static str>),
    Marker {
        kind: Kind,
        transaction: Option<bool>,
        goose: bool,
    },
}

fn meaning(comment: &str) -> Meaning {
    let marker = |kind, transaction| Meaning::Marker {
        kind,
        transaction,
        goose: false,
    };
    if let Some(goose) = Goose::of(comment) {
        let kind = match goose {
            Goose::Up => Kind::Up,
            Goose::Down => Kind::Down,
            Goose::StatementBegin => Kind::StatementBegin,
            Goose::StatementEnd => Kind::StatementEnd,
            Goose::NoTransaction => Kind::NoTransaction,
            _ => return Meaning::Unknown(goose_suggestion(comment)),
        };
        return Meaning::Marker {
            kind,
            transaction: None,
            goose: true,
        };
    }
    let body = comment.strip_prefix("--").unwrap_or(comment).trim();
    match body {
        "UP" => return marker(Kind::Up, None),
        "DOWN" => return marker(Kind::Down, None),
        _ => {}
    }
    let Some((tool, rest)) = body.split_once(':') else {
        let lower = body.to_ascii_lowercase();
        return match lower.as_str() {
            "migrate up" => Meaning::Unknown(Some("-- migrate:up")),
            "migrate down" => Meaning::Unknown(Some("-- migrate:down")),
            _ => Meaning::None,
        };
    };
    if !tool.trim().eq_ignore_ascii_case("migrate") {
        return Meaning::None;
    }
    let (word, options) = match rest.trim_start().split_once(char::is_whitespace) {
        Some((word, options)) => (word, options),
        None => (rest.trim_start(), ""),
    };
    let options: String = options.split_whitespace().collect();
    let (kind, spelling) = match nearest(word, &["up", "down"], 1) {
        Some("up") => (Kind::Up, "-- migrate:up"),
        Some(_) => (Kind::Down, "-- migrate:down"),
        None => return Meaning::None,
    };
    let exact = tool == "migrate" && matches!(word, "up" | "down");
    match options.as_str() {
        _ if !exact => Meaning::Unknown(Some(spelling)),
        "" => marker(kind, None),
        "transaction:true" => marker(kind, Some(true)),
        "transaction:false" => marker(kind, Some(false)),
        _ => Meaning::Unknown(Some("transaction:false")),
    }
}

fn goose_suggestion(comment: &str) -> Option<&'static str> {
    const KNOWN: &[&str] = &[
        "-- +goose Up",
        "-- +goose Down",
        "-- +goose StatementBegin",
        "-- +goose StatementEnd",
        "-- +goose NO TRANSACTION",
    ];
    nearest(comment.trim(), KNOWN, 3)
}

/// The line that `comment` stands on, with its end.
fn line(text: &str, comment: &Range<usize>) -> Range<usize> {
    let start = text[..comment.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let end = text[comment.end..]
        .find('\n')
        .map_or(text.len(), |at| comment.end + at + 1);
    start..end
}
