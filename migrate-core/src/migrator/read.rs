//! The verbs that only look.

use super::Migrator;
use crate::backend::Backend;
use crate::connection::Connection;
use crate::engine;
use crate::error::{Error, ErrorKind};
use crate::history::Applied;
use crate::migration::Migration;
use crate::plan::{Goal, Plan};
use crate::poll::ready;
use crate::status::{Status, Verification};

/// Verbs that only look: they take no lock, write nothing, and need no permission to write.
///
/// # Errors
///
/// All of them fail when the database cannot be read, or when the table of the history is not one
/// ([`ErrorKind::ForeignHistory`](crate::ErrorKind::ForeignHistory)).
impl<'m> Migrator<'m> {
    /// The version of the database: that of the last migration applied, 0 on a fresh database.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// assert_eq!(migrator.current_version(&mut db)?, 0);
    /// migrator.up(&mut db)?;
    /// assert_eq!(migrator.current_version(&mut db)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn current_version<C: Connection>(&self, db: &mut C) -> Result<i64, Error> {
        ready(self.version_of(&mut db.backend(&self.settings)))
    }

    /// Whether [`up`](Migrator::up) has anything to do: a migration is pending, or a repeatable one
    /// has changed. When it has not, the end of the history tells, in one question, as there.
    ///
    /// Inside a transaction on PostgreSQL that question ends the transaction when there is no history.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// assert!(migrator.needs_migration(&mut db)?);
    /// migrator.up(&mut db)?;
    /// assert!(!migrator.needs_migration(&mut db)?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn needs_migration<C: Connection>(&self, db: &mut C) -> Result<bool, Error> {
        ready(self.needs(&mut db.backend(&self.settings)))
    }

    /// How the database and the program stand to each other, migration by migration.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up_to(&mut db, 1)?;
    /// let status = migrator.status(&mut db)?;
    /// assert_eq!((status.current, status.latest), (1, 2));
    /// assert_eq!(status.migrations[1].state, State::Pending);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn status<C: Connection>(&self, db: &mut C) -> Result<Status, Error> {
        ready(self.status_of(&mut db.backend(&self.settings)))
    }

    /// The migrations that the database lacks, in order; those that have stopped half-way too.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up_to(&mut db, 1)?;
    /// assert_eq!(migrator.pending(&mut db)?[0].version(), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn pending<C: Connection>(&self, db: &mut C) -> Result<Vec<&'m Migration<'m>>, Error> {
        ready(self.pending_of(&mut db.backend(&self.settings)))
    }

    /// The migrations that the database remembers, by version; also those that the program lacks.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// let versions: Vec<i64> = migrator.applied(&mut db)?.iter().map(Applied::version).collect();
    /// assert_eq!(versions, [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors).
    pub fn applied<C: Connection>(&self, db: &mut C) -> Result<Vec<Applied>, Error> {
        ready(self.applied_of(&mut db.backend(&self.settings)))
    }

    /// What would be done to reach `goal`: every step with its exact SQL. Nothing is executed but
    /// the `check` of code migrations, on a database without a history and unable to write.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let plan = migrator.plan(&mut db, Goal::Up)?;
    /// assert_eq!((plan.from(), plan.to(), plan.steps().len()), (0, 2, 2));
    /// println!("{plan}"); // as a script
    /// assert_eq!(migrator.current_version(&mut db)?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors), and as the verb of that goal when it would refuse.
    pub fn plan<C: Connection>(&self, db: &mut C, goal: Goal) -> Result<Plan<'m>, Error> {
        ready(self.plan_of(&mut db.backend(&self.settings), goal))
    }

    /// Compares every checksum of the history with the program, and the schema of the database with what
    /// its migrations made of it, object by object.
    ///
    /// What the migrations make is known where they were run while the program was compiled, and no
    /// code has changed the schema in between; [`Verification::not_compared`] says when it is not.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// assert!(migrator.verify(&mut db)?.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [above](Migrator#errors). What does not fit is no error, but the answer.
    pub fn verify<C: Connection>(&self, db: &mut C) -> Result<Verification, Error> {
        ready(self.verification_of(&mut db.backend(&self.settings)))
    }
}

/// The same over any backend.
impl<'m> Migrator<'m> {
    pub(crate) async fn version_of<B: Backend>(&self, backend: &mut B) -> Result<i64, Error> {
        Ok(engine::history(backend).await?.version())
    }

    pub(crate) async fn needs<B: Backend>(&self, backend: &mut B) -> Result<bool, Error> {
        match engine::is_current(backend, self.set).await {
            Ok(true) => return Ok(false),
            Err(error) if *error.kind() != ErrorKind::InTransaction => return Err(error),
            Ok(false) | Err(_) => {}
        }
        let status = self.status_of(backend).await?;
        Ok(status.pending().next().is_some() || status.repeatables.iter().any(|line| line.due))
    }

    pub(crate) async fn status_of<B: Backend>(&self, backend: &mut B) -> Result<Status, Error> {
        let history = engine::history(backend).await?;
        Ok(Status::of(self.set, &history))
    }

    pub(crate) async fn pending_of<B: Backend>(
        &self,
        backend: &mut B,
    ) -> Result<Vec<&'m Migration<'m>>, Error> {
        let status = self.status_of(backend).await?;
        let pending: Vec<i64> = status.pending().map(|line| line.version).collect();
        let is_pending = |m: &&Migration<'_>| m.version().is_some_and(|v| pending.contains(&v));
        Ok(self.set.iter().filter(is_pending).collect())
    }

    pub(crate) async fn applied_of<B: Backend>(
        &self,
        backend: &mut B,
    ) -> Result<Vec<Applied>, Error> {
        let history = engine::history(backend).await?;
        Ok(history.rows.iter().map(|row| Applied::clone(row)).collect())
    }

    pub(crate) async fn plan_of<B: Backend>(
        &self,
        backend: &mut B,
        goal: Goal,
    ) -> Result<Plan<'m>, Error> {
        engine::planned(backend, self.run(), goal).await
    }

    pub(crate) async fn verification_of<B: Backend>(
        &self,
        backend: &mut B,
    ) -> Result<Verification, Error> {
        let (history, schema) = engine::history_and_schema(backend).await?;
        Ok(Verification::of(
            self.set,
            &history,
            &schema,
            self.settings.user_version,
        ))
    }
}
