// Something else than before, and it says so.

use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub const REVISION: u32 = 1;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("ALTER TABLE people ADD COLUMN initials TEXT;")
}
