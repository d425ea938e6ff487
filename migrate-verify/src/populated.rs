//! The same migrations on tables that are in use: with rows in them.
//!
//! A row that is made up may fail where no real one would. So nothing is said unless the migration
//! fails, or loses rows, whatever the rows look like: they are made in several ways, and last in one that
//! suits the schema after the migration.

use migrate_source::sql::quoted_name;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Result;

use crate::deletions::{Deletions, seeded};
use crate::failure::{Failure, Kind};
use crate::orphans::Keys;
use crate::rows::{self, Hints, VARIATIONS};
use crate::run::{OnFailure, Ran};
use crate::scratch::Scratch;
use crate::seed::{Seed, copy_rows, copy_seed};
use crate::set::Script;

/// A database whose tables have rows.
pub(crate) struct Populated {
    pub(crate) scratch: Scratch,
    /// How many rows the tables have, by their names in lower case.
    pub(crate) counts: BTreeMap<String, i64>,
    keys: Keys,
    /// The tables that attempts have touched, in lower case.
    touched: BTreeSet<String>,
    pub(crate) seed: Seed,
    /// Whether no rows are made any more: what should take one failed in an unexpected way.
    pub(crate) idle: bool,
}

/// Whether trouble depends on the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does not: it is there whatever they are.
    Always,
    /// With others there is none; the database is the one after the migration.
    Passed,
    /// No rows are known that suit what comes after, but there may be some.
    Unknown,
}

/// What a migration does to tables that have rows.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// It fails, though not on empty tables.
    Fails(Failure),
    /// It loses rows of a table that stays: its name, and the rows before and after.
    Loses(String, i64, i64),
    /// It leaves rows without their parent: their table, and that of the parent.
    Orphans(String, String),
}

/// The schemas around a migration: databases without rows of ours.
pub(crate) struct Around<'a> {
    pub(crate) before: &'a [u8],
    pub(crate) after: &'a [u8],
    /// The texts of its script and of the schema after it, which say what values mean something.
    pub(crate) hints: Hints,
    pub(crate) script: Option<&'a Script<'a>>,
}

