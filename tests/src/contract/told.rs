//! What a verb says, in few words: so that a case is one line.

use migrate_core::{Error, ErrorKind, Failed, Outcome, Report, Violation};

/// The result of a verb: `0 -> 2: up 1, up 2`, `at 2` when there was nothing to do, or what went
/// wrong and what was kept.
#[must_use]
pub fn told(result: &Result<Report, Error>) -> String {
    match result {
        Ok(report) => of_report(report),
        Err(error) if error.report().is_empty() => of_kind(error.kind()),
        Err(error) => format!(
            "{}; kept {}",
            of_kind(error.kind()),
            of_report(error.report())
        ),
    }
}

fn of_report(report: &Report) -> String {
    if report.is_empty() {
        return format!("at {}", report.to());
    }
    let steps = report.steps().iter().map(|step| match step.version {
        Some(version) => format!("{} {version}", step.action),
        None => format!("{} {}", step.action, step.description),
    });
    let steps: Vec<String> = steps.collect();
    format!("{} -> {}: {}", report.from(), report.to(), steps.join(", "))
}

/// The kind of an error with what is known of it.
#[must_use]
pub fn of_kind(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Changed { changed } => {
            let versions: Vec<i64> = changed.iter().map(|changed| changed.version).collect();
            format!("changed {}", list(&versions))
        }
        ErrorKind::Newer {
            database,
            program,
            way_back,
        } => {
            let way = if *way_back { "way back" } else { "no way back" };
            format!("newer {database} > {program}, {way}")
        }
        ErrorKind::Missing { versions } => format!("missing {}", list(versions)),
        ErrorKind::OutOfOrder { versions, database } => {
            format!("out of order {} < {database}", list(versions))
        }
        ErrorKind::Irreversible { versions, .. } => format!("irreversible {}", list(versions)),
        ErrorKind::Unfinished { version, action } => format!("unfinished {action} {version}"),
        ErrorKind::Overtaken { seen, now } => format!("overtaken {seen} {now}"),
        ErrorKind::ResumeChanged {
            version,
            statements,
            ..
        } => format!("resume changed {version} after {statements}"),
        ErrorKind::UnknownVersion { version, .. } => format!("unknown version {version}"),
        ErrorKind::LockTimeout { .. } => "lock timeout".to_owned(),
        ErrorKind::LockNotAvailable { failed, .. } => {
            format!("lock not available {}", of_failed(failed))
        }
        ErrorKind::NotADatabase => "not a database".to_owned(),
        ErrorKind::ReadOnly => "read only".to_owned(),
        ErrorKind::ForeignHistory { table, lacking } => {
            format!("foreign history {table}, lacking {}", lacking.join(" "))
        }
        ErrorKind::InTransaction => "in transaction".to_owned(),
        ErrorKind::WrongDatabase {
            migrations,
            connection,
        } => format!("{migrations} migrations on {connection}"),
        ErrorKind::WrongDriver {
            version, is_async, ..
        } => {
            let driver = if *is_async {
                "tokio-postgres"
            } else {
                "postgres"
            };
            format!("code {version} is for {driver}")
        }
        ErrorKind::InvalidSet { reason } => format!("invalid set: {reason}"),
        ErrorKind::Sql { failed } => format!("sql {}", of_failed(failed)),
        ErrorKind::Code { failed } => format!("code {}: {}", of_failed(failed), failed.message),
        ErrorKind::CodeNotCompiled { version, .. } => format!("code {version} not compiled"),
        ErrorKind::ForeignKeys {
            failed, violations, ..
        } => {
            let violations: Vec<String> = violations.iter().map(of_violation).collect();
            format!(
                "foreign keys {}: {}",
                of_failed(failed),
                violations.join(", ")
            )
        }
        ErrorKind::TransactionEnded { failed } => {
            format!("transaction ended {}", of_failed(failed))
        }
        ErrorKind::RepeatLimit { version, steps } => {
            format!("repeat limit {version} after {steps}")
        }
        ErrorKind::VersionTooLarge { version } => format!("version too large {version}"),
        ErrorKind::CounterWithoutHistory { counter } => {
            format!("counter {counter} without history")
        }
        ErrorKind::Database { message, .. } => format!("database: {message}"),
        other => panic!("a kind of errors without words: {other:?}"),
    }
}

fn of_failed(failed: &Failed) -> String {
    let file = failed.file.rsplit('/').next().unwrap_or_default();
    let place = match &failed.place {
        Some(place) => format!("{file}:{}", place.line),
        None => file.to_owned(),
    };
    format!("at {place}, {}", of_outcome(failed.outcome))
}

fn of_outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::RolledBack => "rolled back".to_owned(),
        Outcome::Escaped => "escaped".to_owned(),
        Outcome::GroupRolledBack => "group rolled back".to_owned(),
        Outcome::Stopped { statements } => format!("stopped after {statements}"),
        Outcome::Repeated { times } => format!("repeated {times}"),
        other => panic!("an outcome without words: {other:?}"),
    }
}

fn of_violation(violation: &Violation) -> String {
    let Violation {
        table,
        parent,
        columns,
        rows,
        ..
    } = violation;
    format!("{rows} of {table}({}) without {parent}", columns.join(" "))
}

fn list(versions: &[i64]) -> String {
    let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
    versions.join(" ")
}
