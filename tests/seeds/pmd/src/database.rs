//! Where the schema comes from, and how a store is opened.

use std::fmt::Write;
use std::path::Path;

use migrate_core::rusqlite::{self, Connection};
use migrate_core::{Migrator, Report};

use crate::Error;
use crate::documents::Documents;
use crate::metadata::DocumentMetadataRepository;

migrate_core::embed_migrations!(
    /// Every migration of the store: the one source of its schema.
    pub static MIGRATIONS = "migrations"
);

/// A store at the version of this program.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    report: Report,
}

impl Database {
    /// Opens the store, made anew where there is none, and brings it to the version of this
    /// program: one way for stores of every age.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or migrated.
    pub fn open(path: &Path) -> Result<Database, Error> {
        let mut connection = open_as_it_is(path)?;
        let report = migrator().up(&mut connection)?;
        tracing::info!(
            version = report.to(),
            applied = report.applied().len(),
            "store opened"
        );
        Ok(Database { connection, report })
    }

    /// What opening it has migrated.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The version that the file says it has.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn version(&self) -> rusqlite::Result<i64> {
        let version = |row: &rusqlite::Row<'_>| row.get(0);
        self.connection
            .pragma_query_value(None, "user_version", version)
    }

    /// Its documents.
    pub fn documents(&mut self) -> Documents<'_> {
        Documents::new(&mut self.connection)
    }

    /// What is known about its documents.
    #[must_use]
    pub fn metadata(&self) -> DocumentMetadataRepository<'_> {
        DocumentMetadataRepository::new(&self.connection)
    }
}

/// The migrations with the settings of the store: `PRAGMA user_version` is its version.
#[must_use]
pub fn migrator() -> Migrator<'static> {
    Migrator::new(&MIGRATIONS).user_version(true)
}

/// Opens the store at the version it has.
///
/// # Errors
///
/// When the file cannot be opened.
pub fn open_as_it_is(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// The schema as the migrations make it, to be read: nothing runs it.
///
/// # Errors
///
/// When a migration fails.
pub fn schema() -> Result<String, Error> {
    let mut db = Connection::open_in_memory()?;
    let version = migrator().up(&mut db)?.to();
    // The tables inside an index, whose names go on after an underscore, have no use for a reader.
    let mut statements = db.prepare(
        "SELECT sql FROM sqlite_schema
         WHERE sql IS NOT NULL AND name NOT GLOB '_migrate_*' AND name NOT IN
           (SELECT name FROM pragma_table_list WHERE type = 'shadow')
         ORDER BY rowid",
    )?;
    let mut text = format!(
        "-- The schema at version {version}, for reading only: deprecated as a source.\n\
         -- What makes it is in migrations/.\n"
    );
    for sql in statements.query_map((), |row| row.get::<_, String>(0))? {
        write!(text, "\n{};\n", sql?)?;
    }
    Ok(text)
}
