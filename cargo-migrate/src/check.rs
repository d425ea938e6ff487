//! `check`: everything that is wrong, as a compiler tells it, or as JSON.

use std::process::ExitCode;

use migrate_source::folder::{Folder, Up};
use migrate_source::{Database, Finding, Place, place};
use migrate_syntax::syntax_errors;
use migrate_verify::verify_folder;
use serde_json::{Value, json};

use crate::args::Check;
use crate::call::Fault;
use crate::error::Error;
use crate::find::{Finder, Set};
use crate::output::{self, Paint};
use crate::postgres::{Server, Verified, verify};
use crate::target::Target;

pub(crate) fn run(finder: Finder, check: &Check, paint: Paint) -> Result<ExitCode, Error> {
    let finder = finder.of(check.path.clone());
    let mut found = finder.all(check.workspace)?;
    let faults = std::mem::take(&mut found.faults);
    let mut reports: Vec<Report> = faults.into_iter().map(Report::of_fault).collect();
    let mut fine = String::new();
    let servers = servers(&finder, &mut found.sets, check)?;
    for (set, server) in found.sets.iter().zip(servers) {
        let before = reports.len();
        let is_run = server.is_some() || set.options.database == Database::Sqlite;
        let (migrations, code) = match set.read() {
            Ok((listing, folder)) => {
                let mut findings = findings(set, &folder)?;
                let tried = server
                    .map(|server| verify(&server, set, &listing, &findings, &check.trial))
                    .transpose();
                let (tried, error) = match tried {
                    Ok(tried) => (tried.unwrap_or_default(), None),
                    Err(error) => (Verified::default(), Some(error)),
                };
                for note in &tried.notes {
                    output::note(paint, note);
                }
                findings.extend(tried.findings);
                Finding::sort(&mut findings);
                reports.extend(findings.iter().map(|finding| Report::of(finding, set)));
                if let Some(error) = error {
                    // What was found by reading is told all the same.
                    return broken_off(&reports, &fine, error, check.json, paint);
                }
                let code = folder.migrations.iter();
                let code = code.filter(|m| is_run && matches!(m.up, Up::Code(_)));
                let migrations = folder.migrations.len() + folder.repeatables.len();
                (migrations, code.count())
            }
            Err(fault) => {
                reports.push(Report::of_fault(fault));
                (0, 0)
            }
        };
        if reports.len() == before {
            fine.push_str(&format!(
                "{}: {}, nothing is wrong{}\n",
                set.shown,
                counted(migrations, "migration"),
                match code {
                    0 => String::new(),
                    1 => "; 1 of them is code, which was not run".to_owned(),
                    code => format!("; {code} of them are code, which was not run"),
                }
            ));
        }
    }
    end(&reports, &fine, check.json, paint)
}

/// The server for each set that is tried on one.
fn servers(finder: &Finder, sets: &mut [Set], check: &Check) -> Result<Vec<Option<Server>>, Error> {
    let Some(database) = &check.trial.database else {
        return Ok(sets.iter().map(|_| None).collect());
    };
    let several = sets.len() > 1;
    let mut servers = Vec::new();
    for set in sets {
        // Those for SQLite are tried in memory.
        let is_tried_here = set.options.database == Database::Sqlite && set.call.is_some();
        servers.push(match several && is_tried_here {
            true => None,
            false => match Target::of(database, set, finder)? {
                Target::Server(server) => Some(*server),
                Target::File(_) => {
                    return Err(
                        Error::new("`--database` names a server to try migrations on")
                            .help("leave it out: those for SQLite are tried in memory"),
                    );
                }
            },
        });
    }
    Ok(servers)
}

