//! Answers for programs: one JSON object each.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Drift, Plan, Report, Status, Transaction, Verification};

/// The text of an answer.
pub(super) fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

pub(super) fn status(status: &Status, refusal: Option<&str>) -> Value {
    let migrations = status.migrations.iter().map(|line| {
        let applied = line.applied.as_ref();
        json!({
            "version": line.version,
            "description": line.description,
            "state": line.state.name(),
            "accepted": line.accepted,
            "file": line.file,
            "applied_at": applied.map(crate::Applied::applied_at),
            "duration_ms": applied.map(|row| milliseconds(row.duration())),
            "checksum": applied.map(crate::Applied::checksum),
        })
    });
    let repeatables = status.repeatables.iter().map(|line| {
        json!({
            "name": line.name,
            "state": if line.due { "due" } else { "applied" },
            "applied_at": line.applied_at,
        })
    });
    json!({
        "current": status.current,
        "latest": status.latest,
        "is_current": status.is_current(),
        "refusal": refusal,
        "migrations": migrations.collect::<Vec<_>>(),
        "repeatables": repeatables.collect::<Vec<_>>(),
    })
}

pub(super) fn report(report: &Report) -> Value {
    let steps = report.steps().iter().map(|done| {
        json!({
            "action": done.action.to_string(),
            "version": done.version,
            "description": done.description,
            "duration_ms": milliseconds(done.duration),
        })
    });
    json!({
        "from": report.from(),
        "to": report.to(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

pub(super) fn plan(plan: &Plan<'_>) -> Value {
    let steps = plan.steps().iter().map(|step| {
        json!({
            "action": step.action().to_string(),
            "version": step.version(),
            "description": step.description(),
            "file": step.file(),
            "sql": step.sql(),
            "transaction": match step.transaction() {
                Transaction::Own => "own",
                Transaction::Group => "group",
                Transaction::Stepwise => "stepwise",
            },
        })
    });
    json!({
        "from": plan.from(),
        "to": plan.to(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

pub(super) fn verification(found: &Verification) -> Value {
    let changed = found.changed.iter().map(|changed| {
        json!({
            "version": changed.version,
            "file": changed.file,
            "applied": changed.applied,
            "now": changed.now.to_string(),
        })
    });
    json!({
        "is_clean": found.is_clean(),
        "changed": changed.collect::<Vec<_>>(),
        "accepted": found.accepted,
        "missing": found.missing,
        "newer": found.newer,
        "out_of_order": found.out_of_order,
        "unfinished": found.unfinished,
        "user_version": found.counter,
        "drift": found.drift.iter().map(drift).collect::<Vec<_>>(),
        "foreign": found.foreign.iter().map(drift).collect::<Vec<_>>(),
        "not_compared": found.not_compared.as_ref().map(ToString::to_string),
    })
}

fn drift(drift: &Drift) -> Value {
    json!({
        "kind": drift.kind.name(),
        "name": drift.name,
        "table": drift.table,
        "state": drift.state.name(),
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
