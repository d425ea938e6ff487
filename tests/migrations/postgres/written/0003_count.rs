use migrate_core::postgres::Client;

pub const CHANGES_SCHEMA: bool = true;

// Any value and any error that can be boxed will do.
pub fn up(db: &mut Client) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    db.batch_execute("CREATE TABLE counted (people bigint)")?;
    Ok(db.execute("INSERT INTO counted SELECT count(*) FROM people", &[])?)
}
