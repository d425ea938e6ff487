//! Orders to the commands of a message.

use std::ops::Range;

use migrate_source::Database;
use migrate_source::sql::single_statements;

use crate::backend::Order;
use crate::backend::postgres::alone;
use crate::backend::postgres::blocked;
use crate::backend::postgres::code::{self, is_code};
use crate::backend::postgres::history::{Tables, There};
use crate::backend::postgres::message::Message;
use crate::backend::postgres::session::{self, Session};

/// The transaction of a run. It reads what is committed now, whatever the connection's default is:
/// another run may have been at work until the lock was free.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Notes what step this is, and when it began.
const STEP: &str = "SELECT pg_catalog.set_config('migrate_core.began', \
     (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()))::pg_catalog.text, true), \
     pg_catalog.set_config('migrate_core.order', ";

/// Looks at what is deferred, and lets constraints be deferred again that are by their definition: `SET
/// CONSTRAINTS` lasts until the end of the transaction, and a later migration is to run as it does alone.
/// They are named, since `ALL` would also mean those that a later one makes. A name means all constraints of a
/// schema that have it, so that those which differ are left to the commit.
const LOOK_AT_DEFERRED: &str = "DECLARE names text; later text; BEGIN \
     SELECT pg_catalog.string_agg(name, ', '), pg_catalog.string_agg(name, ', ') FILTER (WHERE deferred) \
     INTO names, later FROM (SELECT pg_catalog.bool_and(c.condeferred) AS deferred, \
     pg_catalog.format('%I.%I', n.nspname, c.conname) AS name \
     FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace \
     WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid) \
     GROUP BY n.nspname, c.conname HAVING pg_catalog.bool_and(c.condeferrable) \
     AND pg_catalog.bool_and(c.condeferred) = pg_catalog.bool_or(c.condeferred)) AS c; \
     IF names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || names || ' IMMEDIATE'; END IF; \
     IF later IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || later || ' DEFERRED'; END IF; END";

pub(super) struct Composer<'s> {
    pub(super) tables: &'s Tables,
    pub(super) session: &'s Session,
    pub(super) there: There,
    pub(super) create_schema: bool,
    /// Whether the statements of a file before these may have changed the connection, and later ones of it
    /// are to find it so.
    pub(super) is_changed: bool,
    /// What sets how long a statement may wait for a lock.
    pub(super) timeout: Option<String>,
    /// What statements outside of a transaction are marked with.
    pub(super) token: &'s str,
}

