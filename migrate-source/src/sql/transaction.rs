//! Statements that a runner must know by name: those that begin, end or refuse a transaction, and
//! those that reach beyond the database they run on.
//!
//! Each function judges one statement. Of a block of goose's, which may hold several, it sees the
//! first; [`statements`](super::statements) of the block's text gives the others.

use super::pattern::{begins, significant};
use super::{Token, TokenKind, tokens};
use crate::Database;

/// What a statement does to the transaction it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`; also `PREPARE TRANSACTION`, which takes the transaction from the session.
    Commit,
    /// `ROLLBACK`, `ABORT`, but not `ROLLBACK TO`.
    Rollback,
}

/// What `statement` does to the transaction it stands in, if anything. Savepoints do nothing to it.
///
/// ```
/// # use migrate_source::{Database, sql::{Control, control}};
/// assert_eq!(control("commit and chain", Database::Postgres), Some(Control::Commit));
/// assert_eq!(control("ROLLBACK TO before", Database::Sqlite), None);
/// ```
#[must_use]
pub fn control(statement: &str, database: Database) -> Option<Control> {
    let is = |pattern| begins(statement, pattern, database);
    let postgres = database == Database::Postgres;
    let begin = is("BEGIN") || (postgres && is("START TRANSACTION"));
    // `PREPARE transaction AS …` prepares a statement of that name.
    let prepare = postgres && is("PREPARE TRANSACTION '");
    let commit = is("COMMIT") && !is("COMMIT PREPARED");
    let rollback = is("ROLLBACK") && !is("ROLLBACK PREPARED") && !is("ROLLBACK * TO");
    if begin {
        Some(Control::Begin)
    } else if commit || is("END") || prepare {
        Some(Control::Commit)
    } else if rollback || (postgres && is("ABORT")) {
        Some(Control::Rollback)
    } else {
        None
    }
}

/// The words by which `statement` is known to fail, or to do nothing, inside a transaction:
/// `VACUUM`, `PRAGMA journal_mode`, `CREATE INDEX CONCURRENTLY`.
///
/// On SQLite this follows the pages of its manual on `VACUUM`, `DETACH` and the pragmas; a pragma
/// that only reads a setting is no such statement. On PostgreSQL these are the commands whose
/// manual pages say that they cannot be executed inside a transaction block, from version 12 on.
///
/// ```
/// # use migrate_source::{Database, sql::outside_transaction};
/// let of = |statement| outside_transaction(statement, Database::Sqlite);
/// assert_eq!(of("PRAGMA main.journal_mode = WAL"), Some("PRAGMA journal_mode"));
/// assert_eq!(of("PRAGMA journal_mode"), None);
/// ```
#[must_use]
pub fn outside_transaction(statement: &str, database: Database) -> Option<&'static str> {
    let is = |pattern| begins(statement, pattern, database);
    match database {
        Database::Sqlite => ["VACUUM", "DETACH"]
            .into_iter()
            .find(|pattern| is(pattern))
            .or_else(|| Pragma::of(statement)?.outside_transaction()),
        Database::Postgres => POSTGRES
            .iter()
            .find(|(pattern, unless, _)| is(pattern) && !unless.iter().any(|pattern| is(pattern)))
            .map(|(_, _, words)| *words)
            .or_else(|| commits_itself(statement).then_some("DO … COMMIT")),
    }
}

/// Whether `statement` is a `DO` of PostgreSQL that ends transactions, as far as its text tells. What
/// the procedure of a `CALL` does is known to the server only.
fn commits_itself(statement: &str) -> bool {
    let database = Database::Postgres;
    let mut body = significant(statement, database).filter(|t| t.kind == TokenKind::String);
    let Some(body) = body.next().filter(|_| begins(statement, "DO", database)) else {
        return false;
    };
    let quote = match body.text.strip_prefix('$') {
        Some(rest) => rest.find('$').map_or(0, |tag| tag + 2),
        None => body.text.find('\'').map_or(0, |quote| quote + 1),
    };
    let body = body.text.get(quote..).unwrap_or_default();
    let tokens: Vec<_> = significant(body, database).collect();
    tokens.windows(2).any(|pair| {
        let ends = pair[0].is_keyword("COMMIT") || pair[0].is_keyword("ROLLBACK");
        ends && (pair[1].is_punctuation(';') || pair[1].is_keyword("AND"))
    })
}

