//! The connection as the caller had it: remembered before a run, put back after it.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::backend::Failure;
use crate::backend::sqlite::failure::failure;

/// Settings of a connection that a run or a migration may change. What cannot be read, such as
/// `case_sensitive_like`, cannot be put back.
const PRAGMAS: &[&str] = &[
    "foreign_keys",
    "analysis_limit",
    "automatic_index",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "full_column_names",
    "fullfsync",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// The longest time that SQLite can be told to wait: its milliseconds have 31 bits.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// How the connection was.
pub(super) struct Session {
    lock_timeout: Duration,
    busy_timeout: u64,
    pragmas: Vec<(&'static str, Option<String>)>,
}

impl Session {
    pub(super) fn open(db: &Connection, lock_timeout: Duration) -> Result<Session, Failure> {
        let busy_timeout = get(db, "busy_timeout")?
            .and_then(|ms| ms.parse().ok())
            .unwrap_or(0);
        let lock_timeout = lock_timeout.min(LONGEST);
        db.busy_timeout(lock_timeout).map_err(failure)?;
        let pragmas = PRAGMAS.iter().map(|name| Ok((*name, get(db, name)?)));
        match pragmas.collect() {
            Ok(pragmas) => Ok(Session {
                lock_timeout,
                busy_timeout,
                pragmas,
            }),
            Err(error) => {
                let _ = db.busy_timeout(Duration::from_millis(busy_timeout));
                Err(error)
            }
        }
    }

    /// How long to wait for other processes during the run.
    pub(super) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// Puts back what a migration has changed, so that none runs under settings of another; but
    /// not whether foreign keys are enforced, which the engine says of each. What cannot be changed
    /// inside a transaction stays until the end of the run.
    pub(super) fn put_back(&self, db: &Connection) {
        for (name, before) in self
            .pragmas
            .iter()
            .filter(|(name, _)| *name != "foreign_keys")
        {
            let _ = set(db, name, before.as_deref());
        }
    }

    /// Puts back everything.
    pub(super) fn close(self, db: &Connection) -> Result<(), Failure> {
        let mut result = Ok(());
        for (name, before) in &self.pragmas {
            result = result.and(set(db, name, before.as_deref()));
        }
        let timeout = db.busy_timeout(Duration::from_millis(self.busy_timeout));
        result.and(timeout.map_err(failure))
    }
}

/// The value of a pragma; `None` where this SQLite does not know it.
fn get(db: &Connection, name: &str) -> Result<Option<String>, Failure> {
    let value = db.pragma_query_value(None, name, |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Integer(number) => number.to_string(),
            value => value.as_str()?.to_owned(),
        })
    });
    match value {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

fn set(db: &Connection, name: &str, before: Option<&str>) -> Result<(), Failure> {
    match before {
        Some(before) if get(db, name)?.as_deref() != Some(before) => db
            .execute_batch(&format!("PRAGMA {name} = {before}"))
            .map_err(failure),
        _ => Ok(()),
    }
}
