//! `up`, `down`, `redo`, `status` and `plan`: a folder read at run time, on a database, through the engine
//! and the commands of `migrate-core`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use migrate_core::cli::Command;
use migrate_core::folder::Folder;
use migrate_core::rusqlite::Connection;
use migrate_core::{Action, Goal, Migrator, Plan as Steps, sqlite};

use crate::args::{Down, On, Plan, Redo, Status, Up};
use crate::check;
use crate::error::Error;
use crate::find::{Finder, of_fault};
use crate::output::Paint;

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
    let set = finder.one()?;
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
    let path = file(&on.database)?;
    let creates = matches!(command, Command::Migrate { .. });
    let mut db = open(&path, creates)?;
    if let Some(goal) = goal {
        // Where the plan fails, the command fails in the same way, and says so.
        if let Ok(plan) = migrator.plan(&mut db, goal) {
            refuse_code(&plan)?;
        }
    }
    Ok(command.run(&migrator, &mut db))
}

/// The file that a path or URL names.
fn file(database: &OsStr) -> Result<PathBuf, Error> {
    let text = database.to_string_lossy();
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(PathBuf::from(database));
    };
    match scheme {
        "sqlite" | "sqlite3" => {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            match path.split_once('?') {
                None => Ok(PathBuf::from(path)),
                Some((path, _)) => Err(Error::new(format!("`{text}` has settings behind its `?`"))
                    .help(format!("name the file alone: `{path}`"))),
            }
        }
        "postgres" | "postgresql" => Err(Error::new("this build has no PostgreSQL").help(
            "let the program migrate its database: it has the driver, and the same commands",
        )),
        _ => Err(
            Error::new(format!("`{scheme}:` is no database that this build knows"))
                .help("name the file of an SQLite database"),
        ),
    }
}

/// Whether this is the scheme of a URL. One letter is the drive of a path.
fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
}

fn open(path: &Path, creates: bool) -> Result<Connection, Error> {
    let shown = path.display();
    if !creates && !path.exists() {
        return Err(Error::new(format!("there is no database `{shown}`"))
            .help("`cargo migrate up` makes it"));
    }
    let db = match creates {
        true => Connection::open(path),
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
