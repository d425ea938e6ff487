// Asks as the table `behaviour` says.

use migrate_core::postgres::{Client, Error};

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE a (x integer)")
}

pub fn check(db: &mut Client) -> Result<bool, Error> {
    let behaviour: String = db.query_one("SELECT name FROM behaviour", &[])?.get(0);
    match behaviour.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        "panics" => panic!("the check gives up"),
        sql => match sql.strip_prefix("perhaps ") {
            Some(sql) => Ok(db.batch_execute(sql).is_err()),
            None => db.batch_execute(sql).map(|()| true),
        },
    }
}
