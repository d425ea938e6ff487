//! The text form of a plan: a script with the exact SQL of every step, its file, and where
//! transactions begin and end. What the runner does besides SQL stands there as comments.

use std::fmt;

use migrate_source::sql::{statements, tokens};
use migrate_source::{Database, Mode};

use crate::migration::{Body, Migration, Script};
use crate::plan::{Plan, Step, Transaction};
use crate::report::Action;
use crate::units::{self, Unit};

/// The script that a run of this plan amounts to, for people to read before it runs.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_core::{Goal, Migrator, embed_migrations, rusqlite};
///
/// embed_migrations!("migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let plan = Migrator::new(&MIGRATIONS).plan(&mut db, Goal::UpTo(1))?;
/// assert!(plan.to_string().contains("-- up 1: create notes\n"));
/// # Ok(())
/// # }
/// ```
impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return write!(
                f,
                "-- Nothing to do: the database is at version {}.",
                self.from
            );
        }
        let database = database(self);
        let (count, noun) = match self.steps.len() {
            1 => (1, "step"),
            count => (count, "steps"),
        };
        write!(
            f,
            "-- From version {} to {} in {count} {noun}.",
            self.from, self.to
        )?;
        if database == Database::Sqlite && self.steps.iter().any(|step| step.body.is_some()) {
            f.write_str("\n\n-- until the end of the run:\nPRAGMA foreign_keys = OFF;")?;
        }
        let together = |a: &Step<'_>, b: &Step<'_>| {
            a.transaction == Transaction::Group && b.transaction == Transaction::Group
        };
        for steps in self.steps.chunk_by(together) {
            f.write_str("\n\n")?;
            match steps[0].transaction {
                Transaction::Group => group(f, steps, database)?,
                Transaction::Own => own(f, &steps[0], database)?,
                Transaction::Stepwise => stepwise(f, &steps[0], database)?,
            }
        }
        Ok(())
    }
}

/// Text as it may stand in a comment or a line of a table: a control character in it could end
/// the comment, or tell a terminal something.
pub(crate) fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

fn group(f: &mut fmt::Formatter<'_>, steps: &[Step<'_>], database: Database) -> fmt::Result {
    writeln!(f, "{}", begin(database))?;
    for step in steps {
        writeln!(f)?;
        title(f, step)?;
        f.write_str("SAVEPOINT _migrate_core_step;\n")?;
        body(f, step, database)?;
        records(f, step)?;
        f.write_str("\nRELEASE _migrate_core_step;\n")?;
    }
    f.write_str("\nCOMMIT;")
}

fn own(f: &mut fmt::Formatter<'_>, step: &Step<'_>, database: Database) -> fmt::Result {
    let enforced = step.body.as_ref().is_some_and(Body::foreign_keys);
    title(f, step)?;
    if enforced {
        f.write_str("PRAGMA foreign_keys = ON;\n")?;
    }
    writeln!(f, "{}", begin(database))?;
    body(f, step, database)?;
    records(f, step)?;
    f.write_str("\nCOMMIT;")?;
    if enforced {
        f.write_str("\nPRAGMA foreign_keys = OFF;")?;
    }
    Ok(())
}

/// A script that commits more than once.
fn stepwise(f: &mut fmt::Formatter<'_>, step: &Step<'_>, database: Database) -> fmt::Result {
    title(f, step)?;
    let Some(Body::Sql(script)) = &step.body else {
        unreachable!("only SQL runs statement by statement");
    };
    if script.foreign_keys {
        f.write_str("PRAGMA foreign_keys = ON;\n")?;
    }
    if script.mode == Mode::Repeat {
        f.write_str("-- again and again, until it changes no row:\n")?;
        writeln!(f, "{}", begin(database))?;
        sql(f, script, database)?;
        f.write_str("COMMIT;\n")?;
    } else {
        if step.resume > 0 {
            let all = statements(&script.sql, database).len();
            let done = step.resume;
            writeln!(f, "-- {done} of its {all} statements have run already")?;
        }
        for left in units::left(script, database, step.resume) {
            unit(f, &left, database)?;
        }
    }
    if script.foreign_keys {
        f.write_str("PRAGMA foreign_keys = OFF;\n")?;
    }
    records(f, step)
}

/// Statements that are committed together.
fn unit(f: &mut fmt::Formatter<'_>, unit: &Unit<'_>, database: Database) -> fmt::Result {
    if unit.statements.is_empty() {
        return Ok(());
    }
    if unit.atomic {
        writeln!(f, "{}", begin(database))?;
    }
    for statement in &unit.statements {
        let is_closed = statement.text.ends_with(';');
        let end = if is_closed { "" } else { ";" };
        writeln!(f, "{}{end}", statement.text)?;
    }
    if unit.atomic {
        f.write_str("COMMIT;\n")?;
    }
    Ok(())
}

fn title(f: &mut fmt::Formatter<'_>, step: &Step<'_>) -> fmt::Result {
    let description = one_line(step.description());
    match step.version() {
        Some(version) => writeln!(f, "-- {} {version}: {description}", step.action)?,
        None => writeln!(f, "-- {} repeatable: {description}", step.action)?,
    }
    match &step.body {
        Some(Body::Sql(script)) => writeln!(f, "-- file: {}", one_line(&script.file)),
        Some(Body::Code(code)) => writeln!(f, "-- code: {}", one_line(&code.file)),
        None => Ok(()),
    }
}

fn body(f: &mut fmt::Formatter<'_>, step: &Step<'_>, database: Database) -> fmt::Result {
    match &step.body {
        Some(Body::Sql(script)) => sql(f, script, database),
        Some(Body::Code(_)) => f.write_str("-- (its code runs here)\n"),
        None => Ok(()),
    }
}

/// The text of a script, closed so that what follows is a statement of its own.
fn sql(f: &mut fmt::Formatter<'_>, script: &Script<'_>, database: Database) -> fmt::Result {
    let text = script.sql.trim_end();
    let mut tokens: Vec<_> = tokens(text, database).collect();
    let in_comment = tokens.last().is_some_and(|token| token.kind.is_comment());
    tokens.retain(|token| !token.kind.is_comment());
    let is_closed = tokens.last().is_none_or(|token| token.is_punctuation(';'));
    let end = match (is_closed, in_comment) {
        (true, _) => "",
        (false, true) => "\n;",
        (false, false) => ";",
    };
    writeln!(f, "{text}{end}")
}

fn records(f: &mut fmt::Formatter<'_>, step: &Step<'_>) -> fmt::Result {
    let what = match step.version() {
        Some(version) => format!("version {version}"),
        None => format!("`{}`", one_line(step.description())),
    };
    match step.action {
        Action::Up => write!(f, "-- history: {what} is recorded"),
        Action::Adopt => write!(
            f,
            "-- history: {what} is in place already, as its check says, and is recorded"
        ),
        Action::Mark => write!(f, "-- history: {what} is recorded, nothing runs"),
        Action::Down => write!(f, "-- history: the record of {what} is removed"),
        Action::Unmark => write!(
            f,
            "-- history: the record of {what} is removed, nothing runs"
        ),
    }
}

fn begin(database: Database) -> &'static str {
    match database {
        Database::Sqlite => "BEGIN IMMEDIATE;",
        _ => "BEGIN;",
    }
}

/// The database that a plan is for. Only a step back from a newer program's version has no
/// migration that knows it.
fn database(plan: &Plan<'_>) -> Database {
    let mut migrations = plan.steps.iter().filter_map(|step| step.migration);
    migrations
        .next()
        .map_or(Database::Sqlite, Migration::database)
}
