//! Deciding what to do: a pure function of the set, the history and the goal.

use std::borrow::Cow;
use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::directive::Directives;
use migrate_source::sql::{single_statements, waits_for_commit};

use super::{Goal, Plan, Step, Transaction};
use crate::compare::{self, Comparison};
use crate::error::ErrorKind;
use crate::history::{Applied, History, Repeated};
use crate::migration::{Body, Id, Migration, Script, Text};
use crate::report::Action;
use crate::settings::{Settings, Transactions};
use crate::units;

/// What the planner needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'m, 'h> {
    pub(crate) set: &'m [Migration<'m>],
    pub(crate) database: Database,
    /// Whether the driver of the connection is asynchronous.
    pub(crate) is_async: bool,
    pub(crate) history: &'h History,
    pub(crate) settings: &'h Settings,
    /// How many of the first migrations are in place already, by their `check`.
    pub(crate) in_place: usize,
}

/// The steps that lead to `goal`, or why it cannot be reached. Nothing is half planned: what would
/// be refused at the last step is refused before the first.
pub(crate) fn plan<'m>(now: Situation<'m, '_>, goal: Goal) -> Result<Plan<'m>, ErrorKind> {
    refuse_foreign(now.set, now.database, now.is_async)?;
    let steps = match goal {
        Goal::Up => up(now, compare::newest(now.set))?,
        Goal::UpTo(version) => up(now, known(now, version)?)?,
        Goal::Down(count) => {
            let rows = newest_first(now.history).take(count);
            down(now, rows.collect())?
        }
        Goal::DownTo(version) => {
            let version = known(now, version)?;
            let above = newest_first(now.history).take_while(|row| row.version > version);
            down(now, above.collect())?
        }
        Goal::Reset => down(now, newest_first(now.history).collect())?,
        Goal::Redo => redo(now)?,
        Goal::Mark(version) => mark(now, version)?,
        Goal::Unmark(version) => unmark(now, version)?,
    };
    refuse_large(now, &steps)?;
    Ok(Plan {
        from: now.history.version(),
        to: version_after(now.history, &steps),
        steps: transactions(now, steps),
    })
}

