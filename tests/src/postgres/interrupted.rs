//! Runs that something happens to, at every statement of theirs.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_core::{Error, Goal, Migrator, Report, Transactions};

use crate::contract::TestConnection;
use crate::postgres::ledger::{check_complete, check_gone, check_honest, folder};
use crate::postgres::stepping::Stop;
use crate::postgres::{AsyncClient, Scratch, connect, execute, rows};

/// How a run goes that is interrupted: the set of the ledger, brought up or taken back.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Whether it runs through `tokio-postgres`.
    pub asynchronous: bool,
    /// Whether its migrations are grouped.
    pub grouped: bool,
    /// Whether everything is taken back.
    pub back: bool,
}

impl Case {
    /// Each driver once, and each way of transactions.
    pub const UP: [Case; 2] = [Case::up(false, false), Case::up(true, true)];

    const fn up(asynchronous: bool, grouped: bool) -> Case {
        Case {
            asynchronous,
            grouped,
            back: false,
        }
    }

    /// The run that takes everything back again.
    #[must_use]
    pub fn back(self) -> Case {
        Case { back: true, ..self }
    }

    /// The run that brings everything up.
    #[must_use]
    pub fn forth(self) -> Case {
        Case {
            back: false,
            ..self
        }
    }

    /// The same run on the other driver, with the other way of transactions.
    #[must_use]
    pub fn other(self) -> Case {
        Case {
            asynchronous: !self.asynchronous,
            grouped: !self.grouped,
            back: self.back,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// Those of the run.
    pub fn run(self, config: &Config) -> Result<Report, Error> {
        let folder = folder();
        let set = folder.migrations();
        let migrator = Migrator::new(&set).transactions(match self.grouped {
            true => Transactions::Grouped,
            false => Transactions::Each,
        });
        let goal = if self.back { Goal::Reset } else { Goal::Up };
        match self.asynchronous {
            true => AsyncClient::connect(config).bring(&migrator, goal),
            false => connect(config).bring(&migrator, goal),
        }
    }

    /// How often it can be made to stand still: before each statement that reaches the server, and before
    /// each answer that the client waits for. It runs to its end for that.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[must_use]
    pub fn stops(self, scratch: &Scratch) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let (_stepping, config) = scratch.stepping(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            false
        });
        self.run(&config).expect("it runs to its end");
        count.load(Ordering::SeqCst)
    }

    /// Runs it up to the stop with this number.
    ///
    /// # Panics
    ///
    /// When it has less of them.
    #[must_use]
    pub fn to_stop(self, scratch: Scratch, number: usize) -> Standing {
        self.to_stop_among(scratch, number, |_| true)
    }

    /// Runs it up to the stop with this number among those that `counts`.
    ///
    /// # Panics
    ///
    /// When it has less of them.
    #[must_use]
    pub fn to_stop_among(
        self,
        scratch: Scratch,
        number: usize,
        counts: fn(Option<&str>) -> bool,
    ) -> Standing {
        let mut count = 0;
        let (stepping, config) = scratch.stepping(move |statement| {
            let is_one = counts(statement);
            count += usize::from(is_one);
            is_one && count == number
        });
        let run = thread::spawn(move || self.run(&config));
        let stop = stepping.stop().expect("a run of so many statements");
        let what = format!("{self}, stop {number}, before {:?}", stop.next);
        Standing {
            case: self,
            number,
            scratch,
            what,
            pid: stop.pid,
            stop: Some(stop),
            run,
        }
    }

    /// Brings to its end what another run has begun, and checks that everything is there exactly once. The
    /// process `pid` of the server may still be at work for a client that is no more.
    ///
    /// # Panics
    ///
    /// When it fails, or something is wrong.
    pub fn complete(self, scratch: &Scratch, pid: i32, what: &str) {
        let ran = self.other().run(&scratch.config());
        ran.unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut db = scratch.connect();
        wait_until_gone(&mut db, pid);
        self.check(&mut db, what);
    }

