//! Asking a code migration whether it is in place already.

use rusqlite::Connection;

use crate::backend::sqlite::failure::{failure, of_code};
use crate::backend::{Failure, Fault};
use crate::migration::Check;

/// Asks while the connection refuses to write.
pub(super) fn ask(db: &Connection, check: Check) -> Result<bool, Failure> {
    #[allow(irrefutable_let_patterns)]
    let Check::Sqlite(check) = check else {
        let message = "the check is written for another database";
        return Err(Failure::new(Fault::NotCompiled, message));
    };
    let reading = ReadOnly::begin(db).map_err(failure)?;
    let answer = check(db).map_err(of_code);
    drop(reading);
    answer
}

/// A connection that refuses to write, until this is dropped.
struct ReadOnly<'c> {
    db: &'c Connection,
    before: bool,
}

impl<'c> ReadOnly<'c> {
    fn begin(db: &'c Connection) -> rusqlite::Result<ReadOnly<'c>> {
        let before = db.pragma_query_value(None, "query_only", |row| row.get(0))?;
        db.pragma_update(None, "query_only", true)?;
        Ok(ReadOnly { db, before })
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        let _ = self.db.pragma_update(None, "query_only", self.before);
    }
}
