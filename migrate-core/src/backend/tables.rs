//! The tables of the history, as they are on every database.

use crate::backend::{Failure, Fault};

/// The columns of the history; the first is its key.
pub(crate) const COLUMNS: &[&str] = &[
    "version",
    "description",
    "checksum",
    "chain",
    "applied_at",
    "duration_ms",
    "down",
    "resume_at",
];

/// The columns of the history of repeatable migrations; the first is its key.
pub(crate) const REPEATED_COLUMNS: &[&str] =
    &["name", "checksum", "applied_at", "duration_ms", "down"];

/// The name of the history of repeatable migrations beside the one called `table`.
pub(crate) fn repeatable(table: &str) -> String {
    format!("{table}_repeatable")
}

/// Whether there is a table with the columns `found`, each with whether it is of the key.
///
/// # Errors
///
/// When there is one and it has not all of `ours`: somebody else's.
pub(crate) fn is_there(
    table: &str,
    ours: &[&str],
    found: &[(impl AsRef<str>, bool)],
) -> Result<bool, Failure> {
    if found.is_empty() {
        return Ok(false);
    }
    let has = |column: &str| found.iter().any(|(name, _)| name.as_ref() == column);
    let mut lacking: Vec<String> = Vec::new();
    for column in ours.iter().filter(|column| !has(column)) {
        lacking.push((*column).to_owned());
    }
    let of_key = found.iter().filter(|(_, is_of_key)| *is_of_key);
    let key: Vec<&str> = of_key.map(|(name, _)| name.as_ref()).collect();
    if lacking.is_empty() && key != [ours[0]] {
        lacking.push(format!("{} PRIMARY KEY", ours[0]));
    }
    if lacking.is_empty() {
        return Ok(true);
    }
    let fault = Fault::ForeignHistory {
        table: table.to_owned(),
        lacking,
    };
    Err(Failure::new(fault, "not a history"))
}
