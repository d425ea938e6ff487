// Splits the names of people in two.

use migrate_core::postgres::{Client, Error};

pub const DESCRIPTION: &str = "Split the names of people";
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("ALTER TABLE people ADD COLUMN first text, ADD COLUMN last text")?;
    for row in db.query("SELECT id, name FROM people", &[])? {
        let (id, name): (i32, String) = (row.get(0), row.get(1));
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        db.execute("UPDATE people SET first = $1, last = $2 WHERE id = $3", &[&first, &last, &id])?;
    }
    Ok(())
}

pub fn down(db: &mut Client) -> Result<(), Error> {
    db.batch_execute("ALTER TABLE people DROP COLUMN last, DROP COLUMN first")
}
