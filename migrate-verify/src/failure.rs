//! Why a statement failed.

use std::error::Error;

use migrate_source::Database;
use migrate_source::sql::{sqlite_failure, tokens, unquoted};
use rusqlite::ffi;

use crate::scratch::MOST_MILLION_STEPS;

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// SQLite's own words.
    pub(crate) message: String,
    /// The bytes that are meant: offset from the start of the script, and length.
    pub(crate) span: (usize, usize),
}

impl Failure {
    /// The last names that the message has, which it is about: `no such table: main.users`,
    /// `table users has no column named email`, `foreign key mismatch - "a" referencing "b"`.
    pub(crate) fn names(&self) -> Vec<&str> {
        let message = &self.message;
        let quoted = message.split('"').skip(1).step_by(2);
        let mut names: Vec<&str> = quoted.collect();
        names.reverse();
        names.extend(last_name(message).filter(|name| !name.contains('"')));
        names
    }

    /// Whether it is for want of a function.
    pub(crate) fn is_about_function(&self) -> bool {
        ["no such function", "unknown function"]
            .iter()
            .any(|words| self.message.contains(words))
    }

    /// The table with a row that is there once already.
    pub(crate) fn not_unique(&self) -> Option<&str> {
        let columns = self.message.strip_prefix("UNIQUE constraint failed: ")?;
        columns.split_once('.').map(|(table, _)| table)
    }

    /// What code says, which may be what SQLite has said to it.
    pub(crate) fn of_code(error: &(dyn Error + 'static)) -> Failure {
        let kind = match error.downcast_ref::<rusqlite::Error>().and_then(code) {
            Some(ffi::ErrorCode::ConstraintViolation) => Kind::Constraint,
            _ => Kind::Other,
        };
        Failure {
            kind,
            ..Failure::in_code(error.to_string())
        }
    }

    /// A failure somewhere in code.
    pub(crate) fn in_code(message: String) -> Failure {
        Failure {
            kind: Kind::Other,
            message,
            span: (0, 0),
        }
    }

    /// Whether it is for want of something that a migration may make.
    pub(crate) fn is_about_lack(&self) -> bool {
        [
            "no such table",
            "no such column",
            "no such index",
            "no such view",
            "has no column named",
        ]
        .iter()
        .any(|words| self.message.contains(words))
    }

    /// What SQLite says of the statement `sql` at `offset` of a script; `refused` when it was told so
    /// by us.
    pub(crate) fn of(error: &rusqlite::Error, refused: bool, sql: &str, offset: usize) -> Failure {
        let text = error.to_string();
        let (message, span) = match (sqlite_failure(&text, sql), error) {
            (Some((message, (at, len))), _) => (message, (offset + at, len)),
            (None, rusqlite::Error::SqliteFailure(_, Some(message))) => {
                let (at, len) = name_in(message, sql).unwrap_or((0, first_line(sql)));
                (message.clone(), (offset + at, len))
            }
            _ => (text, (offset, first_line(sql))),
        };
        let kind = match code(error) {
            _ if refused => Kind::Refused,
            Some(ffi::ErrorCode::OperationInterrupted) => Kind::Endless,
            Some(ffi::ErrorCode::TooBig | ffi::ErrorCode::DiskFull) => Kind::Large,
            Some(ffi::ErrorCode::ConstraintViolation) => Kind::Constraint,
            _ if is_about_name(&message) => Kind::Name,
            _ if needs_empty_table(&message) => Kind::Constraint,
            _ => Kind::Other,
        };
        let message = match kind {
            Kind::Endless => format!(
                "this statement was stopped after {MOST_MILLION_STEPS} million steps of SQLite, and may have no end"
            ),
            Kind::Large => {
                format!("this statement makes too much to be tried in memory: {message}")
            }
            _ => message,
        };
        Failure {
            kind,
            message,
            span,
        }
    }
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name stands for nothing, or for something already.
    Name,
    /// A row does not meet a constraint.
    Constraint,
    /// It was stopped, since it took too long.
    Endless,
    /// It was stopped, since it took too much.
    Large,
    /// It reaches beyond the database, and was not run.
    Refused,
    /// Anything else, as a syntax error.
    Other,
}

/// SQLite's code for an error. `sqlite_error` alone has it only when no place in the SQL is known.
pub(crate) fn code(error: &rusqlite::Error) -> Option<ffi::ErrorCode> {
    let source = error.source()?.downcast_ref::<ffi::Error>()?;
    Some(source.code)
}

/// How long the first line of a statement is.
pub(crate) fn first_line(sql: &str) -> usize {
    sql.lines().next().map_or(0, |line| line.trim_end().len())
}

/// Where a statement has the name that SQLite says something of, without saying where.
fn name_in(message: &str, sql: &str) -> Option<(usize, usize)> {
    if !is_about_name(message) {
        return None;
    }
    let name = last_name(message)?;
    let found = tokens(sql, Database::Sqlite)
        .filter(|token| token.kind.is_name())
        .find(|token| unquoted(token.text).eq_ignore_ascii_case(name))?;
    Some((found.offset, found.text.len()))
}

/// The last word of what SQLite says, without the schema that it belongs to.
fn last_name(message: &str) -> Option<&str> {
    message
        .rsplit([' ', '.', '(', ')', ':'])
        .find(|name| !name.is_empty())
}

fn is_about_name(message: &str) -> bool {
    [
        "no such ",
        "has no column named",
        "unknown column",
        "unknown database",
        "unknown function",
        "already exists",
        "already another ",
        "duplicate column name",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// What `ALTER TABLE … ADD COLUMN` says of a table that has rows; one without them takes the column.
fn needs_empty_table(message: &str) -> bool {
    message.starts_with("Cannot add a ")
}
