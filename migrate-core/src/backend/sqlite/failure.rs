//! What SQLite says, in the engine's terms.

use std::error::Error;

use migrate_source::sql::sqlite_failure;
use rusqlite::{ErrorCode, ffi};

use crate::backend::{Failure, Fault};
use crate::migration::BoxError;

/// A failure of SQLite.
pub(super) fn failure(error: rusqlite::Error) -> Failure {
    let sqlite = sqlite_error(&error);
    let fault = match sqlite.map(|error| error.code) {
        // With a shared cache, the lock of another connection.
        _ if sqlite.is_some_and(|e| e.extended_code == ffi::SQLITE_LOCKED_SHAREDCACHE) => {
            Fault::Busy
        }
        Some(ErrorCode::DatabaseBusy) => Fault::Busy,
        Some(ErrorCode::ReadOnly) => Fault::ReadOnly,
        Some(ErrorCode::NotADatabase) => Fault::NotADatabase,
        _ => Fault::Other,
    };
    let mut failure = Failure::new(fault, message(&error));
    failure.told.code = sqlite.map(|error| error.extended_code);
    failure.source = Some(error.into());
    failure
}

/// A failure of one statement, with its place: at `offset` of the script.
pub(super) fn of_statement(error: rusqlite::Error, statement: &str, offset: usize) -> Failure {
    let first_line = statement
        .lines()
        .next()
        .map_or(0, |line| line.trim_end().len());
    let (message, place) = match sqlite_failure(&error.to_string(), statement) {
        Some((message, (at, len))) => (message, (offset + at, len)),
        None => (message(&error), (offset, first_line)),
    };
    let mut failure = failure(error);
    failure.message = message;
    failure.offset = Some(place);
    failure
}

/// A failure of the code of a migration.
pub(super) fn of_code(error: BoxError) -> Failure {
    let mut failure = Failure::new(Fault::Other, error.to_string());
    if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
        failure.told.code = sqlite_error(error).map(|error| error.extended_code);
        failure.message = message(error);
    }
    failure.source = Some(error);
    failure
}

/// SQLite's own error. `rusqlite::Error::sqlite_error` has it only when no place in the SQL is known.
pub(super) fn sqlite_error(error: &rusqlite::Error) -> Option<&ffi::Error> {
    error.source()?.downcast_ref()
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}
