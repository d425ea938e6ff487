//! Settings with a name of the user's own, such as `app.tenant`. No catalog lists them, so those count that
//! a script names where it sets them.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::sql::{Token, TokenKind, tokens, unquoted};

use crate::backend::postgres::quote::text;

/// The names of those that a script sets by `SET`, `RESET` or `set_config`, also in the bodies that it has in
/// dollar quotes. A name that is put together while it runs, or is in a function of the database, is not among them.
pub(super) fn names(script: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(script, &mut names);
    names
}

fn collect(script: &str, names: &mut BTreeSet<String>) {
    let mut tokens = tokens(script, Database::Postgres).filter(|token| !token.kind.is_comment());
    while let Some(token) = tokens.next() {
        let rest = tokens.clone();
        if token.is_keyword("SET") || token.is_keyword("RESET") {
            names.extend(dotted(rest));
        } else if token.kind.is_name() && unquoted(token.text).eq_ignore_ascii_case("set_config") {
            names.extend(argument(rest));
        } else if token.kind == TokenKind::String
            && let Some(body) = dollar_quoted(token.text)
        {
            collect(body, names);
        }
    }
}

/// The name after `SET`, if it has parts.
fn dotted<'t>(tokens: impl Iterator<Item = Token<'t>>) -> Option<String> {
    let scope = |t: &Token<'_>| t.is_keyword("SESSION") || t.is_keyword("LOCAL");
    let mut tokens = tokens.skip_while(scope);
    let mut name = unquoted(tokens.next().filter(|t| t.kind.is_name())?.text).into_owned();
    let mut parts = 1;
    while tokens.next().is_some_and(|t| t.is_punctuation('.')) {
        name.push('.');
        name.push_str(&unquoted(tokens.next().filter(|t| t.kind.is_name())?.text));
        parts += 1;
    }
    (parts > 1).then_some(name)
}

/// The name in `set_config('…'`, if it has parts.
fn argument<'t>(tokens: impl Iterator<Item = Token<'t>>) -> Option<String> {
    let mut tokens = tokens;
    tokens.next().filter(|token| token.is_punctuation('('))?;
    let name = tokens.next().filter(|t| t.kind == TokenKind::String)?;
    let name = match name.text.starts_with('\'') {
        true => unquoted(name.text).into_owned(),
        false => dollar_quoted(name.text)?.to_owned(),
    };
    name.contains('.').then_some(name)
}

fn dollar_quoted(token: &str) -> Option<&str> {
    let end = token.strip_prefix('$')?.find('$')? + 2;
    token[end..].strip_suffix(&token[..end])
}

/// Asks for their values.
pub(super) fn question(names: &BTreeSet<String>) -> String {
    let values = names
        .iter()
        .map(|name| format!("pg_catalog.current_setting({}, true)", text(name)));
    format!("SELECT {}", values.collect::<Vec<_>>().join(", "))
}

/// Gives one its value back. One that did not exist cannot be removed; it is left empty, as PostgreSQL itself
/// leaves those of a transaction, unless it is that of a library which was loaded meanwhile: then it is listed, and
/// put back like all that are.
pub(super) fn put_back((name, value): &(String, String)) -> String {
    let listed = match value.is_empty() {
        true => format!(
            " AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) = pg_catalog.lower({}))",
            text(name)
        ),
        false => String::new(),
    };
    let (name, value) = (text(name), text(value));
    format!(
        "SELECT pg_catalog.set_config({name}, {value}, false) \
         WHERE coalesce(pg_catalog.current_setting({name}, true), '') <> {value}{listed}"
    )
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_that_a_script_sets() {
        let check = |script, expected: &[&str]| {
            let found = names(script).into_iter().collect::<Vec<_>>();
            assert_eq!(found, expected, "{script}");
        };
        check(
            "SET app.a = 1; set local \"App\".b.c TO 'x'",
            &["App.b.c", "app.a"],
        );
        check(
            "SET work_mem = 1; SET SESSION a.b = 2; RESET a.c",
            &["a.b", "a.c"],
        );
        check(
            "SELECT pg_catalog.set_config ( 'a.b', 'x', false), \"set_config\"($$a.c$$, 'x', false)",
            &["a.b", "a.c"],
        );
        check(
            "DO $x$ BEGIN PERFORM set_config('a.b', '', false); EXECUTE $$SET a.c = 1$$; END $x$",
            &["a.b", "a.c"],
        );
        check(
            "SELECT set_config(a.b, 'x', true), set_config(E'a.b', 'x', true); -- SET a.b = 1",
            &[],
        );
        check("SET; SET a.; SET .b; SET 'a'.b; set_config(; $", &[]);
    }
}
