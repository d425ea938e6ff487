//! What is verified: a set of migrations, as far as it matters to a database.

use std::error::Error;

use migrate_source::sql::{Statement, single_statements};
use migrate_source::{Database, Mode, Options};
use rusqlite::Connection;

/// A set of migrations.
#[derive(Debug, Clone)]
pub struct Set<'s> {
    /// The numbered migrations, in the order of their versions.
    pub migrations: Vec<Migration<'s>>,
    /// The repeatable migrations, in the order of their names.
    pub repeatables: Vec<Repeatable<'s>>,
    /// The author's own sample rows, taken instead of made-up ones where there are any.
    pub seed: Option<Script<'s>>,
    /// What is no problem here.
    pub options: Options,
    /// Whether more belongs to it that could not be read: names may stand for something after all.
    pub is_incomplete: bool,
}

/// A numbered migration.
#[derive(Debug, Clone)]
pub struct Migration<'s> {
    /// Its version.
    pub version: i64,
    /// What brings a database to it.
    pub up: Body<'s>,
    /// What takes it back.
    pub down: Option<Body<'s>>,
}

/// A repeatable migration.
#[derive(Debug, Clone)]
pub struct Repeatable<'s> {
    /// What is run.
    pub up: Script<'s>,
    /// What is run before anything is taken back.
    pub down: Option<Script<'s>>,
}

/// What is run: SQL or code.
#[derive(Debug, Clone, Copy)]
pub enum Body<'s> {
    /// A script.
    Sql(Script<'s>),
    /// A function.
    Code(Code<'s>),
}

/// SQL text, and how it is run.
#[derive(Debug, Clone, Copy)]
pub struct Script<'s> {
    /// Its file, below the folder.
    pub path: &'s str,
    /// The line of the file on which `sql` begins, from 1.
    pub line: u32,
    /// Its text.
    pub sql: &'s str,
    /// How it is run.
    pub mode: Mode,
    /// Whether it runs with foreign keys enforced.
    pub foreign_keys: bool,
    /// Whether it says `-- migrate: unverified "…"`.
    pub unverified: bool,
}

/// A function that changes a database.
pub type Function = fn(&Connection) -> Result<(), Box<dyn Error + Send + Sync>>;

/// A code migration, or its down.
#[derive(Debug, Clone, Copy)]
pub struct Code<'s> {
    /// Its file, below the folder.
    pub path: &'s str,
    /// Its `REVISION`.
    pub revision: u32,
    /// Whether it says that it changes the schema.
    pub changes_schema: bool,
    /// What is run, where it is compiled.
    pub run: Option<Function>,
}

impl Set<'_> {
    /// Whether any of it is code that is run.
    pub(crate) fn runs_code(&self) -> bool {
        let bodies = self.migrations.iter();
        let mut bodies = bodies.flat_map(|m| [Some(&m.up), m.down.as_ref()]);
        bodies.any(|body| matches!(body, Some(Body::Code(code)) if code.run.is_some()))
    }
}

impl<'s> Script<'s> {
    /// Its statements.
    pub(crate) fn statements(&self) -> Vec<Statement<'s>> {
        single_statements(self.sql, Database::Sqlite)
    }

    /// A script of an ordinary migration, which begins on the first line of its file.
    #[must_use]
    pub fn new(path: &'s str, sql: &'s str) -> Script<'s> {
        Script {
            path,
            line: 1,
            sql,
            mode: Mode::Transaction,
            foreign_keys: false,
            unverified: false,
        }
    }
}