/// Refuses a set that is in disorder, or that connections of this kind cannot run.
pub(crate) fn refuse_foreign(
    set: &[Migration<'_>],
    database: Database,
    is_async: bool,
) -> Result<(), ErrorKind> {
    compare::check_set(set)?;
    if let Some(other) = set.iter().find(|m| m.database != database) {
        return Err(ErrorKind::WrongDatabase {
            migrations: other.database,
            connection: database,
        });
    }
    let is_other = |m: &&Migration<'_>| m.is_async().is_some_and(|code| code != is_async);
    match set.iter().find(is_other) {
        Some(other) => Err(ErrorKind::WrongDriver {
            version: other.version().unwrap_or(0),
            file: other.file().to_owned(),
            is_async: !is_async,
        }),
        None => Ok(()),
    }
}

fn newest_first(history: &History) -> impl Iterator<Item = &Applied> {
    history.rows.iter().rev().map(|row| &**row)
}

fn up<'m>(now: Situation<'m, '_>, target: i64) -> Result<Vec<Step<'m>>, ErrorKind> {
    let found = Comparison::of(now.set, now.history);
    found.refusal(now.set, now.history, now.settings, target)?;
    let wanted = found.pending.iter().enumerate();
    let wanted = wanted.filter(|(_, m)| m.version().is_some_and(|version| version <= target));
    let mut steps = Vec::new();
    for (at, migration) in wanted {
        let in_place = now.history.rows.is_empty() && at < now.in_place;
        let action = if in_place { Action::Adopt } else { Action::Up };
        let mut step = step(action, migration);
        if let Some(row) = migration.version().and_then(|v| now.history.row(v)) {
            if row.unfinished() == Some(Action::Down) {
                return Err(ErrorKind::Unfinished {
                    version: row.version,
                    action: Action::Down,
                });
            }
            step.resume = resume(now, &step, row)?;
        }
        steps.push(step);
    }
    // Repeatable migrations are written for the newest schema.
    if target == compare::newest(now.set) {
        steps.extend(found.due.into_iter().map(|m| step(Action::Up, m)));
    }
    Ok(steps)
}

fn down<'m>(now: Situation<'m, '_>, rows: Vec<&Applied>) -> Result<Vec<Step<'m>>, ErrorKind> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let unfinished = |row: &&&Applied| row.unfinished() == Some(Action::Up);
    if let Some(row) = rows.iter().find(unfinished) {
        return Err(ErrorKind::Unfinished {
            version: row.version,
            action: Action::Up,
        });
    }
    let mut found = Comparison::of(now.set, now.history);
    // What was edited since can be taken back as it was applied; what stays must fit.
    let goes = |version: i64| rows.iter().any(|row| row.version == version);
    found.changed.retain(|changed| !goes(changed.version));
    found.refuse_changed()?;
    let repeated = now.history.repeated.iter().rev();
    let mut steps: Vec<Step<'m>> = repeated
        .filter_map(|row| repeatable_down(now, row, !found.newer.is_empty()))
        .collect();
    let all = rows.len() == now.history.rows.len();
    let mut irreversible = Vec::new();
    for row in rows {
        match down_step(now, row) {
            Some(mut step) => {
                step.resume = resume(now, &step, row)?;
                steps.push(step);
            }
            None => irreversible.push(row.version),
        }
    }
    if !irreversible.is_empty() {
        let is_unknown = |version: &i64| compare::find(now.set, *version).is_none();
        let files = irreversible.iter().filter_map(|v| down_to_write(now, *v));
        return Err(ErrorKind::Irreversible {
            unknown: irreversible.iter().copied().filter(is_unknown).collect(),
            files: files.collect(),
            versions: irreversible,
        });
    }
    if all {
        // What made the rows of a table that is gone has to make them again.
        let gone: Vec<Step<'m>> = now
            .history
            .repeated
            .iter()
            .filter_map(|row| forgotten(&steps, row))
            .collect();
        steps.extend(gone);
    }
    Ok(steps)
}

/// A repeatable migration without a down, of which nothing is left once all is taken back.
fn forgotten<'m>(steps: &[Step<'m>], row: &Repeated) -> Option<Step<'m>> {
    let id = Id::Repeatable(Cow::Owned(row.name.clone()));
    if steps.iter().any(|step| step.id == id) {
        return None;
    }
    Some(step_without(Action::Unmark, id, &row.name, None))
}

/// As for a version: the program's own down, or the one that the history of a newer program keeps.
/// Where nothing is newer, one that the program lacks was removed or renamed in it, and what its down
/// would take back may be another's by now.
fn repeatable_down<'m>(now: Situation<'m, '_>, row: &Repeated, newer: bool) -> Option<Step<'m>> {
    let own = now.set.iter().rev().map_while(|m| Some((m.name()?, m)));
    if let Some((_, migration)) = own.into_iter().find(|(name, _)| *name == row.name) {
        return migration
            .down
            .as_ref()
            .map(|_| step(Action::Down, migration));
    }
    let sql = row.down.as_deref().filter(|_| newer)?;
    let id = Id::Repeatable(Cow::Owned(row.name.clone()));
    Some(stored_step(now, id, &row.name, sql))
}

/// For a version that the program knows as it was applied, its own down; for another, or one that
/// was edited since, the one that the history keeps: it takes back what was applied.
fn down_step<'m>(now: Situation<'m, '_>, row: &Applied) -> Option<Step<'m>> {
    let own = compare::find(now.set, row.version);
    if let Some(own) = own {
        let text = own.text_of(&row.checksum);
        let serves = own.is_code() || text == Text::Accepted;
        if text == Text::Own || (row.down.is_none() && serves) {
            return own.down.as_ref().map(|_| step(Action::Down, own));
        }
    }
    let id = Id::Version(row.version);
    Some(stored_step(now, id, &row.description, row.down.as_deref()?))
}

