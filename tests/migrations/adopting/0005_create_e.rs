use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE IF NOT EXISTS e (x INTEGER); INSERT INTO e VALUES (5)")
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DROP TABLE e")
}

pub fn check(db: &Connection) -> rusqlite::Result<bool> {
    db.table_exists(None, "e")
}
