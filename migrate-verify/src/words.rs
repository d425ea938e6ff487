//! Findings in words: what happened, and what to do.

use migrate_source::schema::{Difference, Schema};
use migrate_source::sql::{tokens, unquoted};
use migrate_source::{Database, Finding, Mode, Place, Problem};

use crate::blame;
use crate::doubt::Doubt;
use crate::failure::{Failure, Kind};
use crate::populated::Trouble;
use crate::set::{Body, Script};

/// A statement that fails, with what may be done.
pub(crate) fn failed(problem: Problem, script: &Script<'_>, failure: &Failure) -> Finding {
    failing(problem, script, failure).perhaps_postgres(script.sql)
}

fn failing(problem: Problem, script: &Script<'_>, failure: &Failure) -> Finding {
    let (offset, len) = failure.span;
    let place = Place::at(script.path, script.sql, script.line, offset, len);
    let problem = match (failure.kind, script.mode) {
        (Kind::Endless, Mode::Repeat) => Problem::EndlessRepeat,
        (Kind::Endless | Kind::Large, _) => Problem::EndlessStatement,
        _ => problem,
    };
    let message = format!("{}{}", again(problem), failure.message);
    let finding = Finding::new(problem, message).at(place);
    let unverified = "`-- migrate: unverified \"why\"` at the head of the file";
    if failure.kind == Kind::Endless {
        return finding.help(match script.mode {
            Mode::Repeat => {
                "add a `WHERE` that a row which is done does not meet, also one with `NULL`"
                    .to_owned()
            }
            _ => format!(
                "give it an end, or less to do; if it only needs long, say so by {unverified}"
            ),
        });
    }
    if failure.kind == Kind::Large {
        return finding.help(format!(
            "let it make less; if there is room for it where it runs, say so by {unverified}"
        ));
    }
    if let Some(help) = of_application(&failure.message) {
        return finding.help(help);
    }
    if let Some(help) = of_alteration(&failure.message) {
        return finding.help(help);
    }
    finding.help(match (problem, failure.kind) {
        (Problem::FailingDown, _) => "correct it: a down may be mended at any time",
        (Problem::FailingAgain, _) => {
            "make it bear being run again, or mend the down: that may be done at any time"
        }
        (Problem::FailingSeed, _) => "correct it: no version of the schema takes it",
        (_, Kind::Name) => "correct the name, or mend the migrations before this one",
        (_, Kind::Constraint) => "correct the rows, or the constraint",
        _ => "correct it: it would fail on every database",
    })
}

/// A body that fails, with what may be done.
pub(crate) fn failed_body(problem: Problem, body: &Body<'_>, failure: &Failure) -> Finding {
    let code = match body {
        Body::Sql(script) => return failed(problem, script, failure),
        Body::Code(code) => code,
    };
    let message = format!("{}{}", again(problem), failure.message);
    let finding = Finding::new(problem, message).at(Place::file(code.path));
    match problem {
        Problem::FailingUp => {
            finding.help("it is run on a database that has the migrations before it, without rows")
        }
        Problem::FailingDown => {
            finding.help("it is run right after its up, on tables without rows")
        }
        _ => finding,
    }
}

/// What stands before the message of something that has run once.
fn again(problem: Problem) -> &'static str {
    match problem {
        Problem::FailingAgain => "run again: ",
        _ => "",
    }
}

/// What to do if SQLite does not alter a table that way.
fn of_alteration(message: &str) -> Option<String> {
    if message.starts_with("Cannot add a UNIQUE column") {
        return Some("add the column without it, then `CREATE UNIQUE INDEX` on it".to_owned());
    }
    // "error in view v after drop column: …"
    let (object, _) = message.strip_prefix("error in ")?.split_once(" after ")?;
    let (kind, name) = object.split_once(' ')?;
    Some(format!(
        "drop the {kind} `{name}` before, and make it again after"
    ))
}

/// After a migration the database cannot be read any more.
pub(crate) fn unusable(error: &rusqlite::Error) -> Finding {
    Finding::new(
        Problem::FailingUp,
        format!("it leaves a database that cannot be used: {error}"),
    )
    .help("correct what it writes to SQLite's own tables")
    .help("nothing after it was run")
}

/// Whether a script has this name anywhere.
fn names(script: &Script<'_>, name: &str) -> bool {
    tokens(script.sql, Database::Sqlite)
        .any(|token| unquoted(token.text).eq_ignore_ascii_case(name))
}

/// What to do if SQLite lacks what the program may provide.
pub(crate) fn of_application(message: &str) -> Option<&'static str> {
    const WORDS: [&str; 4] = [
        "no such function",
        "unknown function",
        "no such collation",
        "no such module",
    ];
    let is = WORDS.iter().any(|words| message.contains(words));
    is.then_some(
        "SQLite does not have it: if the program provides it, say so by `-- migrate: unverified \"why\"` at the head of the file",
    )
}

