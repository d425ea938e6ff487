//! A file of SQL to its scripts, with the directives that hold for each.

use super::marker::{Cut, Marker, Markers, Section, Unknown};
use super::{Finding, Problem, Script, judge};
use crate::directive::{Directives, Fault, Misread, Mode};
use crate::place::Place;
use crate::sql::{TokenKind, tokens};
use crate::{Database, sql::Token};

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Up,
    Down,
    RepeatableUp,
    RepeatableDown,
    Seed,
}

impl Role {
    pub(super) fn is_down(self) -> bool {
        matches!(self, Role::Down | Role::RepeatableDown)
    }
}

/// A file of SQL.
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) database: Database,
    pub(super) markers: &'a Markers,
}

impl Source<'_> {
    /// The whole file as one script. `transaction` is what else says whether it runs in one.
    pub(super) fn whole(
        &self,
        role: Role,
        transaction: Option<bool>,
        findings: &mut Vec<Finding>,
    ) -> Script {
        self.report_markers(&self.markers.all_misplaced(), findings);
        let section = Section {
            text: self.text,
            offset: 0,
            transaction,
        };
        self.script("", &section, role, false, findings)
    }

    /// The up and the down of a file that was cut at its markers.
    pub(super) fn parts(
        &self,
        cut: &Cut<'_>,
        findings: &mut Vec<Finding>,
    ) -> (Script, Option<Script>) {
        self.report_markers(&cut.misplaced, findings);
        let up = self.script(cut.preamble, &cut.up, Role::Up, cut.goose, findings);
        let down = cut.down.as_ref();
        let down =
            down.map(|down| self.script(cut.preamble, down, Role::Down, cut.goose, findings));
        (up, down)
    }

    fn script(
        &self,
        preamble: &str,
        section: &Section<'_>,
        role: Role,
        goose: bool,
        findings: &mut Vec<Finding>,
    ) -> Script {
        let (directives, misread) =
            Directives::read(&format!("{preamble}{}", section.text), self.database);
        let lines_before = self.text[..section.offset].matches('\n').count();
        let mut script = Script {
            path: self.path.to_owned(),
            line: u32::try_from(lines_before + 1).unwrap_or(u32::MAX),
            sql: section.text.to_owned(),
            directives,
        };
        for misread in misread {
            let offset = match misread.offset.checked_sub(preamble.len()) {
                Some(offset) => section.offset + offset,
                // The preamble is read for each part, and reported for the first.
                None if role.is_down() => continue,
                None => misread.offset,
            };
            if !self.markers.include(offset) {
                findings.push(self.misread(&misread, offset));
            }
        }
        if let Some(transaction) = section.transaction {
            findings.extend(set_transaction(&mut script, transaction, self.database));
        }
        findings.extend(without_effect(&script, role, self.database));
        let judged = judge::script(&script, role, goose, self.database);
        findings.extend(judged.into_iter().map(|finding| Finding {
            in_down: role.is_down(),
            ..finding
        }));
        script
    }

    fn report_markers(&self, misplaced: &[Marker], findings: &mut Vec<Finding>) {
        for Marker { comment, .. } in misplaced {
            findings.push(
                Finding::new(
                    Problem::MisplacedMarker,
                    format!("`{}` marks nothing here", &self.text[comment.clone()]),
                )
                .at(Place::at(
                    self.path,
                    self.text,
                    1,
                    comment.start,
                    comment.len(),
                ))
                .help(
                    "a file with markers has one for its up, before all SQL, and one for its down",
                )
                .help("if it is no marker, write the comment differently"),
            );
        }
        for Unknown {
            comment,
            suggestion,
        } in &self.markers.unknown
        {
            let finding = Finding::new(
                Problem::UnknownMarker,
                format!(
                    "the marker `{}` is not understood",
                    &self.text[comment.clone()]
                ),
            )
            .at(Place::at(
                self.path,
                self.text,
                1,
                comment.start,
                comment.len(),
            ));
            findings.push(match suggestion {
                Some(suggestion) => finding.help(format!("write `{suggestion}`")),
                None => finding.help("remove it"),
            });
        }
    }

    fn misread(&self, misread: &Misread, offset: usize) -> Finding {
        let text = &misread.text;
        let (problem, message) = match misread.fault {
            Fault::Unknown => (
                Problem::UnknownDirective,
                format!("the directive `{text}` is not understood"),
            ),
            Fault::Misplaced => (
                Problem::MisplacedDirective,
                format!("the directive `{text}` stands behind the first statement"),
            ),
            Fault::Contradiction => (
                Problem::ContradictingDirectives,
                format!("the directive `{text}` contradicts one before it"),
            ),
        };
        let finding = Finding::new(problem, message).at(Place::at(
            self.path,
            self.text,
            1,
            offset,
            text.len(),
        ));
        match (misread.fault, misread.suggestion) {
            (_, Some(suggestion)) => finding.help(format!("write `{suggestion}`")),
            (Fault::Unknown, None) => {
                finding.help("if it is no directive, write the comment differently")
            }
            (Fault::Misplaced, None) => finding.help("move it to the head of the file"),
            (Fault::Contradiction, None) => finding.help("remove one of them"),
        }
    }
}

