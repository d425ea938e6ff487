//! Code of a migration, which runs between two messages of its transaction.
//!
//! It has the connection to itself, so that nothing it may do can be kept from it. What it did to the
//! transaction is found out afterwards.

use crate::backend::postgres::driver::Driver;
use crate::backend::postgres::failure::{failure, is_lost, lost, of_code};
use crate::backend::postgres::find::outside;
use crate::backend::postgres::history::Tables;
use crate::backend::postgres::message::Message;
use crate::backend::postgres::{Postgres, Reply};
use crate::backend::{Failure, Fault, Order, Stopped};
use crate::migration::{BoxError, Check, Code};

/// The transaction, by a name that no other transaction of the server has.
pub(super) const TRANSACTION: &str = "(SELECT l.virtualtransaction FROM pg_catalog.pg_locks l \
     WHERE l.pid = pg_catalog.pg_backend_pid() AND l.virtualxid = l.virtualtransaction)";

/// Set before code runs. It goes with the transaction it was set in.
const SAVEPOINT: &str = "SAVEPOINT _migrate_core_code";
const RELEASE: &str = "RELEASE SAVEPOINT _migrate_core_code";
const ROLLBACK: &str = "ROLLBACK TO SAVEPOINT _migrate_core_code";

/// Until the savepoint is rolled back to.
const READ_ONLY: &str = "SET TRANSACTION READ ONLY";

const NOT_COMPILED: &str = "the code is not part of this program";
const ENDED: &str = "the migration ended the transaction it ran in";
const CHECK_ENDED: &str = "the check ended the transaction it was asked in";
const SWALLOWED: &str = "the code went on after a statement of it had failed, and PostgreSQL keeps nothing of \
     such a transaction: it must return the error, or run in a savepoint what may fail";

/// How things stood before the code ran.
#[derive(Debug, Default)]
pub(super) struct Before {
    transaction: String,
    /// How often the tables of the history were written to.
    written: String,
}

impl Before {
    /// From the answer to what [`enter`] asks last.
    pub(super) fn of(replies: &[Reply]) -> Before {
        let row = replies.last().and_then(|reply| reply.rows.first());
        let value = |at| row.and_then(|row| row.try_get(at).ok().flatten());
        let text = |at| value(at).unwrap_or_default().to_owned();
        Before {
            transaction: text(0),
            written: text(1),
        }
    }
}

/// Whether an order runs code.
pub(super) fn is_code(order: &Order<'_>) -> bool {
    matches!(order, Order::Code(_) | Order::InPlace(_))
}

/// Adds what goes before the code of the order at `at`.
pub(super) fn enter(message: &mut Message<'_>, order: &Order<'_>, at: usize, tables: &Tables) {
    message.push(at, SAVEPOINT);
    match order {
        Order::InPlace(_) => {
            message.push(at, READ_ONLY);
            message.push(at, &format!("SELECT {TRANSACTION}"));
        }
        _ => {
            let written = tables.written_now();
            message.push(at, &format!("SELECT {TRANSACTION}, {written}"));
        }
    }
}

/// What has become of the transaction that code ran in.
enum Stand {
    /// It is open, as it was before the code.
    Open,
    Ended,
    Lost(Failure),
}

