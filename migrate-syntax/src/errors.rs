//! What PostgreSQL would not understand, as findings.

use std::collections::BTreeMap;

use migrate_source::folder::{Folder, Script, Up};
use migrate_source::sql::{Token, TokenKind, psql_command, single_statements, tokens};
use migrate_source::{Database, Finding, Options, Place, Problem};

use crate::gaps::is_gap;
use crate::parse::{parsed, with_stack};
use crate::words::{Near, worded};

/// How many findings of one file are told.
const MOST: usize = 5;

/// What PostgreSQL would not understand in a folder that was read with these options: of each statement
/// its first error, of each file the first five.
///
/// A folder for another database has none. A script that says `-- migrate: unverified "why"` has none
/// either, nor has what the parser cannot do.
///
/// ```
/// # use migrate_source::{Database, folder::{File, Folder, Options}};
/// let sql = "ALTER TABLE users ADD COLUMN email text NOT NUL;\n";
/// let file = File { path: "0001_email.sql".into(), bytes: sql.into() };
/// let options = Options::new(Database::Postgres);
/// let findings = migrate_syntax::syntax_errors(&Folder::read(&[file], &options), &options);
/// assert_eq!(findings[0].message, r#"syntax error at or near "NUL""#);
/// ```
#[must_use]
pub fn syntax_errors(folder: &Folder, options: &Options) -> Vec<Finding> {
    if options.database != Database::Postgres {
        return Vec::new();
    }
    with_stack(|| found(folder, options)).unwrap_or_default()
}

fn found(folder: &Folder, options: &Options) -> Vec<Finding> {
    let newest = folder.migrations.last().map_or(0, |last| last.version);
    let mut of_file: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
    for (version, script) in scripts(folder) {
        let findings = of_script(script).into_iter();
        let findings = findings
            .filter(|finding| !options.relax_finding(finding, version))
            .map(|finding| finding.relaxable(version, newest));
        of_file.entry(&script.path).or_default().extend(findings);
    }
    let mut findings = Vec::new();
    for mut found in of_file.into_values() {
        let more = found.len().saturating_sub(MOST);
        found.truncate(MOST);
        if more > 0 {
            let last = found.pop();
            let s = if more == 1 { "" } else { "s" };
            found.extend(last.map(|last| {
                last.help(format!(
                    "{more} more statement{s} of this file cannot be read either"
                ))
            }));
        }
        findings.extend(found);
    }
    findings
}

/// Every script of a folder, with the version that it is about.
fn scripts(folder: &Folder) -> impl Iterator<Item = (Option<i64>, &Script)> {
    let numbered = folder.migrations.iter().flat_map(|migration| {
        let up = match &migration.up {
            Up::Sql(up) => Some(up),
            Up::Code(_) => None,
        };
        let scripts = up.into_iter().chain(&migration.down);
        scripts.map(|script| (Some(migration.version), script))
    });
    let repeatables = folder.repeatables.iter();
    let repeatables = repeatables.flat_map(|one| [&one.up].into_iter().chain(&one.down));
    let others = repeatables.chain(&folder.seed);
    numbered.chain(others.map(|script| (None, script)))
}

fn of_script(script: &Script) -> Vec<Finding> {
    let sql = script.sql.as_str();
    let statements = single_statements(sql, Database::Postgres);
    // Data may follow such a command, and a finding says so.
    let psql = statements
        .iter()
        .any(|statement| psql_command(statement.text, Database::Postgres).is_some());
    if psql || script.directives.unverified.is_some() {
        return Vec::new();
    }
    let errors = statements.iter().filter_map(|statement| {
        let Found { message, help, at } = first_error(statement.text)?;
        let place = Place::at(
            &script.path,
            sql,
            script.line,
            statement.offset + at.start,
            at.len(),
        );
        let finding = Finding::new(Problem::SyntaxError, message).at(place);
        Some(help.into_iter().fold(finding, Finding::help))
    });
    errors.collect()
}

/// An error, its place within the statement.
struct Found {
    message: String,
    help: Vec<String>,
    at: std::ops::Range<usize>,
}

fn first_error(statement: &str) -> Option<Found> {
    let all: Vec<Token<'_>> = tokens(statement, Database::Postgres).collect();
    // Reported already, as what they are.
    let broken = |token: &Token<'_>| !token.closed || token.kind == TokenKind::HashComment;
    if all.iter().any(broken) || is_gap(statement) {
        return None;
    }
    let in_string = |at: usize| {
        let mut strings = all.iter().filter(|token| token.kind == TokenKind::String);
        strings.any(|string| string.offset < at && at < string.end())
    };
    let (text, at) = parsed(statement, |tree| {
        let errors = tree.errors().into_iter();
        let mut errors = errors.map(|error| {
            (
                error.message().to_owned(),
                usize::from(error.range().start()),
            )
        });
        errors.find(|(_, at)| !in_string(*at))
    })??;
    let mut read = all.iter().filter(|token| !token.kind.is_comment());
    let mut near = read.find(|token| token.end() > at);
    // An unknown `CREATE` is known to be one: what is wrong is the word behind it.
    if near.is_some_and(|token| token.offset == 0 && is_command(token)) {
        near = read.next();
    }
    let (message, help) = worded(&text, near.map_or(Near::End, Near::Token));
    let end = statement.trim_end().len();
    Some(Found {
        message,
        help,
        at: near.map_or(end..end, |token| token.offset..token.end()),
    })
}

/// Whether a statement can begin with this word.
fn is_command(token: &Token<'_>) -> bool {
    let commands = [
        "ALTER", "COMMENT", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "REVOKE", "SET",
        "UPDATE",
    ];
    commands.iter().any(|command| token.is_keyword(command))
}
