use migrate_core::rusqlite::{Connection, Result};

pub const REVISION: u32 = 2;
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> Result<()> {
    db.execute_batch("ALTER TABLE users ADD COLUMN name; INSERT INTO users (id) VALUES (1);")
}
