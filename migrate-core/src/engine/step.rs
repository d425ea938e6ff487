//! Whole steps in one transaction, and what to say when one fails.

use std::time::Duration;

use migrate_source::place::Place;
use migrate_source::sql;

use crate::backend::{Backend, Failure, Fault, Order, Progress, Stopped};
use crate::engine::orders::Orders;
use crate::engine::{Runner, Trouble};
use crate::error::{ErrorKind, Failed, Outcome};
use crate::history::History;
use crate::migration::{Body, Id, Migration};
use crate::observer::{self, Event};
use crate::plan::{Step, Transaction, version_after};
use crate::report::{Action, Done};

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
        let performed = self
            .perform(&orders.orders, &mut |progress| watch.see(progress))
            .await;
        let Watch { done, .. } = watch;
        let Err(Stopped { at, open, failure }) = performed else {
            let after = orders.after;
            self.keep(done, after.version());
            return Ok(after);
        };
        let gives_way = self.gives_way(&failure, &orders.orders);
        let owner = match orders.step[at] {
            // What is around the steps keeps the first from being begun.
            None if gives_way => Some(0),
            owner => owner.filter(|_| !matches!(failure.fault, Fault::Stale)),
        };
        let Some(step) = owner else {
            self.rollback(open).await;
            return Err(self.outside_of(steps, failure));
        };
        let ended = match failure.fault {
            Fault::TransactionEnded => true,
            Fault::ForeignKeys(_) => false,
            // A script that fails can lose its transaction only to the database, which rolls back.
            _ => !open && matches!(steps[step].body, Some(Body::Code(_))),
        };
        let is_kept = !ended && open && step > 0;
        let outcome = if ended {
            self.escaped(open, steps, done).await
        } else if is_kept {
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
        if is_kept && outcome == Outcome::RolledBack && is_of_the_group(&failure) {
            // It begins anew, in a transaction in which nothing is before it.
            return Err(Trouble::Stale);
        }
        let (step, order) = (&steps[step], &orders.orders[at]);
        Err(match gives_way {
            true => self.give_way(step, order, failure, outcome).await,
            false => failed(step, order, failure, outcome),
        })
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
            is_there == step.action.records()
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

    pub(super) fn keep(&mut self, done: Vec<Done>, version: i64) {
        self.report.steps.extend(done);
        self.report.to = version;
        self.tries = None;
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

/// What was being done when the connection was lost.
pub(super) fn under_way(steps: &[Step<'_>]) -> String {
    let label = |step: &Step<'_>| match step.version() {
        Some(version) => format!("migration {version} \"{}\"", step.description()),
        None => format!("the repeatable migration `{}`", step.description()),
    };
    let what = match steps {
        [] => return "nothing was under way".to_owned(),
        [step] if step.action == Action::Down => format!("the down of {}", label(step)),
        [step] => label(step),
        [first, .., last] => format!("{} to {}, in one transaction", label(first), label(last)),
    };
    format!("under way: {what}; whether it was committed, the status tells")
}

/// Whether a step failed for what came before it in its transaction, in words of PostgreSQL: all of it
/// together holds more locks than there is room for (`out_of_memory`), or it adds a value to an enum which this
/// step uses (`unsafe_new_enum_value_usage`).
fn is_of_the_group(failure: &Failure) -> bool {
    matches!(failure.told.sqlstate.as_deref(), Some("53200" | "55P04"))
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
pub(super) fn failed(
    step: &Step<'_>,
    order: &Order<'_>,
    failure: Failure,
    outcome: Outcome,
) -> Trouble {
    if order.writes_history() && matches!(failure.fault, Fault::Other) {
        let message = match step.version() {
            Some(version) => format!("the history of migration {version} cannot be written"),
            None => format!("the history of `{}` cannot be written", step.description()),
        };
        let message = format!("{message}: {}", failure.message);
        let kind = ErrorKind::Database {
            message,
            sqlstate: failure.told.sqlstate,
            notes: Vec::new(),
            help: failure.told.help,
        };
        return Trouble::Error(kind, failure.source);
    }
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
    // What is adopted does not run, but its check does.
    let file = step.file().or(step.migration.map(Migration::file));
    let failed = Box::new(Failed {
        version: step.version(),
        description: step.description().to_owned(),
        action: step.action,
        message: failure.message,
        code: failure.told.code,
        sqlstate: failure.told.sqlstate,
        detail: failure.told.detail,
        hint: failure.told.hint,
        file: file.unwrap_or_default().to_owned(),
        place,
        outcome,
    });
    let kind = match failure.fault {
        Fault::ReadOnly => ErrorKind::ReadOnly,
        Fault::ForeignKeys(violations) => ErrorKind::ForeignKeys {
            failed,
            violations,
            drops_table: drops_table(step),
        },
        Fault::TransactionEnded => ErrorKind::TransactionEnded { failed },
        Fault::NotCompiled => ErrorKind::CodeNotCompiled {
            version: step.version().unwrap_or(0),
            file: failed.file,
        },
        _ if matches!(step.body, Some(Body::Code(_))) => ErrorKind::Code { failed },
        _ if matches!(order, Order::InPlace(_)) => ErrorKind::Code { failed },
        _ => ErrorKind::Sql { failed },
    };
    Trouble::Error(kind, failure.source)
}

fn drops_table(step: &Step<'_>) -> bool {
    let (Some(sql), Some(migration)) = (step.sql(), step.migration) else {
        return false;
    };
    let database = migration.database;
    let all = sql::single_statements(sql, database);
    all.iter()
        .any(|statement| sql::drops_table(statement.text, database))
}
