//! The order of it all: every up, every down, the ups again, the same with rows, a late look.

use migrate_source::{Finding, Problem};

use crate::error::Error;
use crate::postgres::Verified;
use crate::postgres::late;
use crate::postgres::populated::Populated;
use crate::postgres::schema::Schema;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::{Set, Trouble};
use crate::postgres::words::{Failure, failure, incomplete};

/// Where a verification stands.
pub(super) struct Walk<'a, 's> {
    set: &'a Set<'a>,
    scratch: &'a mut Scratch<'s>,
    verified: Verified,
}

impl<'a, 's> Walk<'a, 's> {
    pub(super) fn new(set: &'a Set<'a>, scratch: &'a mut Scratch<'s>) -> Walk<'a, 's> {
        Walk {
            set,
            scratch,
            verified: Verified::default(),
        }
    }

    pub(super) fn run(mut self) -> Result<Verified, Error> {
        let schemas = self.ups()?;
        let reached = schemas.len() - 1;
        self.downs(&schemas)?;
        let mut populated = Populated::new(self.set, self.scratch);
        populated.run(reached)?;
        for (version, finding) in populated.findings {
            self.report(version, finding);
        }
        if reached == self.set.numbered().len() {
            self.last()?;
        }
        Ok(self.verified)
    }

    /// Every up, as far as they go: the schema before the first one, and after each.
    fn ups(&mut self) -> Result<Vec<Schema>, Error> {
        let mut schemas = vec![Schema::of(self.scratch)?];
        for at in 0..self.set.numbered().len() {
            if let Err(trouble) = self.set.apply(self.scratch, at) {
                let failure = failure(Problem::FailingUp, trouble)?;
                if !self.goes_on(at, failure) {
                    break;
                }
                self.set.skip(at);
                if let Err(trouble) = self.set.apply(self.scratch, at) {
                    return Err(failure_to_record(trouble));
                }
            }
            schemas.push(Schema::of(self.scratch)?);
        }
        Ok(schemas)
    }

    /// Tells of an up that fails. Whether those after it can be tried: that it fails is no problem of it.
    fn goes_on(&mut self, at: usize, failure: Failure) -> bool {
        let version = self.set.numbered()[at].version;
        if failure.is_about_name() && self.set.is_unknown(at) {
            self.note(format!(
                "migration {version} is not tried, nor is what comes after it: it fails perhaps for want of what was not run"
            ));
            return false;
        }
        let unverified = self.set.up(at).is_some_and(is_unverified);
        if unverified || self.set.is_relaxed(at, &[failure.finding.problem]) {
            self.note(format!(
                "migration {version} fails on the scratch database, and is taken as run"
            ));
            return true;
        }
        if at + 1 < self.set.numbered().len() {
            self.note(format!("what comes after migration {version} is not tried"));
        }
        self.report(Some(version), failure.finding);
        false
    }

    /// Every down, from the last to the first: the schema after it is what it was before its up. As far
    /// as they lead back without a fault, the ups are run again. `schemas` are those on the way up.
    fn downs(&mut self, schemas: &[Schema]) -> Result<(), Error> {
        let reached = schemas.len() - 1;
        let numbered = self.set.numbered();
        // Whether the database is not what it was after that many migrations; and from where on all is
        // to be run again, unless that was done or is hopeless.
        let mut stale = reached < numbered.len();
        let mut again = !stale;
        for at in (0..reached).rev() {
            let migration = &numbered[at];
            let no_down = migration.down.is_none() && !self.set.is_recorded(at);
            if no_down || self.set.changes_unseen(at) || self.set.is_relaxed(at, OF_DOWNS) {
                if std::mem::take(&mut again) {
                    self.again(at + 1, reached)?;
                }
                stale = true;
                continue;
            }
            if stale && (migration.down.is_none() || !self.rebuild(at + 1)?) {
                continue;
            }
            stale = false;
            let finding = match self.set.take_back(self.scratch, at) {
                Ok(()) => {
                    let now = Schema::of(self.scratch)?;
                    let differences = Schema::after_down(&schemas[at], &now);
                    let down = migration.down.as_ref();
                    down.filter(|_| !differences.is_empty())
                        .map(|down| incomplete(down, &differences))
                }
                Err(trouble) => Some(failure(Problem::FailingDown, trouble)?.finding),
            };
            if let Some(finding) = finding {
                (stale, again) = (true, false);
                if !migration.down.as_ref().is_some_and(is_unverified) {
                    self.report(Some(migration.version), finding);
                }
            }
        }
        if again {
            self.again(0, reached)?;
        }
        Ok(())
    }

