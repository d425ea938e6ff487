// The tables that the program starts with.
//
// Each is created only where it is lacking, so that it is safe to run on a database that has some of
// them.

use migrate_core::rusqlite::{Connection, Result};

pub const DESCRIPTION: &str = "Initial schema with all MVP 0 tables";
pub const CHANGES_SCHEMA: bool = true;

const TABLES: [&str; 5] = ["servers", "channels", "users", "messages", "reactions"];

pub fn up(db: &Connection) -> Result<()> {
    db.execute_batch(
        "CREATE TABLE IF NOT EXISTS servers (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS channels (
            id TEXT PRIMARY KEY,
            server_id TEXT NOT NULL REFERENCES servers (id),
            name TEXT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS users (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS messages (
            id TEXT PRIMARY KEY,
            channel_id TEXT NOT NULL REFERENCES channels (id),
            author_id TEXT NOT NULL REFERENCES users (id),
            content TEXT NOT NULL,
            created_at TEXT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS reactions (
            message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users (id),
            emoji TEXT NOT NULL,
            PRIMARY KEY (message_id, user_id, emoji)
        );
        CREATE INDEX IF NOT EXISTS messages_by_channel ON messages (channel_id, created_at);",
    )
}

/// In place only when every table is: a database that lacks one is completed by `up`.
pub fn check(db: &Connection) -> Result<bool> {
    for table in TABLES {
        if !db.table_exists(None, table)? {
            return Ok(false);
        }
    }
    Ok(true)
}
