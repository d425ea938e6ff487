//! `lint`: which statements for PostgreSQL take locks that others wait for.

use std::process::ExitCode;

use migrate_source::Database;
use migrate_source::folder::Folder;
use migrate_syntax::lint;

use crate::args::Lint;
use crate::check::{self, Report, counted};
use crate::error::Error;
use crate::find::{Finder, Set};
use crate::output::{self, Paint};

pub(crate) fn run(finder: Finder, args: Lint, paint: Paint) -> Result<ExitCode, Error> {
    let found = finder.of(args.path).all(args.workspace)?;
    if found.faults.is_empty() && !found.sets.iter().any(is_for_postgres) {
        return Err(
            Error::new("there is no set of migrations for PostgreSQL here").help(
                "a set is one by its `embed_migrations!`, or `--options 'database = \"postgres\"'`",
            ),
        );
    }
    let mut reports: Vec<Report> = found.faults.into_iter().map(Report::of_fault).collect();
    let mut fine = String::new();
    for set in found.sets.iter().filter(|set| is_for_postgres(set)) {
        match set.read() {
            Ok((_, folder)) => {
                let told = reports_of(set, &folder, args.all);
                if told.is_empty() {
                    fine.push_str(&format!("{}: nobody has to wait\n", set.shown));
                }
                reports.extend(told);
                warn(set, &folder, paint)?;
            }
            Err(fault) => reports.push(Report::of_fault(fault)),
        }
    }
    check::end(&reports, &fine, args.json, paint)
}

fn is_for_postgres(set: &Set) -> bool {
    set.options.database == Database::Postgres
}

fn reports_of(set: &Set, folder: &Folder, shipped: bool) -> Vec<Report> {
    let lints = lint(folder, &set.options, shipped).into_iter();
    let reports = lints.map(|lint| {
        let name = lint.rule.map(migrate_syntax::Rule::name);
        Report::new(name, lint.message, Some(lint.place), lint.help, set)
    });
    reports.collect()
}

/// What cannot be read is not linted either.
fn warn(set: &Set, folder: &Folder, paint: Paint) -> Result<(), Error> {
    let findings = check::findings(set, folder)?;
    if !findings.is_empty() {
        let problems = counted(findings.len(), "problem");
        output::warn(
            paint,
            &format!(
                "`{}` has {problems}, what is wrong may not have been read\n  \
                 = help: `cargo migrate check` tells what is wrong",
                set.shown
            ),
        );
    }
    Ok(())
}
