//! One transaction, one stepwise script, and what to say when they fail.

use std::time::{Duration, Instant};

use migrate_source::place::Place;

use crate::backend::{Backend, Failure, Fault, Order, Progress, Stopped};
use crate::engine::orders::{Orders, Part, is_repeat};
use crate::engine::{LONGEST_PAUSE, Runner, Trouble, is_recorded, outside};
use crate::error::{ErrorKind, Failed, Outcome};
use crate::history::History;
use crate::migration::{Body, Id, Migration, Script};
use crate::observer::{self, Event};
use crate::plan::{Step, Transaction, version_after};
use crate::report::{Action, Done};
use crate::units::{self, Unit};

impl<'m, B: Backend> Runner<'_, 'm, B> {
    /// Does whole steps in one transaction. When one of a group fails, it is rolled back alone:
    /// what came before it is committed.
    pub(super) async fn transaction(
        &mut self,
        steps: &[Step<'_>],
        before: History,
    ) -> Result<History, Trouble> {
        let orders = Orders::transaction(self.run.set, self.run.settings, steps, &before);
        let mut watch = Watch::new(steps, &orders.step, self.run.observer);
        let began = Instant::now();
        let performed = self
            .perform(&orders.orders, &mut |progress| watch.see(progress))
            .await;
        let Watch { done, .. } = watch;
        let Err(Stopped { at, open, failure }) = performed else {
            let after = orders.after;
            self.keep(done, after.version());
            return Ok(after);
        };
        let Some(step) = orders.step[at] else {
            self.rollback(open).await;
            return Err(outside(failure, began.elapsed()));
        };
        if matches!(failure.fault, Fault::Stale) {
            self.rollback(open).await;
            return Err(outside(failure, began.elapsed()));
        }
        let ended = match failure.fault {
            Fault::TransactionEnded => true,
            Fault::ForeignKeys(_) => false,
            // A script that fails can lose its transaction only to the database, which rolls back.
            _ => !open && matches!(steps[step].body, Some(Body::Code(_))),
        };
        let outcome = if ended {
            self.escaped(open, steps, done).await
        } else if open && step > 0 {
            let kept = done.into_iter().take(step).collect();
            self.keep_before(kept, version_after(&before, &steps[..step]))
                .await
        } else {
            self.rollback(open).await;
            if open || step == 0 {
                Outcome::RolledBack
            } else {
                Outcome::GroupRolledBack
            }
        };
        Err(failed(&steps[step], failure, outcome))
    }

    /// Commits what a group did before the step that failed.
    async fn keep_before(&mut self, done: Vec<Done>, version: i64) -> Outcome {
        let keep = [Order::RollbackToSavepoint, Order::Release, Order::Commit];
        match self.backend.perform(&keep, &mut |_| {}).await {
            Ok(_) => {
                self.keep(done, version);
                Outcome::RolledBack
            }
            Err(stopped) => {
                self.rollback(stopped.open).await;
                Outcome::GroupRolledBack
            }
        }
    }

    /// A migration has ended the transaction: only the history knows what was committed with it.
    async fn escaped(&mut self, open: bool, steps: &[Step<'_>], done: Vec<Done>) -> Outcome {
        self.rollback(open).await;
        let Ok(history) = self.backend.history().await else {
            return Outcome::Escaped;
        };
        let before = done.len();
        let kept = steps.iter().zip(done).filter(|(step, _)| {
            let is_there = match &step.id {
                Id::Version(version) => history.row(*version).is_some(),
                Id::Repeatable(name) => history.repeated(name).is_some(),
            };
            is_there == is_recorded(step.action)
        });
        let kept: Vec<Done> = kept.map(|(_, done)| done).collect();
        let is_lost = kept.len() < before;
        self.keep(kept, history.version());
        if is_lost {
            Outcome::GroupRolledBack
        } else {
            Outcome::Escaped
        }
    }

    /// Does a step whose script runs statement by statement, a commit each.
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
        self.unmarked(&[Order::Enforce(script.foreign_keys)])
            .await?;
        let after = if is_repeat(step) {
            self.repeat(step, script, before).await?
        } else {
            self.units(step, script, before).await?
        };
        let done = observer::done(step, began.elapsed());
        self.run.observer.tell(&Event::Finished { done: &done });
        self.keep(vec![done], after.version());
        Ok(after)
    }

    async fn units(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        before: History,
    ) -> Result<History, Trouble> {
        let began = Instant::now();
        let left = units::left(script, B::DATABASE, step.resume);
        let mut history = before;
        let mut kept = step.resume;
        if left.is_empty() {
            // All of it had run, and what followed was edited away.
            history = self
                .part(step, script, &[], kept, Part::default(), history)
                .await?;
        }
        for (at, unit) in left.iter().enumerate() {
            let is_last = at + 1 == left.len();
            let mut part = Part {
                resume_at: (!is_last).then(|| units::resume_at(script, B::DATABASE, unit.end)),
                spent_ms: milliseconds(began.elapsed()),
            };
            if step.action == Action::Down && !is_last {
                // The history knows how far an up has come; a down is recorded at its end.
                history = self.unrecorded(step, script, unit, kept, history).await?;
            } else if unit.atomic {
                history = self
                    .part(step, script, &unit.statements, kept, part, history)
                    .await?;
            } else {
                if step.action == Action::Up && history.row(step.version().unwrap_or(0)).is_none() {
                    let claim = Part {
                        resume_at: Some(units::resume_at(script, B::DATABASE, kept)),
                        spent_ms: 0,
                    };
                    history = self.part(step, script, &[], kept, claim, history).await?;
                }
                history = self.unrecorded(step, script, unit, kept, history).await?;
                part.spent_ms = milliseconds(began.elapsed());
                history = self.part(step, script, &[], kept, part, history).await?;
            }
            kept = unit.end;
        }
        Ok(history)
    }

    /// One transaction: statements of a script, and the record of how far it has come.
    async fn part(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        statements: &[migrate_source::sql::Statement<'_>],
        kept: usize,
        part: Part,
        before: History,
    ) -> Result<History, Trouble> {
        let mut orders = Orders::new(self.run.set, self.run.settings, &before);
        orders.begin(&before);
        if !statements.is_empty() {
            orders.push(Some(0), Order::Statements(script, statements));
            orders.push(Some(0), Order::ForeignKeys);
        }
        orders.book(0, step, part);
        orders.push(None, Order::Commit);
        match self.perform(&orders.orders, &mut |_| {}).await {
            Ok(_) => Ok(orders.after),
            Err(stopped) => {
                let outcome = stopped_after(step, kept);
                Err(self.stopped(&orders, step, outcome, stopped).await)
            }
        }
    }

    /// Statements whose record follows later: those of a down before its last, which the history
    /// has no place for, and those that cannot run in a transaction.
    async fn unrecorded(
        &mut self,
        step: &Step<'_>,
        script: &Script<'_>,
        unit: &Unit<'_>,
        kept: usize,
        before: History,
    ) -> Result<History, Trouble> {
        let mut orders = Orders::new(self.run.set, self.run.settings, &before);
        if unit.atomic {
            orders.begin(&before);
        }
        orders.push(Some(0), Order::Statements(script, &unit.statements));
        if unit.atomic {
            orders.push(Some(0), Order::ForeignKeys);
            orders.push(None, Order::Commit);
        }
        match self.perform(&orders.orders, &mut |_| {}).await {
            Ok(_) => Ok(orders.after),
            Err(stopped) => {
                let outcome = stopped_after(step, kept);
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
        let began = Instant::now();
        let mut history = before;
        for count in 1..=self.run.settings.repeat_limit {
            let bitten = Instant::now();
            let kept = Outcome::Repeated { times: count - 1 };
            let mut bite = Orders::new(self.run.set, self.run.settings, &history);
            bite.begin(&history);
            bite.push(Some(0), Order::Sql(script));
            bite.push(Some(0), Order::ForeignKeys);
            let changed = match self.perform(&bite.orders, &mut |_| {}).await {
                Ok(changed) => changed,
                Err(stopped) => return Err(self.stopped(&bite, step, kept, stopped).await),
            };
            let mut record = Orders::new(self.run.set, self.run.settings, &history);
            let finished = changed == 0;
            if step.action == Action::Up || finished {
                let part = Part {
                    resume_at: (!finished).then(|| units::resume_at(script, B::DATABASE, 0)),
                    spent_ms: milliseconds(began.elapsed()),
                };
                record.book(0, step, part);
            }
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
            // SQLite has no queue for its lock: who wants it asks now and then, and would hardly
            // ever meet the moment between two bites if that had no length.
            let pause = (bitten.elapsed() / 4).min(LONGEST_PAUSE);
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

    /// A stepwise script has come to a stop; what it committed before is kept.
    async fn stopped(
        &mut self,
        orders: &Orders<'_>,
        step: &Step<'_>,
        outcome: Outcome,
        stopped: Stopped,
    ) -> Trouble {
        let Stopped { at, open, failure } = stopped;
        self.rollback(open).await;
        let is_own = orders.step[at].is_some()
            && match failure.fault {
                Fault::Stale => false,
                Fault::Busy => open,
                _ => true,
            };
        if !is_own {
            return self.outside(failure);
        }
        failed(step, failure, outcome)
    }

    async fn unmarked(&mut self, orders: &[Order<'_>]) -> Result<(), Trouble> {
        let performed = self.backend.perform(orders, &mut |_| {}).await;
        performed
            .map(|_| ())
            .map_err(|stopped| self.outside(stopped.failure))
    }

    fn keep(&mut self, done: Vec<Done>, version: i64) {
        self.report.steps.extend(done);
        self.report.to = version;
    }
}

/// Sees the orders of a transaction go by, and tells the observer of the steps they belong to.
struct Watch<'w> {
    steps: &'w [Step<'w>],
    owners: &'w [Option<usize>],
    observer: &'w observer::Observer<'w>,
    /// The step under way. What is done once more within it is no other start.
    started: Option<usize>,
    took: Duration,
    done: Vec<Done>,
}

impl<'w> Watch<'w> {
    fn new(
        steps: &'w [Step<'w>],
        owners: &'w [Option<usize>],
        observer: &'w observer::Observer<'w>,
    ) -> Watch<'w> {
        Watch {
            steps,
            owners,
            observer,
            started: None,
            took: Duration::ZERO,
            done: Vec::new(),
        }
    }

    fn see(&mut self, progress: Progress) {
        let (Progress::Before(at) | Progress::After(at, _)) = progress;
        let Some(step) = self.owners[at] else { return };
        match progress {
            Progress::Before(_) if self.started != Some(step) => {
                self.started = Some(step);
                self.took = Duration::ZERO;
                self.observer.tell(&Event::Started {
                    step: &self.steps[step],
                });
            }
            Progress::Before(_) => {}
            Progress::After(_, took) => {
                self.took += took;
                if self.owners.get(at + 1) != Some(&Some(step)) {
                    let done = observer::done(&self.steps[step], self.took);
                    self.observer.tell(&Event::Finished { done: &done });
                    self.done.push(done);
                }
            }
        }
    }
}

/// What became of a script of which the first statements are kept. The history knows how far an up
/// has come; a down begins again.
fn stopped_after(step: &Step<'_>, statements: usize) -> Outcome {
    match (step.action, statements) {
        (Action::Down, 0) => Outcome::RolledBack,
        (Action::Down, _) => Outcome::Escaped,
        _ => Outcome::Stopped { statements },
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A step for the check of a migration, to speak of it when it fails.
pub(super) fn check_step<'m>(migration: &'m Migration<'m>) -> Step<'m> {
    Step {
        action: Action::Adopt,
        id: migration.id.clone(),
        description: migration.description().into(),
        body: Some(migration.up.clone()),
        migration: Some(migration),
        transaction: Transaction::Own,
        resume: 0,
    }
}

/// The failure of a step, with its place in the file.
pub(super) fn failed(step: &Step<'_>, failure: Failure, outcome: Outcome) -> Trouble {
    let place = match (&step.body, failure.offset) {
        (Some(Body::Sql(script)), Some((offset, length))) => Some(Place::at(
            &script.file,
            &script.sql,
            script.line,
            offset,
            length,
        )),
        _ => None,
    };
    let failed = Box::new(Failed {
        version: step.version(),
        description: step.description().to_owned(),
        message: failure.message,
        code: failure.code,
        file: step.file().unwrap_or_default().to_owned(),
        place,
        outcome,
    });
    let kind = match failure.fault {
        Fault::ReadOnly => ErrorKind::ReadOnly,
        Fault::ForeignKeys(violations) => ErrorKind::ForeignKeys { failed, violations },
        Fault::TransactionEnded => ErrorKind::TransactionEnded { failed },
        Fault::NotCompiled => ErrorKind::CodeNotCompiled {
            version: step.version().unwrap_or(0),
            file: failed.file,
        },
        _ if matches!(step.body, Some(Body::Code(_))) => ErrorKind::Code { failed },
        _ => ErrorKind::Sql { failed },
    };
    Trouble::Error(kind, failure.source)
}
