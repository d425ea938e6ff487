//! The migrations that are tried: as the engine takes them, and as they were read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use migrate_core::{Migration, Migrator, Transactions};
use migrate_source::folder::{self, Folder, Script, Up};
use migrate_source::{Finding, Options, Problem};

use crate::args::Trial;
use crate::postgres::scratch::Scratch;
use crate::postgres::words::first_statement;

/// A set of migrations.
pub(super) struct Set<'a> {
    folder: &'a Folder,
    all: &'a [Migration<'a>],
    options: &'a Options,
    trial: &'a Trial,
    /// Those whose ups fail here, which is no problem of theirs.
    skipped: RefCell<BTreeSet<usize>>,
}

impl<'a> Set<'a> {
    /// `all` are the migrations of `folder`, which are judged by `options`.
    pub(super) fn new(
        folder: &'a Folder,
        all: &'a [Migration<'a>],
        options: &'a Options,
        trial: &'a Trial,
    ) -> Set<'a> {
        Set {
            folder,
            all,
            options,
            trial,
            skipped: RefCell::default(),
        }
    }

    /// The numbered ones, in order.
    pub(super) fn numbered(&self) -> &'a [folder::Migration] {
        &self.folder.migrations
    }

    pub(super) fn repeatables(&self) -> &'a [folder::Repeatable] {
        &self.folder.repeatables
    }

    /// The script of an up, unless it is code.
    pub(super) fn up(&self, at: usize) -> Option<&'a Script> {
        match &self.numbered()[at].up {
            Up::Sql(script) => Some(script),
            Up::Code(_) => None,
        }
    }

    /// From now on, takes the migration at `at` as having run.
    pub(super) fn skip(&self, at: usize) {
        self.skipped.borrow_mut().insert(at);
    }

    /// Whether it is only recorded, and not run: it is code, or skipped.
    pub(super) fn is_recorded(&self, at: usize) -> bool {
        self.up(at).is_none() || self.skipped.borrow().contains(&at)
    }

    /// Whether one of the first `count` may have changed the schema without having run: what a name stands
    /// for after it is not known.
    pub(super) fn is_unknown(&self, count: usize) -> bool {
        (0..count).any(|at| self.changes_unseen(at))
    }

    /// Whether the migration at `at` may change the schema without being run.
    pub(super) fn changes_unseen(&self, at: usize) -> bool {
        match &self.numbered()[at].up {
            Up::Sql(_) => self.skipped.borrow().contains(&at),
            Up::Code(code) => code.changes_schema.unwrap_or(false),
        }
    }

    /// Every script, those that run last first.
    pub(super) fn scripts_backwards(&self) -> impl Iterator<Item = (Option<i64>, &'a Script)> {
        let repeatable = self.repeatables().iter().rev().map(|r| (None, &r.up));
        let numbered = self.numbered().iter().enumerate().rev();
        repeatable.chain(numbered.filter_map(|(at, m)| Some((Some(m.version), self.up(at)?))))
    }

    /// A migrator for all of them.
    pub(super) fn migrator(&self) -> Migrator<'a> {
        self.settled(Migrator::new(self.all))
    }

    /// Runs the next migration, after the first `at`. What is code is taken to leave the schema alone.
    pub(super) fn apply(&self, scratch: &mut Scratch<'_>, at: usize) -> Result<(), Trouble> {
        let version = self.numbered()[at].version;
        let migrator = self.alone();
        let done = match self.is_recorded(at) {
            true => migrator.mark(scratch.db()?, version),
            false => migrator.up_to(scratch.db()?, version),
        };
        Ok(done.map(drop)?)
    }

    /// Takes the last of the first `at + 1` migrations back.
    pub(super) fn take_back(&self, scratch: &mut Scratch<'_>, at: usize) -> Result<(), Trouble> {
        let version = self.numbered()[at].version;
        let migrator = self.alone();
        let done = match self.is_recorded(at) {
            true => migrator.unmark(scratch.db()?, version),
            false => migrator.down(scratch.db()?, 1),
        };
        Ok(done.map(drop)?)
    }

    /// A new database with the first `count` migrations, which have run before.
    pub(super) fn rebuild(&self, scratch: &mut Scratch<'_>, count: usize) -> Result<(), Trouble> {
        scratch.renew()?;
        let all_sql = !(0..count).any(|at| self.is_recorded(at));
        if let (true, Some(last)) = (all_sql, count.checked_sub(1)) {
            let version = self.numbered()[last].version;
            // All in one transaction, which most sets bear.
            let migrator = self.numbered_alone();
            if migrator.up_to(scratch.db()?, version).is_ok() {
                return Ok(());
            }
            scratch.renew()?;
        }
        (0..count).try_for_each(|at| self.apply(scratch, at))
    }

    /// The finding, unless it is relaxed, with a word on how it can be.
    pub(super) fn judged(&self, version: Option<i64>, finding: Finding) -> Option<Finding> {
        if self.options.relax(finding.problem, version) {
            return None;
        }
        let is_of = |at: &usize| Some(self.numbered()[*at].version) == version;
        let at = (0..self.numbered().len()).find(is_of);
        let finding = match (&finding.place, at.and_then(|at| self.up(at))) {
            (None, Some(script)) => finding.at(first_statement(script)),
            _ => finding,
        };
        let newest = self.numbered().last().map_or(0, |m| m.version);
        Some(match finding.problem {
            // What no database takes is in production nowhere.
            Problem::FailingUp => finding,
            _ => finding.relaxable(version, newest),
        })
    }

    /// Whether none of these problems is one in the migration at `at`: to look for them is in vain.
    pub(super) fn is_relaxed(&self, at: usize, problems: &[Problem]) -> bool {
        let version = Some(self.numbered()[at].version);
        problems
            .iter()
            .all(|problem| self.options.relax(*problem, version))
    }

    /// A migrator for the numbered ones, each by itself, so that what fails can be told.
    fn alone(&self) -> Migrator<'a> {
        self.numbered_alone().transactions(Transactions::Each)
    }

    fn numbered_alone(&self) -> Migrator<'a> {
        self.settled(Migrator::new(&self.all[..self.numbered().len()]))
    }

    /// With the history where the program has it.
    fn settled(&self, migrator: Migrator<'a>) -> Migrator<'a> {
        let mut migrator = migrator.repeat_limit(ROUNDS);
        if let Some(table) = &self.trial.table {
            migrator = migrator.table(table);
        }
        if let Some(schema) = &self.trial.schema {
            migrator = migrator.schema(schema);
        }
        migrator
    }
}

/// How often a `repeat` statement may run, with the few rows that there are.
const ROUNDS: u64 = 1000;

/// Why something could not be done.
pub(super) enum Trouble {
    /// The migrations are to blame.
    Migration(Box<migrate_core::Error>),
    /// Something else is.
    Other(crate::error::Error),
}

impl From<migrate_core::Error> for Trouble {
    fn from(error: migrate_core::Error) -> Trouble {
        Trouble::Migration(Box::new(error))
    }
}

impl From<crate::error::Error> for Trouble {
    fn from(error: crate::error::Error) -> Trouble {
        Trouble::Other(error)
    }
}
