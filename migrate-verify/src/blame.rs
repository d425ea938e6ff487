//! Which migration a fault comes from, and which words of it.

use migrate_source::schema::{Kind, Object};
use migrate_source::sql::{Statement, tokens, unquoted};
use migrate_source::{Database, Finding, Place, Problem};
use rusqlite::Result;

use crate::catalog::Catalog;
use crate::failure::first_line;
use crate::probe::{self, Fault};
use crate::run::{OnFailure, begins_with, is_simple};
use crate::scratch::Scratch;
use crate::set::{Body, Script, Set};
use crate::walk::body;
use crate::words::of_application;

/// For each fault the version it is there from on, whether that migration is not to be verified, and
/// what is to be said. All migrations are run once more for it, with a look after each.
pub(crate) fn blame(set: &Set<'_>, faults: &[Fault]) -> Result<Vec<(Option<i64>, bool, Finding)>> {
    let scratch = Scratch::new()?;
    let mut since: Vec<Option<usize>> = vec![None; faults.len()];
    let mut catalog = Catalog::default();
    for (at, migration) in set.migrations.iter().enumerate() {
        let simple = is_simple(&migration.up);
        if simple {
            scratch.execute("BEGIN")?;
        }
        body(&scratch, &migration.up, OnFailure::GoOn);
        if simple {
            scratch.execute("COMMIT")?;
        }
        catalog = Catalog::of(&scratch, &catalog)?;
        let now = probe::faults(&scratch, &catalog)?;
        for (fault, since) in faults.iter().zip(&mut since) {
            let is_there = now.iter().any(|other| {
                other.object == fault.object && other.failure.message == fault.failure.message
            });
            *since = is_there.then(|| since.unwrap_or(at));
        }
    }
    let told = faults.iter().zip(since).map(|(fault, since)| {
        let migration = since.and_then(|at| set.migrations.get(at));
        let version = migration.map(|migration| migration.version);
        let script = match migration.map(|migration| &migration.up) {
            Some(Body::Sql(script)) => Some(script),
            Some(Body::Code(code)) => {
                let finding = words(fault, None).at(Place::file(code.path));
                return (version, false, finding);
            }
            None => repeatable(set, fault),
        };
        let unverified = script.is_some_and(|script| script.unverified);
        let trigger = trigger(fault, &catalog);
        let mut names = fault.failure.names();
        names.extend(trigger);
        names.push(&fault.object);
        let place = script.map(|script| place(script, &names));
        let finding = words(fault, trigger);
        let finding = match place {
            Some(place) => finding.at(place),
            None => finding,
        };
        (version, unverified, finding)
    });
    Ok(told.collect())
}

/// The repeatable migration that a fault must come from, as no numbered one has it.
fn repeatable<'s>(set: &'s Set<'_>, fault: &Fault) -> Option<&'s Script<'s>> {
    let ups = set.repeatables.iter().map(|repeatable| &repeatable.up);
    let mut mentions = ups.filter(|script| {
        tokens(script.sql, Database::Sqlite).any(|token| is_name(token.text, &fault.object))
    });
    mentions.next()
}

/// The trigger of the table that has in its text what is lacking.
fn trigger<'c>(fault: &Fault, catalog: &'c Catalog) -> Option<&'c str> {
    if fault.problem != Problem::BrokenTrigger {
        return None;
    }
    let lacking = fault.failure.names();
    let mut triggers = catalog.schema.objects().filter(|object| {
        object.kind() == Kind::Trigger && object.table().eq_ignore_ascii_case(&fault.object)
    });
    let has = |object: &&Object| {
        let mut tokens = tokens(object.sql().unwrap_or_default(), Database::Sqlite);
        tokens.any(|token| lacking.iter().any(|name| is_name(token.text, name)))
    };
    triggers.find(has).map(Object::name)
}

fn words(fault: &Fault, trigger: Option<&str>) -> Finding {
    let message = &fault.failure.message;
    let object = &fault.object;
    let finding = |text: String| {
        let finding = Finding::new(fault.problem, text);
        match of_application(message) {
            Some(help) => finding.help(help),
            None => finding,
        }
    };
    match fault.problem {
        Problem::BrokenView => finding(format!("the view `{object}` cannot be read: {message}"))
            .help("correct it, or drop it before what it reads goes"),
        Problem::BrokenTrigger => finding(match trigger {
            Some(trigger) => {
                format!("the trigger `{trigger}` on `{object}` fails whenever it fires: {message}")
            }
            None => format!("a trigger on `{object}` fails whenever it fires: {message}"),
        })
        .help("correct it, or drop it before what it uses goes"),
        _ => {
            let key = match fault.failure.names()[..] {
                [parent, child, ..] => format!("the foreign key of `{child}` to `{parent}`"),
                _ => format!("a foreign key of `{object}`"),
            };
            finding(format!("{key} fails on every write: {message}"))
                .help("refer to a table that is there, and to its primary key or columns that are `UNIQUE` together")
        }
    }
}

/// The place of the first of `names` that a statement of the script has, else its first statement.
/// A statement that has more of them is meant rather than one that has fewer.
pub(crate) fn place(script: &Script<'_>, names: &[&str]) -> Place {
    let mut best: Option<(usize, (usize, usize))> = None;
    for statement in script.statements() {
        let tokens: Vec<_> = tokens(statement.text, Database::Sqlite)
            .filter(|token| token.kind.is_name())
            .collect();
        let found = |name: &&&str| tokens.iter().any(|token| is_name(token.text, name));
        let count = names.iter().filter(found).count();
        let span = names
            .iter()
            .find_map(|name| tokens.iter().find(|token| is_name(token.text, name)))
            .map(|token| (statement.offset + token.offset, token.text.len()));
        let first_line = statement.text.lines().next().map_or(0, str::len);
        let span = span.unwrap_or((statement.offset, first_line));
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, span));
        }
    }
    match best {
        Some((_, (offset, len))) => Place::at(script.path, script.sql, script.line, offset, len),
        None => Place {
            line: script.line,
            ..Place::file(script.path)
        },
    }
}

/// The first statement that begins with a word, else the first of all.
pub(crate) fn place_of(script: &Script<'_>, word: &str) -> Place {
    let all = script.statements();
    let begins = |statement: &&Statement<'_>| begins_with(statement.text, word);
    let Some(statement) = all.iter().find(begins).or(all.first()) else {
        return Place::file(script.path);
    };
    let len = first_line(statement.text);
    Place::at(script.path, script.sql, script.line, statement.offset, len)
}

fn is_name(token: &str, name: &str) -> bool {
    unquoted(token).eq_ignore_ascii_case(name)
}