/// The file in which the down of a version can be written, so that it serves.
fn down_to_write(now: Situation<'_, '_>, version: i64) -> Option<String> {
    let own = compare::find(now.set, version)?;
    let text = own.text_of(&now.history.row(version)?.checksum);
    // Of an edited one, a down of the program would take back what was not applied.
    let serves = own.down.is_none() && (own.is_code() || text != Text::Other);
    serves.then(|| own.down_file()).flatten()
}

/// A step back by what the history keeps.
fn stored_step<'m>(now: Situation<'m, '_>, id: Id<'m>, description: &str, sql: &str) -> Step<'m> {
    let (directives, _) = Directives::read(sql, now.database);
    let file = match &id {
        Id::Version(version) => format!("{}/{version}.down", now.settings.table),
        Id::Repeatable(name) => format!("{}/{name}.down", now.settings.table),
    };
    let script = Script {
        sql: Cow::Owned(sql.to_owned()),
        file: Cow::Owned(file),
        line: 1,
        mode: directives.mode,
        foreign_keys: directives.foreign_keys,
    };
    step_without(Action::Down, id, description, Some(Body::Sql(script)))
}

fn redo<'m>(now: Situation<'m, '_>) -> Result<Vec<Step<'m>>, ErrorKind> {
    let Some(row) = now.history.rows.last() else {
        return Ok(Vec::new());
    };
    let Some(migration) = compare::find(now.set, row.version) else {
        let found = Comparison::of(now.set, now.history);
        found.refusal(now.set, now.history, &Settings::default(), 0)?;
        return Err(ErrorKind::Missing {
            versions: vec![row.version],
        });
    };
    let mut steps = down(now, vec![row])?;
    steps.push(step(Action::Up, migration));
    let again = now.set.iter().filter(|m| {
        m.name()
            .is_some_and(|name| now.history.repeated(name).is_some())
            && m.down.is_some()
    });
    steps.extend(again.map(|m| step(Action::Up, m)));
    Ok(steps)
}

fn mark<'m>(now: Situation<'m, '_>, version: i64) -> Result<Vec<Step<'m>>, ErrorKind> {
    let Some(migration) = compare::find(now.set, version) else {
        return Err(unknown(now, version));
    };
    let recorded = now.history.row(version);
    let same = recorded
        .is_some_and(|row| row.is_finished() && row.checksum == migration.checksum.to_string());
    Ok(if same {
        Vec::new()
    } else {
        vec![step(Action::Mark, migration)]
    })
}

fn unmark<'m>(now: Situation<'m, '_>, version: i64) -> Result<Vec<Step<'m>>, ErrorKind> {
    let Some(row) = now.history.row(version) else {
        return match compare::find(now.set, version) {
            Some(_) => Ok(Vec::new()),
            None => Err(unknown(now, version)),
        };
    };
    let id = Id::Version(version);
    Ok(vec![step_without(
        Action::Unmark,
        id,
        &row.description,
        None,
    )])
}

fn step<'m>(action: Action, migration: &'m Migration<'m>) -> Step<'m> {
    let body = match action {
        Action::Up => Some(migration.up.clone()),
        Action::Down => migration.down.clone(),
        Action::Adopt | Action::Mark | Action::Unmark => None,
    };
    Step {
        action,
        id: migration.id.clone(),
        description: Cow::Borrowed(migration.description()),
        body,
        migration: Some(migration),
        transaction: Transaction::Own,
        resume: 0,
    }
}

/// A step about something that no migration of the set stands for.
fn step_without<'m>(
    action: Action,
    id: Id<'m>,
    description: &str,
    body: Option<Body<'m>>,
) -> Step<'m> {
    Step {
        action,
        id,
        description: Cow::Owned(description.to_owned()),
        body,
        migration: None,
        transaction: Transaction::Own,
        resume: 0,
    }
}

/// How many statements of a step have run already.
fn resume(now: Situation<'_, '_>, step: &Step<'_>, row: &Applied) -> Result<usize, ErrorKind> {
    let Some(recorded) = row.resume_at.as_deref() else {
        return Ok(0);
    };
    let done = match &step.body {
        Some(Body::Sql(script)) => {
            units::Mark::new(script, now.database, step.action).read(recorded)
        }
        _ => Err(0),
    };
    done.map_err(|statements| ErrorKind::ResumeChanged {
        version: row.version,
        file: step.file().unwrap_or_default().to_owned(),
        statements,
    })
}

