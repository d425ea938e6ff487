//! The history in SQLite.

use std::sync::Arc;
use std::time::Duration;

use migrate_source::sql::quoted_name;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::backend::sqlite::failure::{failure, sqlite_error};
use crate::backend::tables::{COLUMNS, REPEATED_COLUMNS, is_there, repeatable};
use crate::backend::{Failure, Fault};
use crate::history::{Applied, Head, History, Repeated, milliseconds};

/// A table of the main database, quoted. A temporary table of the same name is not meant.
fn quoted(table: &str) -> String {
    format!("main.{}", quoted_name(table))
}

/// The end of the history; `None` when the answer takes a closer look.
pub(super) fn head(
    db: &Connection,
    table: &str,
    repeatables: bool,
) -> Result<Option<Head>, Failure> {
    let name = quoted(table);
    let sql =
        format!("SELECT chain, resume_at IS NOT NULL FROM {name} ORDER BY version DESC LIMIT 1");
    let Some(mut statement) = prepare(db, &sql)? else {
        return Ok(None);
    };
    let last = statement
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional();
    let (chain, unfinished) = last
        .map_err(failure)?
        .map_or((None, false), |(c, u)| (Some(c), u));
    let mut repeated = Vec::new();
    if repeatables {
        let name = quoted(&repeatable(table));
        let Some(mut statement) = prepare(db, &format!("SELECT name, checksum FROM {name}"))?
        else {
            return Ok(None);
        };
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        repeated = rows.and_then(Iterator::collect).map_err(failure)?;
    }
    Ok(Some(Head {
        chain,
        unfinished,
        repeated,
    }))
}

/// `None` when the tables are not those we know.
fn prepare<'c>(db: &'c Connection, sql: &str) -> Result<Option<rusqlite::Statement<'c>>, Failure> {
    match db.prepare(sql) {
        Ok(statement) => Ok(Some(statement)),
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// Whether SQLite does not know a table or a column.
fn is_unknown(error: &rusqlite::Error) -> bool {
    sqlite_error(error).is_some_and(|error| error.code == rusqlite::ErrorCode::Unknown)
}

/// All of the history.
pub(super) fn read(db: &Connection, table: &str) -> Result<History, Failure> {
    let counter = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failure)?;
    let name = quoted(table);
    let rows = rows(
        db,
        table,
        COLUMNS,
        &format!("SELECT {} FROM {name} ORDER BY version", COLUMNS.join(", ")),
        |row| {
            Ok(Arc::new(Applied {
                version: row.get(0)?,
                description: row.get(1)?,
                checksum: row.get(2)?,
                chain: row.get(3)?,
                applied_at: row.get(4)?,
                duration_ms: row.get(5)?,
                down: row.get(6)?,
                resume_at: row.get(7)?,
            }))
        },
    )?;
    let table = repeatable(table);
    let name = quoted(&table);
    let repeated = self::rows(
        db,
        &table,
        REPEATED_COLUMNS,
        &format!(
            "SELECT {} FROM {name} ORDER BY name",
            REPEATED_COLUMNS.join(", ")
        ),
        |row| {
            Ok(Repeated {
                name: row.get(0)?,
                checksum: row.get(1)?,
                applied_at: row.get(2)?,
                duration_ms: row.get(3)?,
                down: row.get(4)?,
            })
        },
    )?;
    Ok(History {
        rows,
        repeated,
        counter: Some(counter),
    })
}

