use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS a (x integer); INSERT INTO a VALUES (1)").await
}

pub async fn down(db: &Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE a").await
}

pub async fn check(db: &Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('a') IS NOT NULL", &[]).await?.get(0))
}
