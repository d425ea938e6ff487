// The first tables of a vault: those of the models.

use migrate_core::rusqlite::{Connection, Result};

use crate::models;

pub const DESCRIPTION: &str = "Initial schema";
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> Result<()> {
    models::create_all(db)
}

pub fn down(db: &Connection) -> Result<()> {
    models::drop_all(db)
}
