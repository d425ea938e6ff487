// Does what the rows of the table `behaviour` say, one after the other.

use std::error::Error;
use std::fmt;

use migrate_core::rusqlite::{self, Connection};

// An error of the author's own.
#[derive(Debug, PartialEq)]
pub struct Tuesday(pub u32);

impl fmt::Display for Tuesday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is Tuesday the {}", self.0)
    }
}

impl Error for Tuesday {}

pub fn up(db: &Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.execute_batch("INSERT INTO a VALUES (1)")?;
    behave(db)?;
    db.execute_batch("INSERT INTO a VALUES (2)")?;
    Ok(())
}

pub fn down(db: &Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.execute_batch("DELETE FROM a")?;
    behave(db)
}

fn behave(db: &Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
    for behaviour in behaviours(db)? {
        match behaviour.as_str() {
            "fails" => return Err(Tuesday(13).into()),
            "panics" => panic!("the code gives up"),
            "leaves a query open" => leave_open(db, "SELECT x FROM a UNION ALL SELECT 7 UNION ALL SELECT 8")?,
            "leaves a write open" => leave_open(db, "INSERT INTO a VALUES (7), (8) RETURNING x")?,
            sql => db.execute_batch(sql)?,
        }
    }
    Ok(())
}

// A statement that has given its first row, and is never asked for the next.
fn leave_open(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    let statement = Box::leak(Box::new(db.prepare(sql)?));
    let mut rows = statement.query([])?;
    rows.next()?;
    std::mem::forget(rows);
    Ok(())
}

fn behaviours(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("SELECT name FROM behaviour ORDER BY rowid")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}
