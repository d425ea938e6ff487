//! One database, and the one helper that runs a verb on it and looks at everything afterwards.

use migrate_core::folder::{Folder, Options, Problem};
use migrate_core::{Error, Goal, Migration, Migrator, Plan, Report, Transaction, Transactions};

use super::told::{of_kind, told};
use super::{TestConnection, TestDatabase};

/// The names and texts of a folder.
pub type Files<'f> = &'f [(&'f str, &'f str)];

/// A change of a migrator's settings.
pub type Settings = for<'m> fn(Migrator<'m>) -> Migrator<'m>;

/// The ways of putting migrations into transactions.
pub const EACH: Settings = |migrator| migrator.transactions(Transactions::Each);
/// As [`EACH`].
pub const GROUPED: Settings = |migrator| migrator.transactions(Transactions::Grouped);
/// As [`EACH`], and all of them.
pub(super) const ALL: [Settings; 3] = [EACH, GROUPED, |migrator| {
    migrator.transactions(Transactions::Auto)
}];

/// A database, a connection to it and the settings of the runs on it.
pub struct Stage<D: TestDatabase> {
    /// The database.
    pub database: D,
    /// The connection that runs are made on.
    pub db: D::Connection,
    options: Options,
    settings: Settings,
    table: String,
}

impl<D: TestDatabase> Stage<D> {
    /// A fresh database. Gaps are allowed and empty folders: what a history makes of a set is not
    /// a matter of its numbers.
    #[must_use]
    pub fn new() -> Stage<D> {
        let database = D::fresh();
        let db = database.connect();
        let mut options = Options::new(D::DATABASE);
        options.allow = [Problem::Gap, Problem::EmptyFolder].into();
        Stage {
            database,
            db,
            options,
            settings: |migrator| migrator,
            table: "_migrate_history".to_owned(),
        }
    }

    /// The plan of `goal`, a word or two for each step: `group up 1, own up 2`.
    pub fn planned(&mut self, files: Files<'_>, goal: Goal) -> String {
        let folder = self.folder(files);
        let set = folder.migrations();
        let migrator = self.migrator(&set);
        let plan = self.db.plan(&migrator, goal).unwrap();
        let steps = plan.steps().iter().map(|step| {
            let transaction = match step.transaction() {
                Transaction::Group => "group",
                Transaction::Own => "own",
                Transaction::Stepwise => "stepwise",
                other => panic!("{other:?}"),
            };
            match step.version() {
                Some(version) => format!("{transaction} {} {version}", step.action()),
                None => format!("{transaction} {} {}", step.action(), step.description()),
            }
        });
        steps.collect::<Vec<_>>().join(", ")
    }

    /// Settings of the runs from now on, instead of those before.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The name of the history from now on.
    pub fn table(&mut self, table: &str) {
        table.clone_into(&mut self.table);
    }

    /// Takes a problem for none, from now on.
    pub fn allow(&mut self, problem: Problem) {
        self.options.allow.insert(problem);
    }

    /// Takes files up to `version` as they are, from now on, as far as there are any.
    pub fn trust_through(&mut self, version: i64) {
        self.options.trust_through = version;
    }

    /// The set of these files.
    #[must_use]
    pub fn folder(&self, files: Files<'_>) -> Folder {
        let versions = files.iter().filter_map(|(path, _)| path.split('_').next());
        let newest = versions.filter_map(|version| version.parse().ok()).max();
        let mut options = self.options.clone();
        options.trust_through = options.trust_through.min(newest.unwrap_or(0));
        crate::folder(options, files)
    }

