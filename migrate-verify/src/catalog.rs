//! The schema of a scratch database, read again only when it has changed.

use migrate_source::schema::Schema;
use rusqlite::{Error, Result};

use crate::scratch::Scratch;

/// A schema, and SQLite's counter of changes to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    counter: i64,
    pub(crate) schema: Schema,
}

impl Catalog {
    /// The schema of `scratch`, which had this one when it was read last.
    pub(crate) fn of(scratch: &Scratch, before: &Catalog) -> Result<Catalog> {
        let counter = scratch
            .db()
            .query_row("PRAGMA schema_version", [], |row| row.get(0))?;
        if counter == before.counter && !scratch.writes_schema() {
            return Ok(before.clone());
        }
        let mut select = scratch.db().prepare(Schema::QUERY)?;
        let rows = select.query_map([], |row| {
            let kind: String = row.get(0)?;
            let (name, table): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((kind, name, table, row.get(3)?))
        })?;
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let schema = Schema::of_rows(rows)
            .map_err(|malformed| Error::ToSqlConversionFailure(malformed.into()))?;
        Ok(Catalog {
            counter,
            schema: schema.sharing(&before.schema),
        })
    }
}
