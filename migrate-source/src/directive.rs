//! Directives: what the head of a script says about how it is to be run.

use crate::Database;

/// How a script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// In a transaction, together with its row in the history.
    #[default]
    Transaction,
    /// Statement by statement: `-- migrate: no-transaction`.
    NoTransaction,
    /// Its one statement again and again, a transaction each, until it changes no row:
    /// `-- migrate: repeat`.
    Repeat,
}

/// The directives of one script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Directives {
    /// How it is run.
    pub mode: Mode,
    /// `-- migrate: foreign-keys on`: with SQLite's foreign keys enforced, in its own transaction.
    pub foreign_keys: bool,
    /// `-- migrate: irreversible`: it has no down on purpose.
    pub irreversible: bool,
    /// `-- migrate: unverified "why"`: the reason it cannot be run while the program compiles.
    pub unverified: Option<String>,
    /// `-- migrate: description "…"`.
    pub description: Option<String>,
}

/// A directive that is not understood, or stands where it has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misread {
    /// What is wrong with it.
    pub fault: Fault,
    /// Where its comment begins, in bytes from the start of the script.
    pub offset: usize,
    /// The text of the comment.
    pub text: String,
    /// The directive that was probably meant.
    pub suggestion: Option<&'static str>,
}

/// What can be wrong with a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such directive, or its argument is wrong.
    Unknown,
    /// It stands after the first statement.
    Misplaced,
    /// It contradicts one before it.
    Contradiction,
}

impl Directives {
    /// Reads the directives at the head of `script`; what is not understood comes back beside them.
    #[must_use]
    pub fn read(script: &str, database: Database) -> (Directives, Vec<Misread>) {
        let _ = (script, database);
        (Directives::default(), Vec::new())
    }

    /// The directives that matter when the script is run later, as comment lines that
    /// [`Directives::read`] reads back.
    #[must_use]
    pub fn to_comments(mode: Mode, foreign_keys: bool) -> String {
        let _ = (mode, foreign_keys);
        String::new()
    }
}
