//! The verification itself: every migration up, down again, on empty tables and on tables with rows.

use std::collections::BTreeSet;

use migrate_source::schema::{Difference, Schema};
use migrate_source::sql::{Statement, single_statements};
use migrate_source::{Database, Finding, Mode, Place, Problem};
use rusqlite::Result;

use crate::blame;
use crate::catalog::Catalog;
use crate::deletions::Deletions;
use crate::populated::{Around, Populated, Seed, Trouble, Verdict};
use crate::probe;
use crate::rows::Hints;
use crate::run::{Effect, Failed, OnFailure, Ran, bare, is_simple, run};
use crate::scratch::{Failure, Kind, Scratch};
use crate::set::{Body, Migration, Script, Set};
use crate::store::Mark;
use crate::verified::Step;

/// Where a verification stands: what was found, and the databases after the last migration.
pub(crate) struct Walk<'s> {
    set: &'s Set<'s>,
    plain: Scratch,
    catalog: Catalog,
    populated: Populated,
    /// What is not known of the plain database.
    pub(crate) doubt: Doubt,
    pub(crate) findings: Vec<Finding>,
    /// What fails for want of a view or trigger that was broken before, which is found later.
    late: Vec<Finding>,
    pub(crate) steps: Vec<Step>,
    /// The first migration from which on all can be taken back.
    pub(crate) floor: usize,
}

/// What is not known for certain, since something could not be run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// Any name may stand for something after all.
    pub(crate) schema: bool,
    /// These names may, in lower case.
    pub(crate) names: BTreeSet<String>,
    /// Rows may meet a constraint after all.
    pub(crate) rows: bool,
}

impl Doubt {
    /// Whether a failure is one for certain.
    fn believes(&self, failure: &Failure) -> bool {
        let doubtful = |name: &&str| self.names.contains(&bare(name).to_lowercase());
        match failure.kind {
            Kind::Name => !self.schema && !failure.names().iter().any(doubtful),
            Kind::Constraint => !self.rows,
            Kind::Endless | Kind::Other => true,
        }
    }

    /// Notes that a statement was not run.
    fn add(&mut self, failed: &Failed) {
        self.rows = true;
        match &failed.effect {
            Effect::Names(names) => self.names.extend(names.iter().cloned()),
            Effect::Anything => self.schema = true,
        }
    }

    fn knows_schema(&self) -> bool {
        !self.schema && self.names.is_empty()
    }
}

/// The databases of a [`Walk`], as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Images {
    pub(crate) plain: Vec<u8>,
    pub(crate) populated: Vec<u8>,
}

