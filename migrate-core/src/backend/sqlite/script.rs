//! Running SQL.

use migrate_source::Database;
use migrate_source::sql::{Statement, single_statements};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};

use crate::backend::Failure;
use crate::backend::sqlite::failure::of_statement;
use crate::migration::Script;

/// Whether SQL may rename a table: it has the word.
pub(super) fn may_rename(sql: &str) -> bool {
    let word = b"RENAME";
    let mut windows = sql.as_bytes().windows(word.len());
    windows.any(|window| window.eq_ignore_ascii_case(word))
}

/// Runs a whole script.
pub(super) fn run(db: &Connection, script: &Script<'_>) -> Result<(), Failure> {
    run_statements(
        db,
        script,
        &single_statements(&script.sql, Database::Sqlite),
    )
}

/// Runs some statements of a script.
pub(super) fn run_statements(
    db: &Connection,
    script: &Script<'_>,
    statements: &[Statement<'_>],
) -> Result<(), Failure> {
    debug_assert!(
        statements
            .iter()
            .all(|s| script.sql[s.offset..].starts_with(s.text))
    );
    for statement in statements {
        run_statement(db, statement.text)
            .map_err(|error| of_statement(error, statement.text, statement.offset))?;
    }
    Ok(())
}

/// Runs one statement to its end: a `SELECT` may call a function for each of its rows.
fn run_statement(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    // Where SQLite sees two statements in what the lexer took for one, `Batch` runs both.
    let mut batch = Batch::new(db, sql);
    while let Some(mut statement) = batch.next()? {
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
