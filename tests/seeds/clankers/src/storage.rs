//! Where the records are: the migrations of the database, and how it is opened.

use std::path::Path;
use std::time::Duration;

use migrate_core::rusqlite::{Connection, Result};
use migrate_core::{Error, Migrator};

migrate_core::embed_migrations!("migrations");

/// The table that holds the history of the database.
pub const TABLE: &str = "schema_migrations";

/// The oldest version that the daemon can serve: its statements name the columns that this one added.
pub const OLDEST_SERVED: i64 = 3;

/// How long to wait for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The migrations, recorded in `schema_migrations`.
#[must_use]
pub fn migrator<'m>() -> Migrator<'m> {
    Migrator::new(&MIGRATIONS).table(TABLE).every_checksum(true)
}

/// Opens the database, which is created where there is none, and leaves it at the version it has.
///
/// # Errors
///
/// When the file cannot be opened or is no database.
pub fn open(path: &Path) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    be_patient(&mut db)?;
    // Readers and the writer do not wait for each other in this mode.
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "foreign_keys", true)?;
    Ok(db)
}

/// Makes `db` wait for another writer. A run leaves the lock to others between the steps of a
/// backfill for as long as SQLite's own waiting sleeps, so that needs no help.
///
/// # Errors
///
/// When SQLite refuses the timeout.
pub fn be_patient(db: &mut Connection) -> Result<()> {
    db.busy_timeout(BUSY_TIMEOUT)
}

/// The words for a migration that failed: its version first.
#[must_use]
pub fn failure(error: &Error) -> String {
    match error.failed().and_then(|failed| failed.version) {
        Some(version) => format!("migration {version} failed: {error}"),
        None => error.to_string(),
    }
}
