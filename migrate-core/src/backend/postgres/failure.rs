//! What PostgreSQL says, in the engine's terms.

use migrate_source::Database;
use migrate_source::sql::tokens;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

use crate::backend::postgres::history::{BUSY, STALE, WRITTEN};
use crate::backend::{Failure, Fault};
use crate::error::Holder;
use crate::migration::BoxError;

/// A failure that the server or the driver tells of.
pub(super) fn failure(error: Error) -> Failure {
    let Some(db) = error.as_db_error() else {
        let lost = error.is_closed() || std::error::Error::source(&error).is_some();
        let words = with_cause(&error);
        let message = match lost {
            true => format!("the connection was lost: {words}"),
            false => words,
        };
        let fault = if lost { Fault::Lost } else { Fault::Other };
        let mut failure = Failure::new(fault, message);
        failure.source = Some(error.into());
        return failure;
    };
    let fault = match db.code().code() {
        BUSY => Fault::Busy,
        STALE => Fault::Stale,
        // A lock that was not there in time, or at all where a statement does not wait; and what ends who
        // waits in a circle.
        "55P03" | "40P01" => Fault::LockNotAvailable,
        "25006" => Fault::ReadOnly,
        // The transaction that has failed is not ours: nothing of ours is sent after a failure.
        "25P02" => Fault::InTransaction,
        _ if is_fatal(db) => Fault::Lost,
        _ => Fault::Other,
    };
    let mut failure = Failure::new(fault, db.message());
    if matches!(failure.fault, Fault::Busy) {
        failure.told.holder = db.detail().and_then(holder);
    } else {
        failure.told.detail = db.detail().map(str::to_owned);
        failure.told.hint = db.hint().map(str::to_owned);
    }
    let code = db.code().code();
    failure.told.sqlstate = Some(code.to_owned()).filter(|code| code != WRITTEN);
    failure.source = Some(error.into());
    failure
}

/// A failure of the code of a migration, with what the server said where that is its cause.
pub(super) fn of_code(error: BoxError) -> Failure {
    let error = match error.downcast::<Error>() {
        Ok(error) => {
            let failure = failure(*error);
            // A lock that was not there in time may be there later.
            let fault = match failure.fault {
                Fault::LockNotAvailable => Fault::LockNotAvailable,
                _ => Fault::Other,
            };
            return Failure { fault, ..failure };
        }
        Err(error) => error,
    };
    let mut failure = Failure::new(Fault::Other, error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(db) = error.downcast_ref().and_then(Error::as_db_error) {
            failure.told.sqlstate = Some(db.code().code().to_owned());
            failure.told.detail = db.detail().map(str::to_owned);
            failure.told.hint = db.hint().map(str::to_owned);
            break;
        }
        cause = error.source();
    }
    failure.source = Some(error);
    failure
}

/// Whether it tells that the connection was lost.
pub(super) fn is_lost(failure: &Failure) -> bool {
    let error = failure.source.as_ref().and_then(|e| e.downcast_ref());
    error.is_some_and(|error: &Error| error.as_db_error().is_none_or(is_fatal))
}

/// What is said where the connection is gone.
pub(super) fn lost(failure: Failure) -> Failure {
    let message = match failure.told.sqlstate {
        Some(_) => format!("the server ended the connection: {}", failure.message),
        None => failure.message,
    };
    Failure {
        fault: Fault::Lost,
        message,
        ..failure
    }
}

/// The error with what it was caused by: the driver's own words for itself are short.
fn with_cause(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// `pid|since|application`
pub(super) fn holder(detail: &str) -> Option<Holder> {
    let mut parts = detail.splitn(3, '|');
    let pid = parts.next()?.parse().ok()?;
    let (since, application) = (parts.next(), parts.next());
    let some = |part: Option<&str>| part.filter(|p| !p.is_empty()).map(str::to_owned);
    Some(Holder {
        pid,
        since: some(since),
        application: some(application),
    })
}

/// Whether the server has ended the connection with this error.
pub(super) fn is_fatal(db: &DbError) -> bool {
    matches!(
        db.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    ) || matches!(db.severity(), "FATAL" | "PANIC")
}

/// Where in the message.
pub(super) fn position(db: &DbError) -> Option<u32> {
    match db.position() {
        Some(ErrorPosition::Original(position)) => Some(*position),
        _ => None,
    }
}

/// The place in a script of a statement that failed, and how long it is, in bytes. `within` is
/// where in the statement, when that is known.
pub(super) fn place(statement: (&str, usize), within: Option<usize>) -> (usize, usize) {
    let (text, offset) = statement;
    let Some(within) = within else {
        let first_line = text.lines().next().map_or(0, |line| line.trim_end().len());
        return (offset, first_line);
    };
    let token = tokens(text, Database::Postgres).find(|token| token.end() > within);
    let length = token.map_or(0, |token| token.text.lines().next().map_or(0, str::len));
    (offset + within, length)
}
