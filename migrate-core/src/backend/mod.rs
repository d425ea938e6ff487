//! What a database must be able to do for the engine. A backend holds the SQL of one database and
//! takes no decisions.

#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(any(feature = "sqlite", feature = "tokio-postgres", feature = "postgres"))]
mod tables;

use std::future::Future;
use std::time::Duration;

use migrate_source::Database;
use migrate_source::schema::Schema;
use migrate_source::sql::Statement;

use crate::error::{Holder, Violation};
use crate::history::{Applied, Head, History, Repeated};
use crate::migration::{BoxError, Check, Code, Script};

/// A connection to one kind of database.
///
/// The futures are `Send` so that those of the asynchronous verbs are; a synchronous backend's are
/// always ready.
pub(crate) trait Backend: Send {
    /// Its kind.
    const DATABASE: Database;

    /// Whether its driver is asynchronous, so that code has to be, too.
    const IS_ASYNC: bool;

    /// The end of the history; `None` when there is no history. One question, no lock, nothing written.
    fn head(
        &mut self,
        repeatables: bool,
    ) -> impl Future<Output = Result<Option<Head>, Failure>> + Send;

    /// The whole history; an empty one when there is none. No lock, nothing written.
    fn history(&mut self) -> impl Future<Output = Result<History, Failure>> + Send;

    /// The schema, without the tables of the history. No lock, nothing written.
    fn schema(&mut self) -> impl Future<Output = Result<Schema, Failure>> + Send;

    /// The release of the database itself, as a number that grows: 3050004 is SQLite 3.50.4.
    fn release(&mut self) -> impl Future<Output = Result<i32, Failure>> + Send;

