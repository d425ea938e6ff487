use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE IF NOT EXISTS b (x INTEGER); INSERT INTO b VALUES (2)")
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DROP TABLE b")
}

pub fn check(db: &Connection) -> rusqlite::Result<bool> {
    db.table_exists(None, "b")
}
