use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS a (x integer); INSERT INTO a VALUES (1)")
}

pub fn down(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE a")
}

pub fn check(db: &mut Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('a') IS NOT NULL", &[])?.get(0))
}
