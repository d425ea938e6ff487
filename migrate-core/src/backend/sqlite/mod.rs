//! SQLite, through rusqlite.
//!
//! Sources: "How To Corrupt", "Transaction", "PRAGMA", "Savepoints" and "Foreign Key Support" of
//! SQLite's manual.

mod check;
mod failure;
mod foreign_keys;
mod history;
mod orphans;
mod schema;
mod script;
mod session;
mod watch;

use std::time::{Duration, Instant};

use migrate_source::Database;
use migrate_source::schema::Schema;
use rusqlite::Connection;

use crate::backend::sqlite::failure::failure;
use crate::backend::sqlite::foreign_keys::ForeignKeys;
use crate::backend::sqlite::session::Session;
use crate::backend::sqlite::watch::{Seen, Watch};
use crate::backend::tables::repeatable;
use crate::backend::{Backend, Failure, Fault, Order, Progress, Stopped};
use crate::history::{Head, History};
use crate::migration::{Check, Code, Run};

const ENDED: &str = "the migration ended the transaction it ran in";

/// A connection to SQLite, for the time of one verb.
pub struct Sqlite<'c> {
    db: &'c mut Connection,
    /// The name of the history table.
    table: &'c str,
    session: Option<Session>,
    foreign_keys: ForeignKeys,
    watch: Watch,
    /// What the last migration did.
    seen: Seen,
    /// The state of the file when the history was read last, or changed by ourselves.
    data_version: Option<i64>,
    /// Whether a transaction of ours is open, as far as we know.
    in_transaction: bool,
    /// How long what is recorded next has run.
    ran: Duration,
}

impl<'c> Sqlite<'c> {
    pub(crate) fn new(db: &'c mut Connection, table: &'c str) -> Sqlite<'c> {
        Sqlite {
            db,
            table,
            session: None,
            foreign_keys: ForeignKeys::default(),
            watch: Watch::default(),
            seen: Watch::default().seen(),
            data_version: None,
            in_transaction: false,
            ran: Duration::ZERO,
        }
    }

    /// Does one thing, and tells how many rows it changed where that matters.
    fn order(&mut self, order: &Order<'_>) -> Result<Option<u64>, Failure> {
        match order {
            Order::Begin => {
                self.ran = Duration::ZERO;
                self.begin()?;
                self.in_transaction = true;
            }
            Order::Commit => {
                self.execute("COMMIT")?;
                self.in_transaction = false;
            }
            Order::Rollback => {
                self.in_transaction = false;
                if !self.db.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
            }
            Order::Savepoint => self.execute("SAVEPOINT _migrate_core_step")?,
            Order::Release => self.execute("RELEASE _migrate_core_step")?,
            Order::RollbackToSavepoint => self.execute("ROLLBACK TO _migrate_core_step")?,
            Order::Enforce(on) => self.enforce(*on)?,
            Order::Sql(script) => {
                let renames = script::may_rename(&script.sql);
                return self.run(renames, |s| script::run(s.db, script)).map(Some);
            }
            Order::Statements(script, statements) => {
                let renames = statements.iter().any(|s| script::may_rename(s.text));
                return self
                    .run(renames, |s| {
                        script::run_statements(s.db, script, statements)
                    })
                    .map(Some);
            }
            Order::Code(code) => return self.run(true, |s| s.code(code)).map(Some),
            Order::InPlace(check) => {
                if !check::ask(self.db, *check)? {
                    return Err(Failure::new(Fault::Stale, "it is not in place any more"));
                }
            }
            Order::ForeignKeys => self.foreign_keys.check(self.db, &self.seen)?,
            Order::Baseline(violations) => {
                return self.foreign_keys.baseline(self.db, violations).map(Some);
            }
            Order::Create { repeatables } => history::create(self.db, self.table, *repeatables)?,
            Order::Expect(expected) => self.expect(expected)?,
            Order::PutBack => {
                if let Some(session) = self.session.as_ref().filter(|_| self.seen.pragma) {
                    session.put_back(self.db);
                }
            }
            Order::Record(row) => {
                let ran = std::mem::take(&mut self.ran);
                history::record(self.db, self.table, row, ran)?;
            }
            Order::RecordRepeated(row) => {
                let ran = std::mem::take(&mut self.ran);
                history::record_repeated(self.db, self.table, row, ran)?;
            }
            Order::Resume(version, resume_at) => {
                history::resume(self.db, self.table, *version, resume_at)?;
            }
            Order::Erase(version) => history::erase(self.db, self.table, *version)?,
            Order::EraseRepeated(name) => history::erase_repeated(self.db, self.table, name)?,
            Order::Chain(version, chain) => history::chain(self.db, self.table, *version, chain)?,
            Order::Counter(version) => {
                self.execute(&format!("PRAGMA main.user_version = {version}"))?;
            }
        }
        Ok(None)
    }

    fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.db.execute_batch(sql).map_err(failure)
    }

    /// Takes the lock, or fails at once: the engine does the waiting here, and tells of it.
    fn begin(&self) -> Result<(), Failure> {
        let wait = |time| self.db.busy_timeout(time).map_err(failure);
        wait(Duration::ZERO)?;
        let begun = self.execute("BEGIN IMMEDIATE");
        wait(
            self.session
                .as_ref()
                .map_or(Duration::ZERO, Session::lock_timeout),
        )?;
        begun
    }

    fn enforce(&self, on: bool) -> Result<(), Failure> {
        self.execute(if on {
            "PRAGMA foreign_keys = ON"
        } else {
            "PRAGMA foreign_keys = OFF"
        })
    }

    fn refuse_transaction(&self) -> Result<(), Failure> {
        if self.db.is_autocommit() {
            return Ok(());
        }
        Err(Failure::new(Fault::InTransaction, "inside a transaction"))
    }

    /// Compares the history with what was planned on. When nobody else has written to the file
    /// since it was read, it is as it was.
    fn expect(&mut self, expected: &History) -> Result<(), Failure> {
        let now = history::data_version(self.db)?;
        if self.data_version == Some(now) {
            return Ok(());
        }
        if !expected.agrees(&history::read(self.db, self.table)?) {
            let message = "another run has changed the history";
            return Err(Failure::new(Fault::Stale, message));
        }
        self.data_version = Some(now);
        Ok(())
    }

    /// Runs what belongs to a migration, and sees that it keeps to its own: the transaction outlives
    /// it, and the history is not its to write.
    ///
    /// `renames` tells whether it may rename tables, which nobody tells when it happens.
    fn run(
        &mut self,
        renames: bool,
        run: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let before = match renames && self.in_transaction {
            true => Some(foreign_keys::tables(self.db)?),
            false => None,
        };
        self.watch.forget();
        let changes = self.db.total_changes();
        let began = Instant::now();
        let result = run(self);
        self.ran = began.elapsed();
        self.seen = self.watch.seen();
        result?;
        if self.in_transaction && self.db.is_autocommit() {
            return Err(Failure::new(Fault::TransactionEnded, ENDED));
        }
        if let Some(before) = before {
            let now = foreign_keys::tables(self.db)?;
            self.seen.renamed(now.difference(&before));
        }
        // Outside of a transaction, `VACUUM` writes to every table.
        let own = [self.table.to_owned(), repeatable(self.table)];
        let wrote = |table: &&String| self.seen.rows.contains(&table.to_lowercase());
        if let Some(table) = own.iter().find(wrote).filter(|_| self.in_transaction) {
            let message = format!("the migration writes to `{table}`, where the history is kept");
            return Err(Failure::new(Fault::Other, message));
        }
        Ok(self.db.total_changes().saturating_sub(changes))
    }

    fn code(&mut self, code: &Code<'_>) -> Result<(), Failure> {
        let Run::Sqlite(run) = code.run else {
            return Err(Failure::new(
                Fault::NotCompiled,
                "the code is not part of this program",
            ));
        };
        // Earlier code may have prepared and cached statements.
        self.watch.begin(self.db);
        self.execute("SAVEPOINT _migrate_core_code")?;
        let ran = run(self.db).map_err(failure::of_code);
        match self.execute("RELEASE _migrate_core_code") {
            Ok(()) => ran,
            // It goes with the transaction it was set in, also when the code has begun another one.
            Err(failure) if failure.message.starts_with("no such savepoint") => {
                self.in_transaction = false;
                if !self.db.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
                ran.and(Err(Failure::new(Fault::TransactionEnded, ENDED)))
            }
            Err(failure) => ran.and(Err(Failure {
                fault: Fault::Other,
                ..failure
            })),
        }
    }

    /// Puts the connection back to how it was before [`Backend::open`].
    fn restore(&mut self) -> Result<(), Failure> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        self.watch.end(self.db);
        let ended = match self.db.is_autocommit() {
            true => Ok(()),
            false => self.execute("ROLLBACK"),
        };
        session.close(self.db).and(ended)
    }
}

