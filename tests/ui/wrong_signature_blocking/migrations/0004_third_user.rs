use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<u64, Error> {
    db.execute("INSERT INTO users (id) VALUES (3)", &[])
}

pub fn check(db: &mut Client) -> Result<u64, Error> {
    db.execute("SELECT FROM users WHERE id = 3", &[])
}
