//! Statements that reach beyond their database, which a check on somebody's server must not run: roles,
//! other databases, files.
//!
//! They are known by their words, also inside of functions and of `DO`. What a text is put together from
//! at run time is not seen.

use migrate_source::folder::{Folder, Script};
use migrate_source::sql::{Token, TokenKind, tokens};
use migrate_source::{Database, Place};

use crate::error::Error;
use crate::find;
use crate::postgres::scripts;

/// Refuses a folder with such a statement, before anything of it is run.
pub(super) fn refused(folder: &Folder, set: &find::Set) -> Option<Error> {
    scripts(folder).find_map(|script| {
        let (what, offset) = beyond(&script.sql)?;
        Some(refusal(script, &what, offset, set))
    })
}

fn refusal(script: &Script, what: &str, offset: usize, set: &find::Set) -> Error {
    let mut place = Place::at(&script.path, &script.sql, script.line, offset, 1);
    place.path = set.path(&place.path);
    Error::new(format!("`{what}` reaches beyond the scratch database"))
        .at(place)
        .note("nothing was run: it would change the server itself, and stay when the scratch database is gone")
        .help("name a server of your own that may be changed, and say so by `--server-may-change`")
}

/// The first statement of a text that does it: its words, and where it is.
fn beyond(sql: &str) -> Option<(String, usize)> {
    let all: Vec<Token<'_>> = tokens(sql, Database::Postgres)
        .filter(|token| !token.kind.is_comment())
        .collect();
    let mut statement = 0;
    for (at, token) in all.iter().enumerate() {
        if token.is_punctuation(';') {
            statement = at + 1;
        }
        let next = |by: usize| all.get(at + by);
        let is = |by: usize, words: &[&str]| {
            next(by).is_some_and(|token| words.iter().any(|word| token.is_keyword(word)))
        };
        // Also in the body of a function.
        let begins = at == statement
            || ["BEGIN", "THEN", "ELSE", "LOOP"]
                .iter()
                .any(|word| all[at - 1].is_keyword(word));
        let found = if token.kind == TokenKind::String {
            // Only what is run: the text of a row may have such words.
            let before = at.checked_sub(1).map(|before| &all[before]);
            let is_run = token.text.starts_with('$')
                || before.is_some_and(|before| {
                    ["EXECUTE", "DO", "AS"]
                        .iter()
                        .any(|word| before.is_keyword(word))
                        || before.is_punctuation('(') && is_format(&all[..at])
                });
            let inner = is_run.then(|| beyond(&inside(token.text))).flatten();
            if let Some((what, _)) = inner {
                return Some((what, token.offset));
            }
            false
        } else if is(0, &["CREATE", "ALTER", "DROP"]) {
            is(1, SERVER) || (is(1, &["USER"]) && !is(2, &["MAPPING"])) || (is(1, &["OWNED"]))
        } else if is(0, &["REASSIGN"]) {
            is(1, &["OWNED"])
        } else if is(0, &["COMMENT"]) {
            is(1, &["ON"]) && is(2, &["DATABASE", "ROLE", "TABLESPACE"])
        } else if is(0, &["GRANT", "REVOKE"]) && begins {
            grants_beyond(&all[at..])
        } else if is(0, &["COPY"]) && begins {
            writes_file(&all[at..])
        } else {
            token.kind == TokenKind::Word
                && next(1).is_some_and(|token| token.is_punctuation('('))
                && FUNCTIONS.iter().any(|name| token.is_keyword(name))
        };
        if found {
            let second = next(1).filter(|token| token.kind == TokenKind::Word);
            let words: Vec<&str> = [Some(token), second]
                .into_iter()
                .flatten()
                .map(|t| t.text)
                .collect();
            return Some((words.join(" "), token.offset));
        }
    }
    None
}

/// What belongs to the server as a whole.
const SERVER: &[&str] = &[
    "ROLE",
    "GROUP",
    "DATABASE",
    "TABLESPACE",
    "SYSTEM",
    "SUBSCRIPTION",
];

/// Functions that reach other connections, servers or files.
const FUNCTIONS: &[&str] = &[
    "dblink",
    "dblink_connect",
    "dblink_exec",
    "dblink_send_query",
    "lo_export",
    "pg_cancel_backend",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_drop_replication_slot",
    "pg_reload_conf",
    "pg_terminate_backend",
];