/// Tells all of it, and `fine` besides; the exit code says whether there was any.
pub(crate) fn end(
    reports: &[Report],
    fine: &str,
    json: bool,
    paint: Paint,
) -> Result<ExitCode, Error> {
    if json {
        let lines = reports.iter().map(|report| format!("{}\n", report.json()));
        output::answer(&lines.collect::<String>())?;
    } else {
        output::answer(fine)?;
        tell(reports, paint);
    }
    Ok(match reports.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Tells what was found before `error`, and that.
fn broken_off(
    reports: &[Report],
    fine: &str,
    error: Error,
    json: bool,
    paint: Paint,
) -> Result<ExitCode, Error> {
    if json || reports.is_empty() {
        end(reports, fine, json, paint)?;
        return Err(error);
    }
    output::answer(fine)?;
    tell_each(reports, paint);
    output::complain(paint, &format!("{error}\n"));
    output::complain(paint, &counted(reports.len() + 1, "problem"));
    Ok(ExitCode::FAILURE)
}

/// Tells what is wrong with a folder, and fails.
pub(crate) fn tell_findings(set: &Set, findings: &[Finding], paint: Paint) -> ExitCode {
    let reports: Vec<Report> = findings.iter().map(|f| Report::of(f, set)).collect();
    tell(&reports, paint);
    ExitCode::FAILURE
}

/// Everything that is wrong with a folder: what reading it has found, where its SQL can be run to
/// try it what that finds, and where it can only be parsed what that finds.
pub(crate) fn findings(set: &Set, folder: &Folder) -> Result<Vec<Finding>, Error> {
    let mut findings = folder.findings.clone();
    findings.extend(syntax_errors(folder, &set.options));
    if set.options.database == Database::Sqlite {
        let verified = verify_folder(folder, &set.options, None).map_err(|error| {
            Error::new(format!(
                "the migrations of `{}` cannot be run to try them: {error}",
                set.shown
            ))
        })?;
        findings.extend(verified.findings);
    }
    Finding::sort(&mut findings);
    Ok(findings)
}

/// One thing that is told, its path as it is shown.
pub(crate) struct Report {
    /// The name of the problem or rule; what is wrong with a macro call has none.
    name: Option<String>,
    message: String,
    place: Option<Place>,
    help: Vec<String>,
    folder: Option<String>,
}

impl Report {
    fn of(finding: &Finding, set: &Set) -> Report {
        let name = finding.problem.name().to_owned();
        let Finding {
            message,
            place,
            help,
            ..
        } = finding.clone();
        Report::new(Some(name), message, place, help, set)
    }

    pub(crate) fn new(
        name: Option<String>,
        message: String,
        place: Option<Place>,
        help: Vec<String>,
        set: &Set,
    ) -> Report {
        let place = place.map(|place| Place {
            path: set.path(&place.path),
            ..place
        });
        Report {
            name,
            message,
            place,
            help,
            folder: Some(set.shown.clone()),
        }
    }

    pub(crate) fn of_fault(fault: Fault) -> Report {
        Report {
            name: fault.problem.map(|problem| problem.name().to_owned()),
            message: fault.message,
            place: Some(fault.place),
            help: fault.help,
            folder: None,
        }
    }

    fn text(&self) -> String {
        let place = self.place.as_ref();
        let text = place::report(&self.message, place, "", &self.help);
        let (Some(folder), None) = (&self.folder, place) else {
            return text;
        };
        let (message, cures) = text.split_once('\n').unwrap_or((&text, ""));
        format!("{message}\n --> {folder}\n{cures}")
            .trim_end()
            .to_owned()
    }

    fn json(&self) -> Value {
        let place = self.place.as_ref();
        json!({
            "problem": self.name,
            "message": self.message,
            "file": place.map(|place| &place.path),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "width": place.map(|place| place.width),
            "folder": self.folder,
            "help": self.help,
        })
    }
}

/// Tells all of it, then how much it was.
fn tell(reports: &[Report], paint: Paint) {
    tell_each(reports, paint);
    if !reports.is_empty() {
        let mut files: Vec<&str> = reports
            .iter()
            .filter_map(|report| Some(report.place.as_ref()?.path.as_str()))
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

fn tell_each(reports: &[Report], paint: Paint) {
    for report in reports {
        output::complain(paint, &format!("{}\n", report.text()));
    }
}

/// `1 problem`, `2 problems`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
