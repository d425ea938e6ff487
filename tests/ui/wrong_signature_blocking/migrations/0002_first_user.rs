use migrate_core::postgres::{Client, Error};

// The connection is lent for writing.
pub fn up(db: &Client) -> Result<(), Error> {
    let _ = db;
    Ok(())
}
