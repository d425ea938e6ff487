use migrate_core::rusqlite::{Connection, Result};

pub fn upp(db: &Connection) -> Result<usize> {
    db.execute("INSERT INTO users (id) VALUES (1)", ())
}