fn known(now: Situation<'_, '_>, version: i64) -> Result<i64, ErrorKind> {
    let known = version == 0
        || compare::find(now.set, version).is_some()
        || now.history.row(version).is_some();
    if known {
        Ok(version)
    } else {
        Err(unknown(now, version))
    }
}

fn unknown(now: Situation<'_, '_>, version: i64) -> ErrorKind {
    ErrorKind::UnknownVersion {
        version,
        known: now.set.iter().filter_map(Migration::version).collect(),
    }
}

/// `PRAGMA user_version` is a signed 32-bit number: what it would have to say after any of the
/// steps must fit.
fn refuse_large(now: Situation<'_, '_>, steps: &[Step<'_>]) -> Result<(), ErrorKind> {
    if !now.settings.user_version {
        return Ok(());
    }
    let mut versions = finished(now.history);
    for step in steps.iter().filter(|step| step.version().is_some()) {
        take(&mut versions, step);
        if let Some(&version) = versions.last().filter(|last| **last > i64::from(i32::MAX)) {
            return Err(ErrorKind::VersionTooLarge { version });
        }
    }
    Ok(())
}

/// The version of the database once these steps are done.
pub(crate) fn version_after(history: &History, steps: &[Step<'_>]) -> i64 {
    let mut versions = finished(history);
    steps.iter().for_each(|step| take(&mut versions, step));
    versions.last().copied().unwrap_or(0)
}

/// The versions that have run to their end.
fn finished(history: &History) -> BTreeSet<i64> {
    let finished = history.rows.iter().filter(|row| row.is_finished());
    finished.map(|row| row.version).collect()
}

/// What a step makes of the finished versions.
fn take(versions: &mut BTreeSet<i64>, step: &Step<'_>) {
    match step.version() {
        Some(version) if step.action.records() => versions.insert(version),
        Some(version) => versions.remove(&version),
        None => false,
    };
}

/// Puts the steps into transactions.
fn transactions<'m>(now: Situation<'m, '_>, mut steps: Vec<Step<'m>>) -> Vec<Step<'m>> {
    let grouped = match now.settings.transactions {
        Transactions::Auto => now.history.rows.is_empty(),
        Transactions::Each => false,
        Transactions::Grouped => true,
    };
    for step in &mut steps {
        // A repeatable migration has no place in the history where it could be resumed.
        let is_stepwise = |body: &Body<'_>| match body {
            Body::Sql(script) => {
                let statements = single_statements(&script.sql, now.database);
                script.mode.is_stepwise(&statements, now.database)
            }
            Body::Code(_) => false,
        };
        // What comes after it is to find things as it does where each has a transaction of its own.
        let is_alone = |body: &Body<'_>| {
            let waits = |sql: &str| waits_for_commit(sql, now.database);
            body.foreign_keys() || body.sql().is_some_and(waits)
        };
        let stepwise = step.version().is_some()
            && (step.resume > 0 || step.body.as_ref().is_some_and(is_stepwise));
        step.transaction = if stepwise {
            Transaction::Stepwise
        } else if grouped && !step.body.as_ref().is_some_and(is_alone) {
            Transaction::Group
        } else {
            Transaction::Own
        };
    }
    steps
}

/// The down of a migration as the history keeps it: with the directives it needs, so that any
/// program can run it.
pub(crate) fn stored_down(migration: &Migration<'_>) -> Option<String> {
    let Some(Body::Sql(script)) = &migration.down else {
        return None;
    };
    // What is said by the name of a marker, or before it, is not part of the text.
    let (own, _) = Directives::read(&script.sql, migration.database);
    let directives = if (own.mode, own.foreign_keys) == (script.mode, script.foreign_keys) {
        String::new()
    } else {
        Directives::to_comments(script.mode, script.foreign_keys)
    };
    Some(format!("{directives}{}", script.sql))
}
