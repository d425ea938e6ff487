// The same in other words: no database minds.

use migrate_core::rusqlite::{self, Connection};

pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "ALTER TABLE people ADD COLUMN first TEXT;
         ALTER TABLE people ADD COLUMN last TEXT;
         UPDATE people SET first = substr(name, 1, instr(name, ' ') - 1),
                           last = substr(name, instr(name, ' ') + 1);",
    )
}
