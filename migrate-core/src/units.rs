//! A script that runs statement by statement, cut into what can be committed at once.

use migrate_source::sql::{Control, Statement, control, outside_transaction, statements};
use migrate_source::{Checksum, Database, Mode};

use crate::migration::Script;

/// Statements that are committed together with the record of how far the script has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit<'s> {
    /// What is run; the `BEGIN` and `COMMIT` of the author's are not in it, the runner has its own.
    pub(crate) statements: Vec<Statement<'s>>,
    /// How many statements of the script have run once this unit has.
    pub(crate) end: usize,
    /// Whether it can run inside a transaction.
    pub(crate) atomic: bool,
}

/// How many statements of a script have run, and their checksum: the text of `resume_at`.
pub(crate) fn resume_at(script: &Script<'_>, database: Database, done: usize) -> String {
    let all = statements(&script.sql, database);
    let first = all.iter().take(done).map(|statement| statement.text);
    format!("{done}:{}", Checksum::of_parts(first, database))
}

/// How far a script has come by its `resume_at`, unless what has run was edited since: then the
/// number of statements that had run.
pub(crate) fn resumed(
    script: &Script<'_>,
    database: Database,
    recorded: &str,
) -> Result<usize, usize> {
    let done = recorded.split(':').next().and_then(|k| k.parse().ok());
    let done: usize = done.unwrap_or(usize::MAX);
    let count = statements(&script.sql, database).len();
    if done <= count && resume_at(script, database, done) == recorded {
        Ok(done)
    } else {
        Err(done)
    }
}

/// Whether a script cannot run as one transaction of the runner's: it says so, or it has
/// transactions of its own, as histories written for other tools do.
pub(crate) fn is_stepwise(script: &Script<'_>, database: Database) -> bool {
    script.mode != Mode::Transaction
        || statements(&script.sql, database)
            .iter()
            .any(|statement| control(statement.text, database).is_some())
}

/// The units that are left of a script of which the first statements have run. Those never run
/// again, also where the script was put into one transaction since.
pub(crate) fn left<'s>(script: &'s Script<'_>, database: Database, done: usize) -> Vec<Unit<'s>> {
    let all = statements(&script.sql, database);
    let next = all.get(done).map_or(usize::MAX, |statement| statement.offset);
    let mut left = units(script, database);
    left.retain(|unit| unit.end > done);
    for unit in &mut left {
        unit.statements.retain(|statement| statement.offset >= next);
    }
    left
}

/// The units of a script.
///
/// A script in transaction mode begins inside the runner's transaction, so that a file which says
/// `COMMIT; PRAGMA …; BEGIN; …` runs as it did under the tool it was written for.
fn units<'s>(script: &'s Script<'_>, database: Database) -> Vec<Unit<'s>> {
    let mut units = Vec::new();
    let mut open = (script.mode == Mode::Transaction).then(Vec::new);
    let all = statements(&script.sql, database);
    for (at, statement) in all.iter().enumerate() {
        let end = at + 1;
        match control(statement.text, database) {
            Some(Control::Begin) => open = Some(open.unwrap_or_default()),
            Some(Control::Commit) => {
                let statements = open.take().unwrap_or_default();
                units.push(Unit {
                    statements,
                    end,
                    atomic: true,
                });
            }
            // What the author rolls back is not run at all.
            Some(Control::Rollback) => {
                open = None;
                units.push(Unit {
                    statements: Vec::new(),
                    end,
                    atomic: true,
                });
            }
            None => match &mut open {
                Some(statements) => statements.push(*statement),
                None => units.push(Unit {
                    statements: vec![*statement],
                    end,
                    atomic: outside_transaction(statement.text, database).is_none(),
                }),
            },
        }
    }
    match open {
        Some(statements) if !statements.is_empty() => {
            units.push(Unit {
                statements,
                end: all.len(),
                atomic: true,
            });
        }
        _ => {}
    }
    units
}
