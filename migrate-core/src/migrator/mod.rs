//! The verbs, and their settings.

#[cfg(feature = "tokio-postgres")]
mod asynchronous;
mod read;
mod settings;
mod write;

#[cfg(feature = "cli")]
use crate::connection::sealed;
use crate::engine::Run;
use crate::migration::Migration;
use crate::observer::Observer;
use crate::settings::Settings;

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
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// assert_eq!(migrator.migrations()[0].description(), "create notes");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn migrations(&self) -> &'m [Migration<'m>] {
        self.set
    }

    /// The newest version of the set, 0 when it is empty.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// assert_eq!(migrator.latest_version(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn latest_version(&self) -> i64 {
        crate::compare::newest(self.set)
    }
}

impl<'m> Migrator<'m> {
    /// A connection to run verbs on, whichever way its driver waits.
    #[cfg(feature = "cli")]
    pub(crate) fn on<'c, C: sealed::Connection>(&'c self, db: &'c mut C) -> C::Backend<'c> {
        db.backend(&self.settings)
    }

    fn run(&self) -> Run<'_, 'm> {
        Run {
            set: self.set,
            settings: &self.settings,
            observer: &self.observer,
        }
    }
}