impl<'s> Walk<'s> {
    /// A walk that begins before the first migration, with what is in doubt from the start.
    pub(crate) fn new(set: &'s Set<'s>, doubt: Doubt) -> Result<Walk<'s>> {
        Walk::resume(set, &Images::default(), Vec::new(), doubt, Seed::default())
    }

    /// A walk that goes on from a mark; `steps` are the results up to there.
    pub(crate) fn after(set: &'s Set<'s>, mark: &Mark, steps: &[Step]) -> Result<Walk<'s>> {
        let (doubt, seed) = (mark.doubt.clone(), mark.seed.clone());
        Walk::resume(set, &mark.images, steps.to_vec(), doubt, seed)
    }

    fn resume(
        set: &'s Set<'s>,
        images: &Images,
        steps: Vec<Step>,
        doubt: Doubt,
        seed: Seed,
    ) -> Result<Walk<'s>> {
        let plain = Scratch::of_image(&images.plain)?;
        let catalog = Catalog::of(&plain, &Catalog::default())?;
        let populated = Populated::new(Scratch::of_image(&images.populated)?, seed);
        Ok(Walk {
            set,
            plain,
            catalog,
            populated,
            doubt,
            findings: Vec::new(),
            late: Vec::new(),
            floor: steps.len(),
            steps,
        })
    }

    /// This place, to go on from another time. `key` is that of the last migration.
    pub(crate) fn mark(&mut self, key: [u8; 32]) -> Result<Mark> {
        Ok(Mark {
            key,
            count: self.steps.len(),
            doubt: self.doubt.clone(),
            seed: self.populated.seed().clone(),
            images: Images {
                plain: self.plain.image()?,
                populated: self.populated.image()?,
            },
        })
    }

    /// Runs the next numbered migration: up, down, and up on tables with rows.
    pub(crate) fn step(&mut self, migration: &Migration<'s>) -> Result<()> {
        let before = self.catalog.clone();
        if let Body::Code(code) = &migration.up
            && code.run.is_none()
        {
            self.doubt.rows = true;
            self.doubt.schema |= code.changes_schema;
            self.push_step(&before);
            let by_code = matches!(migration.down, Some(Body::Code(_)));
            if !by_code || code.changes_schema {
                self.floor = self.steps.len();
            }
            return Ok(());
        }
        let simple = is_simple(&migration.up);
        // Both in one transaction, which need not be kept: otherwise bytes are put by.
        let nested = simple && migration.down.as_ref().is_none_or(is_simple);
        let image = match nested {
            true => None,
            false => Some(self.plain.image()?),
        };
        self.plain.touched();
        if simple {
            self.plain.execute("BEGIN")?;
        }
        let ran = body(&self.plain, &migration.up, OnFailure::GoOn);
        let touched = self.plain.touched();
        self.catalog = Catalog::of(&self.plain, &before)?;
        let clean = ran.failures.is_empty();
        self.judge_up(migration, &ran, &before);
        if clean && !touched.is_empty() && !self.doubt.rows {
            self.foreign_keys(migration);
        }
        if simple && !nested {
            self.plain.execute("COMMIT")?;
        }
        let back = clean && self.pair(migration, &before, nested)?;
        if !back {
            self.floor = self.steps.len() + 1;
        }
        match clean {
            true => self.with_rows(migration, simple, nested, image)?,
            false => {
                if nested {
                    self.plain.execute("COMMIT")?;
                }
                self.populated
                    .replace(Scratch::of_image(&self.plain.image()?)?);
            }
        }
        if let Some(seed) = &self.set.seed {
            self.populated.sow(seed)?;
        }
        self.push_step(&before);
        Ok(())
    }

    fn push_step(&mut self, before: &Catalog) {
        let known = self.doubt.knows_schema();
        let schemas = known.then_some((&before.schema, &self.catalog.schema));
        self.steps.push(Step::of(schemas));
    }

    /// Reports what failed, unless it may be for want of something that was not run.
    fn judge_up(&mut self, migration: &Migration<'_>, ran: &Ran, before: &Catalog) {
        let version = Some(migration.version);
        match &migration.up {
            Body::Sql(script) => self.judge(version, Problem::FailingUp, script, ran),
            Body::Code(code) => {
                let at = Place::file(code.path);
                if let Some(failed) = ran.failures.first() {
                    let finding = Finding::new(Problem::FailingUp, &failed.failure.message)
                        .at(at)
                        .help("it is run on a database that has the migrations before it, without rows");
                    self.report(version, finding);
                } else if !code.changes_schema
                    && let Some(finding) = undeclared(&before.schema, &self.catalog.schema)
                {
                    self.report(version, finding.at(at));
                }
                ran.failures
                    .iter()
                    .for_each(|failed| self.doubt.add(failed));
            }
        }
    }

    /// Reports every statement of a script that fails, but for what fails for want of another.
    fn judge(&mut self, version: Option<i64>, problem: Problem, script: &Script<'_>, ran: &Ran) {
        for failing in &ran.failures {
            if !script.unverified && self.doubt.believes(&failing.failure) {
                self.report(version, failed(problem, script, &failing.failure));
            }
            self.doubt.add(failing);
        }
    }

    /// Rows that the migrations themselves insert have parents.
    fn foreign_keys(&mut self, migration: &Migration<'_>) {
        // A key that cannot be checked is found later.
        let Ok(Some((child, parent))) = orphan(&self.plain) else {
            return;
        };
        let message = format!("it leaves rows in `{child}` that have no parent in `{parent}`");
        let finding = Finding::new(Problem::ForeignKeyViolation, message).help(
            "insert the parent, or leave out the row: a run checks foreign keys before it commits",
        );
        self.doubt.rows = true;
        let finding = match &migration.up {
            Body::Sql(script) => finding.at(blame::place(script, &[&child])),
            Body::Code(code) => finding.at(Place::file(code.path)),
        };
        self.report(Some(migration.version), finding);
    }

    /// Takes the migration back and looks at what is left; the database is as before then. Tells
    /// whether it can be taken back.
    fn pair(&mut self, migration: &Migration<'s>, before: &Catalog, nested: bool) -> Result<bool> {
        let Some(down) = &migration.down else {
            return Ok(false);
        };
        if matches!(down, Body::Code(code) if code.run.is_none()) {
            return Ok(true);
        }
        let image = match nested {
            true => {
                self.plain.execute("SAVEPOINT pair")?;
                None
            }
            false => Some(self.plain.image()?),
        };
        let finding = self.down_and_look(migration, down, before)?;
        match image {
            None if self.plain.db().is_autocommit() => {
                // What failed has rolled back everything.
                self.plain.execute("BEGIN")?;
                body(&self.plain, &migration.up, OnFailure::GoOn);
            }
            None => self.plain.execute("ROLLBACK TO pair; RELEASE pair")?,
            Some(image) => self.plain = Scratch::of_image(&image)?,
        }
        let good = finding.is_none();
        if let Some(finding) = finding.filter(|_| !is_unverified(down)) {
            self.report(Some(migration.version), finding);
        }
        Ok(good)
    }

    fn down_and_look(
        &self,
        migration: &Migration<'s>,
        down: &Body<'s>,
        before: &Catalog,
    ) -> Result<Option<Finding>> {
        let own = self.plain.db().is_autocommit() && is_simple(down);
        if own {
            self.plain.execute("BEGIN")?;
        }
        let ran = body(&self.plain, down, OnFailure::Stop);
        let now = Catalog::of(&self.plain, &self.catalog)?;
        let finding = match ran.failures.first() {
            Some(Failed { failure, .. }) if self.doubt.believes(failure) => Some(match down {
                Body::Sql(script) => failed(Problem::FailingDown, script, failure),
                Body::Code(code) => Finding::new(Problem::FailingDown, &failure.message)
                    .at(Place::file(code.path))
                    .help("it is run right after its up, on tables without rows"),
            }),
            // Nothing is known.
            Some(_) => None,
            None => incomplete(&before.schema, &now.schema),
        };
        let again = match (&finding, &migration.up) {
            // What SQL does, the walk down to nothing and up again does once more.
            (None, Body::Code(_)) => body(&self.plain, &migration.up, OnFailure::Stop),
            _ => Ran::default(),
        };
        if own && !self.plain.db().is_autocommit() {
            self.plain.execute("ROLLBACK")?;
        }
        let finding = finding.map(|finding| match (finding.place.is_some(), down) {
            (false, Body::Sql(script)) => finding.at(blame::place(script, &[])),
            (false, Body::Code(code)) => finding.at(Place::file(code.path)),
            (true, _) => finding,
        });
        Ok(finding.or_else(|| {
            let failed = again.failures.first()?;
            Some(
                Finding::new(
                    Problem::FailingAgain,
                    format!("run again: {}", failed.failure.message),
                )
                .at(Place::file(path(&migration.up)))
                .help("it ran once: what its down leaves behind is in the way of a second time"),
            )
        }))
    }

    /// The same on tables with rows. The transaction of the plain database is committed on the way.
    fn with_rows(
        &mut self,
        migration: &Migration<'s>,
        simple: bool,
        nested: bool,
        image: Option<Vec<u8>>,
    ) -> Result<()> {
        let up = |scratch: &Scratch, on_failure| body(scratch, &migration.up, on_failure);
        let says = match &migration.up {
            Body::Sql(script) => Deletions::of(script),
            Body::Code(_) => Deletions::any(),
        };
        let trouble = match self.populated.step(&up, simple, &says)? {
            Ok(()) => {
                if nested {
                    self.plain.execute("COMMIT")?;
                }
                return Ok(());
            }
            Err(trouble) => trouble,
        };
        let before = match image {
            Some(image) => image,
            None => {
                self.plain.execute("ROLLBACK")?;
                let image = self.plain.image()?;
                self.plain.execute("BEGIN")?;
                body(&self.plain, &migration.up, OnFailure::GoOn);
                self.plain.execute("COMMIT")?;
                image
            }
        };
        let after = self.plain.image()?;
        let mut hints = Hints::default();
        let texts = self.catalog.schema.objects().filter_map(|o| o.sql());
        texts.for_each(|sql| hints.add(sql));
        let Body::Sql(script) = &migration.up else {
            self.populated.replace(Scratch::of_image(&after)?);
            return Ok(());
        };
        hints.add(script.sql);
        let around = Around {
            before: &before,
            after: &after,
            hints,
        };
        let verdict = match trouble.tells() && !script.unverified {
            true => self.populated.insist(&up, simple, &says, &around)?,
            false => Verdict::Unknown,
        };
        if verdict == Verdict::Always {
            let finding = with_rows(script, &trouble);
            self.report(Some(migration.version), finding);
        }
        if verdict != Verdict::Passed {
            self.populated.replace(Scratch::of_image(&after)?);
        }
        Ok(())
    }

    /// Down to the first migration that cannot be taken back, and up again.
    pub(crate) fn there_and_back(&mut self, first: usize) -> Result<()> {
        let from = self.floor.max(first);
        let migrations = &self.set.migrations[from..self.steps.len()];
        if migrations.is_empty() {
            return Ok(());
        }
        let scratch = Scratch::of_image(&self.plain.image()?)?;
        let downs = migrations.iter().rev().filter_map(|migration| {
            let down = migration.down.as_ref()?;
            Some((migration.version, down))
        });
        let ups = migrations.iter().map(|m| (m.version, &m.up));
        for (version, script) in downs.chain(ups) {
            if matches!(script, Body::Code(code) if code.run.is_none()) {
                continue;
            }
            let simple = is_simple(script);
            if simple {
                scratch.execute("BEGIN")?;
            }
            let ran = body(&scratch, script, OnFailure::Stop);
            if let Some(Failed { failure, .. }) = ran.failures.first() {
                if self.doubt.believes(failure) && !is_unverified(script) {
                    let finding = match script {
                        Body::Sql(script) => failed(Problem::FailingAgain, script, failure),
                        Body::Code(code) => Finding::new(Problem::FailingAgain, &failure.message)
                            .at(Place::file(code.path)),
                    };
                    let finding = finding.help(
                        "all migrations were run, taken back from the last to the first, and run again",
                    );
                    self.report(Some(version), finding);
                }
                return Ok(());
            }
            if simple {
                scratch.execute("COMMIT")?;
            }
        }
        Ok(())
    }

    /// Runs the repeatable migrations, twice, and takes them back; what they make is their step. Then
    /// everything is used once, to find what SQLite finds late.
    pub(crate) fn finish(&mut self) -> Result<Vec<Step>> {
        let mut last = Scratch::of_image(&self.plain.image()?)?;
        let mut steps = Vec::new();
        let mut catalog = Catalog::of(&last, &Catalog::default())?;
        let bottom = catalog.clone();
        let mut whole = true;
        for repeatable in &self.set.repeatables {
            let ran = in_transaction(&last, &repeatable.up)?;
            let now = Catalog::of(&last, &catalog)?;
            self.judge(None, Problem::FailingUp, &repeatable.up, &ran);
            let known = self.doubt.knows_schema();
            let schemas = known.then_some((&catalog.schema, &now.schema));
            steps.push(Step::of(schemas));
            if ran.failures.is_empty() {
                let again = in_transaction(&last, &repeatable.up)?;
                self.judge(None, Problem::FailingAgain, &repeatable.up, &again);
                whole &= again.failures.is_empty();
            }
            whole &= ran.failures.is_empty();
            catalog = Catalog::of(&last, &now)?;
        }
        self.late(&last, &catalog)?;
        if whole {
            self.repeatables_back(&mut last, &bottom)?;
        }
        if let Some(seed) = &self.set.seed
            && let Some(failure) = self.populated.sow(seed)?.first()
            && self.doubt == Doubt::default()
        {
            let finding = failed(Problem::FailingSeed, seed, failure);
            self.report(None, finding);
        }
        Ok(steps)
    }

    fn repeatables_back(&mut self, last: &mut Scratch, bottom: &Catalog) -> Result<()> {
        for repeatable in self.set.repeatables.iter().rev() {
            if let Some(down) = &repeatable.down {
                let ran = in_transaction(last, down)?;
                self.judge(None, Problem::FailingDown, down, &ran);
            }
        }
        let downs = || self.set.repeatables.iter().map(|r| r.down.as_ref());
        if let Some(Some(down)) = downs().next()
            && downs().all(|down| down.is_some())
        {
            let now = Catalog::of(last, &Catalog::default())?;
            if let Some(finding) = incomplete(&bottom.schema, &now.schema) {
                self.report(None, finding.at(blame::place(down, &[])));
            }
        }
        Ok(())
    }

    /// What SQLite finds late.
    fn late(&mut self, last: &Scratch, catalog: &Catalog) -> Result<()> {
        let faults = probe::faults(last, catalog)?;
        let sure = faults
            .into_iter()
            .filter(|fault| self.doubt.believes(&fault.failure))
            .collect::<Vec<_>>();
        if sure.is_empty() {
            self.findings.append(&mut self.late);
            return Ok(());
        }
        for (version, unverified, finding) in blame::blame(self.set, &sure)? {
            if !unverified {
                self.report(version, finding);
            }
        }
        Ok(())
    }

    fn report(&mut self, version: Option<i64>, finding: Finding) {
        if self.set.options.relax(finding.problem, version) {
            return;
        }
        match is_for_want_of_another(&finding.message) {
            true => self.late.push(finding),
            false => self.findings.push(finding),
        }
    }
}

