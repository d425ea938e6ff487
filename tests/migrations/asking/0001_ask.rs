// Asks as the table `behaviour` says.

use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE a (x INTEGER)")
}

pub fn check(db: &Connection) -> rusqlite::Result<bool> {
    let behaviour: String = db.query_row("SELECT name FROM behaviour", [], |row| row.get(0))?;
    match behaviour.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        "panics" => panic!("the check gives up"),
        sql => db.execute_batch(sql).map(|()| true),
    }
}
