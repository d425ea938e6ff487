//! Doing what was planned: the one control flow of every run, on every database.
//!
//! A run reads the history, plans, and acts; under each lock it takes, the history is read again,
//! and when another run has changed it in between, it starts over from what is there now.

mod orders;
mod retry;
mod step;
mod stepwise;

use std::time::{Duration, Instant};

use migrate_source::schema::Schema;

use crate::backend::{Backend, Failure, Fault, Order, Progress, Stopped};
use crate::compare;
use crate::engine::retry::Tries;
use crate::error::{Error, ErrorKind, Outcome};
use crate::history::{Head, History};
use crate::migration::{BoxError, Migration};
use crate::observer::{Event, Observer};
use crate::plan::{Goal, Plan, Situation, Step, Transaction, plan, refuse_foreign};
use crate::report::Report;
use crate::settings::Settings;

/// The longest time between two attempts to take the lock: as long as SQLite's own waiting at most
/// sleeps.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What to do when the connection is gone.
const LOST: &str = "what was committed is recorded, the server rolls back the rest: start again, and it goes on from there";

/// How often a run begins anew on a history that is the same each time.
const IN_VAIN: u32 = 100;

const NOT_AGREED: &str = "the history is said to have changed again and again, and is found to be the same each time: \
     see whether a migration raises an SQLSTATE of the runner's, `MGR01` to `MGR03`, or an operator of the search path \
     hides one of the database's own";

/// What every verb needs besides the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'r, 'm> {
    pub(crate) set: &'m [Migration<'m>],
    pub(crate) settings: &'r Settings,
    pub(crate) observer: &'r Observer<'r>,
}

/// Brings the database to `goal`.
pub(crate) async fn run<B: Backend>(
    backend: &mut B,
    run: Run<'_, '_>,
    goal: Goal,
) -> Result<Report, Error> {
    let shortcut = goal == Goal::Up && !run.settings.every_checksum;
    if shortcut && is_current(backend, run.set).await? {
        let newest = compare::newest(run.set);
        return Ok(Report {
            from: newest,
            to: newest,
            steps: Vec::new(),
        });
    }
    let mut runner = Runner::new(backend, run);
    let ran = match runner.open().await {
        Ok(()) => runner.bring(goal).await,
        Err(trouble) => Err(trouble),
    };
    let closed = runner.backend.close().await;
    let Runner { report, .. } = runner;
    let trouble = match (ran, closed) {
        (Ok(()), Ok(())) => return Ok(report),
        (Ok(()), Err(failure)) => outside(failure, Duration::ZERO),
        (Err(trouble), _) => trouble,
    };
    match trouble {
        Trouble::Error(kind, source) => Err(Error::new(kind, report, source)),
        Trouble::Stale => unreachable!("`bring` plans anew when the history has changed"),
    }
}

/// What would be done to bring the database to `goal`.
pub(crate) async fn planned<'m, B: Backend>(
    backend: &mut B,
    run: Run<'_, 'm>,
    goal: Goal,
) -> Result<Plan<'m>, Error> {
    let mut runner = Runner::new(backend, run);
    let planned = async {
        let history = runner.read().await?;
        runner.plan(&history, goal).await
    };
    planned.await.map_err(Trouble::into_error)
}

/// The whole history, for the verbs that only look.
pub(crate) async fn history<B: Backend>(backend: &mut B) -> Result<History, Error> {
    let began = Instant::now();
    let history = backend.history().await;
    history.map_err(|failure| outside(failure, began.elapsed()).into_error())
}

/// The whole history, and the schema that belongs to it: of a moment at which no run was at work
/// between the two.
pub(crate) async fn history_and_schema<B: Backend>(
    backend: &mut B,
) -> Result<(History, Schema), Error> {
    let began = Instant::now();
    let read = async {
        loop {
            let history = backend.history().await?;
            let schema = backend.schema().await?;
            if history.agrees(&backend.history().await?) {
                return Ok((history, schema));
            }
        }
    };
    let read = read.await;
    read.map_err(|failure| outside(failure, began.elapsed()).into_error())
}