/// Whether a statement fails since a view or trigger cannot be used that it has nothing to do with:
/// SQLite reads all of them when a table is altered. What the statement itself breaks, SQLite says
/// happens `after` it.
fn is_for_want_of_another(message: &str) -> bool {
    let of = |what| message.contains(&format!("error in {what} "));
    (of("view") || of("trigger")) && !message.contains(" after ")
}

/// Runs SQL or code. Code that cannot be run does nothing.
pub(crate) fn body(scratch: &Scratch, body: &Body<'_>, on_failure: OnFailure) -> Ran {
    let code = match body {
        Body::Sql(script) => return run(scratch, script, on_failure),
        Body::Code(code) => code,
    };
    let error = code.run.and_then(|run| run(scratch.db()).err());
    let failure = error.map(|error| Failure {
        kind: Kind::Other,
        message: error.to_string(),
        span: (0, 0),
    });
    let failed = failure.map(|failure| Failed {
        failure,
        effect: Effect::Anything,
    });
    Ran {
        failures: failed.into_iter().collect(),
    }
}

/// The first row that has no parent: the table that it is in, and that of the parent.
fn orphan(scratch: &Scratch) -> Result<Option<(String, String)>> {
    let mut check = scratch.db().prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    let row = rows.next()?;
    row.map(|row| Ok((row.get(0)?, row.get(2)?))).transpose()
}

