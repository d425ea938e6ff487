// Does what the rows of the table `behaviour` say, one after the other.

use std::error::Error;
use std::fmt;

use migrate_core::tokio_postgres::Client;

// An error of the author's own.
#[derive(Debug, PartialEq)]
pub struct Tuesday(pub u32);

impl fmt::Display for Tuesday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is Tuesday the {}", self.0)
    }
}

impl Error for Tuesday {}

pub async fn up(db: &Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.batch_execute("INSERT INTO a VALUES (1)").await?;
    behave(db).await?;
    db.batch_execute("INSERT INTO a VALUES (2)").await?;
    Ok(())
}

pub async fn down(db: &Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    db.batch_execute("DELETE FROM a").await?;
    behave(db).await
}

async fn behave(db: &Client) -> Result<(), Box<dyn Error + Send + Sync>> {
    for behaviour in behaviours(db).await? {
        match behaviour.as_str() {
            "fails" => return Err(Tuesday(13).into()),
            "panics" => panic!("the code gives up"),
            "waits" => std::future::pending().await,
            sql => match sql.strip_prefix("perhaps ") {
                Some(sql) => drop(db.batch_execute(sql).await),
                None => db.batch_execute(sql).await?,
            },
        }
    }
    Ok(())
}

async fn behaviours(db: &Client) -> Result<Vec<String>, migrate_core::tokio_postgres::Error> {
    let rows = db.query("SELECT name FROM behaviour ORDER BY ctid", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