/// Whether `script` may do something that takes effect, or goes away, only when its transaction is
/// committed: on PostgreSQL a new value of an enum type, which nothing can use before, and
/// a temporary table `ON COMMIT DROP`. What follows such a script is to run in another transaction.
///
/// Strings and comments are searched, too, since the body of a `DO` is a string: what is found too
/// often costs no more than a commit.
///
/// ```
/// # use migrate_source::{Database, sql::waits_for_commit};
/// let of = |script| waits_for_commit(script, Database::Postgres);
/// assert!(of("DO $$ BEGIN ALTER TYPE mood ADD VALUE 'ok'; END $$"));
/// assert!(!of("ALTER TABLE mood ADD value text"));
/// ```
#[must_use]
pub fn waits_for_commit(script: &str, database: Database) -> bool {
    if database != Database::Postgres {
        return false;
    }
    let words = script.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let stands = |known: &[&str], words: &[&str]| {
        let same = |(word, known): (&&str, &&str)| word.eq_ignore_ascii_case(known);
        let mut windows = words.windows(known.len());
        windows.any(|words| words.iter().zip(known).all(same))
    };
    let kind = words.iter().position(|w| w.eq_ignore_ascii_case("TYPE"));
    kind.is_some_and(|kind| stands(&["ADD", "VALUE"], &words[kind..]))
        || stands(&["ON", "COMMIT", "DROP"], &words)
        || stands(&["ON", "COMMIT", "DELETE"], &words)
}

/// Whether `statement` switches the enforcement of foreign keys: `PRAGMA foreign_keys = OFF` on
/// SQLite. Inside a transaction it does nothing, and says nothing.
#[must_use]
pub fn foreign_keys_pragma(statement: &str, database: Database) -> bool {
    database == Database::Sqlite
        && Pragma::of(statement).is_some_and(|pragma| pragma.sets && pragma.is("foreign_keys"))
}

/// Whether `statement` sets something of the session, for the statements behind it: `SET`, `RESET`, and the
/// `SELECT set_config(…)` of dumps on PostgreSQL, but not `SET LOCAL`. None on SQLite.
///
/// ```
/// # use migrate_source::{Database, sql::sets_for_session};
/// let sets = |statement| sets_for_session(statement, Database::Postgres);
/// assert!(sets("SET search_path TO app") && sets("SELECT set_config('search_path', '', false)"));
/// assert!(!sets("SET LOCAL search_path TO app") && !sets("SET CONSTRAINTS ALL DEFERRED"));
/// ```
#[must_use]
pub fn sets_for_session(statement: &str, database: Database) -> bool {
    const SETS: &[&str] = &[
        "SET",
        "RESET",
        "SELECT SET_CONFIG (",
        "SELECT PG_CATALOG . SET_CONFIG (",
    ];
    const UNLESS: &[&str] = &["SET LOCAL", "SET TRANSACTION", "SET CONSTRAINTS"];
    let is = |patterns: &[&str]| patterns.iter().any(|p| begins(statement, p, database));
    database == Database::Postgres && is(SETS) && !is(UNLESS)
}

