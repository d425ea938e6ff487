//! How a database and a program stand to each other, for people and scripts.

use std::fmt;

use migrate_source::schema::Schema;

use crate::compare::{self, Comparison};
use crate::drift::{Drift, Drifts, NotCompared, drifts};
use crate::error::Changed;
use crate::history::{Applied, History};
use crate::migration::Migration;
use crate::plan::script::one_line;

/// How a database and a program stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The version of the database, 0 when nothing was ever applied.
    pub current: i64,
    /// The newest version of the program.
    pub latest: i64,
    /// Every numbered migration of the program or the database, by version.
    pub migrations: Vec<Line>,
    /// Every repeatable migration of the program, by name.
    pub repeatables: Vec<RepeatableLine>,
}

/// One numbered migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Its version.
    pub version: i64,
    /// What it is for.
    pub description: String,
    /// How it stands.
    pub state: State,
    /// Whether an earlier text of it was applied, which the program accepts in place of its own.
    pub accepted: bool,
    /// Its record in the database, if it has one.
    pub applied: Option<Applied>,
    /// Its file in the program, if it has one.
    pub file: Option<String>,
}

/// One repeatable migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatableLine {
    /// Its name.
    pub name: String,
    /// Whether it is to be run: it never was, or has changed since.
    pub due: bool,
    /// When it was run last: RFC 3339, UTC.
    pub applied_at: Option<String>,
}

/// How a numbered migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It was applied, as the program has it or with an earlier text that it
    /// [accepts](Line::accepted).
    Applied,
    /// It is to be applied.
    Pending,
    /// It is to be applied, but lies below one that was applied already.
    OutOfOrder,
    /// It runs statement by statement and has stopped half-way.
    Unfinished,
    /// It was applied, and has changed in the program since.
    Changed,
    /// It was applied, and the program lacks it.
    Missing,
    /// It was applied by a newer program.
    Newer,
}

impl State {
    /// The word for it: `applied`, `pending`, `out of order`, `unfinished`, `changed`, `missing`, `newer`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Pending => "pending",
            State::OutOfOrder => "out of order",
            State::Unfinished => "unfinished",
            State::Changed => "changed",
            State::Missing => "missing",
            State::Newer => "newer",
        }
    }
}

impl Status {
    pub(crate) fn of(set: &[Migration<'_>], history: &History) -> Status {
        let found = Comparison::of(set, history);
        let mut migrations: Vec<Line> = set
            .iter()
            .filter_map(|migration| {
                let version = migration.version()?;
                let applied = history.row(version).cloned();
                Some(Line {
                    version,
                    description: migration.description().to_owned(),
                    state: state(&found, version, applied.as_ref()),
                    accepted: found.accepted.contains(&version),
                    applied,
                    file: Some(migration.file().to_owned()),
                })
            })
            .collect();
        let foreign = |rows: &[&Applied], state| -> Vec<Line> {
            let line = |row: &&Applied| Line {
                version: row.version,
                description: row.description.clone(),
                state,
                accepted: false,
                applied: Some((*row).clone()),
                file: None,
            };
            rows.iter().map(line).collect()
        };
        migrations.extend(foreign(&found.missing, State::Missing));
        migrations.extend(foreign(&found.newer, State::Newer));
        migrations.sort_by_key(|line| line.version);
        let repeatables = set.iter().filter_map(|migration| {
            let name = migration.name()?;
            Some(RepeatableLine {
                name: name.to_owned(),
                due: found.due.iter().any(|due| due.name() == Some(name)),
                applied_at: history.repeated(name).map(|row| row.applied_at.clone()),
            })
        });
        Status {
            current: history.version(),
            latest: compare::newest(set),
            repeatables: repeatables.collect(),
            migrations,
        }
    }

    /// The numbered migrations that the program has.
    pub fn available(&self) -> impl Iterator<Item = &Line> {
        self.migrations.iter().filter(|line| line.file.is_some())
    }

    /// The numbered migrations that are to be applied.
    pub fn pending(&self) -> impl Iterator<Item = &Line> {
        let states = [State::Pending, State::OutOfOrder, State::Unfinished];
        self.migrations
            .iter()
            .filter(move |line| states.contains(&line.state))
    }

    /// Whether the database is as the program wants it: nothing is pending or due, nothing has
    /// changed, is missing or newer.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.migrations
            .iter()
            .all(|line| line.state == State::Applied)
            && self.repeatables.iter().all(|line| !line.due)
    }
}

