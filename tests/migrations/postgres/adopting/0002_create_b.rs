use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS b (x integer); INSERT INTO b VALUES (2)")
}

pub fn down(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE b")
}

pub fn check(db: &mut Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('b') IS NOT NULL", &[])?.get(0))
}
