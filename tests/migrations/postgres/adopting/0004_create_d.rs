use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS d (x integer); INSERT INTO d VALUES (4)")
}