fn in_transaction(scratch: &Scratch, script: &Script<'_>) -> Result<Ran> {
    // Foreign keys can only be switched on outside of a transaction, which such a script then has of
    // its own.
    let own = !script.foreign_keys && is_simple(&Body::Sql(*script));
    if own {
        scratch.execute("BEGIN")?;
    }
    let ran = run(scratch, script, OnFailure::GoOn);
    if own {
        scratch.execute("COMMIT")?;
    }
    Ok(ran)
}

fn path<'s>(body: &Body<'s>) -> &'s str {
    match body {
        Body::Sql(script) => script.path,
        Body::Code(code) => code.path,
    }
}

fn is_unverified(body: &Body<'_>) -> bool {
    matches!(body, Body::Sql(script) if script.unverified)
}

/// A statement that fails, with what may be done.
fn failed(problem: Problem, script: &Script<'_>, failure: &Failure) -> Finding {
    let (offset, len) = failure.span;
    let place = Place::at(script.path, script.sql, script.line, offset, len);
    let problem = match (failure.kind, script.mode) {
        (Kind::Endless, Mode::Repeat) => Problem::EndlessRepeat,
        (Kind::Endless, _) => Problem::EndlessStatement,
        _ => problem,
    };
    let again = if problem == Problem::FailingAgain {
        "run again: "
    } else {
        ""
    };
    let finding = Finding::new(problem, format!("{again}{}", failure.message)).at(place);
    let unverified = "`-- migrate: unverified \"why\"` at the head of the file";
    if failure.kind == Kind::Endless {
        return finding.help(format!(
            "make it come to an end; if it does with time, say so by {unverified}"
        ));
    }
    if of_application(&failure.message) {
        return finding.help(format!(
            "SQLite has it not: if the program provides it, say so by {unverified}"
        ));
    }
    finding.help(match (problem, failure.kind) {
        (Problem::FailingDown, _) => "correct it: a down may be mended at any time",
        (Problem::FailingAgain, _) => {
            "make it bear being run again, or mend the down: that may be done at any time"
        }
        (Problem::FailingSeed, _) => "correct it: no version of the schema takes it",
        (_, Kind::Name) => "correct the name, or mend the migrations before this one",
        (_, Kind::Constraint) => "correct the rows, or the constraint",
        _ => "correct it: it would fail on every database",
    })
}

