//! The verbs.

use std::time::Duration;

use crate::connection::Connection;
use crate::engine::{self, Run};
use crate::error::Error;
use crate::history::Applied;
use crate::migration::Migration;
use crate::observer::{Event, Observer};
use crate::plan::{Goal, Plan};
use crate::poll::ready;
use crate::report::Report;
use crate::settings::{Policy, Settings, Transactions};
use crate::status::{Status, Verification};

/// Brings databases to the version of the program, and tells how they stand.
///
/// A migrator is a set of migrations and some settings. It holds no connection and can be used for
/// any number of databases, one after the other or from several threads.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_core::Migrator;
///
/// migrate_core::embed_migrations!("migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = Migrator::new(&MIGRATIONS).up(&mut db)?;
/// assert_eq!(report.applied(), [1, 2]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Migrator<'m> {
    set: &'m [Migration<'m>],
    settings: Settings,
    observer: Observer<'m>,
}

impl<'m> Migrator<'m> {
    /// A migrator for a set of migrations, usually the `MIGRATIONS` that
    /// [`embed_migrations!`](crate::embed_migrations) makes.
    #[must_use]
    pub fn new(set: &'m [Migration<'m>]) -> Migrator<'m> {
        Migrator {
            set,
            settings: Settings::default(),
            observer: Observer::default(),
        }
    }

    /// The migrations, in order; the repeatable ones last.
    #[must_use]
    pub fn migrations(&self) -> &'m [Migration<'m>] {
        self.set
    }

    /// The newest version of the set, 0 when it is empty.
    #[must_use]
    pub fn latest_version(&self) -> i64 {
        crate::compare::newest(self.set)
    }
}

/// Settings.
impl<'m> Migrator<'m> {
    /// The name of the table that holds the history, `_migrate_history` by default. Repeatable
    /// migrations are recorded in a second one, with `_repeatable` after the name.
    ///
    /// A table of this name that is no history of ours is left untouched, and refused.
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Migrator<'m> {
        self.settings.table = name.into();
        self
    }

    /// How migrations are put into transactions.
    #[must_use]
    pub fn transactions(mut self, transactions: Transactions) -> Migrator<'m> {
        self.settings.transactions = transactions;
        self
    }

    /// How long to wait while another process migrates the same database or writes to it: 30
    /// seconds by default. Waiting longer fails with
    /// [`ErrorKind::LockTimeout`](crate::ErrorKind::LockTimeout).
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Migrator<'m> {
        self.settings.lock_timeout = timeout;
        self
    }

    /// Whether to run migrations that are pending below the version of the database.
    #[must_use]
    pub fn out_of_order(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.out_of_order = policy;
        self
    }

    /// Whether to go on when the database has migrations, below the newest of the program, that
    /// the program lacks.
    #[must_use]
    pub fn missing(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.missing = policy;
        self
    }

    /// Whether to go on when the database is newer than the program, as in a rolling deployment.
    #[must_use]
    pub fn newer(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.newer = policy;
        self
    }

    /// Whether `PRAGMA user_version` is kept equal to the version of the database, in the same
    /// transaction. Off by default. The history stays what counts: where the two differ,
    /// [`verify`](Migrator::verify) says so.
    #[must_use]
    pub fn user_version(mut self, keep: bool) -> Migrator<'m> {
        self.settings.user_version = keep;
        self
    }

    /// How often a `-- migrate: repeat` statement may run before it is taken for endless: 1 000 000
    /// times by default.
    #[must_use]
    pub fn repeat_limit(mut self, limit: u64) -> Migrator<'m> {
        self.settings.repeat_limit = limit;
        self
    }

    /// Tells `observe` what happens while it happens. Of several, each is told.
    ///
    /// ```
    /// # let set: [migrate_core::Migration<'_>; 0] = [];
    /// use migrate_core::{Event, Migrator};
    ///
    /// let migrator = Migrator::new(&set).observe(|event| {
    ///     if let Event::Finished { done } = event {
    ///         eprintln!("{} {} took {:?}", done.action, done.description, done.duration);
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn observe(mut self, observe: impl Fn(&Event<'_>) + Send + Sync + 'm) -> Migrator<'m> {
        self.observer = self.observer.and(observe);
        self
    }
}