/// Whether `statement` creates an index concurrently, and leaves its name to PostgreSQL. What is left of
/// one that did not come to its end cannot be told from others then.
///
/// ```
/// # use migrate_source::{Database, sql::creates_unnamed_index};
/// let of = |statement| creates_unnamed_index(statement, Database::Postgres);
/// assert!(of("CREATE INDEX CONCURRENTLY ON users (name)"));
/// assert!(!of("CREATE INDEX CONCURRENTLY users_name ON users (name)"));
/// assert!(!of("CREATE INDEX ON users (name)"));
/// ```
#[must_use]
pub fn creates_unnamed_index(statement: &str, database: Database) -> bool {
    let is = |pattern| begins(statement, pattern, database);
    database == Database::Postgres
        && (is("CREATE INDEX CONCURRENTLY ON") || is("CREATE UNIQUE INDEX CONCURRENTLY ON"))
}

/// Whether `statement` drops a table.
#[must_use]
pub fn drops_table(statement: &str, database: Database) -> bool {
    begins(statement, "DROP TABLE", database)
}

/// Whether `statement` opens another database file: `ATTACH` on SQLite.
#[must_use]
pub fn attaches(statement: &str, database: Database) -> bool {
    database == Database::Sqlite && begins(statement, "ATTACH", database)
}

/// What in `statement` only `psql` can run: a meta command such as `\connect`, or a `COPY` whose
/// rows come from or go to the client. None on another database than PostgreSQL.
///
/// PostgreSQL knows no backslash outside of quotes, so that every such one is meant for `psql`.
///
/// ```
/// # use migrate_source::{Database, sql::psql_command};
/// let of = |statement| psql_command(statement, Database::Postgres);
/// assert_eq!(of("\\connect app\nSELECT 1;"), Some("\\connect"));
/// assert_eq!(of("COPY users (name) FROM stdin;"), Some("COPY … FROM STDIN"));
/// ```
#[must_use]
pub fn psql_command(statement: &str, database: Database) -> Option<&str> {
    if database != Database::Postgres {
        return None;
    }
    if begins(statement, "COPY * FROM STDIN", database) {
        return Some("COPY … FROM STDIN");
    }
    if begins(statement, "COPY * TO STDOUT", database) {
        return Some("COPY … TO STDOUT");
    }
    let backslash = tokens(statement, database).find(|token| token.is_punctuation('\\'))?;
    statement[backslash.offset..]
        .split_ascii_whitespace()
        .next()
}

/// What PostgreSQL refuses inside a transaction block: a pattern, patterns of what it allows
/// nevertheless, and the words to show.
#[rustfmt::skip]
const POSTGRES: &[(&str, &[&str], &str)] = &[
    ("ALTER DATABASE * SET TABLESPACE", &[], "ALTER DATABASE … SET TABLESPACE"),
    ("ALTER SUBSCRIPTION * ADD PUBLICATION", NO_REFRESH, "ALTER SUBSCRIPTION … ADD PUBLICATION"),
    ("ALTER SUBSCRIPTION * DROP PUBLICATION", NO_REFRESH, "ALTER SUBSCRIPTION … DROP PUBLICATION"),
    ("ALTER SUBSCRIPTION * SET PUBLICATION", NO_REFRESH, "ALTER SUBSCRIPTION … SET PUBLICATION"),
    ("ALTER SUBSCRIPTION * REFRESH PUBLICATION", &[], "ALTER SUBSCRIPTION … REFRESH PUBLICATION"),
    ("ALTER SUBSCRIPTION * FAILOVER", &[], "ALTER SUBSCRIPTION … SET (failover)"),
    ("ALTER SUBSCRIPTION * TWO_PHASE", &[], "ALTER SUBSCRIPTION … SET (two_phase)"),
    ("ALTER SYSTEM", &[], "ALTER SYSTEM"),
    ("ALTER TABLE * DETACH PARTITION * CONCURRENTLY", &[], "DETACH PARTITION … CONCURRENTLY"),
    ("CLUSTER () ;", &[], "CLUSTER"),
    ("CLUSTER VERBOSE ;", &[], "CLUSTER"),
    ("COMMIT PREPARED", &[], "COMMIT PREPARED"),
    ("CREATE DATABASE", &[], "CREATE DATABASE"),
    ("CREATE INDEX CONCURRENTLY", &[], "CREATE INDEX CONCURRENTLY"),
    ("CREATE SUBSCRIPTION", NO_SLOT, "CREATE SUBSCRIPTION"),
    ("CREATE TABLESPACE", &[], "CREATE TABLESPACE"),
    ("CREATE UNIQUE INDEX CONCURRENTLY", &[], "CREATE INDEX CONCURRENTLY"),
    ("DISCARD ALL", &[], "DISCARD ALL"),
    ("DROP DATABASE", &[], "DROP DATABASE"),
    ("DROP INDEX CONCURRENTLY", &[], "DROP INDEX CONCURRENTLY"),
    ("DROP SUBSCRIPTION", &[], "DROP SUBSCRIPTION"),
    ("DROP TABLESPACE", &[], "DROP TABLESPACE"),
    ("REINDEX * CONCURRENTLY", &["* FALSE", "* OFF"], "REINDEX CONCURRENTLY"),
    ("REINDEX () DATABASE", &[], "REINDEX DATABASE"),
    ("REINDEX () SCHEMA", &[], "REINDEX SCHEMA"),
    ("REINDEX () SYSTEM", &[], "REINDEX SYSTEM"),
    ("ROLLBACK PREPARED", &[], "ROLLBACK PREPARED"),
    ("VACUUM", &[], "VACUUM"),
];

