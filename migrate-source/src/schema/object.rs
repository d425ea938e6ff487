//! What a schema consists of.

use std::fmt;
use std::sync::OnceLock;

use hmac_sha256::Hash;

use super::tokens::{Token, tokens};

/// A table, an index, a view or a trigger.
///
/// Two are equal when they are of one kind, their names and their tables are the same in any case, and
/// so are the tokens of their SQL.
#[derive(Clone)]
pub struct Object {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) table: String,
    sql: Option<String>,
    pub(super) key: Key,
    digest: OnceLock<[u8; 16]>,
}

/// What objects are sorted by: names in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) table: String,
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Key {
    /// What makes it the same object in another schema, however it is written there.
    pub(super) fn identity(&self) -> (Kind, &str) {
        (self.kind, &self.name)
    }
}

impl Object {
    pub(super) fn new(kind: Kind, name: String, table: String, sql: Option<String>) -> Object {
        let key = Key {
            table: table.to_ascii_lowercase(),
            kind,
            name: name.to_ascii_lowercase(),
        };
        Object {
            kind,
            name,
            table,
            sql,
            key,
            digest: OnceLock::new(),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table that an index or a trigger is on. A table and a view name themselves.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its SQL, as SQLite keeps it.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        self.sql.as_deref()
    }

    /// What it is known by: the first half of a SHA-256.
    ///
    /// It is taken over `schema object\n`, its kind, its name and its table in lower case, and its tokens.
    /// Each of them is the length of its text in bytes (64-bit, big-endian) and the text; before a
    /// token stands a byte that says what it is: `n` for a word or a name, `l` for a string or a number, `p` for a
    /// character of punctuation. A word is in lower case, and so is a name, its quotes taken off; comments are
    /// left out; strings and numbers count to the byte. Only ASCII has lower case here, as in SQLite.
    /// A string in double quotes after `DEFAULT` is a string, and one in single quotes after `CREATE TABLE` is a
    /// name, as for SQLite.
    ///
    /// It is kept in programs only, not in databases: another version may take it over other things.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        *self.digest.get_or_init(|| {
            let mut hash = Hash::new();
            hash.update(b"schema object\n");
            let mut add = |text: &str| {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            };
            add(self.kind.name());
            add(&self.key.name);
            add(&self.key.table);
            for token in self.tokens() {
                hash.update([token.class.letter()]);
                hash.update((token.text.len() as u64).to_be_bytes());
                hash.update(token.text.as_bytes());
            }
            let mut half = [0; 16];
            half.copy_from_slice(&hash.finalize()[..16]);
            half
        })
    }

    pub(super) fn tokens(&self) -> Vec<Token<'_>> {
        tokens(self.sql.as_deref().unwrap_or_default())
    }

    pub(super) fn is_virtual(&self) -> bool {
        self.tokens()
            .get(1)
            .is_some_and(|token| token.is_keyword("virtual"))
    }

    pub(super) fn is_written_as(&self, other: &Object) -> bool {
        (self.kind, &self.name, &self.table, &self.sql)
            == (other.kind, &other.name, &other.table, &other.sql)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        std::ptr::eq(self, other)
            || self.is_written_as(other)
            || self.key == other.key && self.tokens() == other.tokens()
    }
}

impl Eq for Object {}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        match &self.sql {
            Some(sql) => write!(f, ": {sql}"),
            None => Ok(()),
        }
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A table, virtual or not.
    Table,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: &'static [Kind] = &[Kind::Table, Kind::Index, Kind::View, Kind::Trigger];

    /// Its name: `table`, `index`, `view`, `trigger`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Index => "index",
            Kind::View => "view",
            Kind::Trigger => "trigger",
        }
    }

    /// The kind with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
