use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("CREATE TABLE IF NOT EXISTS d (x integer); INSERT INTO d VALUES (4)").await
}
