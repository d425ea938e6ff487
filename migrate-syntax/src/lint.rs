//! What takes locks that others wait for, by an allow-list of rules.

use migrate_source::folder::lock::State;
use migrate_source::folder::{Folder, Script, Up};
use migrate_source::sql::{TokenKind, psql_command, single_statements, tokens};
use migrate_source::{Database, Mode, Options, Place};
use squawk_linter::{Linter, Rule as Known, Violation};

use crate::locks::Own;
use crate::parse::{parsed, with_stack};
use crate::rule::Rule;

/// A statement that others wait for, or an ignore comment that names no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// The rule; none where an ignore comment names one that does not exist.
    pub rule: Option<Rule>,
    /// What happens, in one line.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The safe form, a line each.
    pub help: Vec<String>,
}

/// What in the ups of a folder, which was read with these options, takes locks that others wait for.
///
/// Migrations that are locked in `migrations.lock` or covered by `trust_through` have run where it
/// matters: they are passed over, unless `shipped` asks for them. So is what is done to a table or an
/// index that the same script makes. A folder for another database has none.
///
/// ```
/// # use migrate_source::{Database, folder::{File, Folder, Options}};
/// # use migrate_syntax::{Rule, lint};
/// let sql = "CREATE INDEX users_by_name ON users (name);\n";
/// let file = File { path: "0001_index.sql".into(), bytes: sql.into() };
/// let options = Options::new(Database::Postgres);
/// let lints = lint(&Folder::read(&[file], &options), &options, false);
/// assert_eq!(lints[0].rule, Some(Rule::CreateIndex));
/// ```
#[must_use]
pub fn lint(folder: &Folder, options: &Options, shipped: bool) -> Vec<Lint> {
    if options.database != Database::Postgres {
        return Vec::new();
    }
    let numbered = folder.migrations.iter().filter_map(|migration| {
        let new = migration.lock != State::Locked && migration.version > options.trust_through;
        match &migration.up {
            Up::Sql(up) if new || shipped => Some(up),
            _ => None,
        }
    });
    let repeatables = folder.repeatables.iter().map(|repeatable| &repeatable.up);
    let scripts: Vec<&Script> = numbered.chain(repeatables).collect();
    with_stack(|| scripts.into_iter().flat_map(of_script).collect()).unwrap_or_default()
}

fn of_script(script: &Script) -> Vec<Lint> {
    let sql = script.sql.as_str();
    let readable = tokens(sql, Database::Postgres).all(|token| token.closed)
        && single_statements(sql, Database::Postgres)
            .iter()
            .all(|statement| psql_command(statement.text, Database::Postgres).is_none());
    if !readable {
        return Vec::new();
    }
    let mut linter = Linter::from(Rule::ALL.iter().map(|rule| rule.known()));
    linter.settings.assume_in_transaction = script.directives.mode == Mode::Transaction;
    let violations = parsed(sql, |tree| linter.lint(tree, sql)).unwrap_or_default();
    let own = Own::of(sql);
    let told = violations.iter().filter(|violation| {
        let start = usize::from(violation.text_range.start());
        !own.has(start) && !is_said_better(violation, &violations) && is_sure(violation, sql)
    });
    told.filter_map(|violation| Lint::of(violation, script))
        .collect()
}

/// Whether another rule says what is particular about the same constraint.
fn is_said_better(violation: &Violation, all: &[Violation]) -> bool {
    let particular = [
        Known::AddingForeignKeyConstraint,
        Known::DisallowedUniqueConstraint,
        Known::AddingSerialPrimaryKeyField,
    ];
    violation.code == Known::ConstraintMissingNotValid
        && all.iter().any(|other| {
            particular.contains(&other.code)
                && violation.text_range.contains_range(other.text_range)
        })
}

/// Whether what the linter says is so: it says some of it of statements that lock nothing for long.
fn is_sure(violation: &Violation, sql: &str) -> bool {
    let range = usize::from(violation.text_range.start())..usize::from(violation.text_range.end());
    let text = sql.get(range.clone()).unwrap_or_default();
    let has = |text: &str, keyword: &str| {
        tokens(text, Database::Postgres).any(|token| token.is_keyword(keyword))
    };
    match violation.code {
        // A new column without a default has nothing that would be checked.
        Known::AddingForeignKeyConstraint if !has(text, "FOREIGN") => {
            let statements = single_statements(sql, Database::Postgres);
            let of = statements.iter().find(|statement| {
                (statement.offset..statement.offset + statement.text.len()).contains(&range.start)
            });
            of.is_some_and(|statement| has(statement.text, "DEFAULT"))
        }
        // It has no form that would not lock.
        Known::ConstraintMissingNotValid => !has(text, "EXCLUDE"),
        Known::AddingFieldWithDefault => has(text, "GENERATED") || is_volatile(text),
        _ => true,
    }
}

/// Whether an expression surely has another value for each row: the linter takes any function that it
/// does not know, and any sign, for such.
fn is_volatile(expression: &str) -> bool {
    let names = [
        "random",
        "uuid",
        "ulid",
        "nanoid",
        "nextval",
        "clock_timestamp",
        "timeofday",
    ];
    tokens(expression, Database::Postgres).any(|token| {
        let word = token.text.to_lowercase();
        token.kind == TokenKind::Word
            && names.iter().any(|name| word.contains(name))
            && word != "uuid"
    })
}

impl Lint {
    fn of(violation: &Violation, script: &Script) -> Option<Lint> {
        let start = usize::from(violation.text_range.start());
        let len = usize::from(violation.text_range.len());
        let place = Place::at(&script.path, &script.sql, script.line, start, len);
        if violation.code == Known::UnusedIgnore {
            let name = script.sql.get(start..start + len).unwrap_or_default();
            let names: Vec<String> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            return Some(Lint {
                rule: None,
                message: format!("there is no rule `{name}`"),
                place,
                help: vec![format!("the rules are: {}", names.join(", "))],
            });
        }
        let rule = Rule::of_known(violation.code)?;
        let mut help: Vec<String> = rule.help().iter().map(|line| (*line).to_owned()).collect();
        help.push(format!(
            "where nobody waits, say so on the line before: `-- squawk-ignore {}`",
            rule.name()
        ));
        Some(Lint {
            rule: Some(rule),
            message: rule.about().to_owned(),
            place,
            help,
        })
    }
}
