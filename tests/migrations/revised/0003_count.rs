use migrate_core::rusqlite::Connection;

pub const CHANGES_SCHEMA: bool = true;

// Any value and any error that can be boxed will do.
pub fn up(db: &Connection) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    db.execute_batch("CREATE TABLE counted (people INTEGER)")?;
    Ok(db.execute("INSERT INTO counted SELECT count(*) FROM people", [])?)
}
