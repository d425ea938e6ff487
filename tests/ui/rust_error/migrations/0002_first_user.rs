use migrate_core::rusqlite::{Connection, Result};

pub fn up(db: &Connection) -> Result<usize> {
    let id: i64 = "one";
    db.execute("INSERT INTO users (id) VALUES (?1)", (id,))
}