/// Takes over what something else than the directives of `script` says: whether it runs in a
/// transaction.
fn set_transaction(script: &mut Script, transaction: bool, database: Database) -> Option<Finding> {
    let said = script.directives.mode;
    match (said, transaction) {
        (Mode::Transaction, false) => script.directives.mode = Mode::NoTransaction,
        (Mode::NoTransaction, true) | (Mode::Repeat, false) => {
            return Some(
                Finding::new(
                    Problem::ContradictingDirectives,
                    "this contradicts what the marker or the metadata of the script says",
                )
                .at(directive(script, database, |directives| {
                    directives.mode == said
                }))
                .help("remove one of them"),
            );
        }
        _ => {}
    }
    None
}

/// The directives of `script` that can have no effect in its role. Those before the markers of a
/// file are meant for its up.
fn without_effect(script: &Script, role: Role, database: Database) -> Vec<Finding> {
    type Has = fn(&Directives) -> bool;
    const FOREIGN_KEYS: (&str, Has) = ("foreign-keys on", |d| d.foreign_keys);
    const UNVERIFIED: (&str, Has) = ("unverified", |d| d.unverified.is_some());
    const IRREVERSIBLE: (&str, Has) = ("irreversible", |directives| directives.irreversible);
    const DESCRIPTION: (&str, Has) = ("description", |d| d.description.is_some());
    const MODE: (&str, Has) = ("no-transaction", |d| d.mode == Mode::NoTransaction);
    const REPEAT: (&str, Has) = ("repeat", |directives| directives.mode == Mode::Repeat);
    let (forbidden, what): (&[(&str, Has)], _) = match role {
        Role::Up => return Vec::new(),
        Role::Down => (&[IRREVERSIBLE, DESCRIPTION], "a down"),
        Role::RepeatableUp => (&[IRREVERSIBLE, MODE, REPEAT], "a repeatable migration"),
        Role::RepeatableDown => (
            &[IRREVERSIBLE, DESCRIPTION, MODE, REPEAT],
            "a repeatable migration's down",
        ),
        Role::Seed => (
            &[
                IRREVERSIBLE,
                DESCRIPTION,
                MODE,
                REPEAT,
                FOREIGN_KEYS,
                UNVERIFIED,
            ],
            "sample data",
        ),
    };
    let (own, _) = Directives::read(&script.sql, database);
    let found = forbidden.iter().filter(|(_, has)| has(&own));
    found
        .map(|(name, has)| {
            Finding::new(
                Problem::MisplacedDirective,
                format!("the directive `{name}` has no effect in {what}"),
            )
            .at(directive(script, database, has))
            .help("remove it")
        })
        .collect()
}

/// Where the first directive of `script` stands of which `has` is true.
pub(super) fn directive(
    script: &Script,
    database: Database,
    has: impl Fn(&Directives) -> bool,
) -> Place {
    let says = |comment: &Token<'_>| {
        comment.kind == TokenKind::LineComment && has(&Directives::read(comment.text, database).0)
    };
    match tokens(&script.sql, database).find(says) {
        Some(comment) => Place::at(
            &script.path,
            &script.sql,
            script.line,
            comment.offset,
            comment.text.len(),
        ),
        None => Place::file(&script.path),
    }
}
