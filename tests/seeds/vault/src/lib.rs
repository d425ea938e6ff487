//! The schema of a memory vault, and the versions it has.

#![deny(missing_docs)]

pub mod models;

use migrate_core::rusqlite::Connection;
use migrate_core::{Error, Migrator};

migrate_core::embed_migrations!("migrations");

/// The table that remembers which versions a vault has.
pub const VERSION_TABLE: &str = "schema_version";

/// What migrates vaults. It has every verb; the functions of this crate are those that are needed daily.
#[must_use]
pub fn migrator() -> Migrator<'static> {
    Migrator::new(&MIGRATIONS).table(VERSION_TABLE)
}

/// The version of the vault: 0 when there is no table of versions yet. Nothing is written.
///
/// # Errors
///
/// When the vault cannot be read.
pub fn get_current_version(db: &mut Connection) -> Result<i64, Error> {
    migrator().current_version(db)
}

/// Brings the vault to the newest version. Returns the versions that were applied, in order.
///
/// # Errors
///
/// When a migration fails, or the vault does not fit this program.
pub fn apply_migrations(db: &mut Connection) -> Result<Vec<i64>, Error> {
    Ok(migrator().up(db)?.applied())
}

/// Whether the vault is below the newest version. Nothing is written.
///
/// # Errors
///
/// When the vault cannot be read.
pub fn needs_migration(db: &mut Connection) -> Result<bool, Error> {
    migrator().needs_migration(db)
}
