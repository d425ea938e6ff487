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
mod denied;
mod driver;
mod failure;
mod find;
mod history;
mod message;
mod perform;
mod quote;
mod session;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use migrate_source::Database;
use migrate_source::schema::Schema;
use migrate_source::sql::{Statement, creates_unnamed_index};
use tokio_postgres::SimpleQueryRow;

use crate::backend::postgres::compose::Composer;
use crate::backend::postgres::denied::Access;
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
    /// As whom the connection acts, once it was asked.
    role: String,
    /// Whether this is a run, and not only a look.
    is_run: bool,
    session: Option<Session>,
    /// Whether it was set that a backslash is an ordinary character.
    set_strings: bool,
    release: i32,
    /// Whether the server knows no characters (`SQL_ASCII`), and tells places in bytes.
    counts_bytes: bool,
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
            role: String::new(),
            is_run: false,
            session: None,
            set_strings: false,
            release: 0,
            counts_bytes: false,
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

    /// Asks for one row.
    async fn ask_row(&mut self, sql: &str) -> Result<Option<SimpleQueryRow>, Failure> {
        let reply = self.ask(sql).await?.into_iter().next();
        Ok(reply.and_then(|reply| reply.rows.into_iter().next()))
    }

    /// Where the history is, and in a run how the connection is: one message.
    async fn look(&mut self) -> Result<(), Failure> {
        let (schema, table) = (self.settings.schema.as_deref(), &self.settings.table);
        if let Some(failure) = history::unusable(schema, table) {
            return Err(failure);
        }
        let mut sql = format!(
            "SELECT pg_catalog.current_schema(), {}, pg_catalog.current_setting('server_version_num'), \
             pg_catalog.current_setting('server_encoding'), current_user;",
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
        self.role = value(4).unwrap_or_default().to_owned();
        self.release = value(2).and_then(|v| v.parse().ok()).unwrap_or(0);
        self.counts_bytes = value(3) == Some("SQL_ASCII");
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
        let row = self.ask_row(&custom::question(&names)).await?;
        let value = |at| row.as_ref().and_then(|row| row.get(at)).unwrap_or_default();
        let values = names.into_iter().enumerate();
        let values: Vec<_> = values
            .map(|(at, name)| (name, value(at).to_owned()))
            .collect();
        if let Some(session) = &mut self.session {
            session.custom.extend(values);
        }
        Ok(())
    }

    /// Puts the connection back to how it was, where it may have been changed.
    async fn put_back(&mut self) -> Result<(), Failure> {
        let Some(session) = self.session.as_ref().filter(|_| self.is_changed) else {
            return Ok(());
        };
        let sql = session.put_back().join(";");
        self.ask(&sql).await?;
        self.is_changed = false;
        Ok(())
    }

    /// Sends what some orders come to.
    async fn send(&mut self, message: &Message<'_>) -> Sent {
        if message.pieces.is_empty() {
            return Ok(Vec::new());
        }
        self.driver.act(&message.sql).await
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
        if let Some(failure) = history::unusable(schema, &self.settings.table) {
            return Err(failure);
        }
        let sql = history::head(schema, &self.settings.table, repeatables);
        let replies = match self.driver.send(&sql).await {
            Ok(replies) => replies,
            Err(broken) if is_unknown(&broken) => return Ok(None),
            Err(broken) => {
                let mut failure = failure(broken.error);
                // Where it is, and who asks, is worth a question now.
                if failure.told.sqlstate.as_deref() == Some(denied::DENIED) {
                    let _ = self.look().await;
                    self.explain_denied(&mut failure, Access::Read);
                }
                return Err(failure);
            }
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
        if !self.in_transaction {
            // With another search path it would be looked for elsewhere.
            self.put_back().await?;
        }
        self.look().await?;
        if self.there == There::default() {
            return Ok(History::default());
        }
        let Some(tables) = &self.tables else {
            return Ok(History::default());
        };
        let sql = tables.read(self.there);
        let replies = self.ask(&sql).await.map_err(|mut failure| {
            self.explain_denied(&mut failure, Access::Read);
            failure
        })?;
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
        self.put_back().await?;
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
        self.perform_in_parts(orders, progress).await
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
        let row = self.ask_row(&sql).await?;
        Ok(row.is_some_and(|row| row.get(0) == Some("t")))
    }

    async fn settle(&mut self, statement: &Statement<'_>) -> Result<bool, Failure> {
        if creates_unnamed_index(statement.text, Database::Postgres) {
            return Err(Failure::new(Fault::Other, alone::UNNAMED));
        }
        let Some(index) = alone::Index::of(statement.text) else {
            return Ok(false);
        };
        let row = self.ask_row(&index.question()).await?;
        let row = row.as_ref();
        let found = row.map(|row| (row.get(0) == Some("t"), row.get(1).unwrap_or_default()));
        if row.is_some_and(|row| row.get(2) == Some("t")) {
            let message = "somebody is at work on the indexes of the table";
            return Err(Failure::new(Fault::Busy, message));
        }
        match (index.creates, found) {
            (true, Some((true, _))) | (false, None) => Ok(true),
            (true, Some((false, name))) => {
                let sql = format!("DROP INDEX CONCURRENTLY {name}");
                let dropped = self.ask(&sql).await.map_err(|mut failure| {
                    // Who was late is in the way of this, too, or has dropped it.
                    let code = failure.told.sqlstate.as_deref();
                    if matches!(code, Some("40P01" | "42704")) {
                        failure.fault = Fault::Busy;
                    }
                    failure
                });
                dropped?;
                Ok(false)
            }
            (true, None) | (false, Some(_)) => Ok(false),
        }
    }

    async fn in_the_way(&mut self, script: &str, offset: Option<usize>) -> Option<Holder> {
        // That it cannot be known is no reason to fail.
        let row = self.ask_row(&blocked::who(script, offset)).await.ok()?;
        failure::holder(row?.get(0)?)
    }

    async fn sleep(&mut self, duration: Duration) {
        self.driver.sleep(duration).await;
    }
}

const NO_COUNTER: &str = "`user_version` is a counter of SQLite's, and PostgreSQL has none";

/// How long a claim is respected before its statement is seen at work.
const CLAIM_SECONDS: u32 = 2;

/// Whether the server does not know a table or a column: there is no history of ours.
fn is_unknown(broken: &Broken) -> bool {
    broken
        .error
        .code()
        .is_some_and(|code| UNKNOWN.contains(&code.code()))
}

/// What the server says of tables and columns that are not there, or of another kind.
const UNKNOWN: &[&str] = &["42P01", "42703", "3F000", "42809", "42883"];