/// What is not as it was, if anything; `made` is the schema after the up.
pub(crate) fn incomplete(
    doubt: &Doubt,
    was: &Schema,
    made: &Schema,
    is: &Schema,
) -> Option<Finding> {
    const MOST: usize = 8;
    let mut differences = was.differences(is);
    differences.retain(|difference| doubt.is_sure_of(difference, made));
    if differences.is_empty() {
        return None;
    }
    let finding = Finding::new(
        Problem::IncompleteDown,
        "after this down the schema is not what it was before the up",
    );
    let shown = differences.iter().take(MOST).map(Difference::after_down);
    let more = differences.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more"));
    Some(
        shown.chain(rest).fold(finding, Finding::help).help(
            "without a way back, delete the down and write `-- migrate: irreversible` in the up",
        ),
    )
}

/// What a migration did.
fn changed(difference: &Difference<'_>) -> String {
    let (object, what) = match (difference.before(), difference.after()) {
        (None, Some(made)) => (made, "is made"),
        (Some(gone), None) => (gone, "is dropped"),
        (Some(object), _) => (object, "is changed"),
        (None, None) => return String::new(),
    };
    format!("{} `{}` {what}", object.kind(), object.name())
}

pub(crate) fn undeclared(was: &Schema, is: &Schema) -> Option<Finding> {
    let difference = was.differences(is).into_iter().next()?;
    let finding = Finding::new(
        Problem::UndeclaredChange,
        "it changes the schema and does not say so",
    );
    Some(
        finding
            .help(changed(&difference))
            .help("add `pub const CHANGES_SCHEMA: bool = true;`"),
    )
}

/// What goes wrong when tables have rows; `seeded` when the author has given some.
pub(crate) fn with_rows(up: &Body<'_>, trouble: &Trouble, seeded: bool) -> Finding {
    let script = match up {
        Body::Sql(script) => script,
        Body::Code(code) => {
            let what = match trouble {
                Trouble::Fails(failure) => failure.message.clone(),
                Trouble::Loses(table, ..) => format!("rows of `{table}` are lost"),
                Trouble::Orphans(child, parent) => {
                    format!("rows of `{child}` lose their parent in `{parent}`")
                }
            };
            return Finding::new(
                Problem::FailingOnRows,
                format!("on tables with rows: {what}"),
            )
            .at(Place::file(code.path))
            .help("it runs on empty tables only: take care of the rows that are there");
        }
    };
    match trouble {
        Trouble::Fails(failure) => {
            let (offset, len) = failure.span;
            let place = Place::at(script.path, script.sql, script.line, offset, len);
            let finding = Finding::new(
                Problem::FailingOnRows,
                format!("on tables with rows: {}", failure.message),
            )
            .at(place)
            .help(on_rows(&failure.message));
            match seeded {
                true => finding.help("the rows of `seed.sql` were tried as well"),
                false => finding.help(
                    "sample rows of your own, in a file `seed.sql`, are taken in place of made-up ones",
                ),
            }
        }
        Trouble::Orphans(child, parent) => Finding::new(
            Problem::FailingOnRows,
            format!("on tables with rows: rows of `{child}` have no parent in `{parent}` any more"),
        )
        .at(blame::place(script, &[parent]))
        .help("take care of them before: foreign keys are checked before each commit")
        .help(
            "to have a `DELETE` take along what refers to its rows: `-- migrate: foreign-keys on`",
        ),
        Trouble::Loses(table, before, after) if script.foreign_keys && !names(script, table) => {
            let message = format!("rows of `{table}` are lost: of {before} are left {after}");
            Finding::new(Problem::LostRows, message)
                .at(blame::place_of(script, "DROP"))
                .help("with foreign keys enforced, dropping a table deletes the rows that refer to its own")
                .help("remove `-- migrate: foreign-keys on`")
                .help("rows that shall go are deleted by a `DELETE`")
        }
        Trouble::Loses(table, before, after) => {
            let finding = Finding::new(
                Problem::LostRows,
                format!("rows of `{table}` are lost: of {before} are left {after}"),
            );
            finding
                .at(blame::place(script, &[table]))
                .help("copy all of them: `INSERT INTO … SELECT … FROM …` without a filter, before the old table is dropped")
                .help("rows that shall go are deleted by a `DELETE`")
        }
    }
}

/// What to do about a constraint that rows do not meet.
fn on_rows(message: &str) -> &'static str {
    if message.starts_with("UNIQUE") {
        "it runs on empty tables only: give every row a value of its own before it becomes `UNIQUE`"
    } else if message.starts_with("CHECK") {
        "it runs on empty tables only: give the rows that are there a value that meets the `CHECK`"
    } else if message.starts_with("FOREIGN KEY") {
        "it runs on empty tables only: let the rows that are there refer to a parent, or to `NULL`"
    } else {
        "it runs on empty tables only: give existing rows a value first, or a `DEFAULT` that fits them"
    }
}
