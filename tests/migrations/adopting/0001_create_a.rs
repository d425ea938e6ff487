use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE IF NOT EXISTS a (x INTEGER); INSERT INTO a VALUES (1)")
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DROP TABLE a")
}

pub fn check(db: &Connection) -> rusqlite::Result<bool> {
    db.table_exists(None, "a")
}
