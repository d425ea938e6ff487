//! The schema of `zos`: its migrations, and where their history is kept.

use migrate_core::Migrator;

migrate_core::embed_migrations!("migrations");

/// The table that holds the history.
pub const TABLE: &str = "_schema_version";

/// What brings a database to the version of this program, and only forward: no migration has a
/// down.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
/// assert_eq!(seed_zos::migrator().up(&mut db)?.applied(), [1, 2]);
/// assert!(seed_zos::migrator().down(&mut db, 1).is_err());
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn migrator() -> Migrator<'static> {
    Migrator::new(&MIGRATIONS).table(TABLE)
}
