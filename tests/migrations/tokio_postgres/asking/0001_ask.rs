// Asks as the table `behaviour` says.

use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE a (x integer)").await
}

pub async fn check(db: &Client) -> Result<bool, Error> {
    let behaviour: String = db.query_one("SELECT name FROM behaviour", &[]).await?.get(0);
    match behaviour.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        "panics" => panic!("the check gives up"),
        sql => match sql.strip_prefix("perhaps ") {
            Some(sql) => Ok(db.batch_execute(sql).await.is_err()),
            None => db.batch_execute(sql).await.map(|()| true),
        },
    }
}
