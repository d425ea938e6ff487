//! PostgreSQL, through postgres and tokio-postgres.
//!
//! What belongs to one transaction is sent as one message of simple queries, `BEGIN` and `COMMIT`
//! included. The lock, and the history that the plan was made for, are asked for in statements of that
//! message which raise when the answer is no: what follows in it does not run then.
//!
//! Sources: chapters "Message Flow" (simple query), "Explicit Locking" (advisory locks), "Transaction
//! Isolation", and the pages of the commands in PostgreSQL's manual.

// The synchronous verbs are generic over connections, whose trait names these types.
#![cfg_attr(not(feature = "postgres"), allow(unreachable_pub))]

mod alone;
mod blocked;
mod code;
mod compose;
mod custom;
mod driver;
mod failure;
mod find;
mod history;
mod message;
mod quote;
mod session;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use migrate_source::Database;
use migrate_source::schema::Schema;
use migrate_source::sql::{Statement, creates_unnamed_index, tokens};
use tokio_postgres::SimpleColumn;

use crate::backend::postgres::code::{Before, is_code};
use crate::backend::postgres::compose::Composer;
use crate::backend::postgres::driver::{Broken, Driver, Reply};
use crate::backend::postgres::failure::failure;
use crate::backend::postgres::history::{Tables, There};
use crate::backend::postgres::message::Message;
use crate::backend::postgres::session::Session;
use crate::backend::{Backend, Failure, Fault, Order, Progress, Stopped};
use crate::error::Holder;
use crate::history::{Head, History};
use crate::migration::Check;
use crate::settings::Settings;

/// A connection to PostgreSQL, for the time of one verb.
pub struct Postgres<'c, D: Driver> {
    driver: D,
    settings: &'c Settings,
    /// The tables, once it is known in which schema they are.
    tables: Option<Tables>,
    there: There,
    /// Whether this is a run, and not only a look.
    is_run: bool,
    session: Option<Session>,
    /// Whether it was set that a backslash is an ordinary character.
    set_strings: bool,
    release: i32,
    /// What statements outside of a transaction are marked with.
    token: String,
    /// Whether such statements, or code, may have changed how the connection is.
    is_changed: bool,
    /// Whether the connection was inside a transaction of the caller's when it was looked at.
    is_inside: bool,
    /// Whether a transaction of ours is open, or may be.
    in_transaction: bool,
}

/// What came of a message that was sent.
type Sent = Result<Vec<Reply>, Broken>;