fn of_application(message: &str) -> bool {
    ["function", "collation", "module"].iter().any(|what| {
        message.contains(&format!("no such {what}")) || message.contains("unknown function")
    })
}

/// What is not as it was, if anything.
fn incomplete(was: &Schema, is: &Schema) -> Option<Finding> {
    const MOST: usize = 8;
    let differences = was.differences(is);
    if differences.is_empty() {
        return None;
    }
    let finding = Finding::new(
        Problem::IncompleteDown,
        "after this down the schema is not what it was before the up",
    );
    let shown = differences.iter().take(MOST).map(Difference::after_down);
    let more = differences.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("and {more} more"));
    Some(
        shown.chain(rest).fold(finding, Finding::help).help(
            "without a way back, delete the down and write `-- migrate: irreversible` in the up",
        ),
    )
}

/// What a migration did.
fn changed(difference: &Difference<'_>) -> String {
    let (object, what) = match (difference.before(), difference.after()) {
        (None, Some(made)) => (made, "is made"),
        (Some(gone), None) => (gone, "is dropped"),
        (Some(object), _) => (object, "is changed"),
        (None, None) => return String::new(),
    };
    format!("{} `{}` {what}", object.kind(), object.name())
}

fn undeclared(was: &Schema, is: &Schema) -> Option<Finding> {
    let difference = was.differences(is).into_iter().next()?;
    let finding = Finding::new(
        Problem::UndeclaredChange,
        "it changes the schema and does not say so",
    );
    Some(
        finding
            .help(changed(&difference))
            .help("add `pub const CHANGES_SCHEMA: bool = true;`"),
    )
}

