// Remembers when a message was last edited.

use migrate_core::rusqlite::{Connection, Result};

pub const DESCRIPTION: &str = "Remember when a message was edited";
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> Result<()> {
    if check(db)? {
        return Ok(());
    }
    db.execute_batch("ALTER TABLE messages ADD COLUMN edited_at TEXT")
}

pub fn check(db: &Connection) -> Result<bool> {
    db.column_exists(None, "messages", "edited_at")
}
