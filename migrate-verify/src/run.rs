//! Running a script, as the runner of `migrate-core` would.

use std::collections::BTreeSet;

use migrate_source::sql::{Statement, TokenKind, control, single_statements, tokens};
use migrate_source::{Database, Mode};

use crate::scratch::{Failure, Kind, Scratch};
use crate::set::{Body, Script};

/// What to do once a statement fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// Run no further.
    Stop,
    /// Leave it out: what follows is run as far as it can be.
    GoOn,
}

/// What came of a script.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// What failed, in the order of the script.
    pub(crate) failures: Vec<Failed>,
}

/// A statement that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// What it would have done to the schema.
    pub(crate) effect: Effect,
}

/// What a statement that was not run may have done to the schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Something about these names, in lower case; nothing if there are none.
    Names(BTreeSet<String>),
    /// Nobody knows.
    Anything,
}

/// A statement that is repeated changes rows this often at most. There are some rows in a table
/// here, not millions.
const MOST_REPEATS: usize = 1000;

/// Whether a body runs in one transaction of the runner's.
pub(crate) fn is_simple(body: &Body<'_>) -> bool {
    match body {
        Body::Sql(script) => {
            script.mode == Mode::Transaction
                && single_statements(script.sql, Database::Sqlite)
                    .iter()
                    .all(|statement| control(statement.text, Database::Sqlite).is_none())
        }
        Body::Code(_) => true,
    }
}

/// Runs a script. A transaction is open if, and only if, the script is a [simple](is_simple) one.
pub(crate) fn run(scratch: &Scratch, script: &Script<'_>, on_failure: OnFailure) -> Ran {
    let statements = single_statements(script.sql, Database::Sqlite);
    let nested = !scratch.db().is_autocommit();
    // Outside of a transaction only: inside, SQLite passes over it.
    let enforce = script.foreign_keys && !nested;
    let mut ran = Ran::default();
    let switched = match enforce {
        true => scratch.execute("PRAGMA foreign_keys = ON"),
        false => Ok(()),
    };
    // As such a file runs under the tool it was written for: inside a transaction at first.
    let begun = match !nested && script.mode == Mode::Transaction {
        true => scratch.execute("BEGIN"),
        false => Ok(()),
    };
    debug_assert!(switched.is_ok() && begun.is_ok());
    for statement in &statements {
        let Err(failure) = statement_of(scratch, script, statement) else {
            continue;
        };
        let ended = nested && scratch.db().is_autocommit();
        let effect = match ended {
            // All that came before it is rolled back, too.
            true => Effect::Anything,
            false => Effect::of(statement.text),
        };
        ran.failures.push(Failed { failure, effect });
        if on_failure == OnFailure::Stop {
            break;
        }
        if ended {
            let _ = scratch.execute("BEGIN");
        }
    }
    if !nested {
        let end = match ran.failures.is_empty() || on_failure == OnFailure::GoOn {
            true => "COMMIT",
            false => "ROLLBACK",
        };
        if !scratch.db().is_autocommit() {
            let _ = scratch.execute(end);
        }
        // A script may set them itself.
        let _ = scratch.execute("PRAGMA foreign_keys = OFF");
    }
    ran
}

/// Runs one statement: again and again, where the script says so.
fn statement_of(
    scratch: &Scratch,
    script: &Script<'_>,
    statement: &Statement<'_>,
) -> Result<(), Failure> {
    if script.mode != Mode::Repeat {
        return scratch.run(statement.text, statement.offset);
    }
    for _ in 0..MOST_REPEATS {
        let before = scratch.db().total_changes();
        scratch.run(statement.text, statement.offset)?;
        if scratch.db().total_changes() == before {
            return Ok(());
        }
    }
    Err(Failure {
        kind: Kind::Endless,
        message: format!("this statement still changes rows after {MOST_REPEATS} times"),
        span: (
            statement.offset,
            statement.text.lines().next().map_or(0, str::len),
        ),
    })
}

impl Effect {
    /// Statements that cannot change the schema are known by their first word.
    fn of(statement: &str) -> Effect {
        const ROWS_ONLY: &[&str] = &[
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "REPLACE",
            "WITH",
            "VALUES",
            "PRAGMA",
            "ANALYZE",
            "REINDEX",
            "EXPLAIN",
            "BEGIN",
            "COMMIT",
            "END",
            "SAVEPOINT",
            "RELEASE",
            "VACUUM",
        ];
        let mut tokens = tokens(statement, Database::Sqlite)
            .filter(|token| !token.kind.is_comment())
            .peekable();
        let rows_only = tokens
            .peek()
            .is_some_and(|first| ROWS_ONLY.iter().any(|word| first.is_keyword(word)));
        let names = tokens
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
            .map(|token| bare(token.text).to_lowercase());
        Effect::Names(if rows_only {
            BTreeSet::new()
        } else {
            names.collect()
        })
    }
}

/// A name without its quotes.
pub(crate) fn bare(name: &str) -> &str {
    name.trim_matches(['"', '`', '[', ']', '\''])
}