const NO_REFRESH: &[&str] = &["* REFRESH = FALSE", "* REFRESH = OFF", "* REFRESH = 0"];

const NO_SLOT: &[&str] = &[
    "* CONNECT = FALSE",
    "* CONNECT = OFF",
    "* CONNECT = 0",
    "* CREATE_SLOT = FALSE",
    "* CREATE_SLOT = OFF",
    "* CREATE_SLOT = 0",
];

/// What SQLite does not change inside a transaction. It refuses `synchronous` and, on a database
/// that is not empty, `journal_mode = WAL`; it ignores the others. `page_size` and `auto_vacuum`
/// must stand before the first transaction that writes, or before a `VACUUM`.
const SETTINGS: &[(&str, &str)] = &[
    ("auto_vacuum", "PRAGMA auto_vacuum"),
    ("foreign_keys", "PRAGMA foreign_keys"),
    ("journal_mode", "PRAGMA journal_mode"),
    ("page_size", "PRAGMA page_size"),
    ("synchronous", "PRAGMA synchronous"),
];

/// A `PRAGMA` statement of SQLite.
struct Pragma<'a> {
    name: Token<'a>,
    /// Whether it has a value: `= x` or `(x)`.
    sets: bool,
}

impl<'a> Pragma<'a> {
    fn of(statement: &'a str) -> Option<Pragma<'a>> {
        let mut tokens = significant(statement, Database::Sqlite);
        tokens.next().filter(|token| token.is_keyword("PRAGMA"))?;
        let mut name = tokens.next()?;
        let mut next = tokens.next();
        if next.is_some_and(|token| token.is_punctuation('.')) {
            name = tokens.next()?;
            next = tokens.next();
        }
        let sets = next.is_some_and(|token| token.is_punctuation('=') || token.is_punctuation('('));
        Some(Pragma { name, sets })
    }

    /// Whether this is its name. SQLite takes it in any of its quotes.
    fn is(&self, name: &str) -> bool {
        self.name
            .text
            .trim_matches(['"', '\'', '`', '[', ']'])
            .eq_ignore_ascii_case(name)
    }

    fn outside_transaction(&self) -> Option<&'static str> {
        if self.is("wal_checkpoint") {
            return Some("PRAGMA wal_checkpoint");
        }
        SETTINGS
            .iter()
            .find(|(name, _)| self.sets && self.is(name))
            .map(|(_, words)| *words)
    }
}
