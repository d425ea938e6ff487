//! Diesel's `metadata.toml`, of which the one key `run_in_transaction` is understood.
//!
//! Diesel itself takes a file without that key, or with a misspelt one, for `false`, and so runs
//! the migration without a transaction. Here the file says it, or is a problem.

use super::{Finding, Problem};
use crate::near::nearest;
use crate::place::Place;

const KEY: &str = "run_in_transaction";

/// Whether the migration beside the `metadata.toml` at `path` runs in a transaction.
pub(super) fn run_in_transaction(path: &str, text: &str) -> Result<bool, Finding> {
    let mut said = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or(line).trim();
        let start = offset + line.find(content).unwrap_or(0);
        offset += line.len();
        if content.is_empty() {
            continue;
        }
        let wrong = |message: String| {
            Finding::new(Problem::InvalidMetadata, message)
                .at(Place::at(path, text, 1, start, content.len()))
                .help(format!("write `{KEY} = false` or `{KEY} = true`"))
        };
        let (key, value) = match content.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => (content, ""),
        };
        if key != KEY {
            let finding = wrong(format!("`{key}` is not understood here"));
            return Err(match nearest(key, &[KEY], 4) {
                Some(_) => finding,
                None => finding.help("no other key has a meaning"),
            });
        }
        let value = match value {
            "true" => true,
            "false" => false,
            _ => return Err(wrong(format!("`{value}` is neither `true` nor `false`"))),
        };
        if said.replace(value).is_some() {
            return Err(wrong(format!("`{KEY}` is there twice")));
        }
    }
    said.ok_or_else(|| {
        Finding::new(
            Problem::InvalidMetadata,
            format!("this file does not say `{KEY}`"),
        )
        .at(Place::file(path))
        .help(format!("write `{KEY} = false`, or delete the file"))
    })
}
