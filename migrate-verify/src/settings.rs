//! Settings of a connection that a script may change, put back after it, as the runner does.

use rusqlite::types::Value;
use rusqlite::{Connection, Error, Result};

/// Those that change what statements do, or whether they can be run at all. Whether foreign keys
/// are enforced is said of each script.
const PRAGMAS: &[&str] = &[
    "analysis_limit",
    "automatic_index",
    "cache_size",
    "cell_size_check",
    "count_changes",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "full_column_names",
    "ignore_check_constraints",
    "legacy_alter_table",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "trusted_schema",
    "writable_schema",
];

/// Makes the settings those of a connection that was just opened.
pub(crate) fn put_back(db: &Connection) -> Result<()> {
    let fresh = Connection::open_in_memory()?;
    for name in PRAGMAS {
        if let Some(value) = get(&fresh, name)?
            && get(db, name)?.as_ref() != Some(&value)
        {
            set(db, name, &value)?;
        }
    }
    // It cannot be read.
    set(db, "case_sensitive_like", &Value::Integer(0))
}

/// The value of a setting; `None` where this SQLite does not know it.
fn get(db: &Connection, name: &str) -> Result<Option<Value>> {
    match db.pragma_query_value(None, name, |row| row.get(0)) {
        Ok(value) => Ok(Some(value)),
        Err(Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error),
    }
}

fn set(db: &Connection, name: &str, value: &Value) -> Result<()> {
    let value = match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        _ => return Ok(()),
    };
    db.execute_batch(&format!("PRAGMA {name} = {value}"))
}
