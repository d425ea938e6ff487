//! The SQL of the history.

use std::sync::Arc;

use hmac_sha256::Hash;
use migrate_source::sql::quoted_name as name;
use tokio_postgres::SimpleQueryRow;

use crate::backend::postgres::blocked::{HOLDER, OF_DATABASE};
use crate::backend::postgres::driver::Reply;
use crate::backend::postgres::quote::{LONGEST_NAME, block, optional, text};
use crate::backend::tables::{self, COLUMNS, REPEATED_COLUMNS, repeatable};
use crate::backend::{Failure, Fault};
use crate::history::{Applied, History, Repeated};

/// RFC 3339, UTC, to the millisecond.
const APPLIED_AT: &str =
    "pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";

/// The seconds since the step began, or the transaction where it is the only one.
const RAN: &str = "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) - coalesce(\
    nullif(pg_catalog.current_setting('migrate_core.began', true), '')::pg_catalog.float8, \
    pg_catalog.date_part('epoch', pg_catalog.now()))";

/// The name of the column in which a record tells how long its step ran, in microseconds.
pub(super) const TOOK: &str = "_migrate_core_took";

/// The names of the tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub(super) schema: String,
    pub(super) table: String,
}

/// Which of the tables there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct There {
    pub(super) history: bool,
    pub(super) repeated: bool,
}

/// Why the names of the settings cannot be used: the server cuts off what is too long without a word, and the
/// catalogs know nothing of what was cut off.
pub(super) fn unusable(schema: Option<&str>, table: &str) -> Option<Failure> {
    let check = |what: &str, name: &str, longest: usize| {
        let why = match name {
            "" => "is empty".to_owned(),
            name if name.contains('\0') => "has a NUL in it".to_owned(),
            name if name.len() > longest => {
                format!("is too long: it has {} bytes of {longest}", name.len())
            }
            _ => return None,
        };
        let message = format!(
            "the name of the history's {what}, `{}`, {why}",
            name.escape_debug()
        );
        Some(Failure::new(Fault::Other, message))
    };
    let beside = repeatable("").len();
    schema
        .and_then(|schema| check("schema", schema, LONGEST_NAME))
        .or_else(|| check("table", table, LONGEST_NAME - beside))
}

/// The end of the history, in one question that needs no name of a schema. `schema` is that of the
/// settings.
pub(super) fn head(schema: Option<&str>, table: &str, repeatables: bool) -> String {
    let from = |table: &str| match schema {
        Some(schema) => format!("{}.{}", name(schema), name(table)),
        // A table of that name further down the search path, or a temporary one, is not meant.
        None => format!(
            "{} WHERE tableoid = pg_catalog.to_regclass(pg_catalog.quote_ident(\
             pg_catalog.current_schema()) || '.' || {})",
            name(table),
            text(&name(table))
        ),
    };
    let mut sql = format!(
        "SELECT {IN_TRANSACTION}, last.chain, last.unfinished FROM (SELECT 1) AS one LEFT JOIN \
         (SELECT chain, resume_at IS NOT NULL AS unfinished FROM {} ORDER BY version DESC LIMIT 1) \
         AS last ON true;",
        from(table)
    );
    if repeatables {
        sql.push_str(&format!(
            "SELECT name, checksum FROM {};",
            from(&repeatable(table))
        ));
    }
    sql
}

/// Whether the connection is inside a transaction of the caller's: a transaction of a message's own
/// begins with the message.
pub(super) const IN_TRANSACTION: &str = "pg_catalog.now() <> pg_catalog.statement_timestamp()";

/// The columns of both tables: table, column, whether the column is of the key. Whatever else has the name of one is
/// in its place, too: an index, a sequence, a table without a column.
pub(super) fn columns(schema: Option<&str>, table: &str) -> String {
    let schema = schema.map_or_else(|| "pg_catalog.current_schema()".to_owned(), text);
    format!(
        "SELECT c.relname, a.attname, coalesce(a.attnum = ANY (i.indkey), false) \
         FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary \
         WHERE n.nspname = {schema} AND c.relname IN ({}, {}) \
         ORDER BY c.relname, a.attnum;",
        text(table),
        text(&repeatable(table)),
    )
}

