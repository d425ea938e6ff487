//! A database of our own on a server, which goes with the check that made it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread;
use std::time::Duration;

use migrate_core::postgres::error::SqlState;
use migrate_core::postgres::{self, Client, SimpleQueryMessage, SimpleQueryRow};

use migrate_source::sql::quoted_name;

use crate::args::Trial;
use crate::error::Error;
use crate::postgres::server::{Server, told};

/// What the names of such databases begin with; the number of the check follows.
const PREFIX: &str = "migrate_check_";

/// The first part of the advisory lock that a check holds while it lasts; the second is its number. Locks
/// are seen from every database of the server, and end with the connection, so that a database without
/// one is left over from a check that was killed.
const LOCK: u32 = 0x6d69_6772;

/// A statement that takes longer, with next to no rows, is taken for endless.
const SECONDS: u32 = 60;

/// A database of our own. The one that the server was named with is never written to.
pub(crate) struct Scratch<'s> {
    server: &'s Server,
    /// Connected to the database that was named.
    admin: Client,
    name: String,
    db: Option<Client>,
    trial: &'s Trial,
}

impl<'s> Scratch<'s> {
    /// A new one. Those of checks that were killed are dropped.
    pub(crate) fn new(server: &'s Server, trial: &'s Trial) -> Result<Scratch<'s>, Error> {
        let mut admin = server.connect()?;
        sweep(&mut admin);
        let random = RandomState::new().build_hasher().finish();
        let number = u32::try_from(random & u64::from(u32::MAX)).unwrap_or_default();
        let lock = format!(
            "SELECT pg_catalog.pg_try_advisory_lock({LOCK}, {})",
            number.cast_signed()
        );
        let locked = query(&mut admin, &lock).map_err(|error| server.failed(&error))?;
        if locked.first().and_then(|row| row.get(0)) != Some("t") {
            return Err(
                Error::new("another check has taken the name of the scratch database")
                    .help("run it again: the name is chosen at random"),
            );
        }
        let mut scratch = Scratch {
            server,
            admin,
            name: format!("{PREFIX}{number:08x}"),
            db: None,
            trial,
        };
        scratch.create()?;
        Ok(scratch)
    }

    /// A connection to it.
    pub(crate) fn db(&mut self) -> Result<&mut Client, Error> {
        let db = match self.db.take() {
            Some(db) if !db.is_closed() => db,
            _ => self.server.connect_to(&self.name)?,
        };
        Ok(self.db.insert(db))
    }

    /// The rows of a query on it.
    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let rows = query(self.db()?, sql);
        rows.map_err(|error| self.server.failed(&error))
    }

    /// The rows of a query in which `{history}` stands for the names of the tables of the history.
    pub(crate) fn query_beside_history(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let table = self.history();
        let names = [text(table), text(&format!("{table}_repeatable"))];
        let sql = sql.replace("{history}", &names.join(", "));
        self.query(&sql)
    }

    /// Forgets that the repeatable migrations have run.
    pub(crate) fn forget_repeatables(&mut self) -> Result<(), Error> {
        let schema = self.trial.schema.as_deref().map(quoted_name);
        let schema = schema.map(|schema| format!("{schema}."));
        let table = quoted_name(&format!("{}_repeatable", self.history()));
        let forget = format!("DELETE FROM {}{table}", schema.unwrap_or_default());
        self.query(&forget).map(drop)
    }

    fn history(&self) -> &'s str {
        self.trial.table.as_deref().unwrap_or("_migrate_history")
    }

    /// Makes it anew, as it was at first.
    pub(crate) fn renew(&mut self) -> Result<(), Error> {
        self.remove().map_err(|error| self.server.failed(&error))?;
        self.create()
    }

    /// From the server's own template, as any new database of it: what a site has put there, such as
    /// extensions that only a superuser may create, is what its programs find.
    fn create(&mut self) -> Result<(), Error> {
        let create = format!("CREATE DATABASE {}", self.name);
        let mut tries = 0;
        loop {
            match self.admin.batch_execute(&create) {
                Ok(()) => break,
                // Somebody copies the template, or looks at it.
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) && tries < 100 => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(100));
                }
                Err(error) => return Err(not_created(&error)),
            }
        }
        let settings = format!(
            "COMMENT ON DATABASE {0} IS 'scratch of cargo migrate check, which drops it'; \
             ALTER DATABASE {0} SET statement_timeout = '{SECONDS}s';",
            self.name
        );
        let set = self.admin.batch_execute(&settings);
        set.map_err(|error| self.server.failed(&error))?;
        if let Some(schema) = &self.trial.schema {
            self.query(&format!(
                "CREATE SCHEMA IF NOT EXISTS {}",
                quoted_name(schema)
            ))?;
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), postgres::Error> {
        drop(self.db.take());
        let drop = format!("DROP DATABASE IF EXISTS {}", self.name);
        let dropped = self.admin.batch_execute(&format!("{drop} WITH (FORCE)"));
        match dropped {
            // PostgreSQL 12 has no such words. It waits a little for those who are about to leave.
            Err(error) if error.code() == Some(&SqlState::SYNTAX_ERROR) => {
                self.admin.batch_execute(&drop)
            }
            dropped => dropped,
        }
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // Where the server is gone, the next check drops it.
        let _ = self.remove();
    }
}

/// Drops the databases of checks that were killed: those that nobody is connected to, and whose check
/// does not hold its lock any more. What may not be dropped stays.
fn sweep(admin: &mut Client) {
    let databases = format!(
        "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datname ~ '^{PREFIX}[0-9a-f]{{8}}$' \
         AND pg_catalog.pg_has_role(d.datdba, 'MEMBER') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.classid = {LOCK} \
         AND pg_catalog.lpad(pg_catalog.to_hex(l.objid::pg_catalog.int8), 8, '0') = pg_catalog.right(d.datname, 8))"
    );
    for row in query(admin, &databases).unwrap_or_default() {
        if let Some(name) = row.get(0) {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
        }
    }
}

fn not_created(error: &postgres::Error) -> Error {
    let refused = Error::new(format!(
        "the scratch database cannot be created: {}",
        told(error)
    ));
    match error.code().map(SqlState::code) {
        Some("42501") => refused
            .help("the migrations are tried on a database of their own: give the role the right to create one, `ALTER ROLE … CREATEDB`")
            .help("or name a server of your own"),
        Some("25006") => refused.help("name the primary: this is a standby, or a connection that only reads"),
        Some("55006") => refused.help("end the connections to the database `template1`, which new ones are copied from"),
        _ => refused,
    }
}

/// A string, whatever is in it.
fn text(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn query(db: &mut Client, sql: &str) -> Result<Vec<SimpleQueryRow>, postgres::Error> {
    let messages = db.simple_query(sql)?.into_iter();
    Ok(messages
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect())
}
