//! How a folder is to be read and judged: what the macro is told beside its name.

use std::collections::BTreeSet;

use crate::Database;
use crate::finding::Finding;
use crate::problem::Problem;

/// How a folder is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The database whose SQL it holds.
    pub database: Database,
    /// Problems that are none here: `allow(gap)`.
    pub allow: BTreeSet<Problem>,
    /// Migrations up to this version are in production already and are taken as they are:
    /// `trust_through = 57`.
    pub trust_through: i64,
}

impl Options {
    /// The options of a folder with the SQL of `database`: nothing is allowed, nothing trusted.
    #[must_use]
    pub fn new(database: Database) -> Options {
        Options {
            database,
            allow: BTreeSet::new(),
            trust_through: 0,
        }
    }

    /// Whether `problem` is none here, in the migration with `version` or in no certain one.
    #[must_use]
    pub fn relax(&self, problem: Problem, version: Option<i64>) -> bool {
        self.allows(problem) || (self.trusts(version) && problem.can_be_trusted())
    }

    /// The same for a finding, which may be about a down.
    #[must_use]
    pub fn relax_finding(&self, finding: &Finding, version: Option<i64>) -> bool {
        self.allows(finding.problem) || (self.trusts(version) && finding.can_be_trusted())
    }

    fn allows(&self, problem: Problem) -> bool {
        problem.can_be_allowed() && self.allow.contains(&problem)
    }

    fn trusts(&self, version: Option<i64>) -> bool {
        version.is_some_and(|version| version <= self.trust_through)
    }
}
