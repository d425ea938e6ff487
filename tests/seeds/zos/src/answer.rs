//! What the commands say.

use migrate_core::{Report, Status};

/// What a run did, as a line.
pub(crate) fn moved(report: &Report) -> String {
    let (before, after) = (report.from(), report.to());
    if before == after {
        format!("Database already at version {after}\n")
    } else {
        format!("Migrated from version {before} to {after}\n")
    }
}

/// How a database stands.
pub(crate) fn status(status: &Status) -> String {
    let available = status.available();
    let pending: Vec<String> = status
        .pending()
        .map(|line| format!("  {}: {}\n", line.version, line.description))
        .collect();
    let head = format!(
        "Current version: {}\nAvailable migrations: {}\n",
        status.current,
        available.count()
    );
    if pending.is_empty() {
        format!("{head}No pending migrations\n")
    } else {
        format!(
            "{head}Pending migrations: {}\n{}",
            pending.len(),
            pending.concat()
        )
    }
}
