//! The verbs that write.

use super::Migrator;
use crate::backend::Backend;
use crate::connection::Connection;
use crate::engine;
use crate::error::Error;
use crate::plan::Goal;
use crate::poll::ready;
use crate::report::Report;

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
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let report = migrator.up(&mut db)?;
    /// assert_eq!(report.to_string(), "migrated from version 0 to 2");
    /// assert!(migrator.up(&mut db)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors-1).
    pub fn up<C: Connection>(&self, db: &mut C) -> Result<Report, Error> {
        self.bring(db, Goal::Up)
    }

    /// Brings the database up to `version`. One that is above it already stays as it is.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// assert_eq!(migrator.up_to(&mut db, 1)?.applied(), [1]);
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// assert_eq!(migrator.down(&mut db, 1)?.reverted(), [2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors-1). When one of them has no down, none is taken back.
    pub fn down<C: Connection>(&self, db: &mut C, count: usize) -> Result<Report, Error> {
        self.bring(db, Goal::Down(count))
    }

    /// Takes back every migration above `version`; 0 takes back all.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// // A program that is a version older, and knows nothing of version 2:
    /// let older = Migrator::new(&MIGRATIONS[..1]);
    /// assert_eq!(older.down_to(&mut db, 1)?.reverted(), [2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`down`](Migrator::down); also when there is no such version.
    pub fn down_to<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::DownTo(version))
    }

    /// Takes back every migration.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// assert_eq!(migrator.reset(&mut db)?.to(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`down`](Migrator::down).
    pub fn reset<C: Connection>(&self, db: &mut C) -> Result<Report, Error> {
        self.bring(db, Goal::Reset)
    }

    /// Takes the last migration back and applies it again.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// let report = migrator.redo(&mut db)?;
    /// assert_eq!((report.reverted(), report.applied()), (vec![2], vec![2]));
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// db.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")?;
    /// migrator.mark(&mut db, 1)?; // it is there already
    /// assert_eq!(migrator.up(&mut db)?.applied(), [2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the program has no such version, or the history cannot be written.
    pub fn mark<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::Mark(version))
    }

    /// Removes the record of `version` without running anything: for repairs.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.mark(&mut db, 1)?;
    /// migrator.unmark(&mut db, 1)?;
    /// assert_eq!(migrator.current_version(&mut db)?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such version, or the history cannot be written.
    pub fn unmark<C: Connection>(&self, db: &mut C, version: i64) -> Result<Report, Error> {
        self.bring(db, Goal::Unmark(version))
    }

    /// Brings the database to `goal`: every verb above in one.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let goal = if std::env::args().any(|arg| arg == "--undo") { Goal::Down(1) } else { Goal::Up };
    /// migrator.bring(&mut db, goal)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As the verb of that goal.
    pub fn bring<C: Connection>(&self, db: &mut C, goal: Goal) -> Result<Report, Error> {
        ready(self.bring_of(&mut db.backend(&self.settings), goal))
    }

    /// The same over any backend.
    pub(crate) async fn bring_of<B: Backend>(
        &self,
        backend: &mut B,
        goal: Goal,
    ) -> Result<Report, Error> {
        engine::run(backend, self.run(), goal).await
    }
}
