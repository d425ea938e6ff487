//! What can go wrong when a database is migrated.

mod words;

use std::fmt;
use std::time::Duration;

use migrate_source::place::Place;
use migrate_source::{Checksum, Database};

use crate::migration::BoxError;
use crate::report::{Action, Report};

/// Why a verb failed, what it had done until then, and what to do.
///
/// Its text tells what happened, where, what was kept or rolled back, and the cure. For programs:
/// [`kind`](Error::kind) and [`report`](Error::report).
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    report: Report,
    source: Option<BoxError>,
}

/// The kinds of errors, with what is known of each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Applied migrations differ from those of the program.
    Changed {
        /// All of them, by version.
        changed: Vec<Changed>,
    },
    /// The database has migrations above the newest that the program knows.
    Newer {
        /// The version of the database.
        database: i64,
        /// The newest version of the program.
        program: i64,
        /// Whether the history holds what takes the database back to the program's version.
        way_back: bool,
    },
    /// The database has migrations that the program lacks, below its newest one.
    Missing {
        /// Their versions.
        versions: Vec<i64>,
    },
    /// Migrations are pending below the version of the database.
    OutOfOrder {
        /// Their versions.
        versions: Vec<i64>,
        /// The version of the database.
        database: i64,
    },
    /// Migrations on the way down have no down.
    Irreversible {
        /// Their versions, the newest first.
        versions: Vec<i64>,
        /// Those of them that the program does not know. Their downs are perhaps code.
        unknown: Vec<i64>,
        /// The files in which the downs of the others can be written.
        files: Vec<String>,
    },
    /// A migration that runs statement by statement has stopped half-way, up or down, and cannot go
    /// the other way before it has come to its end.
    Unfinished {
        /// Its version.
        version: i64,
        /// The way on which it has stopped.
        action: Action,
    },
    /// Another run has changed the database after it was planned which versions to take back.
    Overtaken {
        /// The newest version when it was planned.
        seen: i64,
        /// The newest version now.
        now: i64,
    },
    /// A migration that stopped half-way was edited in the part that has already run.
    ResumeChanged {
        /// Its version.
        version: i64,
        /// Its file.
        file: String,
        /// How many of its statements have run.
        statements: usize,
    },
    /// The wanted version is neither in the program nor in the database.
    UnknownVersion {
        /// The wanted version.
        version: i64,
        /// The versions of the program.
        known: Vec<i64>,
    },
    /// Another process held the lock for too long.
    LockTimeout {
        /// How long this one waited.
        waited: Duration,
        /// Who has it, where the database tells.
        holder: Option<Holder>,
    },
    /// A statement of a migration did not get a lock that it needs, however often it was tried:
    /// [`statement_lock_timeout`](crate::Migrator::statement_lock_timeout).
    LockNotAvailable {
        /// Where, and what.
        failed: Box<Failed>,
        /// How often it was tried.
        tries: u32,
        /// For how long, pauses included.
        waited: Duration,
        /// Who has a lock on a table that the statement names, where the database tells.
        holder: Option<Holder>,
    },
    /// The file is not a database.
    NotADatabase,
    /// The database cannot be written.
    ReadOnly,
    /// There is a table of the history's name, but it is not a history.
    ForeignHistory {
        /// Its name.
        table: String,
        /// The columns of ours that it lacks.
        lacking: Vec<String>,
    },
    /// The connection is inside a transaction of the caller's.
    InTransaction,
    /// The migrations are written for another kind of database.
    WrongDatabase {
        /// The database of the migrations.
        migrations: Database,
        /// The database of the connection.
        connection: Database,
    },
    /// The code of a migration is written for the other driver of the database: that of this connection
    /// cannot run it.
    WrongDriver {
        /// Its version.
        version: i64,
        /// Its file.
        file: String,
        /// Whether the code is asynchronous: for `tokio-postgres`, and for the verbs that end in `_async`.
        is_async: bool,
    },
    /// The set of migrations is not in order, or holds a version twice.
    InvalidSet {
        /// What is wrong with it.
        reason: String,
    },
    /// SQL of a migration failed.
    Sql {
        /// Where, and what.
        failed: Box<Failed>,
    },
    /// The code of a migration failed.
    Code {
        /// Where, and what.
        failed: Box<Failed>,
    },
    /// The code of a migration is not part of this program.
    CodeNotCompiled {
        /// Its version.
        version: i64,
        /// Its file.
        file: String,
    },
    /// A migration would leave rows whose foreign keys point nowhere.
    ForeignKeys {
        /// Where, and what.
        failed: Box<Failed>,
        /// What is violated, per child table and constraint.
        violations: Vec<Violation>,
        /// Whether the script drops a table, as a rebuild does.
        drops_table: bool,
    },
    /// A migration ended the transaction it ran in.
    TransactionEnded {
        /// Where, and what.
        failed: Box<Failed>,
    },
    /// A `repeat` migration has not come to its end within the allowed number of steps.
    RepeatLimit {
        /// Its version.
        version: i64,
        /// How many steps it ran.
        steps: u64,
    },
    /// A version does not fit `PRAGMA user_version`, which is to be kept equal.
    VersionTooLarge {
        /// The version.
        version: i64,
    },
    /// `PRAGMA user_version` is above 0, but there is no history.
    CounterWithoutHistory {
        /// The counter.
        counter: i64,
    },
    /// The database failed outside any migration.
    Database {
        /// Its message.
        message: String,
        /// PostgreSQL's own code, of five characters.
        sqlstate: Option<String>,
        /// What else is known of it.
        notes: Vec<String>,
        /// What to do, where that is known.
        help: Vec<String>,
    },
}

