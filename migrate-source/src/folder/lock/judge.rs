//! The lock beside the folder: what was edited, removed, renumbered, or is not locked yet.

use std::collections::BTreeSet;

use super::{FILE, Line, Lock, Locked, Read, Side, below, shown_name};
use crate::Checksum;
use crate::folder::{Code, Finding, Migration, Problem, Up};
use crate::place::Place;

/// What is compared.
pub(in crate::folder) struct Judge<'a> {
    read: &'a Read,
    migrations: &'a [Migration],
    /// Versions about whose files something else is wrong, so that nothing can be said of them.
    unclear: &'a BTreeSet<i64>,
}

/// Something wrong about a version.
pub(in crate::folder) struct Fault {
    pub(in crate::folder) version: i64,
    pub(in crate::folder) finding: Finding,
    /// Whether an update of the lock is the cure.
    pub(super) cured_by_update: bool,
}

/// What became of a line: the migration that it is about, and whether that has its version.
enum Fate<'a> {
    Kept,
    Edited(&'a Migration),
    Renumbered(&'a Migration),
    Missing,
}

impl<'a> Judge<'a> {
    pub(in crate::folder) fn new(
        read: &'a Read,
        migrations: &'a [Migration],
        unclear: &'a BTreeSet<i64>,
    ) -> Judge<'a> {
        Judge {
            read,
            migrations,
            unclear,
        }
    }

    /// Everything that does not fit. Of a lock that is wrong by itself only this much is said: which
    /// migrations were edited.
    pub(in crate::folder) fn faults(&self) -> Vec<Fault> {
        let lock = &self.read.lock;
        let whole = self.read.findings.is_empty();
        let last = lock.last_locked();
        let fates = self.fates();
        let mut faults = Vec::new();
        for ((line, place), fate) in lock.lines.iter().zip(&self.read.places).zip(&fates) {
            let finding = match fate {
                Fate::Kept => None,
                Fate::Edited(migration) => Some(edited(line, migration)),
                _ if !whole => None,
                Fate::Renumbered(migration) => Some(renumbered(line, migration)),
                Fate::Missing => Some(missing(line)),
            };
            let open = line.locked.is_none();
            faults.extend(finding.map(|finding| Fault {
                version: line.version,
                finding: finding.at(place.clone()),
                cured_by_update: open,
            }));
            if whole && open && line.version < last && matches!(fate, Fate::Kept) {
                faults.push(too_low(line.version, last, place.clone()));
            }
        }
        if whole {
            faults.extend(self.without_line(&fates, last));
        }
        faults
    }

    /// What became of each line.
    fn fates(&self) -> Vec<Fate<'a>> {
        let lines = &self.read.lock.lines;
        let mut taken = BTreeSet::new();
        let mut fates = Vec::new();
        for line in lines {
            let own = self.migration(line.version);
            let unclear = self.unclear.contains(&line.version) || line.side != Side::Both;
            let keeps = own.is_some_and(|own| fits(line, own));
            fates.push(match unclear || keeps {
                true => Fate::Kept,
                false => match self.renumbered(line, &mut taken) {
                    Some(migration) => Fate::Renumbered(migration),
                    None => own.map_or(Fate::Missing, Fate::Edited),
                },
            });
        }
        fates
    }

    /// The migration with another version that `line` is about: by its text and its name, by its
    /// text, or by its name where there is no other of that version.
    fn renumbered(&self, line: &Line, taken: &mut BTreeSet<i64>) -> Option<&'a Migration> {
        let gone = self.migration(line.version).is_none();
        let likeness = |migration: &Migration| {
            let name = shown_name(&migration.name) == line.name;
            let locked = line.locked.as_ref();
            let text = locked.is_some_and(|l| l.accepts(&checksum_as(migration, line.version)));
            // The checksum of code says nothing about its text.
            let is_sql = matches!(migration.up, Up::Sql(_));
            match (name, text) {
                (true, true) => 3,
                (false, true) if is_sql => 2,
                (true, false) if gone => 1,
                _ => 0,
            }
        };
        let free = |migration: &Migration| {
            let version = migration.version;
            let own = self.read.lock.line(version);
            let kept = own.is_some_and(|own| fits(own, migration));
            version != line.version && !kept && !taken.contains(&version)
        };
        let alike = self
            .migrations
            .iter()
            .filter(|m| likeness(m) > 0 && free(m));
        // Of several the first.
        let found = alike.rev().max_by_key(|m| likeness(m))?;
        taken.insert(found.version);
        Some(found)
    }

    /// The migrations that no line is about.
    fn without_line(&self, fates: &[Fate<'_>], last: i64) -> Vec<Fault> {
        let lines = self.read.lock.lines.iter().zip(fates);
        let spoken_of: BTreeSet<i64> = lines
            .filter_map(|(line, fate)| match fate {
                Fate::Kept | Fate::Edited(_) => Some(line.version),
                Fate::Renumbered(migration) => Some(migration.version),
                Fate::Missing => None,
            })
            .chain(self.unclear.iter().copied())
            .collect();
        let migrations = self.migrations.iter();
        migrations
            .filter(|migration| !spoken_of.contains(&migration.version))
            .map(|migration| {
                let place = Place::file(migration.up.path());
                match migration.version > last {
                    true => extra(migration, place),
                    false => too_low(migration.version, last, place),
                }
            })
            .collect()
    }

    fn migration(&self, version: i64) -> Option<&'a Migration> {
        let found = self
            .migrations
            .binary_search_by_key(&version, |migration| migration.version);
        found.ok().map(|at| &self.migrations[at])
    }
}

