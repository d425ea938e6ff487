//! What a run did.

use std::fmt;
use std::time::Duration;

/// What a run did, also as far as it came when it failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) steps: Vec<Done>,
}

/// One thing a run did, and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// What was done.
    pub action: Action,
    /// The version it was done to; `None` for a repeatable migration.
    pub version: Option<i64>,
    /// What the migration is for, or the name of a repeatable one.
    pub description: String,
    /// How long it took.
    pub duration: Duration,
}

/// What is done with a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It is run, and recorded.
    Up,
    /// It is taken back, and its record removed.
    Down,
    /// It was in place already, as its `check` says, and is recorded without running.
    Adopt,
    /// It is recorded without running, because the caller says so.
    Mark,
    /// Its record is removed without running anything, because the caller says so.
    Unmark,
}

impl Report {
    /// The version of the database before the run.
    #[must_use]
    pub fn from(&self) -> i64 {
        self.from
    }

    /// The version of the database after it.
    #[must_use]
    pub fn to(&self) -> i64 {
        self.to
    }

    /// What was done, in order.
    #[must_use]
    pub fn steps(&self) -> &[Done] {
        &self.steps
    }

    /// The versions that were brought up by running them, in order.
    #[must_use]
    pub fn applied(&self) -> Vec<i64> {
        self.versions(Action::Up)
    }

    /// The versions that were in place already and were recorded without running them, in order.
    #[must_use]
    pub fn adopted(&self) -> Vec<i64> {
        self.versions(Action::Adopt)
    }

    /// The versions that were taken back, in order.
    #[must_use]
    pub fn reverted(&self) -> Vec<i64> {
        self.versions(Action::Down)
    }

    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn versions(&self, action: Action) -> Vec<i64> {
        let of_action = self.steps.iter().filter(|step| step.action == action);
        of_action.filter_map(|step| step.version).collect()
    }
}

/// What was done in a few words: `migrated from version 0 to 2`, `up to date at version 2`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return write!(f, "up to date at version {}", self.to);
        }
        let recorded = |done: &Done| matches!(done.action, Action::Mark | Action::Unmark);
        if self.from != self.to && !self.steps.iter().any(recorded) {
            return write!(f, "migrated from version {} to {}", self.from, self.to);
        }
        for (at, done) in self.steps.iter().enumerate() {
            let before = if at == 0 { "" } else { ", " };
            let what = match done.action {
                Action::Up => "applied",
                Action::Down => "taken back",
                Action::Adopt => "adopted",
                Action::Mark => "marked",
                Action::Unmark => "unmarked",
            };
            match done.version {
                Some(version) => write!(f, "{before}{what} {version}")?,
                None => write!(f, "{before}{what} `{}`", done.description)?,
            }
        }
        write!(f, " at version {}", self.to)
    }
}

impl Action {
    /// Whether the migration is recorded once this is done, or its record is gone.
    pub(crate) fn records(self) -> bool {
        !matches!(self, Action::Down | Action::Unmark)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Up => "up",
            Action::Down => "down",
            Action::Adopt => "adopt",
            Action::Mark => "mark",
            Action::Unmark => "unmark",
        })
    }
}
