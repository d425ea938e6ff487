use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<u64, Error> {
    db.execute("INSERT INTO users (id) VALUES (4)", &[]).await
}

pub async fn check(db: &Client) -> Result<u64, Error> {
    db.execute("SELECT FROM users WHERE id = 4", &[]).await
}
