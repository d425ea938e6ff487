use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE IF NOT EXISTS d (x INTEGER); INSERT INTO d VALUES (4)")
}