/// The rows of one of our tables; none when it is not there, a failure when it is not ours.
fn rows<T>(
    db: &Connection,
    table: &str,
    columns: &[&str],
    sql: &str,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Failure> {
    let mut statement = db
        .prepare("SELECT lower(name), pk > 0 FROM pragma_table_info(?1, 'main')")
        .map_err(failure)?;
    let found = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(failure)?;
    let found: Vec<(String, bool)> = found.collect::<Result<_, _>>().map_err(failure)?;
    if !is_there(table, columns, &found)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare(sql).map_err(failure)?;
    let rows = statement.query_map([], row).map_err(failure)?;
    rows.collect::<Result<_, _>>().map_err(|error| {
        let failure = failure(error);
        match failure.fault {
            Fault::Other => Failure {
                message: format!("the history `{table}` cannot be read: {}", failure.message),
                ..failure
            },
            _ => failure,
        }
    })
}

pub(super) fn create(db: &Connection, table: &str, repeatables: bool) -> Result<(), Failure> {
    let name = quoted(table);
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {name} (\n\
         \x20 version INTEGER PRIMARY KEY,\n\
         \x20 description TEXT NOT NULL,\n\
         \x20 checksum TEXT NOT NULL,\n\
         \x20 chain TEXT NOT NULL,\n\
         \x20 applied_at TEXT NOT NULL,\n\
         \x20 duration_ms INTEGER NOT NULL,\n\
         \x20 down TEXT,\n\
         \x20 resume_at TEXT\n\
         );"
    );
    if repeatables {
        let name = quoted(&repeatable(table));
        sql.push_str(&format!(
            "CREATE TABLE IF NOT EXISTS {name} (\n\
             \x20 name TEXT PRIMARY KEY NOT NULL,\n\
             \x20 checksum TEXT NOT NULL,\n\
             \x20 applied_at TEXT NOT NULL,\n\
             \x20 duration_ms INTEGER NOT NULL,\n\
             \x20 down TEXT\n\
             );"
        ));
    }
    db.execute_batch(&sql).map_err(failure)
}

/// RFC 3339, UTC, to the millisecond.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

pub(super) fn record(
    db: &Connection,
    table: &str,
    row: &Applied,
    ran: Duration,
) -> Result<(), Failure> {
    let sql = format!(
        "INSERT INTO {} ({}) VALUES (?1, ?2, ?3, ?4, {NOW}, ?5, ?6, ?7) \
         ON CONFLICT (version) DO UPDATE SET description = excluded.description, \
         checksum = excluded.checksum, chain = excluded.chain, applied_at = excluded.applied_at, \
         duration_ms = excluded.duration_ms, down = excluded.down, resume_at = excluded.resume_at",
        quoted(table),
        COLUMNS.join(", "),
    );
    let spent = row.duration_ms.saturating_add(milliseconds(ran));
    let values = params![
        row.version,
        row.description,
        row.checksum,
        row.chain,
        spent,
        row.down,
        row.resume_at
    ];
    db.execute(&sql, values).map(|_| ()).map_err(failure)
}

pub(super) fn record_repeated(
    db: &Connection,
    table: &str,
    row: &Repeated,
    ran: Duration,
) -> Result<(), Failure> {
    let sql = format!(
        "INSERT INTO {} ({}) VALUES (?1, ?2, {NOW}, ?3, ?4) ON CONFLICT (name) DO UPDATE SET \
         checksum = excluded.checksum, applied_at = excluded.applied_at, \
         duration_ms = excluded.duration_ms, down = excluded.down",
        quoted(&repeatable(table)),
        REPEATED_COLUMNS.join(", "),
    );
    let spent = row.duration_ms.saturating_add(milliseconds(ran));
    db.execute(&sql, params![row.name, row.checksum, spent, row.down])
        .map(|_| ())
        .map_err(failure)
}

pub(super) fn resume(
    db: &Connection,
    table: &str,
    version: i64,
    resume_at: &str,
) -> Result<(), Failure> {
    let sql = format!(
        "UPDATE {} SET resume_at = ?2 WHERE version = ?1",
        quoted(table)
    );
    db.execute(&sql, params![version, resume_at])
        .map(|_| ())
        .map_err(failure)
}

pub(super) fn erase(db: &Connection, table: &str, version: i64) -> Result<(), Failure> {
    let sql = format!("DELETE FROM {} WHERE version = ?1", quoted(table));
    db.execute(&sql, [version]).map(|_| ()).map_err(failure)
}

pub(super) fn erase_repeated(db: &Connection, table: &str, name: &str) -> Result<(), Failure> {
    let sql = format!("DELETE FROM {} WHERE name = ?1", quoted(&repeatable(table)));
    db.execute(&sql, [name]).map(|_| ()).map_err(failure)
}

pub(super) fn chain(
    db: &Connection,
    table: &str,
    version: i64,
    chain: &str,
) -> Result<(), Failure> {
    let sql = format!("UPDATE {} SET chain = ?2 WHERE version = ?1", quoted(table));
    db.execute(&sql, params![version, chain])
        .map(|_| ())
        .map_err(failure)
}

/// A number that changes when another connection has written to the database.
pub(super) fn data_version(db: &Connection) -> Result<i64, Failure> {
    db.pragma_query_value(None, "data_version", |row| row.get(0))
        .map_err(failure)
}
