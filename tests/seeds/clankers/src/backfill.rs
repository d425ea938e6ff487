//! What the backfills of a run have done: how many rows, in how many steps, how long each.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use migrate_core::Event;

/// Counts the steps of backfills.
#[derive(Debug, Default)]
pub(crate) struct Backfill(Mutex<Tally>);

#[derive(Debug, Default)]
struct Tally {
    rows: u64,
    steps: u64,
    longest: Duration,
    /// When the migration began, or its last step ended.
    since: Option<Instant>,
}

impl Backfill {
    /// Notes what happens in a run.
    pub(crate) fn note(&self, event: &Event<'_>) {
        let Ok(mut tally) = self.0.lock() else {
            return;
        };
        let now = Instant::now();
        match event {
            Event::Started { .. } => tally.since = Some(now),
            Event::Repeated { rows, .. } => {
                tally.rows += rows;
                tally.steps += 1;
                if let Some(since) = tally.since.replace(now) {
                    tally.longest = tally.longest.max(now - since);
                }
            }
            _ => {}
        }
    }

    /// The words for it; `None` when no row was backfilled.
    pub(crate) fn told(&self) -> Option<String> {
        let tally = self.0.lock().ok()?;
        (tally.steps > 0).then(|| {
            format!(
                "Backfilled: {} in {}, the longest {} ms with the pause before it",
                counted(tally.rows, "row"),
                counted(tally.steps, "step"),
                tally.longest.as_millis()
            )
        })
    }
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
