use migrate_core::rusqlite::{Connection, Result};

pub const DESCRIPTION: &str = "add the first user";

pub fn up(db: &Connection) -> Result<usize> {
    db.execute("INSERT INTO users (id, name) VALUES (1, 'admin')", ())
}

pub fn down(db: &Connection) -> Result<usize> {
    db.execute("DELETE FROM users WHERE id = 1", ())
}

pub fn check(db: &Connection) -> Result<bool> {
    db.table_exists(None, "users")
}