    /// The ups again, after all of them from `from` on were taken back.
    fn again(&mut self, from: usize, to: usize) -> Result<(), Error> {
        for at in from..to {
            if let Err(trouble) = self.set.apply(self.scratch, at) {
                let failure = failure(Problem::FailingAgain, trouble)?;
                self.report(failure.version, failure.finding);
                break;
            }
        }
        Ok(())
    }

    /// What comes after all numbered migrations: as a fresh database runs them, with those that are
    /// repeatable, and a look at what PostgreSQL finds late.
    fn last(&mut self) -> Result<(), Error> {
        let numbered = self.set.numbered();
        let unknown = self.set.is_unknown(numbered.len());
        // What is only recorded here cannot be run with the others.
        let recorded = (0..numbered.len()).any(|at| self.set.is_recorded(at));
        if !self.rebuild(if recorded { numbered.len() } else { 0 })? {
            return Ok(());
        }
        let migrator = self.set.migrator();
        if let Err(error) = migrator.up(self.scratch.db()?) {
            let mut failure = failure(Problem::FailingUp, error.into())?;
            if unknown && failure.is_about_name() {
                return Ok(());
            }
            if failure.version.is_some() {
                failure.finding.help.pop();
                failure.finding = failure
                    .finding
                    .help("by itself it runs: on a fresh database all of them run in one transaction")
                    .help("`-- migrate: no-transaction` at its head lets it run after what is before it is committed")
                    .help("or let the program ask for `Transactions::Each`");
            }
            self.report(failure.version, failure.finding);
            return Ok(());
        }
        if !unknown {
            for (version, finding) in late::findings(self.set, self.scratch)? {
                self.report(version, finding);
            }
        }
        if self.set.repeatables().is_empty() {
            return Ok(());
        }
        self.scratch.forget_repeatables()?;
        if let Err(error) = migrator.up(self.scratch.db()?) {
            let failure = failure(Problem::FailingAgain, error.into())?;
            self.report(failure.version, failure.finding);
            return Ok(());
        }
        if numbered.last().is_some_and(|last| last.down.is_some())
            && let Err(error) = migrator.down(self.scratch.db()?, 1)
        {
            let failure = failure(Problem::FailingDown, error.into())?;
            // That of the numbered one was tried before.
            if failure.version.is_none() {
                self.report(None, failure.finding);
            }
        }
        Ok(())
    }

    /// A new database with the first migrations, all of which have run before. Whether they do so again.
    fn rebuild(&mut self, count: usize) -> Result<bool, Error> {
        let Err(trouble) = self.set.rebuild(self.scratch, count) else {
            return Ok(true);
        };
        let failure = failure(Problem::FailingUp, trouble)?;
        let version = failure.version.unwrap_or_default();
        self.note(format!(
            "migration {version} ran on one new database and fails on the next: {}",
            failure.finding.message
        ));
        Ok(false)
    }

    fn report(&mut self, version: Option<i64>, finding: Finding) {
        self.verified
            .findings
            .extend(self.set.judged(version, finding));
    }

    fn note(&mut self, note: String) {
        self.verified.notes.push(note);
    }
}

/// What is found by going down.
const OF_DOWNS: &[Problem] = &[
    Problem::FailingDown,
    Problem::IncompleteDown,
    Problem::FailingAgain,
];

/// The history cannot be written.
fn failure_to_record(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Migration(error) => Error::new(format!("the migrations cannot be tried: {error}")),
        Trouble::Other(error) => error,
    }
}

fn is_unverified(script: &migrate_source::folder::Script) -> bool {
    script.directives.unverified.is_some()
}
