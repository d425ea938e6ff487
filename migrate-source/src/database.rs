//! The databases whose SQL is understood.

use std::fmt;

/// A kind of database: it decides how SQL is read, and which set a database may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Database {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Database {
    /// Every kind there is.
    pub const ALL: &'static [Database] = &[Database::Sqlite, Database::Postgres];

    /// The name used in options and messages: `sqlite`, `postgres`.
    ///
    /// ```
    /// # use migrate_source::Database;
    /// assert_eq!(Database::Sqlite.name(), "sqlite");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Database::Sqlite => "sqlite",
            Database::Postgres => "postgres",
        }
    }

    /// The kind with this name, if there is one.
    ///
    /// ```
    /// # use migrate_source::Database;
    /// assert_eq!(Database::from_name("postgres"), Some(Database::Postgres));
    /// assert_eq!(Database::from_name("oracle"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Database> {
        Database::ALL.iter().copied().find(|d| d.name() == name)
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