fn with_rows(script: &Script<'_>, trouble: &Trouble) -> Finding {
    match trouble {
        Trouble::Fails(failure) => {
            let (offset, len) = failure.span;
            let place = Place::at(script.path, script.sql, script.line, offset, len);
            Finding::new(
                Problem::FailingOnRows,
                format!("{}, if the tables have rows", failure.message),
            )
            .at(place)
            .help("it runs on empty tables only: give existing rows a value first, or a `DEFAULT` that fits them")
            .help("sample rows of your own, in a file `seed.sql`, are taken in place of made-up ones")
        }
        Trouble::Orphans(child, parent) => Finding::new(
            Problem::FailingOnRows,
            format!("rows of `{child}` lose their parent in `{parent}`, if the tables have rows"),
        )
        .at(blame::place(script, &[parent]))
        .help("take care of them before: foreign keys are checked before each commit")
        .help(
            "to have a `DELETE` take along what refers to its rows: `-- migrate: foreign-keys on`",
        ),
        Trouble::Loses(table, before, after) => {
            let finding = Finding::new(
                Problem::LostRows,
                format!("rows of `{table}` are lost: of {before} are left {after}"),
            );
            finding
                .at(blame::place(script, &[table]))
                .help("copy all of them: `INSERT INTO … SELECT … FROM …` without a filter, before the old table is dropped")
                .help("rows that shall go are deleted by a `DELETE`")
        }
    }
}

/// The statements of a script.
pub(crate) fn statements<'s>(script: &Script<'s>) -> Vec<Statement<'s>> {
    single_statements(script.sql, Database::Sqlite)
}