/// An applied migration that differs from the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// Its version.
    pub version: i64,
    /// Its file in the program.
    pub file: String,
    /// What it was for when it was applied.
    pub applied_as: String,
    /// What it is for now. Where the two differ, they are perhaps two migrations with one number.
    pub description: String,
    /// The checksum it was applied with.
    pub applied: String,
    /// The checksum it has now.
    pub now: Checksum,
    /// Whether there is a down that takes back what was applied.
    pub has_down: bool,
    /// Whether no migration above it is applied.
    pub is_newest: bool,
    /// The file in which its down can be written, where the layout has one.
    pub down_file: Option<String>,
}

/// Where a migration failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed {
    /// Its version; `None` for a repeatable one.
    pub version: Option<i64>,
    /// Its description.
    pub description: String,
    /// Whether it was going up or down.
    pub action: Action,
    /// The database's own message, or that of the code.
    pub message: String,
    /// SQLite's own code: the extended result code.
    pub code: Option<i32>,
    /// PostgreSQL's own code, of five characters.
    pub sqlstate: Option<String>,
    /// What PostgreSQL adds to its message.
    pub detail: Option<String>,
    /// What PostgreSQL proposes to do.
    pub hint: Option<String>,
    /// The file.
    pub file: String,
    /// The place in the file, when it is known.
    pub place: Option<Place>,
    /// What became of the migration.
    pub outcome: Outcome,
}

impl Failed {
    /// Whether a statement was refused because it was in a transaction (`active_sql_transaction`,
    /// `invalid_transaction_termination`). Of some only the server can know that: a procedure that commits,
    /// `REINDEX` of a table that has partitions.
    pub(crate) fn refuses_transactions(&self) -> bool {
        matches!(self.sqlstate.as_deref(), Some("25001" | "2D000"))
    }

    /// Whether a statement was refused for something of its name that is there already, or is not there
    /// (`duplicate_table`, which an index counts as, `undefined_object`).
    pub(crate) fn is_about_others(&self) -> bool {
        matches!(self.sqlstate.as_deref(), Some("42P07" | "42704"))
    }
}

/// The connection that holds the lock, as PostgreSQL tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process of the server that serves it.
    pub pid: i32,
    /// The name that its program has given itself: `application_name`.
    pub application: Option<String>,
    /// Since when it has been in its transaction: RFC 3339, UTC.
    pub since: Option<String>,
}

/// What became of a migration that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was rolled back; what the run had done before it is kept.
    RolledBack,
    /// It ended the transaction it ran in: what it had committed by then is kept, but it is not
    /// recorded.
    Escaped,
    /// The database gave up the whole transaction: migrations before it in the same transaction
    /// were rolled back with it.
    GroupRolledBack,
    /// It runs statement by statement: the statements before the failing one are kept, and the
    /// next run goes on from there.
    Stopped {
        /// How many statements are kept.
        statements: usize,
    },
    /// It runs again and again: what it did before the failing time is kept, and the next run goes
    /// on from there.
    Repeated {
        /// How many times are kept.
        times: u64,
    },
}

/// Rows that point nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The table with the rows.
    pub table: String,
    /// The table they point to.
    pub parent: String,
    /// The columns of the foreign key.
    pub columns: Vec<String>,
    /// How many rows, more than before the migration.
    pub rows: u64,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, report: Report, source: Option<BoxError>) -> Error {
        Error(Box::new(Inner {
            kind,
            report,
            source,
        }))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What was done, and kept, before it went wrong.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The place in a migration's file, when it was one that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Failed> {
        self.0.kind.failed()
    }
}

impl ErrorKind {
    fn failed(&self) -> Option<&Failed> {
        match self {
            ErrorKind::Sql { failed }
            | ErrorKind::Code { failed }
            | ErrorKind::ForeignKeys { failed, .. }
            | ErrorKind::LockNotAvailable { failed, .. }
            | ErrorKind::TransactionEnded { failed } => Some(failed),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `fn main() -> Result<_, Error>` prints this: a person reads it.
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_deref();
        source.map(|source| source as &(dyn std::error::Error + 'static))
    }
}
