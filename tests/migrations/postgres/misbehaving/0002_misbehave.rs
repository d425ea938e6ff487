// Does what the rows of the table `behaviour` say, one after the other.

use std::error::Error;
use std::fmt;

use migrate_core::postgres::Client;

// An error of the author's own.
#[derive(Debug, PartialEq)]
pub struct Tuesday(pub u32);

impl fmt::Display for Tuesday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is Tuesday the {}", self.0)
    }
}

impl Error for Tuesday {}

pub fn up(db: &mut Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.batch_execute("INSERT INTO a VALUES (1)")?;
    behave(db)?;
    db.batch_execute("INSERT INTO a VALUES (2)")?;
    Ok(())
}

pub fn down(db: &mut Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.batch_execute("DELETE FROM a")?;
    behave(db)
}

fn behave(db: &mut Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    for behaviour in behaviours(db)? {
        match behaviour.as_str() {
            "fails" => return Err(Tuesday(13).into()),
            "panics" => panic!("the code gives up"),
            sql => match sql.strip_prefix("perhaps ") {
                Some(sql) => drop(db.batch_execute(sql)),
                None => db.batch_execute(sql)?,
            },
        }
    }
    Ok(())
}

fn behaviours(db: &mut Client) -> Result<Vec<String>, migrate_core::postgres::Error> {
    let rows = db.query("SELECT name FROM behaviour ORDER BY ctid", &[])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