    /// A migrator for `set` with the settings of this stage.
    #[must_use]
    pub fn migrator<'m>(&self, set: &'m [Migration<'m>]) -> Migrator<'m> {
        (self.settings)(Migrator::new(set).table(&self.table))
    }

    /// Brings the database to `goal` with the set of `files`, and looks.
    ///
    /// `result` is what the verb says, in the words of [`told`]; `state` is all that is there
    /// afterwards, in those of [`look`](Stage::look). What is true of every run is asserted beside
    /// them: see [`run`](Stage::run).
    #[track_caller]
    pub fn check(&mut self, files: Files<'_>, goal: Goal, result: &str, state: &str) {
        let folder = self.folder(files);
        let _ = self.check_set(&folder.migrations(), goal, result, state);
    }

    /// As [`check`](Stage::check), with a set that is there already.
    ///
    /// # Errors
    ///
    /// What the verb says.
    #[track_caller]
    pub fn check_set(
        &mut self,
        set: &[Migration<'_>],
        goal: Goal,
        result: &str,
        state: &str,
    ) -> Result<Report, Error> {
        let migrator = self.migrator(set);
        self.run(&migrator, goal, Some((result, state)))
    }

    /// Runs the verb of `goal`, and asserts what is true of every run:
    ///
    /// - The plan of the goal writes nothing, and is what the run then does.
    /// - A refusal is the same from both, and leaves the database as it was, to the byte.
    /// - The connection is as it was, on every path.
    /// - The verbs that read agree with each other and with the report, and write nothing.
    /// - Once a goal is reached, reaching it again does and writes nothing.
    /// - When there is nothing to bring up, no lock is needed to know it.
    ///
    /// # Errors
    ///
    /// What the verb says.
    #[track_caller]
    pub fn run(
        &mut self,
        migrator: &Migrator<'_>,
        goal: Goal,
        expected: Option<(&str, &str)>,
    ) -> Result<Report, Error> {
        let session = self.db.session();
        let before = self.database.snapshot();
        let planned = self.db.plan(migrator, goal);
        assert!(self.database.snapshot() == before, "a plan writes nothing");

        let ran = self.db.bring(migrator, goal);

        if let Some((result, state)) = expected {
            assert_eq!(told(&ran), result, "what {goal:?} says");
            assert_eq!(self.look(migrator), state, "after {goal:?}");
        }
        assert_eq!(self.db.session(), session, "the connection is put back");
        self.check_plan(&planned, &ran, &before);
        self.check_reading(migrator);
        if let Ok(report) = &ran {
            self.check_settled(migrator, goal, report.to());
        } else if let Err(error) = &ran {
            check_words(error);
        }
        ran
    }

    /// Everything the database holds: `a[1 x, 2 y] b[] @ 1 2~`. Tables and views with their rows,
    /// then the history, `~` behind a version that has not run to its end.
    pub fn look(&mut self, migrator: &Migrator<'_>) -> String {
        let history = [self.table.clone(), format!("{}_repeatable", self.table)];
        let applied = self.db.applied(migrator);
        let mut words = Vec::new();
        for relation in self.db.relations() {
            if applied.is_ok() && history.contains(&relation) {
                continue;
            }
            let mut rows = self
                .db
                .rows(&format!("SELECT * FROM {}", quoted(&relation)));
            rows.sort();
            words.push(format!("{relation}[{}]", rows.join(", ")));
        }
        words.push("@".to_owned());
        match applied {
            Ok(rows) => words.extend(rows.iter().map(|row| {
                let end = if row.is_finished() { "" } else { "~" };
                format!("{}{end}", row.version())
            })),
            Err(error) => words.push(of_kind(error.kind())),
        }
        words.join(" ")
    }

    /// The definition of everything but the history.
    pub fn schema(&mut self) -> String {
        let history = [self.table.clone(), format!("{}_repeatable", self.table)];
        self.db.schema(&history)
    }

    #[track_caller]
    fn check_plan(
        &mut self,
        planned: &Result<Plan<'_>, Error>,
        ran: &Result<Report, Error>,
        before: &[u8],
    ) {
        let (plan, report) = match (planned, ran) {
            (Ok(plan), Ok(report)) => (plan, report),
            (Ok(plan), Err(error)) => (plan, error.report()),
            (Err(refusal), Err(error)) => {
                assert_eq!(
                    refusal.kind(),
                    error.kind(),
                    "the plan refuses as the run does"
                );
                assert!(
                    error.report().is_empty(),
                    "a refusal comes before the first step"
                );
                let same = self.database.snapshot() == before;
                assert!(same, "what is refused leaves nothing behind");
                return;
            }
            (Err(refusal), Ok(_)) => panic!("the plan refuses what the run does: {refusal}"),
        };
        let steps = plan.steps().iter();
        let steps: Vec<_> = steps
            .map(|step| (step.action(), step.version(), step.description().to_owned()))
            .collect();
        let done: Vec<_> = report
            .steps()
            .iter()
            .map(|done| (done.action, done.version, done.description.clone()))
            .collect();
        if ran.is_ok() || !report.is_empty() {
            assert_eq!(plan.from(), report.from());
        }
        if ran.is_ok() {
            assert_eq!(steps, done, "the run does what was planned");
            assert_eq!(plan.to(), report.to());
        } else {
            assert!(steps.starts_with(&done), "the run does what was planned");
            assert_ne!(steps, done, "a step has failed");
        }
    }

    /// The verbs that read, beside each other.
    #[track_caller]
    fn check_reading(&mut self, migrator: &Migrator<'_>) {
        let before = self.database.snapshot();
        let status = match self.db.status(migrator) {
            Ok(status) => status,
            Err(error) => {
                let current = self.db.current_version(migrator).unwrap_err();
                assert_eq!(current.kind(), error.kind());
                return;
            }
        };
        assert_eq!(self.db.current_version(migrator).unwrap(), status.current);
        assert_eq!(migrator.latest_version(), status.latest);
        let mut pending: Vec<i64> = status.pending().map(|line| line.version).collect();
        let mut said = self.db.pending(migrator).unwrap();
        pending.sort_unstable();
        said.sort_unstable();
        assert_eq!(said, pending);
        let needs = self.db.needs_migration(migrator).unwrap();
        match self.db.plan(migrator, Goal::Up) {
            Ok(plan) => assert_eq!(needs, !plan.is_empty(), "whether `up` has anything to do"),
            Err(_) => assert_eq!(
                needs,
                !pending.is_empty() || status.repeatables.iter().any(|line| line.due)
            ),
        }
        let _ = self.db.verify(migrator).unwrap();
        assert!(self.database.snapshot() == before, "reading writes nothing");
    }

    /// A goal that has been reached stays reached.
    #[track_caller]
    fn check_settled(&mut self, migrator: &Migrator<'_>, goal: Goal, version: i64) {
        assert_eq!(self.db.current_version(migrator).unwrap(), version);
        let is_settled = match goal {
            Goal::Down(_) | Goal::Redo => false,
            // What only the database knew is unknown once it is forgotten.
            Goal::Unmark(version) => {
                (migrator.migrations().iter()).any(|m| m.version() == Some(version))
            }
            _ => true,
        };
        if !is_settled {
            return;
        }
        let before = self.database.snapshot();
        let mut other = self.database.connect();
        other.lock();
        let again = self.db.bring(migrator, goal);
        other.release();
        assert_eq!(told(&again), format!("at {version}"), "{goal:?} again");
        assert!(
            self.database.snapshot() == before,
            "nothing is written again"
        );
    }
}

impl<D: TestDatabase> Default for Stage<D> {
    fn default() -> Stage<D> {
        Stage::new()
    }
}

/// What is true of the text of every error.
#[track_caller]
fn check_words(error: &Error) {
    let text = error.to_string();
    assert!(!text.trim().is_empty() && !text.contains("\n\n"), "{text}");
    assert_eq!(
        format!("{error:?}"),
        text,
        "what `main` prints is for people"
    );
    if let Some(failed) = error.failed() {
        assert!(text.contains(&failed.file), "{text}");
        assert!(text.contains(&failed.message), "{text}");
        let outcome = failed.outcome.to_string();
        let outcome = outcome.split(':').next().unwrap_or_default();
        assert!(text.contains(&format!("\n  = {outcome}: ")), "{text}");
    }
}

/// A name as SQL, in any of the databases.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