impl Populated {
    pub(crate) fn new(scratch: Scratch, seed: Seed) -> Populated {
        Populated {
            scratch,
            counts: BTreeMap::new(),
            keys: Keys::default(),
            touched: BTreeSet::new(),
            seed,
            idle: false,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.idle
    }

    pub(crate) fn image(&mut self) -> Result<Vec<u8>> {
        self.scratch.image()
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Takes over a database as it is; rows come to it before the next migration.
    pub(crate) fn replace(&mut self, scratch: Scratch) {
        let (seed, idle) = (std::mem::take(&mut self.seed), self.idle);
        *self = Populated::new(scratch, seed);
        self.idle = idle;
    }

    /// Runs a migration. If it goes wrong, the database is left as it was before.
    pub(crate) fn step(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        simple: bool,
        says: &Deletions,
    ) -> std::result::Result<(), Trouble> {
        if self.idle {
            return Ok(());
        }
        // A trigger may never come to an end for rows such as these. Nothing is said then.
        self.run(up, simple, says).unwrap_or_else(|_| {
            self.idle = true;
            Ok(())
        })
    }

    fn run(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        simple: bool,
        says: &Deletions,
    ) -> Result<std::result::Result<(), Trouble>> {
        self.fill(&Hints::default(), 0, &BTreeSet::new())?;
        self.touched.clear();
        let image = match simple {
            true => None,
            false => Some(self.scratch.image()?),
        };
        if simple {
            self.scratch.execute("BEGIN")?;
        }
        let outcome = self.attempt(up, says)?;
        match (&outcome, image) {
            (Ok(()), _) if simple => self.scratch.execute("COMMIT")?,
            (Ok(()), _) => {}
            (Err(_), None) => {
                if !self.scratch.db().is_autocommit() {
                    self.scratch.execute("ROLLBACK")?;
                }
                self.counts.clear();
                self.keys = Keys::default();
            }
            (Err(_), Some(image)) => {
                let touched = std::mem::take(&mut self.touched);
                self.replace(Scratch::of_image(&image)?);
                self.touched = touched;
            }
        }
        Ok(outcome)
    }

    /// Runs it and looks at what became of the rows.
    fn attempt(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        says: &Deletions,
    ) -> Result<std::result::Result<(), Trouble>> {
        self.scratch.touched();
        let ran = up(&self.scratch, OnFailure::Stop);
        let touched = self.scratch.touched();
        self.touched.extend(touched.iter().cloned());
        if let Some(failed) = ran.failures.into_iter().next() {
            return Ok(Err(Trouble::Fails(failed.failure)));
        }
        let now: BTreeSet<String> = rows::tables(self.scratch.db())?
            .into_iter()
            .map(|table| table.to_lowercase())
            .collect();
        let touches_rows = touched.iter().any(|table| self.counts.contains_key(table));
        let orphan = match touches_rows {
            true => self.keys.orphan(&self.scratch)?,
            false => None,
        };
        let triggers = has_triggers(&self.scratch, says.deleted())?;
        let mut lost = None;
        self.counts.retain(|table, _| now.contains(table));
        for table in touched.iter().filter(|table| now.contains(*table)) {
            let after = count(&self.scratch, table)?;
            let before = self.counts.insert(table.clone(), after).unwrap_or(0);
            if after < before && !says.rows_of(table) && !triggers {
                lost.get_or_insert((table.clone(), before, after));
            }
        }
        if let Some((table, before, after)) = lost {
            return Ok(Err(Trouble::Loses(table, before, after)));
        }
        if let Some((child, parent)) = orphan {
            return Ok(Err(Trouble::Orphans(child, parent)));
        }
        self.keys.refresh(&self.scratch, touched.iter())?;
        Ok(Ok(()))
    }

    /// Brings every table to two rows, where rows can be made for it, but those of `without`.
    fn fill(&mut self, hints: &Hints, variation: usize, without: &BTreeSet<String>) -> Result<()> {
        let tables = rows::tables(self.scratch.db())?;
        let needy = |table: &&String| {
            let table = table.to_lowercase();
            let few = self.counts.get(&table).is_none_or(|count| *count < 2);
            few && !self.seed.tables.contains(&table) && !without.contains(&table)
        };
        let needy: Vec<String> = tables.iter().filter(needy).cloned().collect();
        if !needy.is_empty() {
            rows::populate(self.scratch.db(), &needy, hints, variation)?;
            // A trigger may have filled others.
            self.scratch.touched();
        }
        // No row changes what tables there are, and to list them takes long where they are many.
        self.recount_all(&tables)
    }

    fn recount(&mut self) -> Result<()> {
        let tables = rows::tables(self.scratch.db())?;
        self.recount_all(&tables)
    }

    fn recount_all(&mut self, tables: &[String]) -> Result<()> {
        for table in tables {
            let key = table.to_lowercase();
            if !self.counts.contains_key(&key) {
                self.keys.refresh(&self.scratch, [&key].into_iter())?;
            }
            if self.counts.get(&key).is_none_or(|count| *count < 2) {
                let count = count(&self.scratch, table)?;
                self.counts.insert(key, count);
            }
        }
        Ok(())
    }

    /// Tries the migration with other rows.
    pub(crate) fn insist(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        simple: bool,
        says: &Deletions,
        around: &Around<'_>,
    ) -> Verdict {
        self.try_all(up, simple, says, around).unwrap_or_else(|_| {
            self.idle = true;
            Verdict::Unknown
        })
    }

    /// How a script that is repeated never comes to an end, with rows of one kind or another.
    pub(crate) fn endless(
        &self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        around: &Around<'_>,
    ) -> Option<Failure> {
        (0..VARIATIONS).find_map(|variation| {
            let mut other = self.anew(around).ok()?;
            other
                .fill(&around.hints, variation, &BTreeSet::new())
                .ok()?;
            match other.takes(up, false, &Deletions::any()) {
                Ok(Err(Trouble::Fails(failure))) if failure.kind == Kind::Endless => Some(failure),
                _ => None,
            }
        })
    }

    fn try_all(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        simple: bool,
        says: &Deletions,
        around: &Around<'_>,
    ) -> Result<Verdict> {
        for variation in 0..=VARIATIONS {
            let mut other = self.anew(around)?;
            if variation < VARIATIONS {
                other.fill(&around.hints, variation, &BTreeSet::new())?;
            } else if !other.carry_back(around, &self.touched)? {
                return Ok(Verdict::Unknown);
            }
            if other.takes(up, simple, says)?.is_ok() {
                *self = other;
                return Ok(Verdict::Passed);
            }
        }
        // A row that the migration inserts may be in the way of one that nobody has.
        let mut without = BTreeSet::new();
        loop {
            let mut other = self.anew(around)?;
            other.fill(&around.hints, 0, &without)?;
            let trouble = match other.takes(up, simple, says)? {
                Ok(()) => {
                    *self = other;
                    return Ok(Verdict::Passed);
                }
                Err(trouble) => trouble,
            };
            let Trouble::Fails(failure) = trouble else {
                return Ok(Verdict::Always);
            };
            let seeded = match around.script {
                Some(script) => seeded(script, &failure),
                // Code may well insert rows with numbers of its own.
                None => failure.not_unique().map(str::to_lowercase),
            };
            match seeded {
                Some(table) if without.insert(table.clone()) => {}
                _ => return Ok(Verdict::Always),
            }
        }
    }

    /// The database before a migration, with no rows but the author's.
    fn anew(&self, around: &Around<'_>) -> Result<Populated> {
        let other = Populated::new(Scratch::of_image(around.before)?, self.seed.clone());
        copy_seed(&self.scratch, &other.scratch, &self.seed.tables)?;
        Ok(other)
    }

    /// Runs a migration on the rows that are there.
    fn takes(
        &mut self,
        up: &dyn Fn(&Scratch, OnFailure) -> Ran,
        simple: bool,
        says: &Deletions,
    ) -> Result<std::result::Result<(), Trouble>> {
        self.recount()?;
        if simple {
            self.scratch.execute("BEGIN")?;
        }
        let outcome = self.attempt(up, says)?;
        if simple && outcome.is_ok() {
            self.scratch.execute("COMMIT")?;
        }
        Ok(outcome)
    }

    /// Fills the tables with rows that were made for the schema after the migration, as far as the
    /// columns are the same. Tells whether there are such rows for every table that it touches.
    fn carry_back(&mut self, around: &Around<'_>, touched: &BTreeSet<String>) -> Result<bool> {
        let after = Scratch::of_image(around.after)?;
        let tables = rows::tables(after.db())?;
        let filled = rows::populate(after.db(), &tables, &around.hints, 1)?;
        for table in rows::tables(self.scratch.db())? {
            let same = |other: &&String| other.eq_ignore_ascii_case(&table);
            let Some(other) = tables.iter().find(same) else {
                continue;
            };
            let key = table.to_lowercase();
            if touched.contains(&key) && !filled.contains(other) {
                return Ok(false);
            }
            if !self.seed.tables.contains(&key) {
                copy_rows(&after, &self.scratch, &table)?;
            }
        }
        self.fill(&around.hints, 1, &BTreeSet::new())?;
        Ok(true)
    }
}

impl Trouble {
    /// Whether it says something of the migration. A made-up text that is no JSON, for instance, does
    /// not.
    pub(crate) fn tells(&self) -> bool {
        match self {
            Trouble::Fails(failure) => failure.kind == Kind::Constraint,
            Trouble::Loses(..) | Trouble::Orphans(..) => true,
        }
    }
}

/// Whether a trigger may do more when rows of one of these tables are deleted.
fn has_triggers(scratch: &Scratch, tables: &BTreeSet<String>) -> Result<bool> {
    if tables.is_empty() {
        return Ok(false);
    }
    let mut select = scratch
        .db()
        .prepare("SELECT lower(tbl_name) FROM sqlite_master WHERE type = 'trigger'")?;
    let mut triggered = select.query_map([], |row| row.get::<_, String>(0))?;
    Ok(triggered.any(|table| table.is_ok_and(|table| tables.contains(&table))))
}

fn count(scratch: &Scratch, table: &str) -> Result<i64> {
    let sql = format!("SELECT count(*) FROM {}", quoted_name(table));
    scratch.db().query_row(&sql, [], |row| row.get(0))
}
