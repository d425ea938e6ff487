//! Which order of a message failed, and where.

use std::time::Duration;

use crate::backend::postgres::blocked::HARDLY_WAIT;
use crate::backend::postgres::code::is_code;
use crate::backend::postgres::compose::BEGIN;
use crate::backend::postgres::driver::{Broken, Driver};
use crate::backend::postgres::failure::{failure, is_fatal, lost, place, position};
use crate::backend::postgres::message::Message;
use crate::backend::postgres::{Postgres, UNKNOWN};
use crate::backend::{Failure, Fault, Order};

/// The longest run that is worth another one to find the statement that failed.
const WORTH_ANOTHER_RUN: Duration = Duration::from_secs(10);

/// What is known of a message that failed.
pub(super) struct Found {
    /// The order that failed.
    pub(super) at: usize,
    /// Whether the transaction is open.
    pub(super) open: bool,
    /// Whether any of the message was run.
    pub(super) ran: bool,
    pub(super) failure: Failure,
}

impl Found {
    /// Whether the server does not know a table or a column.
    pub(super) fn is_unknown(&self) -> bool {
        let code = self.failure.told.sqlstate.as_deref();
        code.is_some_and(|code| UNKNOWN.contains(&code))
    }
}

/// How the transaction stands after a failure.
struct Stand {
    open: bool,
    /// The order that set the savepoint to which it was rolled back.
    savepoint: Option<usize>,
}

