//! The tables of a vault at version 1.
//!
//! They stay as they are: vaults that have version 1 do not get it again, so what changes later is a
//! migration of its own.

use migrate_core::rusqlite::{Connection, Result};

/// A table of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub table: &'static str,
    /// What stands between the brackets of its `CREATE TABLE`.
    pub columns: &'static str,
}

/// Every table, parents before their children.
pub const MODELS: [Model; 3] = [
    Model {
        table: "memories",
        columns: "
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('fact', 'event', 'preference')),
            content TEXT NOT NULL,
            source TEXT,
            created_at TEXT NOT NULL",
    },
    Model {
        table: "tags",
        columns: "
            memory_id INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            PRIMARY KEY (memory_id, name)",
    },
    Model {
        table: "links",
        columns: "
            from_id INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
            to_id INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
            relation TEXT NOT NULL,
            PRIMARY KEY (from_id, to_id, relation)",
    },
];

/// Creates the tables that are not there yet.
///
/// # Errors
///
/// Those of the database.
pub fn create_all(db: &Connection) -> Result<()> {
    for Model { table, columns } in MODELS {
        db.execute_batch(&format!("CREATE TABLE IF NOT EXISTS {table} ({columns})"))?;
    }
    Ok(())
}

/// Drops the tables that are there, children before their parents.
///
/// # Errors
///
/// Those of the database.
pub fn drop_all(db: &Connection) -> Result<()> {
    for Model { table, .. } in MODELS.iter().rev() {
        db.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    Ok(())
}
