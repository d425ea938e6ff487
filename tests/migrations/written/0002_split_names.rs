// Splits the names of people in two.

use migrate_core::rusqlite::{self, Connection};

pub const DESCRIPTION: &str = "Split the names of people";
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("ALTER TABLE people ADD COLUMN first TEXT; ALTER TABLE people ADD COLUMN last TEXT;")?;
    for (id, name) in names(db)? {
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        db.execute(
            "UPDATE people SET first = ?1, last = ?2 WHERE id = ?3",
            (first, last, id),
        )?;
    }
    Ok(())
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("ALTER TABLE people DROP COLUMN last; ALTER TABLE people DROP COLUMN first;")
}

fn names(db: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = db.prepare("SELECT id, name FROM people")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