/// The text of a string, without its quotes.
fn inside(text: &str) -> String {
    match text.strip_prefix('$').and_then(|rest| rest.split_once('$')) {
        Some((tag, rest)) => rest
            .strip_suffix(&format!("${tag}$"))
            .unwrap_or(rest)
            .to_owned(),
        None => {
            let inner = text.split_once('\'').map_or(text, |(_, rest)| rest);
            inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'")
        }
    }
}

/// Whether `tokens` end in `EXECUTE format (`.
fn is_format(tokens: &[Token<'_>]) -> bool {
    let mut back = tokens.iter().rev().skip(1);
    back.next().is_some_and(|token| token.is_keyword("FORMAT"))
        && back.next().is_some_and(|token| token.is_keyword("EXECUTE"))
}

/// Whether a `GRANT` or `REVOKE` is about membership in a role, which is on nothing, or on what belongs to the
/// server as a whole.
fn grants_beyond(tokens: &[Token<'_>]) -> bool {
    const SHARED: &[&str] = &["DATABASE", "TABLESPACE", "PARAMETER"];
    let end = tokens.iter().position(|token| {
        token.is_keyword("TO") || token.is_keyword("FROM") || token.is_punctuation(';')
    });
    let privileges = &tokens[..end.unwrap_or(tokens.len())];
    let on = privileges.iter().position(|token| token.is_keyword("ON"));
    match on.map(|on| &privileges[on + 1..]) {
        // A table may be called so.
        Some([kind, _, ..]) => SHARED.iter().any(|word| kind.is_keyword(word)),
        Some(_) => false,
        None => end.is_some_and(|end| !tokens[end].is_punctuation(';')),
    }
}

/// Whether a `COPY` writes to a file of the server, or runs a program there.
fn writes_file(tokens: &[Token<'_>]) -> bool {
    let statement = tokens.iter().take_while(|token| !token.is_punctuation(';'));
    let statement: Vec<_> = statement.collect();
    statement.windows(2).any(|pair| {
        let to_file = pair[0].is_keyword("TO") && pair[1].kind == TokenKind::String;
        to_file || pair[1].is_keyword("PROGRAM")
    })
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn what_reaches_beyond_a_database() {
        let check = |sql: &str, expected: Option<&str>| {
            let found = beyond(sql).map(|(what, _)| what);
            assert_eq!(found.as_deref(), expected, "{sql}");
        };
        check("CREATE TABLE a (x int);", None);
        check("create role app;", Some("create role"));
        check("SELECT 1; ALTER USER app SET x = 1;", Some("ALTER USER"));
        check("CREATE USER MAPPING FOR a SERVER b;", None);
        check("DO $$BEGIN CREATE ROLE app; END$$;", Some("CREATE ROLE"));
        check(
            "DO $a$BEGIN EXECUTE 'CREATE ROLE app'; END$a$;",
            Some("CREATE ROLE"),
        );
        check(
            "DO $$BEGIN EXECUTE format('DROP ROLE %I', 'a'); END$$;",
            Some("DROP ROLE"),
        );
        check("INSERT INTO rights VALUES ('create role');", None);
        check("GRANT SELECT ON a TO app; REVOKE ALL ON a FROM app;", None);
        check("GRANT admin TO app;", Some("GRANT admin"));
        check(
            "DO $$BEGIN IF true THEN GRANT admin TO app; END IF; END$$;",
            Some("GRANT admin"),
        );
        check("DO $$BEGIN COPY a TO '/tmp/a'; END$$;", Some("COPY a"));
        check("GRANT CONNECT ON DATABASE a TO b;", Some("GRANT CONNECT"));
        check(
            "REVOKE CREATE ON TABLESPACE a FROM b;",
            Some("REVOKE CREATE"),
        );
        check("GRANT SET ON PARAMETER work_mem TO b;", Some("GRANT SET"));
        check("GRANT USAGE ON SCHEMA database TO b;", None);
        check(
            "ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO b;",
            None,
        );
        check("ALTER TABLE a OWNER TO b;", None);
        check("COPY a TO '/tmp/a';", Some("COPY a"));
        check("COPY a FROM PROGRAM 'x';", Some("COPY a"));
        check("COPY a (x) FROM stdin;", None);
        check(
            "SELECT pg_terminate_backend(1);",
            Some("pg_terminate_backend"),
        );
        check("DROP DATABASE a;", Some("DROP DATABASE"));
        check("COMMENT ON DATABASE a IS 'b';", Some("COMMENT ON"));
    }
}
