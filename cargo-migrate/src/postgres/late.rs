//! What PostgreSQL finds late: views and functions whose names stand for nothing any more, indexes that
//! are not valid.
//!
//! Views, rules, policies and defaults are bound when they are made, and PostgreSQL keeps what they use. A
//! function is a text that is bound when it is called.

use migrate_core::postgres::Client;
use migrate_source::sql::{Token, TokenKind, single_statements, tokens, unquoted};
use migrate_source::{Database, Finding, Place, Problem};

use crate::error::Error;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::Set;
use crate::postgres::words::is_about_name;

/// What is found on a database with all migrations, with the version that it comes from.
pub(super) fn findings(
    set: &Set<'_>,
    scratch: &mut Scratch<'_>,
) -> Result<Vec<(Option<i64>, Finding)>, Error> {
    let mut found = Vec::new();
    for row in scratch.query(VIEWS)? {
        let (name, quoted) = (
            row.get(0).unwrap_or_default(),
            row.get(1).unwrap_or_default(),
        );
        if let Some(message) = fails(
            scratch.db()?,
            "",
            &format!("SELECT * FROM {quoted} LIMIT 0"),
        ) {
            let finding = Finding::new(
                Problem::BrokenView,
                format!("view `{name}` cannot be read: {message}"),
            )
            .help("correct what it uses, or drop the view before that goes");
            found.push(blame(set, name, finding));
        }
    }
    let path = whole_path(scratch)?;
    for row in scratch.query(FUNCTIONS)? {
        let text = |at: usize| row.get(at).unwrap_or_default();
        let (name, id, own_path) = (text(0), text(1), text(2));
        let check = format!("SELECT pg_catalog.fmgr_sql_validator({id})");
        let db = scratch.db()?;
        // Whoever calls it may have another search path.
        if fails(db, own_path, &check).is_some()
            && let Some(message) = fails(db, &path, &check)
        {
            let finding = Finding::new(
                Problem::BrokenFunction,
                format!("function `{name}` cannot be called: {message}"),
            )
            .help("correct its text, or drop it before what it uses goes");
            found.push(blame(set, name, finding));
        }
    }
    for row in scratch.query(INDEXES)? {
        let (name, table) = (
            row.get(0).unwrap_or_default(),
            row.get(1).unwrap_or_default(),
        );
        let finding = Finding::new(
            Problem::InvalidIndex,
            format!("index `{name}` of `{table}` is not valid, so that no query uses it"),
        )
        .help("one that is created `ON ONLY` a partitioned table needs one of each partition: `ALTER INDEX … ATTACH PARTITION`");
        found.push(blame(set, name, finding));
    }
    Ok(found)
}

/// Sets a search path, for a transaction, in which every schema is.
pub(super) fn whole_path(scratch: &mut Scratch<'_>) -> Result<String, Error> {
    let rows = scratch.query(PATH)?;
    let path = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
    Ok(path.to_owned())
}

/// The finding, at the last statement that creates `name`, with the version of that.
pub(super) fn blame(set: &Set<'_>, name: &str, finding: Finding) -> (Option<i64>, Finding) {
    for (version, script) in set.scripts_backwards() {
        let statements = single_statements(&script.sql, Database::Postgres);
        for statement in statements.iter().rev() {
            let created = created(statement.text);
            let Some(token) = created.filter(|token| match token.kind {
                TokenKind::QuotedName => unquoted(token.text) == name,
                _ => token.text.eq_ignore_ascii_case(name),
            }) else {
                continue;
            };
            let offset = statement.offset + token.offset;
            let length = token.text.len();
            let place = Place::at(&script.path, &script.sql, script.line, offset, length);
            return (version, finding.at(place));
        }
    }
    (None, finding)
}

/// The name of what a statement creates, without its schema.
fn created(statement: &str) -> Option<Token<'_>> {
    const BEFORE: &[&str] = &[
        "OR",
        "REPLACE",
        "TEMP",
        "TEMPORARY",
        "RECURSIVE",
        "UNIQUE",
        "INDEX",
        "CONCURRENTLY",
        "IF",
        "NOT",
        "EXISTS",
        "VIEW",
        "FUNCTION",
        "PROCEDURE",
    ];
    let all = tokens(statement, Database::Postgres);
    let mut all = all.filter(|token| !token.kind.is_comment()).peekable();
    all.next_if(|token| token.is_keyword("CREATE"))?;
    let is_before = |token: &Token<'_>| BEFORE.iter().any(|word| token.is_keyword(word));
    while all.next_if(is_before).is_some() {}
    let mut name = all.next()?;
    while all.next_if(|token| token.is_punctuation('.')).is_some() {
        name = all.next()?;
    }
    Some(name)
}

/// What a query fails with, if it is that a name stands for nothing.
fn fails(db: &mut Client, path: &str, query: &str) -> Option<String> {
    let ran = db.batch_execute(&format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'; {path} {query}"
    ));
    // The answer is known already.
    let _ = db.batch_execute("ROLLBACK");
    let error = ran.err()?;
    let code = error.code()?.code();
    // An unknown setting has the code of an unknown object.
    let is_binding = code == "42P13" || (is_about_name(code) && code != "42704");
    let message = error.as_db_error()?.message();
    is_binding.then(|| format!("{message} (SQLSTATE {code})"))
}

const PATH: &str = "\
SELECT 'SET LOCAL search_path = ' || pg_catalog.concat_ws(', ', nullif(pg_catalog.current_setting('search_path'), ''), \
  pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname), ', ')) || ';' \
FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

const VIEWS: &str = "\
SELECT c.relname, pg_catalog.format('%I.%I', n.nspname, c.relname) \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind = 'v' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 2";

/// Those in SQL, each with what sets the search path that it brings along. The bodies of others are bound
/// statement by statement while they run.
const FUNCTIONS: &str = "\
SELECT f.proname, f.oid, (SELECT 'SET LOCAL search_path = ' || pg_catalog.substr(s, 13) || ';' \
    FROM pg_catalog.unnest(f.proconfig) s WHERE s LIKE 'search_path=%') \
FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace \
  JOIN pg_catalog.pg_language l ON l.oid = f.prolang AND l.lanname = 'sql' \
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e') ORDER BY 1, 2";

const INDEXES: &str = "\
SELECT c.relname, t.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
  JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE NOT i.indisvalid AND n.nspname !~ '^pg_' ORDER BY 1, 2";