impl<D: Driver> Postgres<'_, D> {
    /// Finds out what failed of a message, whose first order is the one at `from`. The server tells the
    /// place of most errors, but not of violated constraints; and of those drivers that do not tell how far
    /// a message came, the savepoint of the step does, or running its statements once more, one by one.
    pub(super) async fn find(
        &mut self,
        message: &Message<'_>,
        broken: Broken,
        orders: &[Order<'_>],
        from: usize,
        was_open: bool,
        took: Duration,
    ) -> Found {
        let Broken { error, completed } = broken;
        let found = |at, open, failure| Found {
            at,
            open,
            ran: true,
            failure,
        };
        let Some(db) = error.as_db_error() else {
            // Where it is not the connection, as with rows that the server asks for, all is still open.
            self.rollback().await;
            return found(outside(orders), false, failure(error));
        };
        if is_fatal(db) {
            return found(outside(orders), false, lost(failure(error)));
        }
        // A part of a transaction, behind code.
        let is_later = was_open && from > 0;
        let at_message = position(db).and_then(|at| message.at(at, self.counts_bytes));
        let mut failure = failure(error);
        if matches!(failure.fault, Fault::Busy | Fault::Stale) {
            self.rollback().await;
            return found(outside(orders), false, failure);
        }
        if let Some(completed) = completed {
            let piece = at_message.map_or(completed, |(piece, _)| piece);
            let ran = completed > 0;
            let stand = self.stand_by_count(message, orders, completed, was_open);
            return conclude(message, orders, piece, at_message, &stand, ran, failure);
        }
        if let [piece] = &message.pieces[..] {
            // It is known what failed, and the transaction is what it was.
            let ends = matches!(orders[piece.order], Order::Commit | Order::Rollback);
            let stand = Stand {
                open: was_open && !ends,
                savepoint: None,
            };
            return conclude(message, orders, 0, at_message, &stand, true, failure);
        }
        let stand = self.probe().await;
        let mut ran = stand.open;
        if let Some((piece, _)) = at_message {
            if let (true, Some(piece)) = (is_later, message.pieces.get(piece)) {
                // It was open before, too. That the step has begun tells.
                let step = savepoint_before(orders, piece.order);
                ran = stand.savepoint.is_none_or(|at| step == Some(at));
            }
            return conclude(message, orders, piece, at_message, &stand, ran, failure);
        }
        if !stand.open {
            // The first command or the last: what is between them leaves it open.
            read_only_server(&mut failure);
            let at = match failure.fault {
                Fault::ReadOnly => outside(orders),
                _ => orders
                    .iter()
                    .rposition(|o| matches!(o, Order::Commit))
                    .unwrap_or(0),
            };
            return found(at, false, failure);
        }
        if is_later && stand.savepoint.is_none_or(|at| at + 1 < from) {
            // What code did is gone, so nothing can be tried again; it is the only step that has begun.
            let code = orders[..from].iter().rposition(is_code);
            return found(code.unwrap_or(from), stand.open, failure);
        }
        let first = stand.savepoint.map_or(0, |savepoint| savepoint + 1);
        let piece = match took <= WORTH_ANOTHER_RUN {
            true => {
                let anew = stand.savepoint.is_none() && !was_open;
                // Once more in the queue for the lock would be once too often.
                let hardly_waits = matches!(failure.fault, Fault::LockNotAvailable);
                self.again(message, first, anew, hardly_waits, &failure)
                    .await
            }
            false => None,
        };
        match piece {
            Some(piece) => conclude(message, orders, piece, None, &stand, ran, failure),
            None => {
                let runs = |o: &Order<'_>| matches!(o, Order::Sql(_) | Order::Statements(..));
                let at = orders[first..].iter().position(runs);
                found(at.map_or(first, |at| first + at), stand.open, failure)
            }
        }
    }

    /// Rolls back to the savepoint of the step that failed, if there is one.
    async fn probe(&mut self) -> Stand {
        let sql = "ROLLBACK TO SAVEPOINT _migrate_core_step; \
                   SELECT pg_catalog.current_setting('migrate_core.order', true)";
        match self.driver.send(sql).await {
            Ok(replies) => {
                let row = replies.last().and_then(|reply| reply.rows.first());
                Stand {
                    open: true,
                    savepoint: row.and_then(|row| row.get(0)?.parse().ok()),
                }
            }
            // Outside of a transaction there are no savepoints at all.
            Err(broken) => Stand {
                open: broken
                    .error
                    .code()
                    .is_some_and(|code| code.code() != "25P01"),
                savepoint: None,
            },
        }
    }

    fn stand_by_count(
        &self,
        message: &Message<'_>,
        orders: &[Order<'_>],
        completed: usize,
        was_open: bool,
    ) -> Stand {
        let mut open = was_open;
        for (at, piece) in message.pieces.iter().enumerate() {
            match orders[piece.order] {
                // The second command of it takes the lock.
                Order::Begin if at < completed => open = true,
                // A commit that fails ends the transaction, too.
                Order::Commit | Order::Rollback if at <= completed => open = false,
                _ => {}
            }
        }
        Stand {
            open,
            savepoint: None,
        }
    }

    /// Runs the commands of a message from those of the order `first` on once more, one by one, and
    /// tells which one fails as it did. A transaction that has no savepoint begins anew, and may meet another
    /// run.
    async fn again(
        &mut self,
        message: &Message<'_>,
        first: usize,
        anew: bool,
        hardly_waits: bool,
        before: &Failure,
    ) -> Option<usize> {
        match (anew, hardly_waits) {
            (true, false) => self.driver.send("ROLLBACK").await.map(|_| ()).ok()?,
            // A transaction that is begun once more is only warned of.
            (true, true) => {
                let sql = format!("ROLLBACK; {BEGIN}; {HARDLY_WAIT}");
                self.driver.send(&sql).await.map(|_| ()).ok()?;
            }
            (false, true) => self.driver.send(HARDLY_WAIT).await.map(|_| ()).ok()?,
            (false, false) => {}
        }
        for (at, piece) in message.pieces.iter().enumerate() {
            if piece.order < first {
                continue;
            }
            if let Err(broken) = self.driver.act(message.sql_of(piece)).await {
                let waits = |failure: &Failure| matches!(failure.fault, Fault::LockNotAvailable);
                let now = failure(broken.error);
                let is_same = now.told.sqlstate == before.told.sqlstate;
                return (is_same || waits(&now) && waits(before)).then_some(at);
            }
            // The command that failed is behind this one, or it does not fail any more.
            let next = message.pieces.get(at + 1)?;
            if message.sql_of(next) == "COMMIT" {
                return Some(at + 1);
            }
        }
        None
    }
}

fn conclude(
    message: &Message<'_>,
    orders: &[Order<'_>],
    piece: usize,
    at_message: Option<(usize, usize)>,
    stand: &Stand,
    ran: bool,
    failure: Failure,
) -> Found {
    let mut failure = failure;
    let Some(piece) = message.pieces.get(piece) else {
        return Found {
            at: outside(orders),
            open: stand.open,
            ran,
            failure,
        };
    };
    if matches!(orders[piece.order], Order::Begin) {
        read_only_server(&mut failure);
    }
    if let Some(statement) = piece.statement {
        // Of the migration's own making, or of another server that it asks.
        if matches!(failure.fault, Fault::ReadOnly) {
            failure.fault = Fault::Other;
        }
        failure.offset = Some(place(statement, at_message.map(|(_, within)| within)));
    }
    Found {
        at: piece.order,
        open: stand.open,
        ran,
        failure,
    }
}

/// A standby refuses to begin a transaction that writes, by a code of its own.
fn read_only_server(failure: &mut Failure) {
    if failure.told.sqlstate.as_deref() == Some("0A000") {
        failure.fault = Fault::ReadOnly;
    }
}

/// The savepoint of the step that the order at `at` belongs to.
fn savepoint_before(orders: &[Order<'_>], at: usize) -> Option<usize> {
    let savepoint = |o: &Order<'_>| matches!(o, Order::Savepoint);
    orders[..=at].iter().rposition(savepoint)
}

/// An order of the transaction itself, for what is nobody's fault.
pub(super) fn outside(orders: &[Order<'_>]) -> usize {
    let own = |o: &Order<'_>| matches!(o, Order::Begin | Order::Commit);
    orders.iter().position(own).unwrap_or(0)
}
