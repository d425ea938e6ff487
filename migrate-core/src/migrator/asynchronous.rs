//! The verbs for `tokio_postgres`.

use tokio_postgres::Client;

use super::Migrator;
use crate::backend::postgres::Postgres;
use crate::error::Error;
use crate::history::Applied;
use crate::migration::Migration;
use crate::plan::{Goal, Plan};
use crate::report::Report;
use crate::status::{Status, Verification};

/// The verbs for `tokio_postgres`, on any runtime. Each does what the one without `_async` does.
///
/// They take the connection for themselves: what another task did on it in between would be part of a
/// migration's transaction. One that a pool lends dereferences to it: `&mut pooled`.
///
/// A future that is dropped leaves nothing half done. A transaction that has been sent comes to its
/// end on the server, as a whole; none is begun after it; and what is open is rolled back before
/// anything else is done on the connection.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_core::{Migration, Migrator, tokio_postgres};
///
/// # let set: [Migration<'_>; 0] = [];
/// # let tls = tokio_postgres::NoTls;
/// let (mut client, connection) = tokio_postgres::connect("host=localhost user=app", tls).await?;
/// # let spawn = |_| ();
/// spawn(connection);
/// Migrator::new(&set).up_async(&mut client).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As the verb without `_async`.
impl<'m> Migrator<'m> {
    /// Brings the database to the newest version of the program: [`up`](Migrator::up).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn up_async(&self, db: &mut Client) -> Result<Report, Error> {
        self.bring_async(db, Goal::Up).await
    }

    /// Brings the database up to `version`: [`up_to`](Migrator::up_to).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn up_to_async(&self, db: &mut Client, version: i64) -> Result<Report, Error> {
        self.bring_async(db, Goal::UpTo(version)).await
    }

    /// Takes the last `count` migrations back: [`down`](Migrator::down).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn down_async(&self, db: &mut Client, count: usize) -> Result<Report, Error> {
        self.bring_async(db, Goal::Down(count)).await
    }

    /// Takes back every migration above `version`: [`down_to`](Migrator::down_to).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn down_to_async(&self, db: &mut Client, version: i64) -> Result<Report, Error> {
        self.bring_async(db, Goal::DownTo(version)).await
    }

    /// Takes back every migration: [`reset`](Migrator::reset).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn reset_async(&self, db: &mut Client) -> Result<Report, Error> {
        self.bring_async(db, Goal::Reset).await
    }

    /// Takes the last migration back and applies it again: [`redo`](Migrator::redo).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn redo_async(&self, db: &mut Client) -> Result<Report, Error> {
        self.bring_async(db, Goal::Redo).await
    }

    /// Records `version` as applied without running it: [`mark`](Migrator::mark).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn mark_async(&self, db: &mut Client, version: i64) -> Result<Report, Error> {
        self.bring_async(db, Goal::Mark(version)).await
    }

    /// Removes the record of `version` without running anything: [`unmark`](Migrator::unmark).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn unmark_async(&self, db: &mut Client, version: i64) -> Result<Report, Error> {
        self.bring_async(db, Goal::Unmark(version)).await
    }

    /// Brings the database to `goal`: [`bring`](Migrator::bring).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn bring_async(&self, db: &mut Client, goal: Goal) -> Result<Report, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.bring_of(&mut backend, goal).await
    }

    /// What would be done to reach `goal`: [`plan`](Migrator::plan).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn plan_async(&self, db: &mut Client, goal: Goal) -> Result<Plan<'m>, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.plan_of(&mut backend, goal).await
    }

    /// The version of the database: [`current_version`](Migrator::current_version).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn current_version_async(&self, db: &mut Client) -> Result<i64, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.version_of(&mut backend).await
    }

    /// Whether there is anything to do: [`needs_migration`](Migrator::needs_migration).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn needs_migration_async(&self, db: &mut Client) -> Result<bool, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.needs(&mut backend).await
    }

    /// How the database and the program stand to each other: [`status`](Migrator::status).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn status_async(&self, db: &mut Client) -> Result<Status, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.status_of(&mut backend).await
    }

    /// The migrations that the database lacks: [`pending`](Migrator::pending).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn pending_async(&self, db: &mut Client) -> Result<Vec<&'m Migration<'m>>, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.pending_of(&mut backend).await
    }

    /// The migrations that the database remembers: [`applied`](Migrator::applied).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn applied_async(&self, db: &mut Client) -> Result<Vec<Applied>, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.applied_of(&mut backend).await
    }

    /// Compares every checksum of the history with the program: [`verify`](Migrator::verify).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn verify_async(&self, db: &mut Client) -> Result<Verification, Error> {
        let mut backend = Postgres::new(db, &self.settings);
        self.verification_of(&mut backend).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_futures_can_be_sent() {
        fn sent<T: Send>(_: &T) {}
        fn check(migrator: &Migrator<'_>, db: &mut Client) {
            sent(&migrator.bring_async(db, Goal::Up));
            sent(&migrator.plan_async(db, Goal::Up));
            sent(&migrator.verify_async(db));
            sent(&migrator.pending_async(db));
        }
        let _ = check;
    }
}
