//! Doing orders: message by message, with code in between.

use std::ops::Range;
use std::time::{Duration, Instant};

use migrate_source::Database;
use migrate_source::sql::{psql_command, single_statements, tokens};
use tokio_postgres::SimpleColumn;

use crate::backend::postgres::code::{Before, is_code};
use crate::backend::postgres::denied::Access;
use crate::backend::postgres::driver::{Driver, Reply};
use crate::backend::postgres::failure::place;
use crate::backend::postgres::message::Message;
use crate::backend::postgres::{Postgres, history};
use crate::backend::{Failure, Fault, Order, Progress, Stopped};

impl<D: Driver> Postgres<'_, D> {
    /// Does orders, up to the first that fails.
    pub(super) async fn perform_in_parts(
        &mut self,
        orders: &[Order<'_>],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<u64, Stopped> {
        if let Err(failure) = self.plain_backslash().await {
            return Err(Stopped {
                at: 0,
                open: false,
                failure,
            });
        }
        if let Err(failure) = self.remember_custom(orders).await {
            return Err(Stopped {
                at: 0,
                open: self.in_transaction,
                failure,
            });
        }
        let (mut at, mut told, mut answer) = (0, 0, 0);
        let mut before = Before::default();
        while at < orders.len() {
            let end = end_of_part(orders, at);
            if is_code(&orders[at]) {
                tell_start(progress, &mut told, at, orders.len());
                self.code(orders, at, &before).await?;
                // How long it took is told with its record.
                progress(Progress::After(at, Duration::ZERO));
                at += 1;
            }
            let outcome = self.part(orders, at..end, progress, &mut told).await?;
            answer = outcome.answer.unwrap_or(answer);
            before = outcome.before;
            at = end;
        }
        Ok(answer)
    }

    /// Does a part of the orders, as one message.
    async fn part(
        &mut self,
        orders: &[Order<'_>],
        part: Range<usize>,
        progress: &mut (dyn FnMut(Progress) + Send),
        told: &mut usize,
    ) -> Result<Outcome, Stopped> {
        let stopped = |at, open, failure| Stopped { at, open, failure };
        let start = part.start;
        // Up to where orders can be done, and why not further.
        let (mut end, mut end_failure) = match refused(orders, &part) {
            Some((at, failure)) => (at, Some(failure)),
            None => (part.end, None),
        };
        loop {
            let was_open = self.in_transaction;
            let message = match self.composer() {
                Ok(composer) => composer.compose(orders, start..end, was_open),
                Err(failure) => return Err(stopped(start, was_open, failure)),
            };
            // Of what a message does, only its first step is known to be under way.
            let first = orders[start..end].iter().position(runs);
            let known = first.map_or(0, |first| start + first + 1).max(*told);
            (*told..known).for_each(|at| progress(Progress::Before(at)));
            *told = known;
            self.in_transaction |= orders[start..end].iter().any(|o| matches!(o, Order::Begin));
            // Also where it fails, or nobody waits for the answer.
            let statements = |o: &Order<'_>| matches!(o, Order::Statements(..));
            self.is_changed |= orders[start..end].iter().any(statements);
            let began = Instant::now();
            let broken = match self.send(&message).await {
                Ok(replies) => {
                    let outcome = Outcome::of(&message, &replies, orders.len(), began.elapsed());
                    self.performed(&orders[start..end]);
                    tell(progress, told, start..end, &outcome.took);
                    let Some(failure) = end_failure.take() else {
                        return Ok(outcome);
                    };
                    tell_start(progress, told, end, orders.len());
                    return Err(stopped(end, self.in_transaction, failure));
                }
                Err(broken) => broken,
            };
            let mut found = self
                .find(&message, broken, orders, start, was_open, began.elapsed())
                .await;
            if matches!(orders[found.at], Order::Expect(_)) && found.is_unknown() {
                self.rollback().await;
                found.open = false;
                // The history has gone, or a table that is none has come in its place. Where neither is so, to
                // begin anew would not end.
                let before = self.there;
                match self.look().await {
                    Ok(()) if self.there != before => found.failure.fault = Fault::Stale,
                    Ok(()) => {}
                    Err(failure) => found.failure = failure,
                }
            }
            if let Some(access) = Access::of(&orders[found.at]) {
                self.explain_denied(&mut found.failure, access);
            }
            self.in_transaction = found.open;
            let is_part = !was_open || start > 0;
            if !found.ran && is_part && steps_before(orders, start, found.at) {
                // The server refused the whole message, for what it could not read. What comes
                // before in the same transaction is to be kept.
                if was_open {
                    let back = self.driver.send("ROLLBACK TO SAVEPOINT _migrate_core_step");
                    let _ = back.await;
                }
                end = found.at;
                end_failure = Some(found.failure);
                continue;
            }
            tell(progress, told, start..found.at, &[]);
            tell_start(progress, told, found.at, orders.len());
            return Err(stopped(found.at, found.open, found.failure));
        }
    }

    /// Notes what is so now that these orders were done.
    fn performed(&mut self, orders: &[Order<'_>]) {
        for order in orders {
            match order {
                Order::Statements(..) => self.is_changed = true,
                Order::PutBack => self.is_changed = false,
                Order::Begin => self.in_transaction = true,
                Order::Commit | Order::Rollback => self.in_transaction = false,
                _ => {}
            }
        }
        let created = orders.iter().find_map(|order| match order {
            Order::Create { repeatables } => Some(*repeatables),
            _ => None,
        });
        if let Some(repeatables) = created {
            self.there.history = true;
            self.there.repeated |= repeatables;
        }
    }
}

/// What was done by a message that ran to its end.
struct Outcome {
    /// How long each order took, as far as that is known.
    took: Vec<Duration>,
    answer: Option<u64>,
    /// How things stand for the code that is next.
    before: Before,
}

impl Outcome {
    fn of(message: &Message<'_>, replies: &[Reply], orders: usize, all: Duration) -> Outcome {
        let mut outcome = Outcome {
            took: vec![Duration::ZERO; orders],
            answer: None,
            before: Before::of(replies),
        };
        let mut is_timed = false;
        let mut changed = None;
        for (piece, reply) in message.pieces.iter().zip(replies) {
            let took = reply.rows.first().filter(|row| {
                let name = row.columns().first().map(SimpleColumn::name);
                name == Some(history::TOOK) && piece.statement.is_none()
            });
            if let Some(took) = took.and_then(|row| row.get(0)?.parse().ok()) {
                outcome.took[piece.order] = Duration::from_micros(took);
                is_timed = true;
            }
            if piece.statement.is_some() {
                let (order, count) = changed.unwrap_or((piece.order, 0));
                let before = if order == piece.order { count } else { 0 };
                changed = Some((piece.order, before + reply.count));
            }
        }
        if let Some((order, count)) = changed {
            outcome.answer = Some(count);
            if !is_timed {
                outcome.took[order] = all;
            }
        }
        outcome
    }
}

/// Tells of orders as done.
fn tell(
    progress: &mut (dyn FnMut(Progress) + Send),
    told: &mut usize,
    orders: Range<usize>,
    took: &[Duration],
) {
    for at in orders {
        if at >= *told {
            progress(Progress::Before(at));
            *told = at + 1;
        }
        progress(Progress::After(
            at,
            took.get(at).copied().unwrap_or_default(),
        ));
    }
}

/// Tells of the order at `at` as begun.
fn tell_start(
    progress: &mut (dyn FnMut(Progress) + Send),
    told: &mut usize,
    at: usize,
    orders: usize,
) {
    if at >= *told && at < orders {
        progress(Progress::Before(at));
        *told = at + 1;
    }
}

/// Whether an order runs something of a migration's.
fn runs(order: &Order<'_>) -> bool {
    matches!(order, Order::Sql(_) | Order::Statements(..))
}

/// Where the message ends that begins with the order at `from`: before code, which runs between
/// messages. Behind code it ends with the next step's savepoint: when the server refuses the rest as a
/// whole, it is rolled back to that, and what the code did is kept.
fn end_of_part(orders: &[Order<'_>], from: usize) -> usize {
    let rest = &orders[from + 1..];
    let code = rest.iter().position(is_code);
    let savepoint = rest.iter().position(|o| matches!(o, Order::Savepoint));
    let savepoint = savepoint.filter(|_| is_code(&orders[from]));
    let ends = [code, savepoint.map(|at| at + 1)];
    let end = ends.into_iter().flatten().min();
    end.map_or(orders.len(), |end| from + 1 + end)
}

/// Whether a step of a group that begins with or behind the order at `from` comes to its end before the
/// one at `at`.
fn steps_before(orders: &[Order<'_>], from: usize, at: usize) -> bool {
    let part = orders.get(from..at).unwrap_or_default();
    part.iter().any(|o| matches!(o, Order::Release))
}

/// The first order of a part that cannot be sent, and why.
fn refused(orders: &[Order<'_>], part: &Range<usize>) -> Option<(usize, Failure)> {
    part.clone().find_map(|at| match &orders[at] {
        Order::Sql(script) | Order::Statements(script, _) => {
            let failure = is_open(&script.sql).or_else(|| asks_for_rows(&script.sql));
            Some((at, failure?))
        }
        _ => None,
    })
}

/// Why a script cannot be sent that ends inside of a quote or a comment: what is written behind it in the message
/// would be part of that. Such an up or down is a problem when the folder is read; one that the history keeps
/// may come from anywhere.
fn is_open(script: &str) -> Option<Failure> {
    let open = tokens(script, Database::Postgres).find(|token| !token.closed)?;
    let first_line = open.text.lines().next().map_or(0, str::len);
    let mut failure = Failure::new(
        Fault::Other,
        "the script ends inside of a quote or a comment",
    );
    failure.offset = Some((open.offset, first_line));
    Some(failure)
}

/// Why a script cannot be sent with a `COPY` whose rows come from the client, or go there: of simple queries that
/// is no part. It is a problem, too, when a folder is read.
fn asks_for_rows(script: &str) -> Option<Failure> {
    let statements = single_statements(script, Database::Postgres);
    statements.into_iter().find_map(|statement| {
        let command = psql_command(statement.text, Database::Postgres)?;
        let is_copy = command.starts_with("COPY");
        let message = format!("only psql can run `{command}`");
        let mut failure = Failure::new(Fault::Other, message);
        failure.offset = Some(place((statement.text, statement.offset), None));
        is_copy.then_some(failure)
    })
}