/// Whether `migration`, which has the version of `line`, may stand there.
fn fits(line: &Line, migration: &Migration) -> bool {
    let locked = line.locked.as_ref();
    locked.is_none_or(|locked| locked.accepts(&migration.checksum))
}

/// The checksum that a migration would have with another version.
fn checksum_as(migration: &Migration, version: i64) -> Checksum {
    match &migration.up {
        Up::Sql(_) => migration.checksum,
        Up::Code(code) => Checksum::of_code(version, code.revision.unwrap_or(0)),
    }
}

fn edited(line: &Line, migration: &Migration) -> Finding {
    let Line { version, name, .. } = line;
    let path = migration.up.path();
    let other_name = shown_name(&migration.name) != *name;
    let finding = |message: String| Finding::new(Problem::LockEdited, message);
    let accept = format!(
        "if the databases that have run it need no change, accept it: `cargo migrate lock --accept {version}`"
    );
    match (&migration.up, &line.locked) {
        _ if other_name => finding(format!(
            "version {version} is locked as `{name}`, but `{path}` has another text"
        ))
        .help(format!(
            "bring `{name}` back: databases have run it; give `{path}` a new number"
        ))
        .help(accept),
        (Up::Code(code), Some(locked)) => {
            let now = code.revision.unwrap_or(0);
            let revision = |text: &str| {
                finding(format!("version {version} is locked, but {text} in `{path}`")).help(
                    "put it back: databases have run it as it was; what is new belongs into a new migration",
                )
            };
            match locked_revision(*version, locked, code) {
                Some(before) => revision(&format!("`REVISION` was {before} and is {now}")),
                None => revision("what was locked is not what stands"),
            }
            .help(accept)
        }
        _ => finding(format!(
            "version {version} is locked, but the text of `{path}` has changed"
        ))
        .help("put the text back: databases have run it; what is new belongs into a new migration")
        .help(accept),
    }
}

/// The `REVISION` that was locked, if it is one of those that were probably there before.
fn locked_revision(version: i64, locked: &Locked, code: &Code) -> Option<u32> {
    let most = code.revision.unwrap_or(0).saturating_add(8).min(1000);
    (0..=most).find(|revision| Checksum::of_code(version, *revision) == locked.checksum)
}

fn renumbered(line: &Line, migration: &Migration) -> Finding {
    let Line { version, name, .. } = line;
    let path = migration.up.path();
    let finding = |is: &str| {
        Finding::new(
            Problem::LockRenumbered,
            format!("version {version}, `{name}`, {is}, but its file is `{path}`"),
        )
    };
    match line.locked {
        Some(_) => finding("is locked").help(format!(
            "give the file its number back, {version}: databases have run it under that"
        )),
        None => finding("has taken its number").help("`cargo migrate lock` writes the line anew"),
    }
}

fn missing(line: &Line) -> Finding {
    let Line { version, name, .. } = line;
    let finding = |is: &str| {
        Finding::new(
            Problem::LockMissing,
            format!("version {version}, `{name}`, {is}, but its file is gone"),
        )
        .help("bring the file back")
    };
    match line.locked {
        Some(_) => finding("is locked")
            .help("databases have run it: what undoes it belongs into a new migration"),
        None => finding("has taken its number")
            .help("or drop the line, by hand or `cargo migrate lock`"),
    }
}

fn extra(migration: &Migration, place: Place) -> Fault {
    let path = migration.up.path();
    let (version, name) = (migration.version, shown_name(&migration.name));
    Fault {
        version,
        finding: Finding::new(
            Problem::LockExtra,
            format!("version {version}, `{path}`, is not in `{FILE}`"),
        )
        .at(place)
        .help("lock it as it is: `cargo migrate lock`")
        .help(format!(
            "to go on editing it, add the line `{version} {name} open`"
        )),
        cured_by_update: true,
    }
}

fn too_low(version: i64, last: i64, place: Place) -> Fault {
    Fault {
        version,
        finding: below(version, last, "the last one that is locked")
            .at(place)
            .help(format!(
                "give it the next number: `cargo migrate renumber {version}`"
            )),
        cured_by_update: false,
    }
}

impl Lock {
    /// What does not fit between this lock and `migrations`, of which all were read.
    pub(super) fn faults(&self, migrations: &[Migration]) -> Vec<Fault> {
        let read = Read::text(&self.to_string());
        let itself = read.findings.iter().map(|finding| Fault {
            version: 0,
            finding: finding.clone(),
            cured_by_update: false,
        });
        let mut faults: Vec<Fault> = itself.collect();
        faults.extend(Judge::new(&read, migrations, &BTreeSet::new()).faults());
        faults
    }
}