    /// Asks the `check` of a code migration, in such a way that it cannot write.
    fn in_place(&mut self, check: Check) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Prepares the connection for a run, and remembers how it was.
    fn open(&mut self, lock_timeout: Duration) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Puts the connection back to how it was.
    fn close(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Does `orders`, one after the other, up to the first that fails. `progress` is told before
    /// and after each. Gives the answer of the last order that has one: how many rows it changed,
    /// or counted.
    fn perform(
        &mut self,
        orders: &[Order<'_>],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> impl Future<Output = Result<u64, Stopped>> + Send;

    /// A word by which others can tell that a statement is run by this run, while it runs outside of
    /// any transaction. `None` where no other run can meet it there.
    fn token(&mut self) -> Option<String> {
        None
    }

    /// Whether the run that recorded `resume_at` for a version is still at work on the statement that it
    /// claimed, by that word.
    fn is_claimed(
        &mut self,
        _version: i64,
        _resume_at: &str,
        _token: &str,
    ) -> impl Future<Output = Result<bool, Failure>> + Send {
        async { Ok(false) }
    }

    /// Looks at what is left of a statement that cannot be in a transaction, and that a run which is
    /// no more has begun. Removes what was left half done; tells whether all of it was done. Busy while
    /// somebody may still be at work on it.
    fn settle(
        &mut self,
        _statement: &Statement<'_>,
    ) -> impl Future<Output = Result<bool, Failure>> + Send {
        async { Ok(false) }
    }

    /// Who has a lock that a statement of a script may have waited for, until now. `offset` is where in
    /// the script the statement is, in bytes, when that is known.
    fn in_the_way(
        &mut self,
        _script: &str,
        _offset: Option<usize>,
    ) -> impl Future<Output = Option<Holder>> + Send {
        async { None }
    }

    /// Waits.
    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// One thing for a backend to do.
#[derive(Debug)]
pub(crate) enum Order<'p> {
    /// Begin a transaction that holds the lock against other runs.
    Begin,
    /// Create the history where there is none.
    Create { repeatables: bool },
    /// Fail with [`Fault::Stale`] unless the history is still this.
    Expect(&'p History),
    /// Set a savepoint.
    Savepoint,
    /// Run SQL in place.
    Sql(&'p Script<'p>),
    /// Run some of the statements of a script.
    Statements(&'p Script<'p>, &'p [Statement<'p>]),
    /// Run code.
    Code(&'p Code<'p>),
    /// Fail with [`Fault::Stale`] unless the `check` of a code migration still says so.
    InPlace(Check),
    /// Fail unless every foreign key that pointed somewhere before still does.
    ForeignKeys,
    /// Count what is there of these violations, and do not hold it against a migration any more.
    /// Its answer is how many there are.
    Baseline(Vec<Violation>),
    /// Record a migration. The backend fills in the time it ran, on top of what the row says.
    Record(Applied),
    /// Record a repeatable migration.
    RecordRepeated(Repeated),
    /// Record how far a migration is from being taken back.
    Resume(i64, String),
    /// Remove a record.
    Erase(i64),
    /// Remove the record of a repeatable migration.
    EraseRepeated(String),
    /// Write the chain of a record.
    Chain(i64, String),
    /// Set the database's own counter.
    Counter(i64),
    /// Release the savepoint.
    Release,
    /// Roll back to the savepoint, which stays set.
    RollbackToSavepoint,
    /// Commit.
    Commit,
    /// Roll back.
    Rollback,
    /// Put back the settings of the connection that a migration has changed, as far as that is
    /// possible inside a transaction; but not whether foreign keys are enforced.
    PutBack,
    /// Switch the enforcement of foreign keys, outside a transaction.
    Enforce(bool),
}

impl Order<'_> {
    /// Whether it writes to the tables of the history.
    pub(crate) fn writes_history(&self) -> bool {
        matches!(
            self,
            Order::Record(_)
                | Order::RecordRepeated(_)
                | Order::Resume(..)
                | Order::Erase(_)
                | Order::EraseRepeated(_)
                | Order::Chain(..)
        )
    }
}

/// How far [`Backend::perform`] has come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Progress {
    Before(usize),
    After(usize, Duration),
}

impl Progress {
    pub(crate) fn shift(self, by: usize) -> Progress {
        match self {
            Progress::Before(at) => Progress::Before(at + by),
            Progress::After(at, took) => Progress::After(at + by, took),
        }
    }
}

/// Why [`Backend::perform`] stopped.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// The order that failed.
    pub(crate) at: usize,
    /// Whether the transaction is still open.
    pub(crate) open: bool,
    pub(crate) failure: Failure,
}

/// What a database said.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    /// In its own words.
    pub(crate) message: String,
    /// What else it tells.
    pub(crate) told: Box<Told>,
    /// Where in the script, in bytes, and how many characters are meant.
    pub(crate) offset: Option<(usize, usize)>,
    pub(crate) source: Option<BoxError>,
}

/// What a database tells beside its message.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// SQLite's own code.
    pub(crate) code: Option<i32>,
    /// PostgreSQL's own code.
    pub(crate) sqlstate: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    /// What to do.
    pub(crate) help: Vec<String>,
    /// Who has the lock.
    pub(crate) holder: Option<Holder>,
}

/// The kinds of failures that the engine tells apart.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The lock is held by another.
    Busy,
    /// The history is not what the plan was made for.
    Stale,
    /// A statement has not got a lock that it needs, for another has it.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "tokio-postgres")),
        expect(dead_code, reason = "SQLite has one lock")
    )]
    LockNotAvailable,
    ReadOnly,
    NotADatabase,
    ForeignHistory {
        table: String,
        lacking: Vec<String>,
    },
    InTransaction,
    ForeignKeys(Vec<Violation>),
    TransactionEnded,
    NotCompiled,
    /// The connection is gone.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "tokio-postgres")),
        expect(dead_code, reason = "SQLite has no connection that can be lost")
    )]
    Lost,
    Other,
}

impl Failure {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Failure {
        Failure {
            fault,
            message: message.into(),
            told: Box::default(),
            offset: None,
            source: None,
        }
    }
}
