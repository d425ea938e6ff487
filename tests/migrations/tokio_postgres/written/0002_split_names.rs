// Splits the names of people in two.

use migrate_core::tokio_postgres::{Client, Error};

pub const DESCRIPTION: &str = "Split the names of people";
pub const CHANGES_SCHEMA: bool = true;

pub async fn up(db: &Client) -> Result<(), Error> {
    db.batch_execute("ALTER TABLE people ADD COLUMN first text, ADD COLUMN last text").await?;
    for row in db.query("SELECT id, name FROM people", &[]).await? {
        let (id, name): (i32, String) = (row.get(0), row.get(1));
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        db.execute("UPDATE people SET first = $1, last = $2 WHERE id = $3", &[&first, &last, &id]).await?;
    }
    Ok(())
}

pub async fn down(db: &Client) -> Result<(), Error> {
    db.batch_execute("ALTER TABLE people DROP COLUMN last, DROP COLUMN first").await
}
