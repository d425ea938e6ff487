use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS c (x integer); INSERT INTO c VALUES (3)").await
}

pub async fn down(db: &Client) -> Result<(), Error> {
    db.batch_execute("DROP TABLE c").await
}

pub async fn check(db: &Client) -> Result<bool, Error> {
    Ok(db.query_one("SELECT to_regclass('c') IS NOT NULL", &[]).await?.get(0))
}