impl<'c, D: Driver> Postgres<'c, D> {
    pub(crate) fn new(driver: D, settings: &'c Settings) -> Postgres<'c, D> {
        Postgres {
            driver,
            settings,
            tables: None,
            there: There::default(),
            is_run: false,
            session: None,
            set_strings: false,
            release: 0,
            token: String::new(),
            is_changed: false,
            is_inside: false,
            in_transaction: false,
        }
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Reply>, Failure> {
        let sent = self.driver.send(sql).await;
        sent.map_err(|broken| failure(broken.error))
    }

    /// Where the history is, and in a run how the connection is: one message.
    async fn look(&mut self) -> Result<(), Failure> {
        let (schema, table) = (self.settings.schema.as_deref(), &self.settings.table);
        let mut sql = format!(
            "SELECT pg_catalog.current_schema(), {}, pg_catalog.current_setting('server_version_num');",
            history::IN_TRANSACTION
        );
        sql.push_str(&history::columns(schema, table));
        sql.push_str(&history::elsewhere(table));
        let asks_session = self.is_run && self.session.is_none();
        if asks_session {
            sql.push_str(session::READ);
        }
        let replies = self.ask(&sql).await?;
        let [place, columns, elsewhere, session @ ..] = &replies[..] else {
            return Err(Failure::new(Fault::Other, "the server left out an answer"));
        };
        let place = place.rows.first();
        let value = |at| place.and_then(|row| row.get(at));
        self.is_inside = value(1) == Some("t");
        if self.is_run && self.is_inside {
            return Err(Failure::new(Fault::InTransaction, "inside a transaction"));
        }
        self.release = value(2).and_then(|v| v.parse().ok()).unwrap_or(0);
        let Some(schema) = schema.or(value(0)) else {
            return Err(Failure::new(
                Fault::Other,
                "no schema of the search path exists: name the one of the history with the setting `schema`",
            ));
        };
        // It was the first when the history was made. To begin anew would run everything twice.
        let elsewhere = elsewhere.rows.first().and_then(|row| row.get(0));
        if let (None, Some(other)) = (&self.settings.schema, elsewhere) {
            let message = format!(
                "the search path begins with the schema `{schema}`, which has no history, but `{other}` has one: \
                 name the schema of the history with the setting `schema`"
            );
            return Err(Failure::new(Fault::Other, message));
        }
        self.tables = Some(Tables::new(schema, table));
        self.there = history::there(table, &columns.rows)?;
        if asks_session {
            self.session = Some(Session::of(session));
        }
        Ok(())
    }

    /// Makes plain strings mean what they meant when the migrations were read. A message is read as a
    /// whole before any of it runs, so this takes one of its own.
    async fn plain_backslash(&mut self) -> Result<(), Failure> {
        let is_plain = |session: &Session| session.plain_backslash;
        if self.set_strings || self.session.as_ref().is_none_or(is_plain) {
            return Ok(());
        }
        self.set_strings = true;
        self.ask("SET standard_conforming_strings = on").await?;
        Ok(())
    }

    /// Keeps in mind what those settings are that no catalog lists, before a script sets them.
    async fn remember_custom(&mut self, orders: &[Order<'_>]) -> Result<(), Failure> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let scripts = orders.iter().filter_map(|order| match order {
            Order::Sql(script) | Order::Statements(script, _) => Some(&script.sql),
            _ => None,
        });
        let mut names: BTreeSet<String> = scripts.flat_map(|sql| custom::names(sql)).collect();
        names.retain(|name| session.custom.iter().all(|(known, _)| known != name));
        if names.is_empty() {
            return Ok(());
        }
        let replies = self.ask(&custom::question(&names)).await?;
        let row = replies.first().and_then(|reply| reply.rows.first());
        let value = |at| row.and_then(|row| row.get(at)).unwrap_or_default();
        let values = names.into_iter().enumerate();
        let values: Vec<_> = values
            .map(|(at, name)| (name, value(at).to_owned()))
            .collect();
        if let Some(session) = &mut self.session {
            session.custom.extend(values);
        }
        Ok(())
    }

    /// Sends what some orders come to.
    async fn send(&mut self, message: &Message<'_>) -> Sent {
        if message.pieces.is_empty() {
            return Ok(Vec::new());
        }
        self.driver.send(&message.sql).await
    }

    /// Rolls back whatever is open.
    async fn rollback(&mut self) {
        let _ = self.driver.send("ROLLBACK").await;
        self.in_transaction = false;
    }

    fn composer(&self) -> Result<Composer<'_>, Failure> {
        let (Some(tables), Some(session)) = (&self.tables, &self.session) else {
            return Err(Failure::new(Fault::Other, "the history was not read"));
        };
        Ok(Composer {
            tables,
            session,
            there: self.there,
            create_schema: self.settings.create_schema,
            is_changed: self.is_changed,
            timeout: blocked::set_timeout(self.settings.statement_lock_timeout),
            token: &self.token,
        })
    }
}

/// A future that is dropped, an observer that panics: what is open is rolled back before anything
/// else is done on the connection. An asynchronous driver sends what it was polled for once.
impl<D: Driver> Drop for Postgres<'_, D> {
    fn drop(&mut self) {
        let mut now = Context::from_waker(Waker::noop());
        if self.in_transaction {
            let _ = pin!(self.driver.send("ROLLBACK")).poll(&mut now);
        }
        if let Some(session) = self.session.as_ref().filter(|_| self.is_changed) {
            let sql = session.put_back().join(";");
            let _ = pin!(self.driver.send(&sql)).poll(&mut now);
        }
        if self.set_strings {
            let reset = "SET standard_conforming_strings = off";
            let _ = pin!(self.driver.send(reset)).poll(&mut now);
        }
    }
}

