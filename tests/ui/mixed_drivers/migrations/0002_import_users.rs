use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<u64, Error> {
    db.execute("INSERT INTO users (id) VALUES (1)", &[])
}
