//! What a caller may choose.

use std::time::Duration;

/// What to do about a history that does not fit the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// Refuse to run, naming every version concerned.
    #[default]
    Refuse,
    /// Go on, and show it in the [status](crate::Migrator::status).
    Accept,
}

/// How migrations are put into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Transactions {
    /// Grouped on a fresh database, one each on one that is in use: a new database is made in one
    /// commit, and other programs get in between the steps of a long upgrade.
    #[default]
    Auto,
    /// A transaction for each migration.
    Each,
    /// One transaction for all, with a savepoint for each migration: what fails is rolled back
    /// alone, what came before it is kept. On PostgreSQL a migration whose effect waits for a commit
    /// (`ALTER TYPE … ADD VALUE`, `ON COMMIT DROP`) has one of its own.
    Grouped,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) schema: Option<String>,
    pub(crate) create_schema: bool,
    pub(crate) table: String,
    pub(crate) transactions: Transactions,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_lock_timeout: Duration,
    pub(crate) out_of_order: Policy,
    pub(crate) missing: Policy,
    pub(crate) newer: Policy,
    pub(crate) user_version: bool,
    pub(crate) repeat_limit: u64,
    pub(crate) every_checksum: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            schema: None,
            create_schema: false,
            table: "_migrate_history".to_owned(),
            transactions: Transactions::Auto,
            lock_timeout: Duration::from_secs(30),
            // Longer than `deadlock_timeout`, one second, after which the server ends an autovacuum that is
            // in the way.
            statement_lock_timeout: Duration::from_secs(2),
            out_of_order: Policy::Refuse,
            missing: Policy::Refuse,
            newer: Policy::Refuse,
            user_version: false,
            repeat_limit: 1_000_000,
            every_checksum: false,
        }
    }
}
