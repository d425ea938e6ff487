//! The connection as the caller had it: remembered before a run, put back after it.

use std::time::Duration;

use rusqlite::Connection;

use crate::backend::Failure;
use crate::backend::sqlite::failure::failure;

/// Settings of a connection that a run or a migration may change. All are numbers, and setting
/// them has no other effect than to set them.
const PRAGMAS: &[&str] = &[
    "foreign_keys",
    "cache_size",
    "full_column_names",
    "legacy_alter_table",
    "ignore_check_constraints",
    "recursive_triggers",
    "reverse_unordered_selects",
    "automatic_index",
    "cell_size_check",
    "writable_schema",
    "trusted_schema",
    "query_only",
    "read_uncommitted",
    "secure_delete",
    "short_column_names",
    "synchronous",
];

/// The longest time that SQLite can be told to wait: its milliseconds have 31 bits.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// How the connection was.
pub(super) struct Session {
    lock_timeout: Duration,
    busy_timeout: u64,
    pragmas: Vec<(&'static str, Option<i64>)>,
}

impl Session {
    pub(super) fn open(db: &Connection, lock_timeout: Duration) -> Result<Session, Failure> {
        let busy_timeout = get(db, "busy_timeout")?.unwrap_or(0);
        let lock_timeout = lock_timeout.min(LONGEST);
        db.busy_timeout(lock_timeout).map_err(failure)?;
        let pragmas = PRAGMAS.iter().map(|name| Ok((*name, get(db, name)?)));
        match pragmas.collect() {
            Ok(pragmas) => Ok(Session {
                lock_timeout,
                busy_timeout: busy_timeout.unsigned_abs(),
                pragmas,
            }),
            Err(error) => {
                let _ = db.busy_timeout(Duration::from_millis(busy_timeout.unsigned_abs()));
                Err(error)
            }
        }
    }

    /// How long to wait for other processes during the run.
    pub(super) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    pub(super) fn close(self, db: &Connection) -> Result<(), Failure> {
        let put_back = self
            .pragmas
            .iter()
            .try_for_each(|(name, before)| match before {
                Some(before) if get(db, name)? != Some(*before) => db
                    .execute_batch(&format!("PRAGMA {name} = {before}"))
                    .map_err(failure),
                _ => Ok(()),
            });
        let timeout = db.busy_timeout(Duration::from_millis(self.busy_timeout));
        put_back.and(timeout.map_err(failure))
    }
}

/// The value of a pragma; `None` where this SQLite does not know it.
fn get(db: &Connection, name: &str) -> Result<Option<i64>, Failure> {
    match db.pragma_query_value(None, name, |row| row.get(0)) {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}