/// The code of a migration, or an observer, may panic: nothing is left half done then either.
impl Drop for Sqlite<'_> {
    fn drop(&mut self) {
        let _ = self.restore();
    }
}

impl Backend for Sqlite<'_> {
    const DATABASE: Database = Database::Sqlite;
    const IS_ASYNC: bool = false;

    async fn head(&mut self, repeatables: bool) -> Result<Option<Head>, Failure> {
        self.refuse_transaction()?;
        history::head(self.db, self.table, repeatables)
    }

    async fn history(&mut self) -> Result<History, Failure> {
        // First the version: what comes in between is seen as a change later, not missed.
        self.data_version = Some(history::data_version(self.db)?);
        history::read(self.db, self.table)
    }

    async fn schema(&mut self) -> Result<Schema, Failure> {
        let own = [self.table.to_owned(), repeatable(self.table)];
        Ok(schema::read(self.db)?.without(&own))
    }

    async fn release(&mut self) -> Result<i32, Failure> {
        Ok(rusqlite::version_number())
    }

    async fn in_place(&mut self, check: Check) -> Result<bool, Failure> {
        check::ask(self.db, check)
    }

    async fn open(&mut self, lock_timeout: Duration) -> Result<(), Failure> {
        self.refuse_transaction()?;
        if self.session.is_none() {
            self.session = Some(Session::open(self.db, lock_timeout)?);
        }
        self.watch.begin(self.db);
        self.enforce(false)
    }

    async fn close(&mut self) -> Result<(), Failure> {
        self.restore()
    }

    async fn perform(
        &mut self,
        orders: &[Order<'_>],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, Stopped> {
        let mut changed = 0;
        for (at, order) in orders.iter().enumerate() {
            progress(Progress::Before(at));
            let began = Instant::now();
            match self.order(order) {
                Ok(rows) => changed = rows.unwrap_or(changed),
                Err(failure) => {
                    self.in_transaction &= !self.db.is_autocommit();
                    return Err(Stopped {
                        at,
                        open: self.in_transaction,
                        failure,
                    });
                }
            }
            progress(Progress::After(at, began.elapsed()));
        }
        Ok(changed)
    }

    async fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
