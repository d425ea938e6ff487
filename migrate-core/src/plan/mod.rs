//! What a run will do: the goal, and the steps that lead to it.

mod decide;
pub(crate) mod script;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::migration::{Body, Id, Migration};
use crate::report::Action;

pub(crate) use decide::{Situation, plan, refuse_foreign, stored_down, version_after};

/// Where a database is to be brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Goal {
    /// To the newest version of the program.
    Up,
    /// Up to and with this version.
    UpTo(i64),
    /// This many versions back.
    Down(usize),
    /// Back to this version, which stays.
    DownTo(i64),
    /// Back to nothing.
    Reset,
    /// The last version back, and up again.
    Redo,
    /// This version recorded as applied, without running it.
    Mark(i64),
    /// The record of this version removed, without running anything.
    Unmark(i64),
}

/// What a run will do: its steps in order, with their exact SQL. Its text form is a script.
#[derive(Debug, Clone)]
pub struct Plan<'m> {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) steps: Vec<Step<'m>>,
}

/// One step of a [`Plan`].
#[derive(Debug, Clone)]
pub struct Step<'m> {
    pub(crate) action: Action,
    pub(crate) id: Id<'m>,
    pub(crate) description: Cow<'m, str>,
    /// What is run, if anything.
    pub(crate) body: Option<Body<'m>>,
    /// The migration of the set that it is about. A version of a newer program has none.
    pub(crate) migration: Option<&'m Migration<'m>>,
    pub(crate) transaction: Transaction,
    /// How many statements have run already, of a script that stopped half-way.
    pub(crate) resume: usize,
}

/// How a [`Step`] is put into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transaction {
    /// In one of its own.
    Own,
    /// In one with the steps beside it that say the same.
    Group,
    /// Statement by statement.
    Stepwise,
}

impl<'m> Plan<'m> {
    /// The version of the database before.
    #[must_use]
    pub fn from(&self) -> i64 {
        self.from
    }

    /// The version of the database once every step has been done.
    #[must_use]
    pub fn to(&self) -> i64 {
        self.to
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step<'m>] {
        &self.steps
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Step<'_> {
    /// What is done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The version it is done to; `None` for a repeatable migration.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        match self.id {
            Id::Version(version) => Some(version),
            Id::Repeatable(_) => None,
        }
    }

    /// What the migration is for, or the name of a repeatable one.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The exact SQL; `None` for code, and for steps that only change the history.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        self.body.as_ref().and_then(Body::sql)
    }

    /// The file it comes from. A down kept by the history has the name of the history instead.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.body.as_ref().map(Body::file)
    }

    /// How it is put into transactions.
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }
}