/// The schema of the search path that has a table of this name, with columns that none but a history
/// has, where the current one has none.
pub(super) fn elsewhere(table: &str) -> String {
    format!(
        "SELECT n.nspname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname = {table} AND n.nspname = ANY (pg_catalog.current_schemas(false)) \
         AND 2 = (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid \
         AND a.attname IN ('chain', 'resume_at') AND NOT a.attisdropped) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_class o WHERE o.relname = {table} \
         AND o.relnamespace = (SELECT e.oid FROM pg_catalog.pg_namespace e \
         WHERE e.nspname = pg_catalog.current_schema())) LIMIT 1;",
        table = text(table)
    )
}

/// Which tables there are by the answer to [`columns`]; a failure when one is not ours.
pub(super) fn there(table: &str, columns: &[SimpleQueryRow]) -> Result<There, Failure> {
    let is_there = |table: &str, ours| {
        let of_table = columns.iter().filter(|row| row.get(0) == Some(table));
        let column = |row: &'_ SimpleQueryRow| {
            let name = row.get(1).unwrap_or_default().to_owned();
            (name, row.get(2) == Some("t"))
        };
        tables::is_there(table, ours, &of_table.map(column).collect::<Vec<_>>())
    };
    Ok(There {
        history: is_there(table, COLUMNS)?,
        repeated: is_there(&repeatable(table), REPEATED_COLUMNS)?,
    })
}

impl Tables {
    pub(super) fn new(schema: &str, table: &str) -> Tables {
        Tables {
            schema: schema.to_owned(),
            table: table.to_owned(),
        }
    }

    pub(super) fn history(&self) -> String {
        format!("{}.{}", name(&self.schema), name(&self.table))
    }

    fn repeated(&self) -> String {
        format!("{}.{}", name(&self.schema), name(&repeatable(&self.table)))
    }

    /// All rows of the tables that there are.
    pub(super) fn read(&self, there: There) -> String {
        let mut sql = String::new();
        if there.history {
            sql.push_str(&format!(
                "SELECT version, description, checksum, chain, {APPLIED_AT}, duration_ms, down, resume_at \
                 FROM {} ORDER BY version;",
                self.history()
            ));
        }
        if there.repeated {
            sql.push_str(&format!(
                "SELECT name, checksum, {APPLIED_AT}, duration_ms, down FROM {} ORDER BY name COLLATE \"C\";",
                self.repeated()
            ));
        }
        sql
    }

    /// What creates the tables that there are not yet.
    pub(super) fn create(&self, there: There, schema: bool, repeatables: bool) -> Vec<String> {
        let mut all = Vec::new();
        if schema && !there.history {
            // Who may not create one is refused, whether it is there or not.
            let schema = name(&self.schema);
            all.push(block(&format!(
                "BEGIN IF pg_catalog.to_regnamespace({}) IS NULL \
                 THEN CREATE SCHEMA IF NOT EXISTS {schema}; END IF; END",
                text(&schema)
            )));
        }
        if !there.history {
            all.push(format!(
                "CREATE TABLE IF NOT EXISTS {} (\n\
                 \x20 version bigint PRIMARY KEY,\n\
                 \x20 description text NOT NULL,\n\
                 \x20 checksum text NOT NULL,\n\
                 \x20 chain text NOT NULL,\n\
                 \x20 applied_at timestamptz NOT NULL,\n\
                 \x20 duration_ms bigint NOT NULL,\n\
                 \x20 down text,\n\
                 \x20 resume_at text\n\
                 )",
                self.history()
            ));
        }
        if repeatables && !there.repeated {
            all.push(format!(
                "CREATE TABLE IF NOT EXISTS {} (\n\
                 \x20 name text PRIMARY KEY,\n\
                 \x20 checksum text NOT NULL,\n\
                 \x20 applied_at timestamptz NOT NULL,\n\
                 \x20 duration_ms bigint NOT NULL,\n\
                 \x20 down text\n\
                 )",
                self.repeated()
            ));
        }
        all
    }

    /// The body of a block that raises [`STALE`] unless the history is still this.
    pub(super) fn expect(&self, expected: &History, repeated: bool) -> String {
        let mut sql = self.compare(
            &self.history(),
            "version",
            "concat_ws('|', version, checksum, chain, coalesce(resume_at, ''))",
            expected.rows.iter().map(|row| {
                let resume_at = row.resume_at.as_deref().unwrap_or_default();
                format!("{}|{}|{}|{resume_at}", row.version, row.checksum, row.chain)
            }),
        );
        if repeated {
            sql.push_str(
                &self.compare(
                    &self.repeated(),
                    "name COLLATE \"C\"",
                    "concat_ws('|', name, checksum)",
                    expected
                        .repeated
                        .iter()
                        .map(|row| format!("{}|{}", row.name, row.checksum)),
                ),
            );
        }
        format!("BEGIN {sql} END")
    }

