use migrate_core::tokio_postgres::{Client, Error};

// What is lent for writing can do more than code needs.
pub async fn up(db: &mut Client) -> Result<u64, Error> {
    db.execute("INSERT INTO users (id) VALUES (1)", &[]).await
}
