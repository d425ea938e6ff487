//! A step whose script runs statement by statement, a commit each.

use std::slice;
use std::time::{Duration, Instant};

use migrate_source::Mode;
use migrate_source::sql::Statement;

use crate::backend::{Backend, Failure, Fault, Order, Stopped};
use crate::engine::orders::{Orders, Part};
use crate::engine::step::failed;
use crate::engine::{Runner, Trouble};
use crate::error::{ErrorKind, Outcome};
use crate::history::{Applied, History, milliseconds};
use crate::migration::{Body, Script};
use crate::observer::{self, Event};
use crate::plan::Step;
use crate::units::{self, Claim, Mark};

/// Something of a script that is done in one go.
struct Piece<'p> {
    statements: &'p [Statement<'p>],
    /// Whether it is a transaction under the lock, which all is that can be.
    locked: bool,
    /// What is recorded with it.
    record: Option<Part>,
}

/// How often a statement is tried that was taken over from another run.
const TRIES: u32 = 3;

impl<B: Backend> Runner<'_, '_, B> {
    /// Does a step whose script runs statement by statement.
    pub(super) async fn stepwise(
        &mut self,
        step: &Step<'_>,
        before: History,
    ) -> Result<History, Trouble> {
        let Some(Body::Sql(script)) = &step.body else {
            unreachable!("only SQL runs statement by statement");
        };
        self.run.observer.tell(&Event::Started { step });
        let began = Instant::now();
        self.bare(&[Order::Enforce(script.foreign_keys)]).await?;
        let after = if script.mode == Mode::Repeat && step.resume == 0 {
            self.repeat(step, script, before).await?
        } else {
            let before = self.set_again(step, script, before).await?;
            self.units(step, script, before).await?
        };
        self.bare(&[Order::PutBack]).await?;
        let done = observer::done(step, began.elapsed());
        self.run.observer.tell(&Event::Finished { done: &done });
        self.keep(vec![done], after.version());
        Ok(after)
    }

    /// Sets what the statements that have run already have set for those behind them, on this connection or on
    /// that of another run.
    async fn set_again(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        before: History,
    ) -> Result<History, Trouble> {
        let settings = units::settings(script, B::DATABASE, step.resume);
        if settings.is_empty() {
            return Ok(before);
        }
        let piece = Piece {
            statements: &settings,
            locked: false,
            record: None,
        };
        self.piece(step, script, piece, step.resume, before).await
    }

    async fn units(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        before: History,
    ) -> Result<History, Trouble> {
        let clock = Clock::new(step, &before);
        let mut mark = Mark::new(script, B::DATABASE, step.action);
        let left = units::left(script, B::DATABASE, step.resume);
        let mut history = before;
        let mut kept = step.resume;
        if left.is_empty() {
            // All of it had run, and what followed was edited away.
            let piece = clock.record(&[], None);
            return self.piece(step, script, piece, kept, history).await;
        }
        for (at, unit) in left.iter().enumerate() {
            let statements = &unit.statements[..];
            let begun = mark.at(kept);
            let is_last = at + 1 == left.len();
            let resume_at = (!is_last).then(|| mark.at(unit.end));
            // What an author put between `BEGIN` and `COMMIT` is more than this one.
            let is_single = unit.end == kept + 1;
            if unit.atomic && !(is_single && is_begun::<B>(step, &history, statements)) {
                let piece = clock.record(statements, resume_at.clone());
                let before = is_single.then(|| history.clone());
                match (self.piece(step, script, piece, kept, history).await, before) {
                    (Err(trouble), Some(before)) if refuses_transactions(&trouble) => {
                        history = before
                    }
                    (done, _) => {
                        history = done?;
                        kept = unit.end;
                        continue;
                    }
                }
            }
            history = self
                .alone(step, script, (&clock, &begun), statements, kept, history)
                .await?;
            let piece = clock.record(&[], resume_at);
            history = self.piece(step, script, piece, kept, history).await?;
            kept = unit.end;
        }
        Ok(history)
    }