impl<D: Driver> Backend for Postgres<'_, D> {
    const DATABASE: Database = Database::Postgres;
    const IS_ASYNC: bool = D::IS_ASYNC;

    async fn head(&mut self, repeatables: bool) -> Result<Option<Head>, Failure> {
        let schema = self.settings.schema.as_deref();
        let sql = history::head(schema, &self.settings.table, repeatables);
        let replies = match self.driver.send(&sql).await {
            Ok(replies) => replies,
            Err(broken) if is_unknown(&broken) => return Ok(None),
            Err(broken) => return Err(failure(broken.error)),
        };
        let Some(last) = replies.first().and_then(|reply| reply.rows.first()) else {
            return Ok(None);
        };
        if last.get(0) == Some("t") {
            return Err(Failure::new(Fault::InTransaction, "inside a transaction"));
        }
        let repeated = replies.get(1).map_or(&[][..], |reply| &reply.rows);
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Ok(Some(Head {
            chain: last.get(1).map(str::to_owned),
            unfinished: last.get(2) == Some("t"),
            repeated: repeated
                .iter()
                .map(|row| (text(row.get(0)), text(row.get(1))))
                .collect(),
        }))
    }

    async fn history(&mut self) -> Result<History, Failure> {
        self.look().await?;
        if self.there == There::default() {
            return Ok(History::default());
        }
        let Some(tables) = &self.tables else {
            return Ok(History::default());
        };
        let sql = tables.read(self.there);
        let replies = self.ask(&sql).await?;
        history::history(self.there, &replies)
    }

    /// It is not known yet what the migrations of this database make.
    async fn schema(&mut self) -> Result<Schema, Failure> {
        Ok(Schema::default())
    }

    async fn release(&mut self) -> Result<i32, Failure> {
        if self.release == 0 {
            self.look().await?;
        }
        Ok(self.release)
    }

    async fn in_place(&mut self, check: Check) -> Result<bool, Failure> {
        self.ask_in_place(check).await
    }

    /// Nothing is asked yet: what a run must know travels with the history.
    async fn open(&mut self, _: Duration) -> Result<(), Failure> {
        if self.settings.user_version {
            return Err(Failure::new(Fault::Other, NO_COUNTER));
        }
        self.is_run = true;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Failure> {
        self.is_run = false;
        if self.in_transaction {
            self.rollback().await;
        }
        if let Some(session) = self.session.as_ref().filter(|_| self.is_changed) {
            let sql = session.put_back().join(";");
            self.ask(&sql).await?;
        }
        if std::mem::take(&mut self.set_strings) {
            self.ask("SET standard_conforming_strings = off").await?;
        }
        Ok(())
    }

    async fn perform(
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

    fn token(&mut self) -> Option<String> {
        let random = RandomState::new().build_hasher().finish();
        self.token = format!("{random:016x}");
        Some(self.token.clone())
    }

    async fn is_claimed(
        &mut self,
        version: i64,
        resume_at: &str,
        token: &str,
    ) -> Result<bool, Failure> {
        let Some(tables) = &self.tables else {
            return Ok(false);
        };
        let sql = tables.is_claimed(version, resume_at, &alone::mark(token), CLAIM_SECONDS);
        let replies = self.ask(&sql).await?;
        let row = replies.first().and_then(|reply| reply.rows.first());
        Ok(row.is_some_and(|row| row.get(0) == Some("t")))
    }

    async fn settle(&mut self, statement: &Statement<'_>) -> Result<bool, Failure> {
        if creates_unnamed_index(statement.text, Database::Postgres) {
            return Err(Failure::new(Fault::Other, alone::UNNAMED));
        }
        let Some(index) = alone::Index::of(statement.text) else {
            return Ok(false);
        };
        let replies = self.ask(&index.question()).await?;
        let row = replies.first().and_then(|reply| reply.rows.first());
        let found = row.map(|row| (row.get(0) == Some("t"), row.get(1).unwrap_or_default()));
        if row.is_some_and(|row| row.get(2) == Some("t")) {
            let message = "somebody is at work on the indexes of the table";
            return Err(Failure::new(Fault::Busy, message));
        }
        match (index.creates, found) {
            (true, Some((true, _))) | (false, None) => Ok(true),
            (true, Some((false, name))) => {
                let sql = format!("DROP INDEX CONCURRENTLY {name}");
                self.ask(&sql).await?;
                Ok(false)
            }
            (true, None) | (false, Some(_)) => Ok(false),
        }
    }

    async fn in_the_way(&mut self, script: &str, offset: Option<usize>) -> Option<Holder> {
        // That it cannot be known is no reason to fail.
        let replies = self.ask(&blocked::who(script, offset)).await.ok()?;
        failure::holder(replies.first()?.rows.first()?.get(0)?)
    }

    async fn sleep(&mut self, duration: Duration) {
        self.driver.sleep(duration).await;
    }
}

impl<D: Driver> Postgres<'_, D> {
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
                // A table that is no history has come in its place.
                self.rollback().await;
                found.failure.fault = Fault::Stale;
                found.open = false;
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

const NO_COUNTER: &str = "`user_version` is a counter of SQLite's, and PostgreSQL has none";

/// How long a claim is respected before its statement is seen at work.
const CLAIM_SECONDS: u32 = 2;

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

/// Whether the server does not know a table or a column: there is no history of ours.
fn is_unknown(broken: &Broken) -> bool {
    broken
        .error
        .code()
        .is_some_and(|code| UNKNOWN.contains(&code.code()))
}

/// What the server says of tables and columns that are not there, or of another kind.
const UNKNOWN: &[&str] = &["42P01", "42703", "3F000", "42809", "42883"];

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
        Order::Sql(script) | Order::Statements(script, _) => Some((at, is_open(&script.sql)?)),
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
