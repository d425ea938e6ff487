use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<u64, Error> {
    db.execute("INSERT INTO posts (id) VALUES (1)", &[]).await
}
