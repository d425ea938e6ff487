//! How a database stands: `status` and `verify`.

use std::fmt::Write;

use crate::cli::on::On;
use crate::cli::table::{self, Column};
use crate::cli::{Answer, Error, Verdict, json};
use crate::connection::sealed::Connection;
use crate::plan::script::one_line;
use crate::{ErrorKind, Goal, Status, Verification};

pub(super) async fn status<C: Connection>(
    db: &mut On<'_, '_, C>,
    check: bool,
    json: bool,
) -> Result<Answer, Error> {
    let status = db.status().await?;
    // What counts as a misfit is up to the policies of the migrator, so the plan is asked.
    let (found, refusal) = match db.plan(Goal::Up).await {
        Ok(plan) if plan.is_empty() => (Verdict::Fine, None),
        Ok(_) => (Verdict::Pending, None),
        Err(error) if is_misfit(error.kind()) => (Verdict::Misfit, Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let verdict = if check { found } else { Verdict::Fine };
    let text = if json {
        json::text(&json::status(&status, refusal.as_deref()))
    } else {
        status_text(&status, refusal.as_deref())
    };
    Ok(Answer { text, verdict })
}

pub(super) async fn verify<C: Connection>(
    db: &mut On<'_, '_, C>,
    json: bool,
) -> Result<Answer, Error> {
    let found = db.verify().await?;
    let text = if json {
        json::text(&json::verification(&found))
    } else {
        let history = if found.history_fits() {
            let version = db.current_version().await?;
            format!(
                "The history fits the program, database at version {version}\n{}",
                accepted(found.accepted.iter().copied())
            )
        } else {
            misfits(&found)
        };
        history + &schema(&found)
    };
    let verdict = if found.is_clean() {
        Verdict::Fine
    } else {
        Verdict::Misfit
    };
    Ok(Answer { text, verdict })
}

/// Whether `migrate` refuses because of what the history says.
fn is_misfit(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Changed { .. }
            | ErrorKind::Newer { .. }
            | ErrorKind::Missing { .. }
            | ErrorKind::OutOfOrder { .. }
            | ErrorKind::ResumeChanged { .. }
            | ErrorKind::CounterWithoutHistory { .. }
    )
}

fn status_text(status: &Status, refusal: Option<&str>) -> String {
    let mut text = String::new();
    // Text takes everything that is written to it.
    let _ = status.counts(&mut text);
    text.push('\n');
    let versions = status.migrations.iter().map(|line| {
        let applied_at = line.applied.as_ref().map(|row| instant(row.applied_at()));
        vec![
            line.version.to_string(),
            match line.accepted {
                true => format!("{} (accepted)", line.state.name()),
                false => line.state.name().to_owned(),
            },
            applied_at.unwrap_or_default(),
            one_line(&line.description),
        ]
    });
    let repeatables = status.repeatables.iter().map(|line| {
        let state = if line.due { "due" } else { "applied" };
        vec![
            "R".to_owned(),
            state.to_owned(),
            line.applied_at.as_deref().map(instant).unwrap_or_default(),
            one_line(&line.name),
        ]
    });
    let rows: Vec<Vec<String>> = versions.chain(repeatables).collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n{}\n", table::of(COLUMNS, rows.into_iter())));
    }
    let earlier = status.migrations.iter().filter(|line| line.accepted);
    text.push_str(&accepted(earlier.map(|line| line.version)));
    if let Some(refusal) = refusal {
        text.push_str(&format!("\nMigrating would be refused: {refusal}\n"));
    }
    text
}

const COLUMNS: &[Column] = &[
    Column::right("Version"),
    Column::left("State"),
    Column::left("Applied (UTC)"),
    Column::text("Description"),
];

/// A line about the versions of which the database has run an earlier text, if there are any.
fn accepted(versions: impl Iterator<Item = i64>) -> String {
    let versions: Vec<String> = versions.map(|version| version.to_string()).collect();
    match versions.as_slice() {
        [] => String::new(),
        versions => format!(
            "Applied with an earlier text, which is accepted: {}\n",
            versions.join(", ")
        ),
    }
}

/// A point in time of the history, to the second: `2025-03-01 09:30:00`.
fn instant(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..19)) {
        (Some(date), Some(time)) => one_line(&format!("{date} {time}")),
        _ => one_line(rfc3339),
    }
}

/// Everything in the history that does not fit, a line each.
fn misfits(found: &Verification) -> String {
    let mut text = String::from("The history does not fit the program\n");
    let mut line = |what: &str, of: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {what}: {of}");
    };
    for changed in &found.changed {
        line(
            "changed",
            format!(
                "{} {}\n    applied with {}\n    now          {}",
                changed.version,
                changed.file,
                one_line(&changed.applied),
                changed.now
            ),
        );
    }
    let lists = [
        ("missing", &found.missing),
        ("newer", &found.newer),
        ("out of order", &found.out_of_order),
        ("unfinished", &found.unfinished),
    ];
    for (what, versions) in lists.into_iter().filter(|(_, v)| !v.is_empty()) {
        let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
        line(what, versions.join(", "));
    }
    if let Some(counter) = found.counter {
        line("user_version", counter.to_string());
    }
    text.push_str(&accepted(found.accepted.iter().copied()));
    text
}

/// How the schema is, a line for each object that is not what the migrations make.
fn schema(found: &Verification) -> String {
    let mut text = match &found.not_compared {
        Some(reason) => format!("The schema is not compared: {reason}\n"),
        None if found.drift.is_empty() => "The schema is as the migrations make it\n".to_owned(),
        None => "The schema is not as the migrations make it\n".to_owned(),
    };
    for drift in found.drift.iter().chain(&found.foreign) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {drift}");
    }
    text
}
