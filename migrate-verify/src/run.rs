//! Running a script, as the runner of `migrate-core` would.

use std::collections::BTreeSet;

use migrate_source::sql::{Control, Statement, attaches, control, tokens, unquoted};
use migrate_source::{Database, Mode};

use crate::failure::{Failure, Kind, first_line};
use crate::guard::OF_SCHEMA;
use crate::scratch::Scratch;
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
    /// What it would have done.
    pub(crate) effect: Effect,
}

/// What a statement that was not run may have done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Nothing,
    /// It changes rows.
    Rows,
    /// Something about these names, in lower case, and rows.
    Names(BTreeSet<String>),
    /// Nobody knows.
    Anything,
}

/// A statement that is repeated changes rows this often at most. There are some rows in a table
/// here, not millions.
const MOST_REPEATS: usize = 1000;

/// Whether a body runs in one transaction of the runner's, which can be taken back as one.
pub(crate) fn is_simple(body: &Body<'_>) -> bool {
    match body {
        Body::Sql(script) => {
            let statements = script.statements();
            // Foreign keys can only be switched on outside of a transaction.
            !script.foreign_keys
                && !script.mode.is_stepwise(&statements, Database::Sqlite)
                && !statements.iter().any(|s| is_about_schema(s.text))
        }
        Body::Code(_) => true,
    }
}

/// Runs a script. A transaction is open if, and only if, the script is a [simple](is_simple) one;
/// otherwise none is left open.
pub(crate) fn run(scratch: &Scratch, script: &Script<'_>, on_failure: OnFailure) -> Ran {
    let nested = !scratch.db().is_autocommit();
    if !nested {
        // As such a file runs under the tool it was written for: inside a transaction at first.
        let enforce = script.foreign_keys.then_some("PRAGMA foreign_keys = ON");
        let begin = (script.mode == Mode::Transaction).then_some("BEGIN");
        for sql in enforce.into_iter().chain(begin) {
            if let Err(error) = scratch.execute(sql) {
                return Ran::failed(Failure::of(&error, false, script.sql, 0));
            }
        }
    }
    let mut ran = Ran::default();
    for statement in script.statements() {
        let Err(failure) = statement_of(scratch, script, &statement) else {
            continue;
        };
        let ended = nested && scratch.db().is_autocommit();
        let effect = match ended {
            // All that came before it is rolled back, too.
            true => Effect::Anything,
            false => Effect::of(statement.text, &failure),
        };
        ran.failures.push(Failed { failure, effect });
        if on_failure == OnFailure::Stop {
            break;
        }
        if ended {
            let _ = scratch.execute("BEGIN");
        }
    }
    if !nested && !scratch.db().is_autocommit() {
        let keep = ran.failures.is_empty() || on_failure == OnFailure::GoOn;
        let _ = scratch.execute(if keep { "COMMIT" } else { "ROLLBACK" });
    }
    if !nested {
        // A script may set them itself.
        let _ = scratch.execute("PRAGMA foreign_keys = OFF");
    }
    let _ = scratch.settle();
    ran
}

/// Runs one statement: again and again, where the script says so.
fn statement_of(
    scratch: &Scratch,
    script: &Script<'_>,
    statement: &Statement<'_>,
) -> Result<(), Failure> {
    let text = statement.text;
    // Transactions begin and end as those of the runner: what is open already is not opened again.
    let open = !scratch.db().is_autocommit();
    match control(text, Database::Sqlite) {
        Some(Control::Begin) if open => return Ok(()),
        Some(Control::Commit | Control::Rollback) if !open => return Ok(()),
        _ => {}
    }
    if attaches(text, Database::Sqlite) {
        return Err(Failure {
            kind: Kind::Refused,
            message: "another database is not attached here".to_owned(),
            span: (statement.offset, first_line(text)),
        });
    }
    if script.mode != Mode::Repeat {
        return match scratch.run(text, statement.offset) {
            // A copy of the database changes nothing in it.
            Err(failure) if failure.kind == Kind::Refused && begins_with(text, "VACUUM") => Ok(()),
            result => result,
        };
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
        span: (statement.offset, first_line(text)),
    })
}

/// Whether a statement may change the schema behind SQLite's back, which a rollback does not tell it.
fn is_about_schema(statement: &str) -> bool {
    begins_with(statement, "PRAGMA")
        && tokens(statement, Database::Sqlite)
            .any(|token| OF_SCHEMA.iter().any(|name| token.is_keyword(name)))
}

pub(crate) fn begins_with(statement: &str, word: &str) -> bool {
    tokens(statement, Database::Sqlite)
        .find(|token| !token.kind.is_comment())
        .is_some_and(|token| token.is_keyword(word))
}

impl Ran {
    /// It failed as a whole.
    pub(crate) fn failed(failure: Failure) -> Ran {
        Ran {
            failures: vec![Failed {
                failure,
                effect: Effect::Anything,
            }],
        }
    }
}

impl Effect {
    /// Whether a statement may do anything but read and write rows.
    pub(crate) fn may_change_schema(statement: &str) -> bool {
        let failure = Failure::in_code(String::new());
        matches!(
            Effect::of(statement, &failure),
            Effect::Names(_) | Effect::Anything
        )
    }

    /// What a statement would have done is known by its first word.
    fn of(statement: &str, failure: &Failure) -> Effect {
        const NOTHING: &[&str] = &[
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
        const READS: &[&str] = &["SELECT", "VALUES"];
        const ROWS: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];
        let mut tokens = tokens(statement, Database::Sqlite).filter(|t| !t.kind.is_comment());
        let Some(first) = tokens.next() else {
            return Effect::Nothing;
        };
        let is = |words: &[&str]| words.iter().any(|word| first.is_keyword(word));
        let names = tokens
            .filter(|token| token.kind.is_name())
            .map(|token| unquoted(token.text).to_lowercase());
        match () {
            () if attaches(statement, Database::Sqlite) => Effect::Anything,
            // Extensions make tables by functions.
            () if is(READS) && (failure.kind == Kind::Refused || failure.is_about_function()) => {
                Effect::Anything
            }
            () if is(NOTHING) || is(READS) => Effect::Nothing,
            () if is(ROWS) => Effect::Rows,
            () => Effect::Names(names.collect()),
        }
    }
}
