//! `check`: everything that is wrong, as a compiler tells it, or as JSON.

use std::process::ExitCode;

use migrate_source::folder::Folder;
use migrate_source::{Database, Finding, Place, place};
use migrate_verify::verify_folder;
use serde_json::{Value, json};

use crate::args::Check;
use crate::call::Fault;
use crate::error::Error;
use crate::find::{Finder, Set};
use crate::output::{self, Paint};

pub(crate) fn run(finder: Finder, check: Check, paint: Paint) -> Result<ExitCode, Error> {
    let found = finder.of(check.path).all(check.workspace)?;
    let mut reports: Vec<Report> = found.faults.into_iter().map(Report::of_fault).collect();
    let mut fine = String::new();
    for set in &found.sets {
        let before = reports.len();
        let migrations = match set.read() {
            Ok((_, folder)) => {
                let findings = findings(set, &folder)?;
                reports.extend(findings.iter().map(|finding| Report::of(finding, set)));
                folder.migrations.len() + folder.repeatables.len()
            }
            Err(fault) => {
                reports.push(Report::of_fault(fault));
                0
            }
        };
        if reports.len() == before {
            fine.push_str(&format!(
                "{}: {}, nothing is wrong\n",
                set.shown,
                counted(migrations, "migration")
            ));
        }
    }
    if check.json {
        let lines = reports.iter().map(|report| format!("{}\n", report.json()));
        output::answer(&lines.collect::<String>())?;
    } else {
        output::answer(&fine)?;
        tell(&reports, paint);
    }
    Ok(match reports.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Tells what is wrong with a folder, and fails.
pub(crate) fn tell_findings(set: &Set, findings: &[Finding], paint: Paint) -> ExitCode {
    let reports: Vec<Report> = findings.iter().map(|f| Report::of(f, set)).collect();
    tell(&reports, paint);
    ExitCode::FAILURE
}

/// Everything that is wrong with a folder: what reading it has found, and where its SQL can be run to
/// try it, what that finds.
pub(crate) fn findings(set: &Set, folder: &Folder) -> Result<Vec<Finding>, Error> {
    let mut findings = folder.findings.clone();
    if set.options.database == Database::Sqlite {
        let verified = verify_folder(folder, &set.options, None).map_err(|error| {
            Error::new(format!(
                "the migrations of `{}` cannot be run to try them: {error}",
                set.shown
            ))
        })?;
        findings.extend(verified.findings);
        Finding::sort(&mut findings);
    }
    Ok(findings)
}

/// One thing that is wrong, its path as it is shown.
struct Report {
    finding: Finding,
    /// Whether the finding is one of a folder's, and not of a macro call.
    named: bool,
    folder: Option<String>,
}

impl Report {
    fn of(finding: &Finding, set: &Set) -> Report {
        let mut finding = finding.clone();
        finding.place = finding.place.map(|place| Place {
            path: set.path(&place.path),
            ..place
        });
        Report {
            finding,
            named: true,
            folder: Some(set.shown.clone()),
        }
    }

    fn of_fault(fault: Fault) -> Report {
        let named = fault.problem.is_some();
        // What is wrong with a call has no name; none is shown for it.
        let problem = fault
            .problem
            .unwrap_or(migrate_source::Problem::MissingFolder);
        let finding = Finding::new(problem, fault.message).at(fault.place);
        Report {
            finding: fault.help.into_iter().fold(finding, Finding::help),
            named,
            folder: None,
        }
    }

    fn text(&self) -> String {
        let Finding {
            message,
            place,
            help,
            ..
        } = &self.finding;
        let text = place::report(message, place.as_ref(), "", help);
        let (Some(folder), None) = (&self.folder, place) else {
            return text;
        };
        let (message, cures) = text.split_once('\n').unwrap_or((&text, ""));
        format!("{message}\n --> {folder}\n{cures}")
            .trim_end()
            .to_owned()
    }

    fn json(&self) -> Value {
        let place = self.finding.place.as_ref();
        json!({
            "problem": self.named.then(|| self.finding.problem.name()),
            "message": self.finding.message,
            "file": place.map(|place| &place.path),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "width": place.map(|place| place.width),
            "folder": self.folder,
            "help": self.finding.help,
        })
    }
}

/// Tells all of it, then how much it was.
fn tell(reports: &[Report], paint: Paint) {
    for report in reports {
        output::complain(paint, &format!("{}\n", report.text()));
    }
    if !reports.is_empty() {
        let mut files: Vec<&str> = reports
            .iter()
            .filter_map(|report| Some(report.finding.place.as_ref()?.path.as_str()))
            .collect();
        files.sort_unstable();
        files.dedup();
        let of = match files.len() {
            0 | 1 => String::new(),
            files => format!(" in {files} files"),
        };
        output::complain(paint, &format!("{}{of}", counted(reports.len(), "problem")));
    }
}

/// `1 problem`, `2 problems`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
