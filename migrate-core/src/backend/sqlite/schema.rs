//! The schema of a SQLite database.

use migrate_source::schema::Schema;
use rusqlite::Connection;

use crate::backend::sqlite::failure::failure;
use crate::backend::{Failure, Fault};

/// All of it, tables of the history included.
pub(super) fn read(db: &Connection) -> Result<Schema, Failure> {
    let mut statement = db.prepare(Schema::QUERY).map_err(failure)?;
    let rows = statement.query_map([], |row| {
        let row: (String, String, String, Option<String>) = row.try_into()?;
        Ok(row)
    });
    let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(failure)?;
    Schema::of_rows(rows).map_err(|error| Failure {
        source: Some(error.clone().into()),
        ..Failure::new(Fault::Other, error.to_string())
    })
}
