//! Statements that begin, end or refuse a transaction.

use crate::Database;

/// What a statement does to the transaction it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`, but not `ROLLBACK TO`.
    Rollback,
}

/// What `statement` does to the transaction it stands in, if anything. Savepoints do nothing to it.
#[must_use]
pub fn control(statement: &str, database: Database) -> Option<Control> {
    let _ = (statement, database);
    None
}

/// The words by which `statement` is known to fail, or to do nothing, inside a transaction:
/// `VACUUM`, `PRAGMA journal_mode`, `CREATE INDEX CONCURRENTLY`.
#[must_use]
pub fn outside_transaction(statement: &str, database: Database) -> Option<&'static str> {
    let _ = (statement, database);
    None
}
