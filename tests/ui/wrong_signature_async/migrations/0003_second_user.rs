use migrate_core::tokio_postgres::Client;

pub async fn up(db: &Client) {
    db.execute("INSERT INTO users (id) VALUES (2)", &[]).await.unwrap();
}