/// Verbs that only look: they take no lock, write nothing, and need no permission to write.
///
/// # Errors
///
/// All of them fail when the database cannot be read, or when the table of the history is not one
/// ([`ErrorKind::ForeignHistory`](crate::ErrorKind::ForeignHistory)).
impl<'m> Migrator<'m> {
    /// The version of the database: that of the last migration applied, 0 on a fresh database.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn current_version<C: Connection>(&self, db: &mut C) -> Result<i64, Error> {
        Ok(ready(engine::history(&mut db.backend(&self.settings.table)))?.version())
    }

    /// Whether [`up`](Migrator::up) has anything to do: a migration is pending, or a repeatable one
    /// has changed.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn needs_migration<C: Connection>(&self, db: &mut C) -> Result<bool, Error> {
        let status = self.status(db)?;
        Ok(status.pending().next().is_some() || status.repeatables.iter().any(|line| line.due))
    }

    /// How the database and the program stand to each other, migration by migration.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn status<C: Connection>(&self, db: &mut C) -> Result<Status, Error> {
        let history = ready(engine::history(&mut db.backend(&self.settings.table)))?;
        Ok(Status::of(self.set, &history))
    }

    /// The migrations that the database lacks, in order; those that have stopped half-way too.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn pending<C: Connection>(&self, db: &mut C) -> Result<Vec<&'m Migration<'m>>, Error> {
        let status = self.status(db)?;
        let pending: Vec<i64> = status.pending().map(|line| line.version).collect();
        let is_pending = |m: &&Migration<'_>| m.version().is_some_and(|v| pending.contains(&v));
        Ok(self.set.iter().filter(is_pending).collect())
    }

    /// The migrations that the database remembers, by version; also those that the program lacks.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn applied<C: Connection>(&self, db: &mut C) -> Result<Vec<Applied>, Error> {
        let history = ready(engine::history(&mut db.backend(&self.settings.table)))?;
        Ok(history.rows.iter().map(|row| Applied::clone(row)).collect())
    }

    /// What would be done to reach `goal`: every step with its exact SQL. Nothing is executed but
    /// the `check` of code migrations, on a database without a history and unable to write.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors), and as the verb of that goal when it would refuse.
    pub fn plan<C: Connection>(&self, db: &mut C, goal: Goal) -> Result<Plan<'m>, Error> {
        ready(engine::planned(
            &mut db.backend(&self.settings.table),
            self.run(),
            goal,
        ))
    }

    /// Compares every checksum of the history with the program, and the rest that can be compared.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors). What does not fit is no error, but the answer.
    pub fn verify<C: Connection>(&self, db: &mut C) -> Result<Verification, Error> {
        let history = ready(engine::history(&mut db.backend(&self.settings.table)))?;
        Ok(Verification::of(
            self.set,
            &history,
            self.settings.user_version,
        ))
    }
}

/// Verbs that write. Each is safe to call from any number of processes at once: one works, the
/// others wait for it and then see that nothing is left to do.
///
/// # Errors
///
/// A verb refuses before it runs anything when the history does not fit the program
/// ([`Changed`](crate::ErrorKind::Changed), [`Newer`](crate::ErrorKind::Newer),
/// [`Missing`](crate::ErrorKind::Missing), [`OutOfOrder`](crate::ErrorKind::OutOfOrder)), when the
/// way down is closed ([`Irreversible`](crate::ErrorKind::Irreversible)) or the connection is
/// already [inside a transaction](crate::ErrorKind::InTransaction). It waits for the lock until the
/// [timeout](crate::ErrorKind::LockTimeout).
///
/// When a migration [fails](crate::ErrorKind::Sql), that migration is rolled back and those before
/// it are kept; [`Error::report`] tells which. The connection is always put back to how it was:
/// foreign keys, busy timeout, pragmas. A busy handler or an authorizer that was set on a SQLite
/// connection is replaced during the run and gone after it, since SQLite does not tell which one
/// was there: set them afterwards.
///
/// # Panics
///
/// Only when the code of a migration does: it is rolled back first, and the connection put back.
impl Migrator<'_> {
    /// Brings the database to the newest version of the program. When it is there already, that
    /// costs one short question, and nothing is written.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors-1).
    pub fn up<C: Connection>(&self, db: &mut C) -> Result<Report, Error> {
        self.bring(db, Goal::Up)
    }

    /// Brings the database up to `version`. One that is above it already stays as it is.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors-1); also when there is no such version.
    pub fn up_to<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::UpTo(version))
    }

    /// Takes the last `count` migrations back, or as many as there are.
    ///
    /// A version that the program does not know is taken back with the down that the history keeps
    /// of it.
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors-1). When one of them has no down, none is taken back.
    pub fn down<C: Connection>(&self, db: &mut C, count: usize) -> Result<Report, Error> {
        self.bring(db, Goal::Down(count))
    }

    /// Takes back every migration above `version`; 0 takes back all.
    ///
    /// # Errors
    ///
    /// As for [`down`](Migrator::down); also when there is no such version.
    pub fn down_to<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::DownTo(version))
    }

    /// Takes back every migration.
    ///
    /// # Errors
    ///
    /// As for [`down`](Migrator::down).
    pub fn reset<C: Connection>(&self, db: &mut C) -> Result<Report, Error> {
        self.bring(db, Goal::Reset)
    }

    /// Takes the last migration back and applies it again.
    ///
    /// # Errors
    ///
    /// As for [`down`](Migrator::down) and [`up`](Migrator::up).
    pub fn redo<C: Connection>(&self, db: &mut C) -> Result<Report, Error> {
        self.bring(db, Goal::Redo)
    }

    /// Records `version` as applied without running it: for repairs. A migration that stopped
    /// half-way, or that was edited after having been applied, counts as applied afterwards.
    ///
    /// # Errors
    ///
    /// When the program has no such version, or the history cannot be written.
    pub fn mark<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::Mark(version))
    }

    /// Removes the record of `version` without running anything: for repairs.
    ///
    /// # Errors
    ///
    /// When there is no such version, or the history cannot be written.
    pub fn unmark<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::Unmark(version))
    }

    /// Brings the database to `goal`: every verb above in one.
    ///
    /// # Errors
    ///
    /// As the verb of that goal.
    pub fn bring<C: Connection>(&self, db: &mut C, goal: Goal) -> Result<Report, Error> {
        ready(engine::run(
            &mut db.backend(&self.settings.table),
            self.run(),
            goal,
        ))
    }
}

impl<'m> Migrator<'m> {
    fn run(&self) -> Run<'_, 'm> {
        Run {
            set: self.set,
            settings: &self.settings,
            observer: &self.observer,
        }
    }
}