    /// Checks that everything is there exactly once, or taken back.
    ///
    /// # Panics
    ///
    /// When something is wrong.
    pub fn check(self, db: &mut Client, what: &str) {
        match self.back {
            true => check_gone(db, what),
            false => check_complete(db, what),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |is: bool, yes, no| if is { yes } else { no };
        let driver = word(self.asynchronous, "tokio-postgres", "postgres");
        let transactions = word(self.grouped, "grouped", "one by one");
        let goal = word(self.back, "down", "up");
        write!(f, "{goal}, {transactions}, through {driver}")
    }
}

/// A run that stands still.
pub struct Standing {
    case: Case,
    number: usize,
    scratch: Scratch,
    /// Where it stands, for people.
    what: String,
    pid: i32,
    /// None once it goes on.
    stop: Option<Stop>,
    run: JoinHandle<Result<Report, Error>>,
}

impl Standing {
    /// The process of the server.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The database.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Lets the statement that comes next begin, as [`hold_up`] does.
    ///
    /// # Panics
    ///
    /// When it does not stand still any more.
    #[must_use]
    pub fn hold_up(&mut self) -> Client {
        let stop = self.stop.take().expect("it stands still");
        hold_up(&self.scratch, stop)
    }

    /// Goes on after the server has ended the connection: the run fails, and the next one completes it. Gives
    /// back the number of the stop, and the database.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn has_lost_its_server(self) -> (usize, Scratch) {
        // An answer that is ready is lost with the connection.
        if let Some(stop) = self.stop.filter(|stop| stop.next.is_some()) {
            stop.go_on();
        }
        let result = self.run.join().expect("it does not panic");
        assert!(result.is_err(), "{}: {result:?}", self.what);
        check_honest(&mut self.scratch.connect(), &self.what);
        self.case.complete(&self.scratch, self.pid, &self.what);
        (self.number, self.scratch)
    }
}

/// Does something with all of `items`, several at once: most of it is waiting.
///
/// # Panics
///
/// When one of them does.
pub fn in_threads<T: Send, R: Send>(items: Vec<T>, act: impl Fn(T) -> R + Sync) -> Vec<R> {
    let count = items.len();
    let items = Mutex::new(items.into_iter());
    let results = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..THREADS.min(count) {
            scope.spawn(|| {
                let next = || items.lock().expect("no panic with the lock held").next();
                while let Some(item) = next() {
                    let result = act(item);
                    results
                        .lock()
                        .expect("no panic with the lock held")
                        .push(result);
                }
            });
        }
    });
    results.into_inner().expect("no panic with the lock held")
}

const THREADS: usize = 16;

/// Whether a statement works on an index concurrently. The history has such statements as text.
#[must_use]
pub fn is_concurrent(statement: Option<&str>) -> bool {
    statement.is_some_and(|s| s.contains("/* migrate_core") && s.contains("INDEX CONCURRENTLY"))
}

/// Lets a statement that works on an index concurrently begin, and keeps it from its end as long as the
/// connection that this gives has its transaction.
///
/// # Panics
///
/// When it does not begin.
#[must_use]
pub fn hold_up(scratch: &Scratch, stop: Stop) -> Client {
    let mut blocker = scratch.connect();
    execute(
        &mut blocker,
        "BEGIN; LOCK TABLE account, purchase IN ROW EXCLUSIVE MODE",
    );
    stop.go_on();
    // A pooler does not tell of which process.
    let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'";
    wait_until(&mut scratch.connect(), waits);
    blocker
}

/// Waits until a process of the server is gone.
///
/// # Panics
///
/// When it stays.
pub fn wait_until_gone(db: &mut Client, pid: i32) {
    let gone = format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {pid}");
    wait_until(db, &gone);
}

/// Waits until a question is answered with yes.
///
/// # Panics
///
/// When that takes longer than a server can need.
pub fn wait_until(db: &mut Client, question: &str) {
    let began = Instant::now();
    while rows(db, question) != ["t"] {
        assert!(began.elapsed() < Duration::from_secs(60), "{question}");
        thread::sleep(Duration::from_millis(5));
    }
}