/// Whether there is nothing to do, by the end of the history alone: the last chain covers every
/// migration before it, so this costs the same however many there are.
pub(crate) async fn is_current<B: Backend>(
    backend: &mut B,
    set: &[Migration<'_>],
) -> Result<bool, Error> {
    if set.first().is_some_and(|m| m.database != B::DATABASE) {
        return Ok(false);
    }
    let repeatables = set.last().is_some_and(|m| m.name().is_some());
    let began = Instant::now();
    match backend.head(repeatables).await {
        Ok(head) => Ok(head.is_some_and(|head| agrees(set, &head))),
        Err(Failure {
            fault: Fault::Busy, ..
        }) => Ok(false),
        Err(failure) => Err(outside(failure, began.elapsed()).into_error()),
    }
}

/// Looks at the end of the set only: the repeatable migrations and the newest version.
fn agrees(set: &[Migration<'_>], head: &Head) -> bool {
    let last = set.iter().rev().find(|m| m.version().is_some());
    let chain = last.map(|m| m.chain.to_string());
    let mut named = set.iter().rev().map_while(|m| Some((m.name()?, m)));
    head.chain == chain
        && !head.unfinished
        && named.all(|(name, m)| {
            let checksum = m.checksum.to_string();
            let ran = head.repeated.iter().find(|(n, _)| n == name);
            ran.is_some_and(|(_, ran)| *ran == checksum)
        })
}

/// A run under way.
struct Runner<'r, 'm, B> {
    backend: &'r mut B,
    run: Run<'r, 'm>,
    /// What has been done and kept.
    report: Report,
    /// Since when it has been busy with what it does now, waiting included.
    since: Instant,
    /// When the last try of a transaction began.
    began: Instant,
    /// The tries that have given way.
    tries: Option<Tries>,
}

/// Why a run does not go on.
enum Trouble {
    /// The history is to be read again: another run has changed it, or may have.
    Stale,
    Error(ErrorKind, Option<BoxError>),
}

impl Trouble {
    fn into_error(self) -> Error {
        match self {
            Trouble::Error(kind, source) => Error::new(kind, Report::default(), source),
            Trouble::Stale => unreachable!("only a run that writes can be overtaken"),
        }
    }
}

impl<'r, 'm, B: Backend> Runner<'r, 'm, B> {
    fn new(backend: &'r mut B, run: Run<'r, 'm>) -> Runner<'r, 'm, B> {
        Runner {
            backend,
            run,
            report: Report::default(),
            since: Instant::now(),
            began: Instant::now(),
            tries: None,
        }
    }

    async fn open(&mut self) -> Result<(), Trouble> {
        self.since = Instant::now();
        loop {
            match self.backend.open(self.run.settings.lock_timeout).await {
                Ok(()) => return Ok(()),
                Err(failure) => self.wait_or(failure).await?,
            }
        }
    }

    async fn bring(&mut self, goal: Goal) -> Result<(), Trouble> {
        let mut goal = goal;
        let mut relative = None;
        let mut started = false;
        let mut planned = false;
        let mut last: Option<History> = None;
        let mut in_vain = 0;
        loop {
            let history = self.read().await?;
            // What another run did is there to be seen. What gives way has an end of its own.
            let is_same = last.is_some_and(|last| last.agrees(&history));
            in_vain = if is_same && self.tries.is_none() {
                in_vain + 1
            } else {
                0
            };
            if in_vain > IN_VAIN {
                let kind = ErrorKind::Database {
                    message: NOT_AGREED.to_owned(),
                    sqlstate: None,
                    notes: Vec::new(),
                    help: Vec::new(),
                };
                return Err(Trouble::Error(kind, None));
            }
            last = Some(history.clone());
            self.report.to = history.version();
            if !started {
                self.report.from = history.version();
                started = true;
            }
            if let Some(seen) = relative {
                refuse_overtaken(goal, seen, &history)?;
            }
            let plan = self.plan(&history, goal).await?;
            if plan.is_empty() {
                return Ok(());
            }
            if !planned {
                self.tell_of_older_database().await?;
                planned = true;
            }
            self.run.observer.tell(&Event::Planned { plan: &plan });
            if matches!(goal, Goal::Down(_) | Goal::Redo) {
                relative = Some(history.highest());
            }
            if let Goal::Down(_) = goal {
                // A goal that stays the same while the run gets nearer to it.
                goal = Goal::DownTo(plan.to());
            }
            match self.execute(&plan, history).await {
                Err(Trouble::Stale) => {}
                done => return done,
            }
            if goal == Goal::Redo && !self.report.steps.is_empty() {
                // Down is done, up is left.
                goal = Goal::UpTo(plan.to());
                relative = None;
            }
        }
    }

    /// What ran while the program was compiled may not run on a database that is older.
    async fn tell_of_older_database(&mut self) -> Result<(), Trouble> {
        let Some(verified) = self.run.set.iter().filter_map(|m| m.verified).max() else {
            return Ok(());
        };
        let running = self.backend.release().await;
        let running = running.map_err(|failure| self.outside(failure))?;
        if running < verified {
            let event = Event::OlderDatabase { verified, running };
            self.run.observer.tell(&event);
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<History, Trouble> {
        self.since = Instant::now();
        loop {
            match self.backend.history().await {
                Ok(history) => return Ok(history),
                Err(failure) => self.wait_or(failure).await?,
            }
        }
    }

    async fn plan(&mut self, history: &History, goal: Goal) -> Result<Plan<'m>, Trouble> {
        let mut in_place = 0;
        // Also before a check is asked.
        refuse_foreign(self.run.set, B::DATABASE, B::IS_ASYNC)
            .map_err(|kind| Trouble::Error(kind, None))?;
        if history.rows.is_empty() && matches!(goal, Goal::Up | Goal::UpTo(_)) {
            for migration in self.run.set {
                let Some(check) = migration.check else { break };
                match self.backend.in_place(check).await {
                    Ok(true) => in_place += 1,
                    Ok(false) => break,
                    Err(failure) if matches!(failure.fault, Fault::InTransaction) => {
                        return Err(self.outside(failure));
                    }
                    Err(failure) => {
                        let step = step::check_step(migration);
                        let asked = Order::InPlace(check);
                        return Err(step::failed(&step, &asked, failure, Outcome::RolledBack));
                    }
                }
            }
        }
        let situation = Situation {
            set: self.run.set,
            database: B::DATABASE,
            is_async: B::IS_ASYNC,
            history,
            settings: self.run.settings,
            in_place,
        };
        plan(situation, goal).map_err(|kind| Trouble::Error(kind, None))
    }

    async fn execute(&mut self, plan: &Plan<'_>, history: History) -> Result<(), Trouble> {
        let mut history = history;
        let mut rest = plan.steps();
        while let Some(first) = rest.first() {
            let length = match first.transaction {
                Transaction::Group => {
                    let beside = rest
                        .iter()
                        .take_while(|s| s.transaction == Transaction::Group);
                    beside.count()
                }
                Transaction::Own | Transaction::Stepwise => 1,
            };
            let (now, later) = rest.split_at(length);
            history = match first.transaction {
                Transaction::Stepwise => self.stepwise(first, history).await?,
                Transaction::Own | Transaction::Group => self.transaction(now, history).await?,
            };
            rest = later;
        }
        Ok(())
    }

    /// Performs orders that begin with taking the lock, and waits for it as long as it may.
    ///
    /// Rows without a parent may have been there before. Only when some are found is it worth
    /// while to count those: the migration is rolled back, they are counted, and it runs again.
    async fn perform(
        &mut self,
        orders: &[Order<'_>],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, Stopped> {
        self.since = Instant::now();
        let mut from = 0;
        let mut counted = None;
        loop {
            let mut shifted = |p: Progress| progress(p.shift(from));
            self.began = Instant::now();
            let mut stopped = match self.backend.perform(&orders[from..], &mut shifted).await {
                Ok(answer) => {
                    self.tries = None;
                    return Ok(answer);
                }
                Err(stopped) => stopped,
            };
            stopped.at += from;
            let at = stopped.at;
            match (&stopped.failure.fault, &orders[at]) {
                // A statement that cannot run in a transaction takes a lock of its own.
                (Fault::Busy, Order::Begin | Order::Statements(..))
                    if !stopped.open && self.wait().await =>
                {
                    from = 0;
                }
                (Fault::ForeignKeys(violations), _) if stopped.open && counted != Some(at) => {
                    counted = Some(at);
                    let savepoint = savepoint_before(orders, at);
                    let back = match savepoint {
                        Some(_) => Order::RollbackToSavepoint,
                        None => Order::Rollback,
                    };
                    let count = [back, Order::Baseline(violations.clone())];
                    match self.backend.perform(&count, &mut |_| {}).await {
                        Ok(1..) => from = savepoint.map_or(0, |savepoint| savepoint + 1),
                        Ok(0) => {
                            stopped.open = savepoint.is_some();
                            return Err(stopped);
                        }
                        Err(other) => return Err(Stopped { at, ..other }),
                    }
                }
                _ => return Err(stopped),
            }
        }
    }

    /// Rolls back whatever is open.
    async fn rollback(&mut self, open: bool) {
        if open {
            // A transaction that cannot be rolled back is one the database has ended already.
            let _ = self.backend.perform(&[Order::Rollback], &mut |_| {}).await;
        }
    }

    async fn wait_or(&mut self, failure: Failure) -> Result<(), Trouble> {
        if matches!(failure.fault, Fault::Busy) && self.wait().await {
            Ok(())
        } else {
            Err(self.outside(failure))
        }
    }

    /// Waits a little for the lock; `false` when it has waited long enough.
    async fn wait(&mut self) -> bool {
        let waited = self.since.elapsed();
        let left = self.run.settings.lock_timeout.saturating_sub(waited);
        if left.is_zero() {
            return false;
        }
        self.run.observer.tell(&Event::Waiting { waited });
        // Short enough to be quick, long enough to leave the other alone.
        let pause = (waited / 4).clamp(Duration::from_millis(2), LONGEST_PAUSE);
        self.backend.sleep(pause.min(left)).await;
        true
    }

    fn outside(&self, failure: Failure) -> Trouble {
        outside(failure, self.since.elapsed())
    }

    /// As [`outside`](Runner::outside), while these steps were done. Of a connection that is lost nobody knows
    /// whether the commit has still reached the server.
    fn outside_of(&self, steps: &[Step<'_>], failure: Failure) -> Trouble {
        let is_lost = matches!(failure.fault, Fault::Lost);
        let mut trouble = self.outside(failure);
        if let (true, Trouble::Error(ErrorKind::Database { notes, .. }, _)) =
            (is_lost, &mut trouble)
        {
            notes.push(step::under_way(steps));
        }
        trouble
    }
}

/// A number of versions to take back is about those that were there when it was asked for.
fn refuse_overtaken(goal: Goal, seen: i64, history: &History) -> Result<(), Trouble> {
    let now = history.highest();
    if now > seen || (goal == Goal::Redo && now != seen) {
        let kind = ErrorKind::Overtaken { seen, now };
        return Err(Trouble::Error(kind, None));
    }
    Ok(())
}

/// The savepoint of the step that the order at `at` belongs to.
fn savepoint_before(orders: &[Order<'_>], at: usize) -> Option<usize> {
    let before = orders[..at]
        .iter()
        .rposition(|o| matches!(o, Order::Savepoint | Order::Release));
    before.filter(|at| matches!(orders[*at], Order::Savepoint))
}

/// A failure that is not the fault of a migration.
fn outside(failure: Failure, waited: Duration) -> Trouble {
    let kind = match failure.fault {
        Fault::Busy => ErrorKind::LockTimeout {
            waited,
            holder: failure.told.holder,
        },
        Fault::ReadOnly => ErrorKind::ReadOnly,
        Fault::NotADatabase => ErrorKind::NotADatabase,
        Fault::InTransaction => ErrorKind::InTransaction,
        Fault::ForeignHistory { table, lacking } => ErrorKind::ForeignHistory { table, lacking },
        Fault::Stale => return Trouble::Stale,
        Fault::Lost => ErrorKind::Database {
            message: failure.message,
            sqlstate: failure.told.sqlstate,
            notes: Vec::new(),
            help: vec![LOST.to_owned()],
        },
        Fault::ForeignKeys(_)
        | Fault::TransactionEnded
        | Fault::NotCompiled
        | Fault::LockNotAvailable
        | Fault::Other => ErrorKind::Database {
            message: failure.message,
            sqlstate: failure.told.sqlstate,
            notes: Vec::new(),
            help: failure.told.help,
        },
    };
    Trouble::Error(kind, failure.source)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::backend::sqlite::Sqlite;

    /// The asynchronous verbs promise it of their futures.
    #[test]
    fn the_future_of_a_run_can_be_sent() {
        fn sent<T: Send>(_: &T) {}
        let mut db = rusqlite::Connection::open_in_memory().expect("in memory");
        let settings = Settings::default();
        let observer = Observer::default();
        let mut backend = Sqlite::new(&mut db, &settings.table);
        let verb = Run {
            set: &[],
            settings: &settings,
            observer: &observer,
        };
        sent(&run(&mut backend, verb, Goal::Up));
        sent(&planned(&mut backend, verb, Goal::Up));
        sent(&history(&mut backend));
        sent(&history_and_schema(&mut backend));
    }
}
