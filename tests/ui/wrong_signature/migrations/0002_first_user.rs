use migrate_core::rusqlite::{Connection, Result};

pub fn up(db: &Connection, id: i64) -> Result<usize> {
    db.execute("INSERT INTO users (id) VALUES (?1)", (id,))
}
