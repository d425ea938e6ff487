//! What scripts say about the values of columns.

use std::collections::BTreeMap;

use migrate_source::Database;
use migrate_source::sql::tokens;
use rusqlite::types::Value;

use super::comparison::Walk;

/// What scripts say about values: literals that columns are compared with or restricted to.
///
/// It goes by the names of columns alone, in lower case. Statements are not parsed: a comparison is
/// what looks like one, wherever it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hints {
    columns: BTreeMap<String, Vec<Hint>>,
}

/// What is said about a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hint {
    /// It is this value.
    Equal(Value),
    /// It is another value, and not NULL.
    Other(Value),
    /// It is a number counted from this one: the first is this many steps away from it.
    Counted { from: Value, step: i64, first: i64 },
    /// It is a text that begins so.
    Begins(String),
    /// It has this many characters or bytes.
    Length(usize),
    /// `LIKE` this.
    Like(String),
    /// `GLOB` this.
    Glob(String),
    /// It has no other characters.
    Only(Vec<char>),
    /// What `typeof` says of it.
    Type(String),
    /// It is JSON.
    Json,
    /// It is a date.
    Date,
}

impl Hints {
    /// Takes in what `sql`, any number of statements, says.
    pub(crate) fn add(&mut self, sql: &str) {
        let tokens = tokens(sql, Database::Sqlite).filter(|token| !token.kind.is_comment());
        Walk::new(&tokens.collect::<Vec<_>>(), self).all();
    }

    /// What is said about a column, in the order in which it is said.
    pub(super) fn of(&self, column: &str) -> &[Hint] {
        self.columns
            .get(&column.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn put(&mut self, column: &str, hint: Hint) {
        let hints = self.columns.entry(column.to_owned()).or_default();
        if hints.len() < MOST && !hints.contains(&hint) {
            hints.push(hint);
        }
    }
}

impl Hint {
    /// Whether a value of a parent, or none, is what this is about.
    pub(super) fn agrees(&self, value: &Value) -> bool {
        match self {
            Hint::Equal(this) => this == value,
            Hint::Other(this) => this != value && *value != Value::Null,
            _ => false,
        }
    }
}

/// How much is kept about one column.
const MOST: usize = 64;
