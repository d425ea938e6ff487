use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS e (x integer); INSERT INTO e VALUES (5)")
}

pub fn down(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE e")
}

pub fn check(db: &mut Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('e') IS NOT NULL", &[])?.get(0))
}
