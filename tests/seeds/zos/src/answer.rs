//! What the commands say.

use migrate_core::Report;

/// What a run did, as a line.
pub(crate) fn moved(report: &Report) -> String {
    let (before, after) = (report.from(), report.to());
    if before == after {
        format!("Database already at version {after}\n")
    } else {
        format!("Migrated from version {before} to {after}\n")
    }
}
