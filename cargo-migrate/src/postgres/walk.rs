//! The order of it all: every up, every down, the ups again, the same with rows, a late look.

use migrate_source::{Finding, Problem};

use crate::error::Error;
use crate::postgres::Verified;
use crate::postgres::late;
use crate::postgres::populated::Populated;
use crate::postgres::schema::Schema;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::Set;
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
                self.stopped(at, failure);
                break;
            }
            schemas.push(Schema::of(self.scratch)?);
        }
        Ok(schemas)
    }

    /// Tells of an up that fails, and that nothing after it is run.
    fn stopped(&mut self, at: usize, failure: Failure) {
        let version = self.set.numbered()[at].version;
        let unverified = self.set.up(at).is_some_and(is_unverified);
        let unknown = failure.is_about_name() && self.is_unknown(at);
        if unknown {
            self.note(format!(
                "migration {version} is not tried, nor is what comes after it: it fails perhaps for want of what code makes"
            ));
            return;
        }
        let more = self.set.numbered().len() - at - 1;
        if unverified
            || more > 0
            || self
                .set
                .judged(Some(version), failure.finding.clone())
                .is_none()
        {
            self.note(format!(
                "migration {version} fails on the scratch database: what comes after it is not tried"
            ));
        }
        if !unverified {
            self.report(Some(version), failure.finding);
        }
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
            let is_code = self.set.code(at).is_some();
            let relaxed = self.set.is_relaxed(at, OF_DOWNS);
            if relaxed || migration.down.is_none() && !is_code || self.set.changes_schema(at) {
                if std::mem::take(&mut again) {
                    self.again(at + 1, reached)?;
                }
                stale = true;
                continue;
            }
            if stale && let Some(_) = &migration.down {
                self.rebuild(at + 1)?;
                stale = false;
            }
            if stale {
                continue;
            }
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
        self.scratch.renew()?;
        let numbered = self.set.numbered();
        if (0..numbered.len()).any(|at| self.set.code(at).is_some()) {
            self.rebuild(numbered.len())?;
        }
        let migrator = self.set.migrator();
        if let Err(error) = migrator.up(self.scratch.db()?) {
            let mut failure = failure(Problem::FailingUp, error.into())?;
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
        for (version, finding) in late::findings(self.set, self.scratch)? {
            self.report(version, finding);
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

    /// A new database with the first migrations, all of which have run before.
    fn rebuild(&mut self, count: usize) -> Result<(), Error> {
        match self.set.rebuild(self.scratch, count) {
            Ok(()) => Ok(()),
            Err(trouble) => {
                let failure = failure(Problem::FailingAgain, trouble)?;
                Err(Error::new(format!(
                    "a migration ran on a new database and fails on the next: {}",
                    failure.finding.message
                )))
            }
        }
    }

    /// Whether code that was not run may have changed the schema before the migration at `at`.
    fn is_unknown(&self, at: usize) -> bool {
        (0..at).any(|at| self.set.changes_schema(at))
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

fn is_unverified(script: &migrate_source::folder::Script) -> bool {
    script.directives.unverified.is_some()
}
