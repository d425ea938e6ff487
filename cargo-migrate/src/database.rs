//! `up`, `down`, `redo`, `status` and `plan`: a folder read at run time, on a database, through the engine
//! and the commands of `migrate-core`.

use std::path::Path;
use std::process::ExitCode;

use migrate_core::cli::Command;
use migrate_core::folder::Folder;
use migrate_core::{Action, Connection, Goal, Migrator, Plan as Steps, rusqlite, sqlite};

use crate::args::{Down, On, Plan, Redo, Status, Up};
use crate::check;
use crate::error::Error;
use crate::find::{Finder, of_fault};
use crate::output::Paint;
use crate::target::Target;

pub(crate) fn up(finder: &Finder, up: &Up, paint: Paint) -> Result<ExitCode, Error> {
    let goal = up.to.map_or(Goal::Up, Goal::UpTo);
    let (to, json) = (up.to, up.on.json);
    run(
        finder,
        &up.on,
        paint,
        &Command::Migrate { to, json },
        Some(goal),
    )
}

pub(crate) fn down(finder: &Finder, down: &Down, paint: Paint) -> Result<ExitCode, Error> {
    let Down { on, count, to } = down;
    let goal = to.map_or(Goal::Down(count.get()), Goal::DownTo);
    let command = Command::Down {
        count: *count,
        to: *to,
        json: on.json,
    };
    run(finder, on, paint, &command, Some(goal))
}

pub(crate) fn redo(finder: &Finder, redo: &Redo, paint: Paint) -> Result<ExitCode, Error> {
    let json = redo.on.json;
    let command = Command::Redo { json };
    run(finder, &redo.on, paint, &command, Some(Goal::Redo))
}

pub(crate) fn status(finder: &Finder, status: &Status, paint: Paint) -> Result<ExitCode, Error> {
    let command = Command::Status {
        check: status.check,
        json: status.on.json,
    };
    run(finder, &status.on, paint, &command, None)
}

pub(crate) fn plan(finder: &Finder, plan: &Plan, paint: Paint) -> Result<ExitCode, Error> {
    let command = Command::Plan {
        to: plan.to,
        down: plan.down,
        json: plan.on.json,
    };
    run(finder, &plan.on, paint, &command, None)
}

/// Carries a command out. With a `goal`, it runs migrations.
fn run(
    finder: &Finder,
    on: &On,
    paint: Paint,
    command: &Command,
    goal: Option<Goal>,
) -> Result<ExitCode, Error> {
    let mut set = finder.one()?;
    let target = Target::of(&on.database, &mut set, finder)?;
    let (listing, folder) = set.read().map_err(|fault| of_fault(&fault))?;
    // What would go wrong is told before it is done. Looking and going back need no more than a folder
    // that can be read.
    let findings = match goal {
        Some(Goal::Up | Goal::UpTo(_) | Goal::Redo) => check::findings(&set, &folder)?,
        _ => folder.findings.clone(),
    };
    if !findings.is_empty() {
        return Ok(check::tell_findings(&set, &findings, paint));
    }
    let folder = Folder::of_files(&set.shown, &listing.files, set.options.clone());
    let folder = folder.map_err(|problems| Error::new(problems.join("\n")))?;
    let migrations = folder.migrations();
    let mut migrator = Migrator::new(&migrations);
    if let Some(table) = &on.table {
        migrator = migrator.table(table);
    }
    match target {
        Target::File(_) if on.schema.is_some() => Err(Error::new(
            "`--schema` names a schema of PostgreSQL, and this database is one of SQLite",
        )
        .help("leave it out: SQLite has no schemas")),
        Target::File(path) => {
            let creates = matches!(command, Command::Migrate { .. });
            carry_out(command, goal, &migrator, &mut open(&path, creates)?)
        }
        Target::Server(server) => {
            if let Some(schema) = &on.schema {
                migrator = migrator.schema(schema);
            }
            carry_out(command, goal, &migrator, &mut server.connect()?)
        }
    }
}

fn carry_out<C: Connection>(
    command: &Command,
    goal: Option<Goal>,
    migrator: &Migrator<'_>,
    db: &mut C,
) -> Result<ExitCode, Error> {
    if let Some(goal) = goal {
        // Where the plan fails, the command fails in the same way, and says so.
        if let Ok(plan) = migrator.plan(db, goal) {
            refuse_code(&plan)?;
        }
    }
    Ok(command.run(migrator, db))
}

fn open(path: &Path, creates: bool) -> Result<rusqlite::Connection, Error> {
    let shown = path.display();
    if !creates && !path.exists() {
        return Err(Error::new(format!("there is no database `{shown}`"))
            .help("`cargo migrate up` makes it"));
    }
    let db = match creates {
        true => rusqlite::Connection::open(path),
        false => sqlite::open_to_look(path),
    };
    db.map_err(|error| Error::new(format!("the database `{shown}` cannot be opened: {error}")))
}

/// Refuses what cannot be run to its end: only the program contains the code of its migrations.
fn refuse_code(plan: &Steps<'_>) -> Result<(), Error> {
    let is_code = |step: &&migrate_core::Step<'_>| {
        matches!(step.action(), Action::Up | Action::Down) && step.sql().is_none()
    };
    let Some(step) = plan.steps().iter().find(is_code) else {
        return Ok(());
    };
    let version = step.version().unwrap_or_default();
    let mut error = Error::new(format!(
        "migration {version} is code, which only the program contains"
    ));
    if let Some(file) = step.file() {
        error = error.at(migrate_source::Place::file(file));
    }
    error = error.note("nothing was run");
    error = error.help("let the program migrate this database");
    Err(match step.action() {
        Action::Up if version > plan.from() + 1 => {
            error.help(format!("`--to {}` goes as far as SQL does", version - 1))
        }
        _ => error,
    })
}
