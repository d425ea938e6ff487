//! The schema of a database beside the one that its migrations lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use migrate_source::schema::{Change, Kind, Object, Schema};

use crate::compare::Comparison;
use crate::history::History;
use crate::migration::Migration;
use crate::plan::script::one_line;

/// One object of a database that is not what the migrations make.
///
/// Its text says so: "index `idx_notes_created` is missing".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The table that it is on: its own name for a table and a view.
    pub table: String,
    /// How it differs.
    pub state: DriftState,
}

/// How an object differs from what the migrations make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftState {
    /// They make it, and it is not there.
    Missing,
    /// They make it otherwise.
    Changed,
    /// They do not make it: somebody else did.
    Foreign,
}

impl DriftState {
    /// The word for it: `missing`, `changed`, `foreign`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DriftState::Missing => "missing",
            DriftState::Changed => "changed",
            DriftState::Foreign => "foreign",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.state {
            DriftState::Missing => "is missing",
            DriftState::Changed => "is not as the migrations make it",
            DriftState::Foreign => "is not ours",
        };
        write!(f, "{} `{}` {words}", self.kind, one_line(&self.name))
    }
}

/// Why the schema of a database was not compared. Its text says it: "version 7 is code that changes it".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCompared {
    /// The set was not run while the program was compiled, so that it is not known what it makes.
    NotVerified,
    /// The history does not fit the program: versions are missing, newer, out of order or unfinished.
    History,
    /// This version was applied with another text than the program has.
    OtherText {
        /// The version.
        version: i64,
    },
    /// This version is code that changes the schema.
    Code {
        /// The version.
        version: i64,
    },
    /// This version was not run while the program was compiled.
    Version {
        /// The version.
        version: i64,
    },
    /// This repeatable migration was not run while the program was compiled.
    Repeatable {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for NotCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotCompared::NotVerified => {
                f.write_str("the migrations were not run while the program was compiled")
            }
            NotCompared::History => f.write_str("the history does not fit the program"),
            NotCompared::OtherText { version } => {
                write!(f, "version {version} was applied with another text")
            }
            NotCompared::Code { version } => {
                write!(f, "version {version} is code that changes it")
            }
            NotCompared::Version { version } => {
                write!(
                    f,
                    "version {version} was not run while the program was compiled"
                )
            }
            NotCompared::Repeatable { name } => {
                let name = one_line(name);
                write!(f, "`{name}` was not run while the program was compiled")
            }
        }
    }
}

/// What differs between a database and the schema that its migrations lead to.
#[derive(Debug, Default)]
pub(crate) struct Drifts {
    /// What is missing or changed.
    pub(crate) drift: Vec<Drift>,
    pub(crate) foreign: Vec<Drift>,
}

/// Compares the schema `live` with what was applied to it.
pub(crate) fn drifts(
    set: &[Migration<'_>],
    history: &History,
    found: &Comparison<'_, '_>,
    live: &Schema,
) -> Result<Drifts, NotCompared> {
    Ok(Expected::of(set, history, found)?.beside(live))
}

/// What an object is known by, however it is written: its kind and its name in lower case.
type Id = (Kind, String);

/// What the migrations that were applied make.
#[derive(Default)]
struct Expected<'m> {
    objects: BTreeMap<Id, &'m Change<'m>>,
    /// What repeatable migrations make that are to run: as it was, as it will be, or not at all.
    due: BTreeSet<Id>,
}

impl<'m> Expected<'m> {
    fn of(
        set: &'m [Migration<'m>],
        history: &History,
        found: &Comparison<'_, '_>,
    ) -> Result<Expected<'m>, NotCompared> {
        let known = |m: &Migration<'_>| m.schema.is_some() || m.verified.is_some();
        if !set.iter().any(known) {
            return Err(NotCompared::NotVerified);
        }
        let finished = history.rows.iter().all(|row| row.is_finished());
        let foreign = found.missing.is_empty() && found.newer.is_empty();
        if !finished || !foreign || !found.out_of_order.is_empty() {
            return Err(NotCompared::History);
        }
        let mut expected = Expected::default();
        for migration in set {
            expected.add(migration, history, found)?;
        }
        Ok(expected)
    }

    /// Adds what `migration` does, if it was applied.
    fn add(
        &mut self,
        migration: &'m Migration<'m>,
        history: &History,
        found: &Comparison<'_, '_>,
    ) -> Result<(), NotCompared> {
        let due = found.due.iter().any(|due| due.id == migration.id);
        let ran = match (migration.version(), migration.name()) {
            (Some(version), _) => match history.row(version) {
                Some(row) if row.checksum != migration.checksum.to_string() => {
                    return Err(NotCompared::OtherText { version });
                }
                row => row.is_some(),
            },
            (None, Some(name)) => history.repeated(name).is_some(),
            (None, None) => false,
        };
        let Some(schema) = &migration.schema else {
            return if ran { Err(unknown(migration)) } else { Ok(()) };
        };
        for change in schema.changes {
            let id = (change.kind(), change.name().to_ascii_lowercase());
            if due {
                self.due.insert(id);
            } else if ran && change.digest().is_some() {
                self.objects.insert(id, change);
            } else if ran {
                self.objects.remove(&id);
            }
        }
        Ok(())
    }

    fn beside(&self, live: &Schema) -> Drifts {
        let there: BTreeMap<Id, &Object> = live.objects().map(|o| (id(o), o)).collect();
        let mut drifts = Drifts::default();
        for (id, change) in &self.objects {
            let object = there.get(id);
            if self.due.contains(id) || object.map(|o| o.digest()) == change.digest() {
                continue;
            }
            drifts.drift.push(Drift {
                kind: change.kind(),
                name: change.name().to_owned(),
                table: change.table().to_owned(),
                state: match object {
                    Some(_) => DriftState::Changed,
                    None => DriftState::Missing,
                },
            });
        }
        let foreign =
            |(id, _): &(&Id, &&Object)| !self.objects.contains_key(*id) && !self.due.contains(*id);
        let foreign = there.iter().filter(foreign).map(|(_, object)| Drift {
            kind: object.kind(),
            name: object.name().to_owned(),
            table: object.table().to_owned(),
            state: DriftState::Foreign,
        });
        drifts.foreign = foreign.collect();
        tidy(&mut drifts.drift);
        tidy(&mut drifts.foreign);
        drifts
    }
}

/// Why it is not known what an applied migration made.
fn unknown(migration: &Migration<'_>) -> NotCompared {
    match migration.version() {
        Some(version) if migration.is_code() => NotCompared::Code { version },
        Some(version) => NotCompared::Version { version },
        None => NotCompared::Repeatable {
            name: migration.name().unwrap_or_default().to_owned(),
        },
    }
}

/// Sorts by table, and leaves out what is on a table that is named itself, as a whole.
fn tidy(drifts: &mut Vec<Drift>) {
    let name = |drift: &Drift| drift.table.to_ascii_lowercase();
    let whole = |drift: &&Drift| {
        matches!(drift.kind, Kind::Table | Kind::View) && drift.state != DriftState::Changed
    };
    let tables: BTreeSet<String> = drifts.iter().filter(whole).map(name).collect();
    drifts.retain(|drift| {
        matches!(drift.kind, Kind::Table | Kind::View) || !tables.contains(&name(drift))
    });
    drifts.sort_by_cached_key(|drift| (name(drift), drift.kind, drift.name.clone()));
}

fn id(object: &Object) -> Id {
    (object.kind(), object.name().to_ascii_lowercase())
}
