//! What a run did, or would do.

use std::time::Duration;

use crate::cli::on::On;
use crate::cli::{Answer, Error, json};
use crate::connection::sealed::Connection;
use crate::plan::script::one_line;
use crate::{Action, Goal, Report};

pub(super) async fn up<C: Connection>(
    db: &mut On<'_, '_, C>,
    goal: Goal,
    json: bool,
) -> Result<Answer, Error> {
    let report = db.bring(goal).await?;
    let (from, to) = (report.from(), report.to());
    let summary = if report.is_empty() {
        format!("Database already at version {to}")
    } else if from == to {
        format!("Database at version {to}")
    } else {
        format!("Migrated from version {from} to {to}")
    };
    Ok(answer(&report, &summary, json))
}

pub(super) async fn down<C: Connection>(
    db: &mut On<'_, '_, C>,
    goal: Goal,
    json: bool,
) -> Result<Answer, Error> {
    let report = db.bring(goal).await?;
    Ok(answer(&report, &database_at(&report, "take back"), json))
}

pub(super) async fn redo<C: Connection>(
    db: &mut On<'_, '_, C>,
    json: bool,
) -> Result<Answer, Error> {
    let report = db.bring(Goal::Redo).await?;
    Ok(answer(&report, &database_at(&report, "redo"), json))
}

pub(super) async fn plan<C: Connection>(
    db: &mut On<'_, '_, C>,
    goal: Goal,
    json: bool,
) -> Result<Answer, Error> {
    let plan = db.plan(goal).await?;
    Ok(Answer::fine(if json {
        json::text(&json::plan(&plan))
    } else {
        format!("{plan}\n")
    }))
}

fn answer(report: &Report, summary: &str, json: bool) -> Answer {
    Answer::fine(if json {
        json::text(&json::report(report))
    } else {
        format!("{}{summary}\n", steps(report))
    })
}

fn database_at(report: &Report, verb: &str) -> String {
    let to = report.to();
    if report.is_empty() {
        format!("Nothing to {verb}, database at version {to}")
    } else {
        format!("Database at version {to}")
    }
}

/// What was done, a line each.
fn steps(report: &Report) -> String {
    let lines = report.steps().iter().map(|done| {
        let what = match done.action {
            Action::Up => "Applied",
            Action::Down => "Taken back",
            Action::Adopt => "Adopted",
            Action::Mark => "Marked",
            Action::Unmark => "Unmarked",
        };
        let version = done.version.map(|version| format!("{version} "));
        let version = version.unwrap_or_default();
        let description = one_line(&done.description);
        format!("{what}: {version}{description}{}\n", took(done.duration))
    });
    lines.collect()
}

/// Nothing for what is over in no time.
fn took(duration: Duration) -> String {
    match duration.as_millis() {
        0 => String::new(),
        ms @ 1..1000 => format!(" ({ms} ms)"),
        _ => format!(" ({:.1} s)", duration.as_secs_f64()),
    }
}