impl Composer<'_> {
    /// The message that does the `part` of `orders`. `is_open` tells whether the transaction is open already.
    pub(super) fn compose<'o>(
        &self,
        orders: &'o [Order<'_>],
        part: Range<usize>,
        is_open: bool,
    ) -> Message<'o> {
        let mut message = Message::default();
        let is_group = orders.iter().any(|o| matches!(o, Order::Savepoint));
        let mut repeated = self.there.repeated;
        let last_code = orders[..part.start].iter().rposition(is_code);
        let put_back = |o: &Order<'_>| matches!(o, Order::PutBack);
        // What code does to the connection is not known.
        let mut may_change =
            last_code.is_some_and(|at| !orders[at..part.start].iter().any(put_back));
        let mut in_transaction = is_open;
        let mut is_own_role = !self.is_changed;
        // It may have set one in a transaction before, which is to last.
        let sets_timeout = |o: &Order<'_>| match o {
            Order::Statements(script, _) => blocked::sets_timeout(&script.sql),
            _ => false,
        };
        let timeout = self.timeout.as_deref();
        let timeout = timeout.filter(|_| !orders.iter().any(sets_timeout));
        for (at, order) in orders.iter().enumerate().take(part.end).skip(part.start) {
            if order.writes_history() && !std::mem::replace(&mut is_own_role, true) {
                for sql in self.session.own_role() {
                    message.push(at, &sql);
                }
            }
            match order {
                Order::Begin => {
                    message.push(at, BEGIN);
                    timeout.inspect(|sql| message.push(at, sql));
                    message.block(at, &self.tables.lock());
                    in_transaction = true;
                    if self.is_changed {
                        for sql in self.session.own_role() {
                            message.push(at, &sql);
                        }
                    }
                }
                Order::Create { repeatables } => {
                    for sql in self
                        .tables
                        .create(self.there, self.create_schema, *repeatables)
                    {
                        message.push(at, &sql);
                    }
                    repeated |= repeatables;
                }
                Order::Expect(expected) => {
                    message.block(at, &self.tables.expect(expected, repeated));
                    // While it is the caller's role that asks.
                    if orders.iter().any(|o| matches!(o, Order::Statements(..))) {
                        message.push(at, &self.tables.note_written());
                    }
                    if self.is_changed {
                        message.push(at, session::NOTED_ROLE);
                    }
                }
                Order::Savepoint => {
                    message.push(at, &format!("{STEP}'{at}', true)"));
                    message.push(at, "SAVEPOINT _migrate_core_step");
                }
                Order::Release => message.push(at, "RELEASE SAVEPOINT _migrate_core_step"),
                Order::RollbackToSavepoint => {
                    message.push(at, "ROLLBACK TO SAVEPOINT _migrate_core_step");
                }
                Order::Commit => {
                    message.push(at, "COMMIT");
                    in_transaction = false;
                }
                Order::Rollback => {
                    message.push(at, "ROLLBACK");
                    in_transaction = false;
                }
                Order::Sql(script) => {
                    may_change |= session::may_change(&script.sql);
                    message.push(at, &self.tables.note_written());
                    for statement in single_statements(&script.sql, Database::Postgres) {
                        message.statement(at, statement.text, statement.offset);
                    }
                    message.block(at, &self.tables.expect_unwritten());
                }
                Order::Statements(_, statements) => {
                    if !in_transaction {
                        message.mark(&alone::mark(self.token));
                    }
                    for statement in *statements {
                        let changes = session::may_change(statement.text);
                        may_change |= changes;
                        is_own_role &= !changes;
                        message.statement(at, statement.text, statement.offset);
                    }
                    if in_transaction {
                        message.block(at, &self.tables.expect_unwritten());
                    }
                }
                // What is deferred until the commit is looked at now, while it is known whose it is.
                Order::ForeignKeys if is_group => message.block(at, LOOK_AT_DEFERRED),
                Order::ForeignKeys => message.push(at, "SET CONSTRAINTS ALL IMMEDIATE"),
                // Outside of a transaction nobody has kept in mind what ran before.
                Order::PutBack => {
                    if std::mem::take(&mut may_change) || !in_transaction {
                        for sql in self.session.put_back() {
                            message.push(at, &sql);
                        }
                        timeout
                            .filter(|_| in_transaction)
                            .inspect(|sql| message.push(at, sql));
                    }
                }
                Order::Record(row) => message.push(at, &self.tables.record(row)),
                Order::RecordRepeated(row) => message.push(at, &self.tables.record_repeated(row)),
                Order::Resume(version, resume_at) => {
                    message.push(at, &self.tables.resume(*version, resume_at));
                }
                Order::Erase(version) => message.push(at, &self.tables.erase(*version)),
                Order::EraseRepeated(name) => message.push(at, &self.tables.erase_repeated(name)),
                Order::Chain(version, chain) => {
                    message.push(at, &self.tables.chain(*version, chain));
                }
                // Foreign keys are always enforced, a counter is refused before, and code is run between
                // messages.
                Order::Enforce(_)
                | Order::Code(_)
                | Order::InPlace(_)
                | Order::Counter(_)
                | Order::Baseline(_) => {}
            }
        }
        if let Some(order) = orders.get(part.end).filter(|order| is_code(order)) {
            code::enter(&mut message, order, part.end, self.tables);
        }
        message
    }
}