/// How the database stands, in a few lines: its version, how many migrations there are, and those
/// that are pending.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # migrate_core::embed_migrations!("migrations");
/// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
/// # let migrator = migrate_core::Migrator::new(&MIGRATIONS);
/// migrator.up_to(&mut db, 1)?;
/// assert_eq!(
///     migrator.status(&mut db)?.to_string(),
///     "Current version: 1\nAvailable migrations: 2\nPending migrations: 1\n  2: add created at",
/// );
/// # Ok(())
/// # }
/// ```
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts(f)?;
        for line in self.pending() {
            write!(f, "\n  {}: {}", line.version, one_line(&line.description))?;
        }
        let due = self.repeatables.iter().filter(|line| line.due);
        for line in due {
            write!(f, "\n  R: {}", one_line(&line.name))?;
        }
        Ok(())
    }
}

impl Status {
    /// The first lines of its text form, without the migrations themselves.
    pub(crate) fn counts(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let available = self.available().count();
        write!(
            f,
            "Current version: {}\nAvailable migrations: {available}\n",
            self.current
        )?;
        match self.pending().count() {
            0 => f.write_str("No pending migrations")?,
            pending => write!(f, "Pending migrations: {pending}")?,
        }
        match self.repeatables.iter().filter(|line| line.due).count() {
            0 => Ok(()),
            due => write!(f, "\nRepeatable migrations due: {due}"),
        }
    }
}

fn state(found: &Comparison<'_, '_>, version: i64, applied: Option<&Applied>) -> State {
    match applied {
        Some(row) if !row.is_finished() => State::Unfinished,
        Some(_) if found.changed.iter().any(|c| c.version == version) => State::Changed,
        Some(_) => State::Applied,
        None if found.out_of_order.contains(&version) => State::OutOfOrder,
        None => State::Pending,
    }
}

/// What does not fit between a database and a program. Pending migrations are no fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verification {
    /// Applied migrations that have changed in the program since.
    pub changed: Vec<Changed>,
    /// Versions that were applied with an earlier text, which the program accepts: no fault.
    pub accepted: Vec<i64>,
    /// Versions that were applied, and that the program lacks.
    pub missing: Vec<i64>,
    /// Versions that a newer program applied.
    pub newer: Vec<i64>,
    /// Versions that are pending below one that was applied already.
    pub out_of_order: Vec<i64>,
    /// Versions that have stopped half-way.
    pub unfinished: Vec<i64>,
    /// `PRAGMA user_version`, when it is to be kept equal to the version and is not.
    pub counter: Option<i64>,
    /// What of the schema is missing, or not as the migrations make it.
    pub drift: Vec<Drift>,
    /// What of the schema is not made by the migrations. That is no fault.
    pub foreign: Vec<Drift>,
    /// Why the schema was not compared, if it was not. That is no fault.
    pub not_compared: Option<NotCompared>,
}

impl Verification {
    pub(crate) fn of(
        set: &[Migration<'_>],
        history: &History,
        schema: &Schema,
        user_version: bool,
    ) -> Verification {
        let found = Comparison::of(set, history);
        let (drifts, not_compared) = match drifts(set, history, &found, schema) {
            Ok(drifts) => (drifts, None),
            Err(reason) => (Drifts::default(), Some(reason)),
        };
        let versions = |rows: &[&Applied]| rows.iter().map(|row| row.version).collect();
        let unfinished = history.rows.iter().filter(|row| !row.is_finished());
        let differs = |counter: &i64| user_version && *counter != history.version();
        Verification {
            missing: versions(&found.missing),
            newer: versions(&found.newer),
            out_of_order: found.out_of_order,
            unfinished: unfinished.map(|row| row.version).collect(),
            counter: history.counter.filter(differs),
            changed: found.changed,
            drift: drifts.drift,
            foreign: drifts.foreign,
            not_compared,
            accepted: found.accepted,
        }
    }

    /// Whether everything fits that could be compared.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.history_fits() && self.drift.is_empty()
    }

    /// Whether the history fits the program.
    pub(crate) fn history_fits(&self) -> bool {
        let Verification {
            changed,
            missing,
            newer,
            out_of_order,
            unfinished,
            counter,
            drift: _,
            foreign: _,
            accepted: _,
            not_compared: _,
        } = self;
        changed.is_empty()
            && [missing, newer, out_of_order, unfinished]
                .iter()
                .all(|versions| versions.is_empty())
            && counter.is_none()
    }
}