impl<D: Driver> Postgres<'_, D> {
    /// Runs the code of the order at `at`.
    pub(super) async fn code(
        &mut self,
        orders: &[Order<'_>],
        at: usize,
        before: &Before,
    ) -> Result<(), Stopped> {
        let done = match &orders[at] {
            Order::Code(code) => self.run_code(code, before).await,
            Order::InPlace(check) => self.still_in_place(*check, before).await,
            _ => Ok(()),
        };
        done.map_err(|(failure, stand)| match stand {
            Stand::Open => Stopped {
                at,
                open: true,
                failure,
            },
            Stand::Ended => Stopped {
                at,
                open: false,
                failure,
            },
            // Nobody's fault: what was not committed is rolled back by the server.
            Stand::Lost(of_server) => {
                self.in_transaction = false;
                let is_lost = is_lost(&failure);
                Stopped {
                    at: outside(orders),
                    open: false,
                    failure: if is_lost { lost(failure) } else { of_server },
                }
            }
        })
    }

    async fn run_code(&mut self, code: &Code<'_>, before: &Before) -> Result<(), (Failure, Stand)> {
        // It may set anything, and may commit that.
        self.is_changed = true;
        let Some(ran) = self.driver.run(code.run).await else {
            let failure = Failure::new(Fault::NotCompiled, NOT_COMPILED);
            return Err((failure, Stand::Open));
        };
        if let Err(error) = ran {
            return Err((of_code(error), self.stand(before).await));
        }
        let Some(tables) = &self.tables else {
            return Err((Failure::new(Fault::Other, ENDED), Stand::Ended));
        };
        let sql = format!("{RELEASE}; SELECT {TRANSACTION}, {}", tables.written_now());
        let after = match self.driver.send(&sql).await {
            Ok(replies) => Before::of(&replies),
            Err(broken) => {
                let mut failure = failure(broken.error);
                let stand = self.stand(before).await;
                if failure.told.sqlstate.as_deref() == Some("25P02") {
                    failure.message = SWALLOWED.to_owned();
                }
                failure.fault = Fault::Other;
                return Err(match stand {
                    Stand::Ended => (Failure::new(Fault::TransactionEnded, ENDED), stand),
                    stand => (failure, stand),
                });
            }
        };
        if after.transaction != before.transaction {
            self.rollback().await;
            let failure = Failure::new(Fault::TransactionEnded, ENDED);
            return Err((failure, Stand::Ended));
        }
        if after.written != before.written {
            let failure = Failure::new(Fault::Other, tables.is_written());
            return Err((failure, Stand::Open));
        }
        Ok(())
    }

    /// Asks the check of a migration that is to be adopted, inside the transaction of the run.
    async fn still_in_place(
        &mut self,
        check: Check,
        before: &Before,
    ) -> Result<(), (Failure, Stand)> {
        let answer = self.driver.ask(check).await;
        let stand = self.stand(before).await;
        let failure = match (judged(answer), &stand) {
            (Ok(true), Stand::Open) => return Ok(()),
            (Ok(false), Stand::Open) => Failure::new(Fault::Stale, "it is not in place any more"),
            (Ok(_), _) => Failure::new(Fault::TransactionEnded, CHECK_ENDED),
            (Err(failure), _) => failure,
        };
        Err((failure, stand))
    }

    /// Asks the check of a migration, in a transaction of its own.
    pub(super) async fn ask_in_place(&mut self, check: Check) -> Result<bool, Failure> {
        if self.is_inside {
            return Err(Failure::new(Fault::InTransaction, "inside a transaction"));
        }
        self.in_transaction = true;
        let sql = format!("BEGIN READ ONLY; {SAVEPOINT}; SELECT {TRANSACTION}");
        let before = Before::of(&self.ask(&sql).await?);
        let answer = self.driver.ask(check).await;
        let stand = self.stand(&before).await;
        self.rollback().await;
        let answer = judged(answer)?;
        match stand {
            Stand::Open => Ok(answer),
            Stand::Ended => Err(Failure::new(Fault::TransactionEnded, CHECK_ENDED)),
            Stand::Lost(failure) => Err(failure),
        }
    }

    /// Finds out what has become of the transaction, and takes back what was done in it since the code
    /// began. One that the code has begun is rolled back.
    async fn stand(&mut self, before: &Before) -> Stand {
        let sql = format!("{ROLLBACK}; SELECT {TRANSACTION}");
        match self.driver.send(&sql).await {
            Ok(replies) if Before::of(&replies).transaction == before.transaction => {
                return Stand::Open;
            }
            Ok(_) => {}
            Err(broken) => {
                let failure = failure(broken.error);
                if is_lost(&failure) {
                    return Stand::Lost(lost(failure));
                }
            }
        }
        self.rollback().await;
        Stand::Ended
    }
}

/// The answer of a check.
fn judged(answer: Option<Result<bool, BoxError>>) -> Result<bool, Failure> {
    match answer {
        Some(answer) => answer.map_err(of_code),
        None => Err(Failure::new(Fault::NotCompiled, NOT_COMPILED)),
    }
}
