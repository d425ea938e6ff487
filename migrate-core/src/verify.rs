//! The generated test of a set with code: all of it is run, as the macro runs what is only SQL.

use migrate_source::directive::Directives;
use migrate_source::{Database, Options, Problem};
use migrate_verify::{Body, Code, Migration, Repeatable, Script, Set, verify};

use crate::migration::{self, Id, Run};

/// What the test is told of a set beside the set itself, which does not need it at run time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Told<'a> {
    /// The versions whose code says that it changes the schema.
    pub changes_schema: &'a [i64],
    /// The file and the text of the author's own rows.
    pub seed: Option<(&'a str, &'a str)>,
    /// The names of problems that are none here.
    pub allow: &'a [&'a str],
    /// Up to this version files are taken as they are.
    pub trust_through: i64,
}

/// Fails a test when a set does not run up, down and up again, or a code migration does not keep its word on
/// `CHANGES_SCHEMA`.
///
/// # Panics
///
/// When it fails the test.
#[track_caller]
pub fn assert_migrates(set: &[migration::Migration<'_>], told: &Told<'_>) {
    let mut options = Options::new(Database::Sqlite);
    let allowed = told.allow.iter().copied().filter_map(Problem::from_name);
    options.allow = allowed.collect();
    options.trust_through = told.trust_through;
    let mut all = Set {
        migrations: Vec::new(),
        repeatables: Vec::new(),
        seed: told.seed.map(|(path, sql)| Script::new(path, sql)),
        options,
        is_incomplete: false,
    };
    for migration in set {
        match (migration.version(), &migration.up) {
            (Some(version), up) => {
                let changes = told.changes_schema.contains(&version);
                all.migrations.push(Migration {
                    version,
                    up: body(up, changes),
                    down: migration.down.as_ref().map(|down| body(down, changes)),
                });
            }
            (None, migration::Body::Sql(up)) => all.repeatables.push(Repeatable {
                up: script(up),
                down: match &migration.down {
                    Some(migration::Body::Sql(down)) => Some(script(down)),
                    _ => None,
                },
            }),
            (None, migration::Body::Code(_)) => {
                debug_assert!(matches!(migration.id, Id::Version(_)))
            }
        }
    }
    let verified = match verify(&all, None) {
        Ok(verified) => verified,
        Err(error) => panic!("the migrations could not be run: {error}"),
    };
    let findings = verified.findings.iter().map(|finding| finding.render(""));
    let findings: Vec<String> = findings.map(|text| format!("error: {text}\n")).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

fn body<'a>(body: &'a migration::Body<'_>, changes_schema: bool) -> Body<'a> {
    match body {
        migration::Body::Sql(sql) => Body::Sql(script(sql)),
        migration::Body::Code(code) => Body::Code(Code {
            path: &code.file,
            revision: 0,
            changes_schema,
            run: match code.run {
                Run::Sqlite(run) => Some(run),
                _ => None,
            },
        }),
    }
}

fn script<'a>(script: &'a migration::Script<'_>) -> Script<'a> {
    let (directives, _) = Directives::read(&script.sql, Database::Sqlite);
    Script {
        path: &script.file,
        line: script.line,
        sql: &script.sql,
        mode: script.mode,
        foreign_keys: script.foreign_keys,
        unverified: directives.unverified.is_some(),
    }
}