    fn compare(
        &self,
        table: &str,
        order: &str,
        row: &str,
        expected: impl Iterator<Item = String>,
    ) -> String {
        let expected: Vec<String> = expected.collect();
        let digest = Hash::hash(expected.join("\n").as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "IF (SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(\
             pg_catalog.string_agg(pg_catalog.{row}, E'\\n' ORDER BY {order}), ''), 'UTF8')), 'hex') \
             FROM {table}) <> '{digest}' \
             THEN RAISE EXCEPTION 'another run has changed the history' USING ERRCODE = '{STALE}'; END IF;"
        )
    }

    pub(super) fn record(&self, row: &Applied) -> String {
        format!(
            "INSERT INTO {} AS h ({}) VALUES ({}, {}, {}, {}, pg_catalog.clock_timestamp(), {}, {}, {}) \
             ON CONFLICT (version) DO UPDATE SET description = excluded.description, \
             checksum = excluded.checksum, chain = excluded.chain, applied_at = excluded.applied_at, \
             duration_ms = excluded.duration_ms, down = excluded.down, resume_at = excluded.resume_at{}",
            self.history(),
            COLUMNS.join(", "),
            row.version,
            text(&row.description),
            text(&row.checksum),
            text(&row.chain),
            milliseconds(row.duration_ms),
            optional(row.down.as_deref()),
            optional(row.resume_at.as_deref()),
            returning(),
        )
    }

    pub(super) fn record_repeated(&self, row: &Repeated) -> String {
        format!(
            "INSERT INTO {} AS h ({}) VALUES ({}, {}, pg_catalog.clock_timestamp(), {}, {}) \
             ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, \
             applied_at = excluded.applied_at, duration_ms = excluded.duration_ms, down = excluded.down{}",
            self.repeated(),
            REPEATED_COLUMNS.join(", "),
            text(&row.name),
            text(&row.checksum),
            milliseconds(row.duration_ms),
            optional(row.down.as_deref()),
            returning(),
        )
    }

    pub(super) fn resume(&self, version: i64, resume_at: &str) -> String {
        let resume_at = text(resume_at);
        let table = self.history();
        format!(
            "UPDATE {table} SET resume_at = {resume_at} WHERE version = {version}{}",
            returning()
        )
    }

    pub(super) fn erase(&self, version: i64) -> String {
        let table = self.history();
        format!(
            "DELETE FROM {table} WHERE version = {version}{}",
            returning()
        )
    }

    pub(super) fn erase_repeated(&self, name: &str) -> String {
        let table = self.repeated();
        format!(
            "DELETE FROM {table} WHERE name = {}{}",
            text(name),
            returning()
        )
    }

    /// How often the tables were written to in this transaction, as text. What empties a table at once gives it
    /// another file; one that is dropped, moved or renamed is there no more, whatever has come in its place.
    pub(super) fn written_now(&self) -> String {
        format!(
            "(SELECT coalesce(pg_catalog.string_agg(pg_catalog.concat_ws(' ', c.oid, c.relfilenode, \
             pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid), \
             pg_catalog.pg_stat_get_xact_tuples_updated(c.oid), \
             pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)), ',' ORDER BY c.oid), '') \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname IN ({}, {}))",
            text(&self.schema),
            text(&self.table),
            text(&repeatable(&self.table))
        )
    }

    /// Notes how often the tables were written to.
    pub(super) fn note_written(&self) -> String {
        format!(
            "SELECT pg_catalog.set_config('migrate_core.written', {}, true)",
            self.written_now()
        )
    }

    /// What is said of a migration that writes to the history.
    pub(super) fn is_written(&self) -> String {
        format!(
            "the migration writes to `{}`, where the history is kept",
            self.table
        )
    }

    /// The body of a block that raises [`WRITTEN`] when they were written to since, or are there no more.
    pub(super) fn expect_unwritten(&self) -> String {
        format!(
            "BEGIN IF {} <> pg_catalog.current_setting('migrate_core.written') \
             THEN RAISE EXCEPTION USING ERRCODE = '{WRITTEN}', MESSAGE = {}; END IF; END",
            self.written_now(),
            text(&self.is_written())
        )
    }

