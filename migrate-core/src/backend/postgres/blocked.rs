//! Statements that wait for locks: how long, and for whom.

use std::collections::BTreeSet;
use std::time::Duration;

use migrate_source::Database;
use migrate_source::sql::{Token, single_statements, tokens};

use crate::backend::postgres::quote::text;

/// A connection: `pid|since|application`, of `l` in `pg_locks` and `a` in `pg_stat_activity`.
pub(super) const HOLDER: &str = "pg_catalog.concat_ws('|', l.pid, \
     coalesce(pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), ''), \
     coalesce(a.application_name, ''))";

/// The locks of this database, which is no column of any session.
pub(super) const OF_DATABASE: &str = "l.database = (SELECT d.oid FROM pg_catalog.pg_database d \
     WHERE d.datname = pg_catalog.current_database())";

/// Sets PostgreSQL's own `lock_timeout` for the transaction, unless a shorter one is set already.
/// `None` where it is not to be set.
///
/// Outside of a transaction it must not be: `CREATE INDEX CONCURRENTLY` waits for the transactions before
/// it as it does for locks, and leaves an invalid index when it may not. It also keeps nobody waiting.
pub(super) fn set_timeout(timeout: Duration) -> Option<String> {
    if timeout.is_zero() {
        return None;
    }
    let longest = i32::MAX.unsigned_abs().into();
    let milliseconds = timeout.as_millis().clamp(1, longest);
    Some(format!(
        "SELECT pg_catalog.set_config('lock_timeout', '{milliseconds}', true) \
         WHERE pg_catalog.current_setting('lock_timeout')::interval \
         NOT BETWEEN interval '1 microsecond' AND interval '{milliseconds} milliseconds'"
    ))
}

/// Waits next to nothing for locks, in the transaction that is open.
pub(super) const HARDLY_WAIT: &str = "SET LOCAL lock_timeout = 10";

/// Whether a script sets `lock_timeout` itself, and so has the last word on it: it says the name.
pub(super) fn sets_timeout(script: &str) -> bool {
    const NAME: &str = "lock_timeout";
    let says = |token: &Token<'_>| token.text.to_ascii_lowercase().contains(NAME);
    script.len() >= NAME.len()
        && tokens(script, Database::Postgres).any(|t| !t.kind.is_comment() && says(&t))
}

/// Asks who has a lock on a table that a statement names: of several the one that has been in its
/// transaction for the longest. `offset` is where in the script the statement is; when it is not known,
/// all of them are meant.
pub(super) fn who(script: &str, offset: Option<usize>) -> String {
    let statements = single_statements(script, Database::Postgres);
    let meant = statements
        .iter()
        .rfind(|statement| offset.is_some_and(|offset| statement.offset <= offset))
        .map_or(script, |statement| statement.text);
    let names = names(meant);
    let names: Vec<String> = names.iter().map(|name| text(name)).collect();
    // A reader is in the way of few statements.
    let readers = if waits_for_readers(meant) || offset.is_none() {
        ""
    } else {
        "AND l.mode <> 'AccessShareLock' "
    };
    format!(
        "SELECT {HOLDER} FROM pg_catalog.pg_locks l \
         JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() \
         AND {OF_DATABASE} {readers}AND l.relation IN (SELECT pg_catalog.to_regclass(n)::pg_catalog.oid \
         FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS n) ORDER BY a.xact_start LIMIT 1",
        names.join(", ")
    )
}

/// Whether a statement may need a table for itself alone.
fn waits_for_readers(statement: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "ALTER", "DROP", "TRUNCATE", "LOCK", "CLUSTER", "REFRESH", "REINDEX", "VACUUM", "DO",
        "SELECT", "CALL",
    ];
    let mut tokens = tokens(statement, Database::Postgres).filter(|t| !t.kind.is_comment());
    let first = tokens.next();
    first.is_some_and(|first| COMMANDS.iter().any(|command| first.is_keyword(command)))
}

/// What may be the name of a table in a statement, with its schema and without.
fn names(statement: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut before: [Option<Token<'_>>; 2] = [None, None];
    for token in tokens(statement, Database::Postgres).filter(|t| !t.kind.is_comment()) {
        if token.kind.is_name() {
            if let [Some(schema), Some(dot)] = &before
                && schema.kind.is_name()
                && dot.is_punctuation('.')
            {
                names.insert(format!("{}.{}", schema.text, token.text));
            }
            names.insert(token.text.to_owned());
        }
        let [_, last] = before;
        before = [last, Some(token)];
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{names, sets_timeout, waits_for_readers};

    #[test]
    fn names_of_a_statement() {
        let check = |statement, expected: &[&str]| {
            let found = names(statement).into_iter().collect::<Vec<_>>();
            assert_eq!(found, expected, "{statement}");
        };
        check("DROP s.a /* b */;", &["DROP", "a", "s", "s.a"]);
        check(
            "LOCK \"A b\" . \"c\", 'd', 1",
            &["\"A b\"", "\"A b\".\"c\"", "\"c\"", "LOCK"],
        );
        check("", &[]);
    }

    #[test]
    fn who_sets_the_timeout_says_its_name() {
        let check = |script, expected| assert_eq!(sets_timeout(script), expected, "{script}");
        check("SET LOCAL Lock_Timeout = 0", true);
        check("SELECT set_config('lock_timeout', '1s', true)", true);
        check("SELECT 1 -- lock_timeout", false);
        check("", false);
    }

    #[test]
    fn readers_are_in_the_way_of_few() {
        let check = |statement, expected| {
            assert_eq!(waits_for_readers(statement), expected, "{statement}");
        };
        check("/* a */ alter TABLE a ADD y int", true);
        check("CREATE INDEX ON a (x)", false);
        check("UPDATE a SET x = 1", false);
        check("", false);
    }
}
