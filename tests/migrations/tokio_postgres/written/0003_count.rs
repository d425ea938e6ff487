use migrate_core::tokio_postgres::Client;

pub const CHANGES_SCHEMA: bool = true;

// Any value and any error that can be boxed will do.
pub async fn up(db: &Client) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    db.batch_execute("CREATE TABLE counted (people bigint)").await?;
    Ok(db.execute("INSERT INTO counted SELECT count(*) FROM people", &[]).await?)
}
