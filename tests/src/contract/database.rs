//! What a database must offer so that the contract can be checked on it.

use migrate_core::{
    Applied, Database, Error, Goal, Migration, Migrator, Plan, Report, Status, Verification,
};
use migrate_source::schema::Schema;

/// The sets with code that there are for every driver.
#[derive(Debug, Clone, Copy)]
pub enum CodeSet {
    /// Does what code is for.
    Written,
    /// The second migration does what the rows of the table `behaviour` say.
    Misbehaving,
    /// All migrations but the fourth know whether they are in place.
    Adopting,
    /// The check does what the row of the table `behaviour` says.
    Asking,
}

/// A database of a test's own.
pub trait TestDatabase {
    /// Its kind.
    const DATABASE: Database;

    /// Whether a transaction is one message, so that an observer is told of its steps once all of them
    /// are over: all but the start of the first.
    const TOLD_AFTERWARDS: bool;

    /// The folder with the sets of code for its driver.
    const CODE: &'static str;

    /// A connection to it.
    type Connection: TestConnection + Send;

    /// A new one, without anything in it.
    fn fresh() -> Self;

    /// A set of code for its driver.
    fn code(set: CodeSet) -> &'static [Migration<'static>];

    /// One more connection to it.
    fn connect(&self) -> Self::Connection;

    /// Everything it holds, to the byte: the same again when nothing was written in between.
    fn snapshot(&self) -> Vec<u8>;
}

/// A connection to a [`TestDatabase`], with the verbs of a [`Migrator`]. An asynchronous backend
/// runs the asynchronous verbs to their end here.
pub trait TestConnection {
    /// Runs the verb of `goal`.
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn bring(&mut self, migrator: &Migrator<'_>, goal: Goal) -> Result<Report, Error>;

    /// [`Migrator::plan`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn plan<'m>(&mut self, migrator: &Migrator<'m>, goal: Goal) -> Result<Plan<'m>, Error>;

    /// [`Migrator::applied`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn applied(&mut self, migrator: &Migrator<'_>) -> Result<Vec<Applied>, Error>;

    /// [`Migrator::status`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn status(&mut self, migrator: &Migrator<'_>) -> Result<Status, Error>;

    /// The versions of [`Migrator::pending`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn pending(&mut self, migrator: &Migrator<'_>) -> Result<Vec<i64>, Error>;

    /// [`Migrator::current_version`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn current_version(&mut self, migrator: &Migrator<'_>) -> Result<i64, Error>;

    /// [`Migrator::needs_migration`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn needs_migration(&mut self, migrator: &Migrator<'_>) -> Result<bool, Error>;

    /// [`Migrator::verify`].
    ///
    /// # Errors
    ///
    /// Those of the verb.
    fn verify(&mut self, migrator: &Migrator<'_>) -> Result<Verification, Error>;

    /// Executes SQL that succeeds.
    fn sql(&mut self, sql: &str);

    /// The rows of a query: the text of their columns, with a space in between.
    fn rows(&mut self, sql: &str) -> Vec<String>;

    /// The names of its tables and views, in order.
    fn relations(&mut self) -> Vec<String>;

    /// The definition of everything in it but the relations named here, as text.
    fn schema(&mut self, except: &[String]) -> String;

    /// All of its schema.
    fn objects(&mut self) -> Schema;

    /// The settings of this connection, as text.
    fn session(&mut self) -> String;

    /// Begins a transaction.
    fn begin(&mut self);

    /// Takes the lock that a run needs, and keeps it.
    fn lock(&mut self);

    /// Rolls back a transaction, or gives the lock back.
    fn release(&mut self);
}

/// The verbs of a [`TestConnection`] that a [`Migrator`] takes as it is, with the names in scope that the
/// trait needs.
macro_rules! blocking_verbs {
    () => {
        fn bring(&mut self, migrator: &Migrator<'_>, goal: Goal) -> Result<Report, Error> {
            match goal {
                Goal::Up => migrator.up(self),
                Goal::UpTo(version) => migrator.up_to(self, version),
                Goal::Down(count) => migrator.down(self, count),
                Goal::DownTo(version) => migrator.down_to(self, version),
                Goal::Reset => migrator.reset(self),
                Goal::Redo => migrator.redo(self),
                Goal::Mark(version) => migrator.mark(self, version),
                Goal::Unmark(version) => migrator.unmark(self, version),
                other => migrator.bring(self, other),
            }
        }

        fn plan<'m>(&mut self, migrator: &Migrator<'m>, goal: Goal) -> Result<Plan<'m>, Error> {
            migrator.plan(self, goal)
        }

        fn applied(&mut self, migrator: &Migrator<'_>) -> Result<Vec<Applied>, Error> {
            migrator.applied(self)
        }

        fn status(&mut self, migrator: &Migrator<'_>) -> Result<Status, Error> {
            migrator.status(self)
        }

        fn pending(&mut self, migrator: &Migrator<'_>) -> Result<Vec<i64>, Error> {
            let pending = migrator.pending(self)?;
            Ok(pending.into_iter().filter_map(Migration::version).collect())
        }

        fn current_version(&mut self, migrator: &Migrator<'_>) -> Result<i64, Error> {
            migrator.current_version(self)
        }

        fn needs_migration(&mut self, migrator: &Migrator<'_>) -> Result<bool, Error> {
            migrator.needs_migration(self)
        }

        fn verify(&mut self, migrator: &Migrator<'_>) -> Result<Verification, Error> {
            migrator.verify(self)
        }
    };
}
pub(crate) use blocking_verbs;
