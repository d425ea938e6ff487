//! A database in memory that cannot reach beyond itself.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use migrate_source::sql::sqlite_failure;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection, Result, ffi};

/// A database in memory.
pub(crate) struct Scratch {
    db: Connection,
    touched: Arc<Mutex<BTreeSet<String>>>,
    /// How many handfuls of SQLite's steps the statement that runs has taken.
    steps: Arc<AtomicU64>,
}

/// Steps of SQLite's virtual machine between two looks at a running statement.
const HANDFUL: i32 = 10_000;

/// A statement may take this many: seconds, where the tables are nearly empty.
const MOST_HANDFULS: u64 = 2_000;

/// A database may have this many pages: half a gigabyte.
const MOST_PAGES: u32 = 131_072;

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// SQLite's own words.
    pub(crate) message: String,
    /// The bytes that are meant: offset from the start of the script, and length.
    pub(crate) span: (usize, usize),
}

impl Failure {
    /// The last names that the message has, which it is about: `no such table: main.users`,
    /// `table users has no column named email`, `foreign key mismatch - "a" referencing "b"`.
    pub(crate) fn names(&self) -> Vec<&str> {
        let message = &self.message;
        let quoted = message.split('"').skip(1).step_by(2);
        let mut names: Vec<&str> = quoted.collect();
        names.reverse();
        let last = message
            .rsplit([' ', '.', '(', ')', ':'])
            .find(|name| !name.is_empty());
        names.extend(last.filter(|name| !name.contains('"')));
        names
    }
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name stands for nothing, or for something already.
    Name,
    /// A row does not meet a constraint.
    Constraint,
    /// It was stopped, since it took too long.
    Endless,
    /// Anything else, as a syntax error.
    Other,
}

impl Scratch {
    /// An empty database.
    pub(crate) fn new() -> Result<Scratch> {
        Scratch::of_image(&[])
    }

    /// The database that [`Scratch::image`] gave.
    pub(crate) fn of_image(image: &[u8]) -> Result<Scratch> {
        let mut db = Connection::open_in_memory()?;
        if !image.is_empty() {
            // SQLite does this by an `ATTACH`, so that it comes before they are forbidden.
            db.deserialize_read_exact("main", image, image.len(), false)?;
        }
        // Foreign keys are enforced by default in SQLite as rusqlite bundles it.
        db.execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {MOST_PAGES};"
        ))?;
        let touched = Arc::new(Mutex::new(BTreeSet::new()));
        let steps = Arc::new(AtomicU64::new(0));
        let notes = Arc::clone(&touched);
        db.authorizer(Some(move |context: AuthContext<'_>| {
            authorize(&context, &notes)
        }))?;
        let counter = Arc::clone(&steps);
        let most = move || counter.fetch_add(1, Ordering::Relaxed) >= MOST_HANDFULS;
        db.progress_handler(HANDFUL, Some(most))?;
        Ok(Scratch { db, touched, steps })
    }

    /// All of it, as bytes. No transaction may be open.
    pub(crate) fn image(&mut self) -> Result<Vec<u8>> {
        Ok(self.db.serialize("main")?.to_vec())
    }

    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Runs statements of our own, which do not fail for what a migration did.
    pub(crate) fn execute(&self, sql: &str) -> Result<()> {
        self.steps.store(0, Ordering::Relaxed);
        self.db.execute_batch(sql)
    }

    /// Runs the statement at `offset` of a script to its end.
    pub(crate) fn run(&self, sql: &str, offset: usize) -> std::result::Result<(), Failure> {
        self.steps.store(0, Ordering::Relaxed);
        self.run_all(sql)
            .map_err(|error| failure(&error, sql, offset))
    }

    fn run_all(&self, sql: &str) -> Result<()> {
        // Where SQLite sees two statements in what the lexer took for one, `Batch` runs both.
        let mut batch = Batch::new(&self.db, sql);
        while let Some(mut statement) = batch.next()? {
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// Whether `sql` can be compiled here; it is not run.
    pub(crate) fn compiles(&self, sql: &str) -> std::result::Result<(), Failure> {
        self.steps.store(0, Ordering::Relaxed);
        let compiled = self.db.prepare(sql);
        compiled.map(drop).map_err(|error| failure(&error, sql, 0))
    }

    /// The tables that were written to, created or dropped since this was asked last, in lower case.
    pub(crate) fn touched(&self) -> BTreeSet<String> {
        std::mem::take(&mut lock(&self.touched))
    }
}

/// Notes the tables that are written to, and keeps a statement from reaching beyond the database:
/// `ATTACH` and `VACUUM INTO` name a file, `VACUUM` alone an empty one.
fn authorize(context: &AuthContext<'_>, touched: &Mutex<BTreeSet<String>>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !filename.is_empty() => return Authorization::Deny,
        AuthAction::Pragma { pragma_name, .. } if pragma_name.ends_with("_store_directory") => {
            return Authorization::Deny;
        }
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. } => {
            lock(touched).insert(table_name.to_lowercase());
        }
        _ => {}
    }
    Authorization::Allow
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(error: &rusqlite::Error, sql: &str, offset: usize) -> Failure {
    let text = error.to_string();
    let (message, span) = match (sqlite_failure(&text, sql), error) {
        (Some((message, (at, len))), _) => (message, (offset + at, len)),
        (None, rusqlite::Error::SqliteFailure(_, Some(message))) => {
            (message.clone(), (offset, first_line(sql)))
        }
        _ => (text, (offset, first_line(sql))),
    };
    // `sqlite_error` alone has it only when no place in the SQL is known.
    let code = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<ffi::Error>())
        .map(|error| error.code);
    let kind = match code {
        Some(ffi::ErrorCode::OperationInterrupted) => Kind::Endless,
        Some(ffi::ErrorCode::ConstraintViolation) => Kind::Constraint,
        _ if is_about_name(&message) => Kind::Name,
        _ if needs_empty_table(&message) => Kind::Constraint,
        _ => Kind::Other,
    };
    let message = match kind {
        Kind::Endless => format!(
            "this statement does not come to an end: it was stopped after {} million steps",
            u64::from(HANDFUL.unsigned_abs()) * MOST_HANDFULS / 1_000_000
        ),
        _ => message,
    };
    Failure {
        kind,
        message,
        span,
    }
}

fn first_line(sql: &str) -> usize {
    sql.lines().next().map_or(0, |line| line.trim_end().len())
}

fn is_about_name(message: &str) -> bool {
    [
        "no such ",
        "has no column named",
        "unknown column",
        "unknown function",
        "already exists",
        "already another ",
        "duplicate column name",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// What `ALTER TABLE … ADD COLUMN` says of a table that has rows; one without them takes the column.
fn needs_empty_table(message: &str) -> bool {
    message.starts_with("Cannot add a ")
}
