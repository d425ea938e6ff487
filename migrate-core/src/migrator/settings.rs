//! What may be chosen before a verb.

use std::time::Duration;

use super::Migrator;
use crate::observer::Event;
use crate::settings::{Policy, Transactions};

/// Settings.
impl<'m> Migrator<'m> {
    /// The name of the table that holds the history, `_migrate_history` by default. Repeatable
    /// migrations are recorded in a second one, with `_repeatable` after the name.
    ///
    /// A table of this name that is no history of ours is left untouched, and refused. On PostgreSQL it has 52 bytes
    /// at most.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let migrator = migrator.table("schema_version");
    /// migrator.up(&mut db)?;
    /// let count: i64 = db.query_row("SELECT count(*) FROM schema_version", (), |row| row.get(0))?;
    /// assert_eq!(count, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Migrator<'m> {
        self.settings.table = name.into();
        self
    }

    /// The schema that holds the history, on PostgreSQL. By default it is the connection's current one:
    /// the first of its search path that exists, when the verb begins. SQLite has no schemas.
    ///
    /// Which one that is may change: by `ALTER DATABASE … SET search_path`, or a schema of the user's name. A
    /// history that is in a later schema of the path by then is no reason to begin anew: every verb
    /// fails, and asks for this setting.
    ///
    /// ```
    /// # let set: [migrate_core::Migration<'_>; 0] = [];
    /// let migrator = migrate_core::Migrator::new(&set).schema("app").create_schema(true);
    /// ```
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Migrator<'m> {
        self.settings.schema = Some(name.into());
        self
    }

    /// Whether the schema of the history is created where it is missing. Off by default.
    ///
    /// ```
    /// # let set: [migrate_core::Migration<'_>; 0] = [];
    /// let migrator = migrate_core::Migrator::new(&set).schema("app").create_schema(true);
    /// ```
    #[must_use]
    pub fn create_schema(mut self, create: bool) -> Migrator<'m> {
        self.settings.create_schema = create;
        self
    }

    /// How migrations are put into transactions.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let migrator = migrator.transactions(Transactions::Each);
    /// migrator.up(&mut db)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transactions(mut self, transactions: Transactions) -> Migrator<'m> {
        self.settings.transactions = transactions;
        self
    }

    /// How long a run waits for others: 30 seconds by default.
    ///
    /// While another process migrates the same database, or on SQLite writes to it. Waiting longer fails
    /// with [`ErrorKind::LockTimeout`](crate::ErrorKind::LockTimeout).
    ///
    /// On PostgreSQL it is also for how long a migration is tried while the application's transactions keep
    /// it from a lock, a statement of it waiting for no longer than
    /// [`statement_lock_timeout`](Migrator::statement_lock_timeout) each time.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// use std::time::Duration;
    ///
    /// let migrator = migrator.lock_timeout(Duration::from_secs(5));
    /// migrator.up(&mut db)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Migrator<'m> {
        self.settings.lock_timeout = timeout;
        self
    }

    /// How long a statement of a migration waits for a lock before it gives way, on PostgreSQL: two
    /// seconds by default.
    ///
    /// A statement such as `ALTER TABLE` needs the table for itself. While it waits for the transactions
    /// that use it, everybody who comes later waits behind it, readers too. So each transaction of a run
    /// sets PostgreSQL's own `lock_timeout` for itself. A statement that waits longer fails; its transaction
    /// is rolled back, and tried again after a pause in which those who queued behind it are served. The
    /// pauses are longer than the tries, and grow. [`Event::Retrying`](crate::Event::Retrying) tells of each.
    ///
    /// A migration is tried for as long as [`lock_timeout`](Migrator::lock_timeout) allows. After that it
    /// fails with [`ErrorKind::LockNotAvailable`](crate::ErrorKind::LockNotAvailable). A transaction that
    /// the server ends for a deadlock, or that fails for a `NOWAIT`, is tried again, too.
    ///
    /// A shorter `lock_timeout` of the connection or the role counts instead, and a migration that sets one
    /// has the last word. Statements that run outside of transactions are given none: `CREATE INDEX
    /// CONCURRENTLY` keeps nobody waiting, and would leave an invalid index. What a statement does outside of
    /// the database's transactions, such as taking values from a sequence, it does again in each try.
    ///
    /// Zero switches all of it off. It has no meaning on SQLite.
    ///
    /// ```
    /// # let set: [migrate_core::Migration<'_>; 0] = [];
    /// use std::time::Duration;
    ///
    /// let migrator = migrate_core::Migrator::new(&set)
    ///     .statement_lock_timeout(Duration::from_millis(500))
    ///     .lock_timeout(Duration::from_secs(600));
    /// ```
    #[must_use]
    pub fn statement_lock_timeout(mut self, timeout: Duration) -> Migrator<'m> {
        self.settings.statement_lock_timeout = timeout;
        self
    }

    /// Whether to run migrations that are pending below the version of the database.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let migrator = migrator.out_of_order(Policy::Accept);
    /// migrator.up(&mut db)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn out_of_order(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.out_of_order = policy;
        self
    }

    /// Whether to go on when the database has migrations, below the newest of the program, that
    /// the program lacks.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let migrator = migrator.missing(Policy::Accept);
    /// migrator.up(&mut db)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn missing(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.missing = policy;
        self
    }

    /// Whether to go on when the database is newer than the program, as in a rolling deployment.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// let older = &MIGRATIONS[..1];
    /// assert!(Migrator::new(older).up(&mut db).is_err());
    /// assert!(Migrator::new(older).newer(Policy::Accept).up(&mut db)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn newer(mut self, policy: Policy) -> Migrator<'m> {
        self.settings.newer = policy;
        self
    }

    /// Whether `PRAGMA user_version` is kept equal to the version of the database, in the same
    /// transaction. Off by default. The history stays what counts: where the two differ,
    /// [`verify`](Migrator::verify) says so.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.user_version(true).up(&mut db)?;
    /// let counter: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    /// assert_eq!(counter, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn user_version(mut self, keep: bool) -> Migrator<'m> {
        self.settings.user_version = keep;
        self
    }

    /// How often a `-- migrate: repeat` statement may run before it is taken for endless: 1 000 000
    /// times by default.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// let migrator = migrator.repeat_limit(10_000);
    /// migrator.up(&mut db)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn repeat_limit(mut self, limit: u64) -> Migrator<'m> {
        self.settings.repeat_limit = limit;
        self
    }

    /// Whether [`up`](Migrator::up) compares every checksum of the history with the program, also when
    /// there is nothing to do. Off by default: the end of the history tells whether the program was
    /// edited. What it does not tell is whether somebody has edited the history itself.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # migrate_core::embed_migrations!("migrations");
    /// # let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    /// # use migrate_core::*;
    /// # let migrator = Migrator::new(&MIGRATIONS);
    /// migrator.up(&mut db)?;
    /// db.execute("UPDATE _migrate_history SET checksum = 't1:00' WHERE version = 1", ())?;
    /// assert!(migrator.up(&mut db).is_ok());
    /// assert!(migrator.every_checksum(true).up(&mut db).is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn every_checksum(mut self, compare: bool) -> Migrator<'m> {
        self.settings.every_checksum = compare;
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
