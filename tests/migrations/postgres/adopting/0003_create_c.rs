use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS c (x integer); INSERT INTO c VALUES (3)")
}

pub fn down(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE c")
}

pub fn check(db: &mut Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('c') IS NOT NULL", &[])?.get(0))
}
