//! What a program on SQLite needs besides its migrations.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result};

/// Opens a database to look at it: one that is not there yet is as good as an empty one, and is not
/// made. It is opened for writing where it is there, so that a database which was left half-way
/// through a commit can be read.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_core::{Migrator, sqlite};
///
/// migrate_core::embed_migrations!("migrations");
///
/// let mut db = sqlite::open_to_look("no/such/file.db".as_ref())?;
/// assert_eq!(Migrator::new(&MIGRATIONS).current_version(&mut db)?, 0);
/// assert!(!std::path::Path::new("no/such/file.db").exists());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the file is there and cannot be opened.
pub fn open_to_look(path: &Path) -> Result<Connection> {
    if path.exists() {
        Connection::open_with_flags(path, OpenFlags::default() - OpenFlags::SQLITE_OPEN_CREATE)
    } else {
        Connection::open_in_memory()
    }
}
