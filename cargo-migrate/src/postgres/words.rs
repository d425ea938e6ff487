//! What PostgreSQL says, as findings.

use std::error::Error as _;

use migrate_core::{Action, ErrorKind, Failed, postgres};
use migrate_source::folder::Script;
use migrate_source::sql::single_statements;
use migrate_source::{Database, Finding, Place, Problem};

use crate::error::Error;
use crate::postgres::set::Trouble;

/// A migration that failed: its version, and what is to be said of it.
pub(super) struct Failure {
    pub(super) version: Option<i64>,
    pub(super) sqlstate: String,
    pub(super) finding: Finding,
    pub(super) error: Box<migrate_core::Error>,
}

impl Failure {
    /// What PostgreSQL's driver knows of it.
    pub(super) fn db(&self) -> Option<&postgres::error::DbError> {
        let source = self.error.source()?;
        source.downcast_ref::<postgres::Error>()?.as_db_error()
    }

    /// Whether a name stands for nothing, or for something already.
    pub(super) fn is_about_name(&self) -> bool {
        is_about_name(&self.sqlstate)
    }
}

pub(super) fn is_about_name(sqlstate: &str) -> bool {
    const NAMES: &[&str] = &[
        "42P01", "42703", "42883", "42704", "3F000", "42P07", "42701", "42710", "42P06", "42723",
    ];
    NAMES.contains(&sqlstate)
}

/// What went wrong with a migration, as a finding.
///
/// # Errors
///
/// When it is not the migration that is to blame.
pub(super) fn failure(problem: Problem, trouble: Trouble) -> Result<Failure, Error> {
    let error = match trouble {
        Trouble::Migration(error) => error,
        Trouble::Other(error) => return Err(error),
    };
    let (version, sqlstate, finding) = match error.kind() {
        ErrorKind::RepeatLimit { version, steps } => {
            let message = format!("it has not come to its end after {steps} times");
            let finding = Finding::new(Problem::EndlessRepeat, message)
                .help("add a `WHERE` that a row which is done does not meet, also one with `NULL`");
            (Some(*version), String::new(), finding)
        }
        _ => {
            let Some(failed) = error.failed() else {
                return Err(Error::new(format!(
                    "the migrations cannot be tried: {error}"
                )));
            };
            let sqlstate = failed.sqlstate.clone().unwrap_or_default();
            (failed.version, sqlstate, failing(problem, failed))
        }
    };
    Ok(Failure {
        version,
        sqlstate,
        finding,
        error,
    })
}

fn failing(problem: Problem, failed: &Failed) -> Finding {
    let sqlstate = failed.sqlstate.as_deref().unwrap_or_default();
    let problem = match sqlstate {
        "57014" => Problem::EndlessStatement,
        _ => problem,
    };
    let again = match problem {
        Problem::FailingAgain => "run again: ",
        _ => "",
    };
    let message = match (problem, sqlstate) {
        (Problem::EndlessStatement, _) => {
            format!(
                "this statement was stopped, and may have no end: {}",
                failed.message
            )
        }
        (_, "") => format!("{again}{}", failed.message),
        _ => format!("{again}{} (SQLSTATE {sqlstate})", failed.message),
    };
    let place = match &failed.place {
        Some(place) => Place {
            path: below(&place.path),
            ..place.clone()
        },
        None => Place::file(&below(&failed.file)),
    };
    let mut finding = Finding::new(problem, message).at(place);
    finding.in_down = failed.action == Action::Down;
    for said in [&failed.detail, &failed.hint].into_iter().flatten() {
        for line in said.lines().take(MOST) {
            finding = finding.help(format!("PostgreSQL says: {line}"));
        }
    }
    finding.help(match (problem, failed.version) {
        (Problem::FailingAgain, None) => {
            "it is run again whenever its text changes: let it drop first what it makes"
        }
        _ => cure(problem, sqlstate, &failed.message),
    })
}

/// How many lines of a list are told.
pub(super) const MOST: usize = 8;

fn cure(problem: Problem, sqlstate: &str, message: &str) -> &'static str {
    match (problem, sqlstate) {
        (Problem::EndlessStatement, _) => {
            "give it an end; if it only needs long, say so by `-- migrate: unverified \"why\"` at the head of the file"
        }
        (Problem::FailingDown, "P0001") => {
            "if there is no way back, delete the down and write `-- migrate: irreversible` in the up"
        }
        (Problem::FailingDown, _) => "correct it: a down may be mended at any time",
        (Problem::FailingAgain, _) => {
            "all migrations were run, taken back from the last to the first, and run again: mend the down"
        }
        (_, "55P04") => "use the value in a later migration than the one that adds it",
        (_, "0A000" | "58P01") if message.contains("extension") => {
            "install it on this server, or check on one that has it"
        }
        (_, "42704") if message.starts_with("role ") => {
            "a role belongs to the server, and not to a database: create it on this one"
        }
        (_, "42501") => "check with a role that may do it, on a server of your own",
        (_, state) if state.starts_with("23") => "correct the rows, or the constraint",
        (_, state) if is_about_name(state) => {
            "correct the name, or mend the migrations before this one"
        }
        _ => "correct it: it would fail on every database",
    }
}

/// A path below the folder: as the engine has it, the folder is nameless.
fn below(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}

/// After a down the schema is not what it was: `differences` say how.
pub(super) fn incomplete(down: &Script, differences: &[String]) -> Finding {
    let mut finding = Finding::new(
        Problem::IncompleteDown,
        "after this down the schema is not what it was before the up",
    )
    .at(first_statement(down));
    finding.in_down = true;
    for difference in differences.iter().take(MOST) {
        finding = finding.help(difference);
    }
    if differences.len() > MOST {
        finding = finding.help(format!("and {} more", differences.len() - MOST));
    }
    finding
        .help("without a way back, delete the down and write `-- migrate: irreversible` in the up")
}

pub(super) fn first_statement(script: &Script) -> Place {
    let statements = single_statements(&script.sql, Database::Postgres);
    let Some(first) = statements.first() else {
        return Place {
            line: script.line,
            ..Place::file(&script.path)
        };
    };
    let line = first
        .text
        .lines()
        .next()
        .map_or(0, |line| line.trim_end().len());
    Place::at(&script.path, &script.sql, script.line, first.offset, line)
}
