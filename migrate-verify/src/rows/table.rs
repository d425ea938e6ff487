//! What the schema says of a table.

use std::collections::BTreeMap;

use migrate_source::Database;
use migrate_source::sql::{Token, tokens, unquoted};

use super::column::Column;
use super::hints::Hints;

/// A table that rows can be put into.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) keys: Vec<ForeignKey>,
    checks: Vec<Check>,
    /// What its own definition says of its columns.
    pub(super) hints: Hints,
    /// The columns that each generated column is made of.
    sources: BTreeMap<usize, Vec<usize>>,
    /// The columns that its triggers look at in a new row.
    triggering: Vec<usize>,
    /// Whether inserting may roll back the transaction of the caller.
    pub(super) rolls_back: bool,
}

/// A foreign key.
pub(super) struct ForeignKey {
    /// The name of the table that it refers to; `None` when there is none.
    pub(super) parent: Option<String>,
    /// Its columns.
    pub(super) from: Vec<usize>,
    /// The columns that it refers to; `None` when they are the primary key.
    pub(super) to: Option<Vec<String>>,
}

/// A CHECK.
struct Check {
    /// Its name, or its expression.
    name: String,
    /// The columns that it is about.
    columns: Vec<usize>,
}

impl ForeignKey {
    /// The columns of `parent` that it refers to; `None` when there are none to match its own.
    pub(super) fn target(&self, parent: &Table) -> Option<Vec<usize>> {
        let columns: Vec<usize> = match &self.to {
            Some(columns) => {
                let columns = columns.iter().map(|name| parent.column(name));
                columns.collect::<Option<_>>()?
            }
            None => parent.primary_key(),
        };
        (columns.len() == self.from.len()).then_some(columns)
    }
}

impl Table {
    /// A table of which only its columns and keys are known.
    pub(super) fn new(name: &str, columns: Vec<Column>, keys: Vec<ForeignKey>) -> Table {
        Table {
            name: name.to_owned(),
            columns,
            keys,
            checks: Vec::new(),
            hints: Hints::default(),
            sources: BTreeMap::new(),
            triggering: Vec::new(),
            rolls_back: false,
        }
    }

    /// The columns that a failing CHECK is about, by what SQLite calls it; none when there is no such.
    pub(super) fn columns_of_check(&self, name: &str) -> Vec<usize> {
        let text = spelt(&all_tokens(name));
        let same = |check: &&Check| check.name.eq_ignore_ascii_case(name) || check.name == text;
        let columns = self
            .checks
            .iter()
            .filter(same)
            .flat_map(|check| &check.columns);
        self.sources_of(&columns.copied().collect::<Vec<_>>())
    }

    /// The columns that are named anywhere in `sql`.
    pub(super) fn columns_named(&self, sql: &str) -> Vec<usize> {
        self.mentioned(&all_tokens(sql))
    }

    /// The columns that any CHECK, generated column or trigger is about.
    pub(super) fn columns_of_expressions(&self) -> Vec<usize> {
        let checks = self.checks.iter().flat_map(|check| &check.columns);
        let others = self.sources.values().flatten().chain(&self.triggering);
        let columns = checks.chain(others).copied();
        self.sources_of(&columns.collect::<Vec<_>>())
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        position(&self.columns, name)
    }

    /// The positions of its primary key, in the order of the key.
    pub(super) fn primary_key(&self) -> Vec<usize> {
        let mut key: Vec<usize> = (0..self.columns.len())
            .filter(|&at| self.columns[at].key > 0)
            .collect();
        key.sort_by_key(|&at| self.columns[at].key);
        key
    }

    /// Reads what only the text of its definition has.
    pub(super) fn define(&mut self, sql: &str) {
        self.hints.add(sql);
        let tokens = all_tokens(sql);
        for part in definitions(&tokens) {
            let column = part.first().filter(|token| token.kind.is_name());
            let column = column.and_then(|token| self.column(&unquoted(token.text)));
            if let Some(at) = column.filter(|&at| self.columns[at].generated) {
                let mut columns = self.mentioned(&part[1..]);
                columns.retain(|&other| other != at);
                self.sources.insert(at, columns);
            }
        }
        for at in 0..tokens.len() {
            let opens = tokens
                .get(at + 1)
                .is_some_and(|token| token.is_punctuation('('));
            if !tokens[at].is_keyword("CHECK") || !opens {
                continue;
            }
            let expression = &tokens[at + 2..closing(&tokens, at + 1)];
            let named = at >= 2 && tokens[at - 2].is_keyword("CONSTRAINT");
            self.checks.push(Check {
                name: match named {
                    true => unquoted(tokens[at - 1].text).into_owned(),
                    false => spelt(expression),
                },
                columns: self.mentioned(expression),
            });
        }
    }

    /// Reads one of its triggers.
    pub(super) fn trigger(&mut self, sql: &str) {
        let tokens = all_tokens(sql);
        for tokens in tokens.windows(3) {
            if tokens[0].is_keyword("NEW") && tokens[1].is_punctuation('.') {
                let column = self.column(&unquoted(tokens[2].text));
                self.triggering.extend(column);
            }
            self.rolls_back |= tokens[0].is_keyword("RAISE")
                && tokens[1].is_punctuation('(')
                && tokens[2].is_keyword("ROLLBACK");
        }
    }

    /// The columns that are named in `tokens`; for a generated one those that it is made of.
    fn mentioned(&self, tokens: &[Token<'_>]) -> Vec<usize> {
        let names = tokens.iter().filter(|token| token.kind.is_name());
        let columns = names.filter_map(|token| self.column(&unquoted(token.text)));
        self.sources_of(&columns.collect::<Vec<_>>())
    }

    /// `columns`, with those that it is made of in place of each generated one.
    pub(super) fn sources_of(&self, columns: &[usize]) -> Vec<usize> {
        let mut open = columns.to_vec();
        let mut found = Vec::new();
        let mut seen = vec![false; self.columns.len()];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match self.sources.get(&at) {
                Some(sources) => open.extend(sources),
                None => found.push(at),
            }
        }
        found.sort_unstable();
        found
    }
}

pub(super) fn position(columns: &[Column], name: &str) -> Option<usize> {
    columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(name))
}

fn all_tokens(sql: &str) -> Vec<Token<'_>> {
    let tokens = tokens(sql, Database::Sqlite);
    tokens.filter(|token| !token.kind.is_comment()).collect()
}

/// `tokens` as one text, whatever the space between them was.
fn spelt(tokens: &[Token<'_>]) -> String {
    let texts: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    texts.join(" ")
}

/// The parts of the first parentheses in `tokens`: the columns and constraints of a table.
fn definitions<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let Some(open) = tokens.iter().position(|token| token.is_punctuation('(')) else {
        return Vec::new();
    };
    let end = closing(tokens, open);
    let (mut parts, mut start, mut depth) = (Vec::new(), open + 1, 0_usize);
    for at in open + 1..end {
        if tokens[at].is_punctuation('(') {
            depth += 1;
        } else if tokens[at].is_punctuation(')') {
            depth = depth.saturating_sub(1);
        } else if tokens[at].is_punctuation(',') && depth == 0 {
            parts.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    parts.push(&tokens[start..end.max(start)]);
    parts
}

/// Where the parenthesis that opens at `open` is closed; the end when it is not.
fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_punctuation('(') {
            depth += 1;
        } else if token.is_punctuation(')') {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len()
}