    /// Asks whether the run that recorded this is at work on its statement: it has been so recently that
    /// the statement may be on its way, or a connection is busy with it.
    pub(super) fn is_claimed(
        &self,
        version: i64,
        resume_at: &str,
        mark: &str,
        seconds: u32,
    ) -> String {
        format!(
            "SELECT h.applied_at > pg_catalog.clock_timestamp() - interval '{seconds} s' OR EXISTS (\
             SELECT FROM pg_catalog.pg_stat_activity a WHERE a.state = 'active' \
             AND a.pid <> pg_catalog.pg_backend_pid() AND pg_catalog.starts_with(a.query, {mark})) \
             FROM {} h WHERE h.version = {version} AND h.resume_at = {}",
            self.history(),
            text(resume_at),
            mark = text(mark),
        )
    }

    pub(super) fn chain(&self, version: i64, chain: &str) -> String {
        format!(
            "UPDATE {} SET chain = {} WHERE version = {version}",
            self.history(),
            text(chain)
        )
    }

    /// The body of a block that takes the lock or raises [`BUSY`], with who has it.
    pub(super) fn lock(&self) -> String {
        let key = format!(
            "pg_catalog.hashtextextended('migrate-core ' || pg_catalog.current_database() || {}, 0)",
            text(&format!(" {}", self.history()))
        );
        format!(
            "DECLARE key bigint := {key}; holder text; BEGIN \
             IF NOT pg_catalog.pg_try_advisory_xact_lock(key) THEN SELECT {HOLDER} INTO holder \
             FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND {OF_DATABASE} AND l.classid::bigint = (key >> 32) & 4294967295 AND l.objid::bigint = key & 4294967295 LIMIT 1; \
             RAISE EXCEPTION 'another run has the lock' USING ERRCODE = '{BUSY}', DETAIL = coalesce(holder, ''); \
             END IF; END"
        )
    }
}

/// The history's own SQLSTATEs: the lock is held by another run, another run has changed the history,
/// and a migration has.
pub(super) const BUSY: &str = "MGR01";
pub(super) const STALE: &str = "MGR02";
pub(super) const WRITTEN: &str = "MGR03";

fn milliseconds(before: i64) -> String {
    format!("{before} + (({RAN}) * 1000)::pg_catalog.int8")
}

fn returning() -> String {
    format!(" RETURNING (({RAN}) * 1000000)::pg_catalog.int8 AS {TOOK}")
}

/// The history in the answers to [`Tables::read`].
pub(super) fn history(there: There, replies: &[Reply]) -> Result<History, Failure> {
    let mut replies = replies.iter();
    let mut next = |is_there: bool| match is_there {
        true => replies.next().map_or(&[][..], |reply| &reply.rows),
        false => &[],
    };
    let rows = next(there.history).iter().map(applied);
    let rows = rows.collect::<Option<Vec<_>>>();
    let repeated = next(there.repeated).iter().map(repeated);
    let repeated = repeated.collect::<Option<Vec<_>>>();
    match (rows, repeated) {
        (Some(rows), Some(repeated)) => Ok(History {
            rows,
            repeated,
            counter: None,
        }),
        _ => Err(Failure::new(
            Fault::Other,
            "the history cannot be read: a value is missing or of another type",
        )),
    }
}

fn applied(row: &SimpleQueryRow) -> Option<Arc<Applied>> {
    Some(Arc::new(Applied {
        version: row.get(0)?.parse().ok()?,
        description: row.get(1)?.to_owned(),
        checksum: row.get(2)?.to_owned(),
        chain: row.get(3)?.to_owned(),
        applied_at: row.get(4)?.to_owned(),
        duration_ms: row.get(5)?.parse().ok()?,
        down: row.get(6).map(str::to_owned),
        resume_at: row.get(7).map(str::to_owned),
    }))
}

fn repeated(row: &SimpleQueryRow) -> Option<Repeated> {
    Some(Repeated {
        name: row.get(0)?.to_owned(),
        checksum: row.get(1)?.to_owned(),
        applied_at: row.get(2)?.to_owned(),
        duration_ms: row.get(3)?.parse().ok()?,
        down: row.get(4).map(str::to_owned),
    })
}