    /// Runs a statement that cannot be in a transaction. That it was begun is recorded before.
    ///
    /// Nothing locks others out meanwhile: a lock would be lost between the connections of a pooler.
    /// Where runs can meet, each claims the statement first, and leaves it alone while another that
    /// claimed it is at work.
    async fn alone(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        (clock, mark): (&Clock, &str),
        statements: &[Statement<'_>],
        kept: usize,
        before: History,
    ) -> Result<History, Trouble> {
        let mut history = before;
        let bare = || Piece {
            statements,
            locked: false,
            record: None,
        };
        let (Some(token), [statement]) = (self.backend.token(), statements) else {
            if row(step, &history).is_none_or(Applied::is_finished) {
                let begun = clock.record(&[], Some(mark.to_owned()));
                history = self.piece(step, script, begun, kept, history).await?;
            }
            return self.piece(step, script, bare(), kept, history).await;
        };
        let claim = Claim::new(Some(token), statement.text, B::DATABASE);
        let earlier = self.until_unclaimed(step, &history).await?;
        let claimed = clock.record(&[], Some(claim.on(mark)));
        history = self.piece(step, script, claimed, kept, history).await?;
        let earlier = earlier.filter(|earlier| earlier.is_about(&claim));
        // Who was taken for gone, and did not give up, may be late.
        let is_contested = earlier.as_ref().is_some_and(|e| e.token.is_some());
        let mut tries = if is_contested { TRIES } else { 1 };
        let trouble = loop {
            if earlier.is_some() && self.settle(statement).await? {
                return Ok(history);
            }
            tries -= 1;
            let ran = self.piece(step, script, bare(), kept, history.clone());
            let trouble = match ran.await {
                Ok(after) => return Ok(after),
                Err(trouble) => trouble,
            };
            if tries == 0 {
                break trouble;
            }
            let claimed = clock.record(&[], Some(claim.on(mark)));
            let claimed = self.piece(step, script, claimed, kept, history.clone());
            match claimed.await {
                Ok(_) => {}
                Err(Trouble::Stale) => return Err(Trouble::Stale),
                Err(_) => break trouble,
            }
        };
        // What was refused for what is there, or is not, has left nothing: that is not to be taken for its work.
        let resume_at = match !is_contested && is_about_others(&trouble) {
            true => mark.to_owned(),
            false => claim.given_up().on(mark),
        };
        let record = clock.record(&[], Some(resume_at));
        // Without it, the next run waits a little before it takes the claim for abandoned. Where
        // that has happened already, another run is at work on it, and is why this failed.
        match self.piece(step, script, record, kept, history).await {
            Err(Trouble::Stale) => Err(Trouble::Stale),
            _ => Err(trouble),
        }
    }

    /// Clears away what another run may have left of a statement, once nobody is at work on it. Tells whether
    /// all of it was done.
    async fn settle(&mut self, statement: &Statement<'_>) -> Result<bool, Trouble> {
        self.since = Instant::now();
        loop {
            match self.backend.settle(statement).await {
                Ok(is_done) => return Ok(is_done),
                Err(failure) => self.wait_or(failure).await?,
            }
        }
    }

    /// Waits while another run is at work on a statement that it claimed. Gives the claim, if one was
    /// left.
    async fn until_unclaimed(
        &mut self,
        step: &Step<'_>,
        history: &History,
    ) -> Result<Option<Claim>, Trouble> {
        let unfinished = row(step, history).and_then(|row| row.resume_at.as_deref());
        let Some((resume_at, claim)) = unfinished.and_then(|r| Some((r, Claim::of(r)?))) else {
            return Ok(None);
        };
        let Some(token) = &claim.token else {
            return Ok(Some(claim));
        };
        let version = step.version().unwrap_or(0);
        self.since = Instant::now();
        loop {
            let asked = self.backend.is_claimed(version, resume_at, token).await;
            if !asked.map_err(|failure| self.outside(failure))? {
                return Ok(Some(claim));
            }
            let busy = "another run is at work on a statement";
            self.wait_or(Failure::new(Fault::Busy, busy)).await?;
        }
    }

    async fn piece(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        piece: Piece<'_>,
        kept: usize,
        before: History,
    ) -> Result<History, Trouble> {
        let mut orders = Orders::new(self.run.set, self.run.settings, &before);
        if piece.locked {
            orders.begin(&before);
        }
        if !piece.statements.is_empty() {
            orders.push(Some(0), Order::Statements(script, piece.statements));
            if piece.locked {
                orders.push(Some(0), Order::ForeignKeys);
            }
        }
        if let Some(part) = piece.record {
            orders.book(0, step, part);
        }
        if piece.locked {
            orders.push(None, Order::Commit);
        }
        match self.perform(&orders.orders, &mut |_| {}).await {
            Ok(_) => Ok(orders.after),
            Err(stopped) => {
                let outcome = Outcome::Stopped { statements: kept };
                Err(self.stopped(&orders, step, outcome, stopped).await)
            }
        }
    }

    async fn repeat(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        before: History,
    ) -> Result<History, Trouble> {
        let clock = Clock::new(step, &before);
        let begun = Mark::new(script, B::DATABASE, step.action).at(0);
        let mut history = before;
        for count in 1..=self.run.settings.repeat_limit {
            let bitten = Instant::now();
            let spent_ms = clock.spent_ms();
            let kept = Outcome::Repeated { times: count - 1 };
            let mut bite = Orders::new(self.run.set, self.run.settings, &history);
            bite.begin(&history);
            bite.push(Some(0), Order::Sql(script));
            bite.push(Some(0), Order::ForeignKeys);
            let changed = match self.perform(&bite.orders, &mut |_| {}).await {
                Ok(changed) => changed,
                Err(stopped) => return Err(self.stopped(&bite, step, kept, stopped).await),
            };
            let finished = changed == 0;
            let mut record = Orders::new(self.run.set, self.run.settings, &history);
            let part = Part {
                resume_at: (!finished).then(|| begun.clone()),
                spent_ms,
            };
            record.book(0, step, part);
            record.push(None, Order::Commit);
            if let Err(stopped) = self.backend.perform(&record.orders, &mut |_| {}).await {
                return Err(self.stopped(&record, step, kept, stopped).await);
            }
            history = record.after;
            if finished {
                return Ok(history);
            }
            self.run.observer.tell(&Event::Repeated {
                step,
                count,
                rows: changed,
            });
            let pause = pause_after(bitten.elapsed());
            self.backend.sleep(pause).await;
        }
        Err(Trouble::Error(
            ErrorKind::RepeatLimit {
                version: step.version().unwrap_or(0),
                steps: self.run.settings.repeat_limit,
            },
            None,
        ))
    }

    /// The script has come to a stop; what it committed before is kept.
    async fn stopped(
        &mut self,
        orders: &Orders<'_>,
        step: &Step<'_>,
        outcome: Outcome,
        stopped: Stopped,
    ) -> Trouble {
        let Stopped { at, open, failure } = stopped;
        self.rollback(open).await;
        if self.gives_way(&failure, &orders.orders) {
            let order = &orders.orders[at];
            return self.give_way(step, order, failure, outcome).await;
        }
        let is_own = orders.step[at].is_some()
            && match failure.fault {
                Fault::Stale => false,
                Fault::Busy => open,
                _ => true,
            };
        if !is_own {
            return self.outside_of(slice::from_ref(step), failure);
        }
        failed(step, &orders.orders[at], failure, outcome)
    }

    async fn bare(&mut self, orders: &[Order<'_>]) -> Result<(), Trouble> {
        let performed = self.backend.perform(orders, &mut |_| {}).await;
        performed
            .map(|_| ())
            .map_err(|stopped| self.outside(stopped.failure))
    }
}

/// How long a run leaves the lock to others after a bite that took `bite`.
///
/// SQLite has no queue for its lock. Who waits with `sqlite3_busy_timeout` sleeps and asks again, the
/// longer it has waited the later, by a table in SQLite's `main.c` (1, 2, 5, 10, 15, 20, 25, 25, 25,
/// 50, 50 and then 100 ms). A pause of that length meets everybody who began to wait during the bite.
fn pause_after(bite: Duration) -> Duration {
    const SLEEPS: [(u64, u64); 5] = [(228, 100), (128, 50), (53, 25), (33, 20), (18, 15)];
    let waited = |(waited, _): &&(u64, u64)| bite >= Duration::from_millis(*waited);
    match SLEEPS.iter().find(waited) {
        Some((_, sleep)) => Duration::from_millis(sleep + 2),
        // Bites this short keep nobody waiting for long.
        None => bite / 4,
    }
}

/// The time that a script has taken, with that of the runs that stopped before.
struct Clock {
    began: Instant,
    before_ms: i64,
}

impl Clock {
    fn new(step: &Step<'_>, history: &History) -> Clock {
        let before = row(step, history).filter(|row| !row.is_finished());
        Clock {
            began: Instant::now(),
            before_ms: before.map_or(0, |row| row.duration_ms),
        }
    }

    fn spent_ms(&self) -> i64 {
        self.before_ms
            .saturating_add(milliseconds(self.began.elapsed()))
    }

    /// Statements in a transaction, with the record of how far the script has come by them.
    fn record<'p>(&self, statements: &'p [Statement<'p>], resume_at: Option<String>) -> Piece<'p> {
        Piece {
            statements,
            locked: true,
            record: Some(Part {
                resume_at,
                spent_ms: self.spent_ms(),
            }),
        }
    }
}

/// Whether a statement was refused because it was in a transaction. Nothing of it was kept.
fn refuses_transactions(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Error(ErrorKind::Sql { failed }, _) => failed.refuses_transactions(),
        _ => false,
    }
}

/// Whether a statement was refused for something of its name that is there already, or is not there.
fn is_about_others(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Error(ErrorKind::Sql { failed }, _) => failed.is_about_others(),
        _ => false,
    }
}

/// Whether a statement was begun outside of a transaction by a run that did not finish it, or has not yet.
fn is_begun<B: Backend>(step: &Step<'_>, history: &History, statements: &[Statement<'_>]) -> bool {
    let claim = row(step, history).and_then(|row| Claim::of(row.resume_at.as_deref()?));
    let [statement] = statements else {
        return false;
    };
    claim.is_some_and(|claim| claim.is_about(&Claim::new(None, statement.text, B::DATABASE)))
}

fn row<'h>(step: &Step<'_>, history: &'h History) -> Option<&'h Applied> {
    step.version().and_then(|version| history.row(version))
}
