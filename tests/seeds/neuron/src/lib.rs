//! The schema of a graph of notes: nodes and edges, embeddings of the nodes, clusters of them, and the
//! runs that analyse it.

use migrate_core::postgres::Client;
use migrate_core::{Applied, Error, Goal, Migration, Migrator, Report, Status};

migrate_core::embed_migrations!("migrations", database = "postgres");

/// The table that remembers which migrations were applied.
pub const TABLE: &str = "neuron_migrations";

/// What migrates the database.
#[must_use]
pub fn migrator() -> Migrator<'static> {
    Migrator::new(&MIGRATIONS).table(TABLE)
}

/// How far to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// As many migrations.
    Count(usize),
    /// To this version, which stays.
    To(i64),
}

/// Which way to try without going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the newest version.
    Up,
    /// All the way back.
    Down,
}

/// Runs the migrations on a database, both ways.
pub struct MigrationRunner<'c> {
    db: &'c mut Client,
}

impl<'c> MigrationRunner<'c> {
    /// One for the database of this connection.
    pub fn new(db: &'c mut Client) -> MigrationRunner<'c> {
        MigrationRunner { db }
    }

    /// How each migration stands: applied and when, or pending.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn status(&mut self) -> Result<Status, Error> {
        migrator().status(self.db)
    }

    /// The migrations that are not applied, in order.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn pending(&mut self) -> Result<Vec<&'static Migration<'static>>, Error> {
        migrator().pending(self.db)
    }

    /// The migrations that are applied, in order, as the database remembers them.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn applied(&mut self) -> Result<Vec<Applied>, Error> {
        migrator().applied(self.db)
    }

    /// Applies what is pending, up to a version if one is given.
    ///
    /// # Errors
    ///
    /// When a migration fails, or the database does not fit the migrations.
    pub fn up(&mut self, to: Option<i64>) -> Result<Report, Error> {
        match to {
            Some(version) => migrator().up_to(self.db, version),
            None => migrator().up(self.db),
        }
    }

    /// Takes migrations back.
    ///
    /// # Errors
    ///
    /// As [`up`](MigrationRunner::up).
    pub fn down(&mut self, back: Back) -> Result<Report, Error> {
        match back {
            Back::Count(count) => migrator().down(self.db, count),
            Back::To(version) => migrator().down_to(self.db, version),
        }
    }

    /// Takes every migration back.
    ///
    /// # Errors
    ///
    /// As [`up`](MigrationRunner::up).
    pub fn reset(&mut self) -> Result<Report, Error> {
        migrator().reset(self.db)
    }

    /// The SQL that would be executed, a text for each migration, and executes none of it.
    ///
    /// # Errors
    ///
    /// As the verb of that direction when it would refuse.
    pub fn dry_run(&mut self, direction: Direction) -> Result<Vec<String>, Error> {
        let goal = match direction {
            Direction::Up => Goal::Up,
            Direction::Down => Goal::Reset,
        };
        let plan = migrator().plan(self.db, goal)?;
        let texts = plan.steps().iter().filter_map(migrate_core::Step::sql);
        Ok(texts.map(str::to_owned).collect())
    }
}
