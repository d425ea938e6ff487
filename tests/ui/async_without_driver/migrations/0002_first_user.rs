use migrate_core::rusqlite::{Connection, Result};

pub async fn up(db: &Connection) -> Result<usize> {
    db.execute("INSERT INTO users (id) VALUES (1)", ())
}
