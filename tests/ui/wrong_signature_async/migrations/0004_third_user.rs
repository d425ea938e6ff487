use std::rc::Rc;

use migrate_core::tokio_postgres::{Client, Error};

pub async fn up(db: &Client) -> Result<u64, Error> {
    let statement = Rc::new("INSERT INTO users (id) VALUES (3)");
    db.execute(*statement, &[]).await
}
