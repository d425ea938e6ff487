use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS b (x integer); INSERT INTO b VALUES (2)").await
}

pub async fn down(db: &Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE b").await
}

pub async fn check(db: &Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('b') IS NOT NULL", &[]).await?.get(0))
}
