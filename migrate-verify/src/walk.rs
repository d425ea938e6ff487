//! The verification itself: every migration up, down again, on empty tables and on tables with rows.

use migrate_source::{Finding, Mode, Place, Problem};
use rusqlite::{ErrorCode, Result};

use crate::blame;
use crate::catalog::Catalog;
use crate::deletions::Deletions;
use crate::doubt::{Doubt, called};
use crate::failure::{Failure, code};
use crate::pair::path;
use crate::populated::{Around, Populated, Trouble, Verdict};
use crate::rows::Hints;
use crate::run::{OnFailure, Ran, is_simple, run};
use crate::scratch::Scratch;
use crate::set::{Body, Migration, Script, Set};
use crate::store::Mark;
use crate::verified::Step;
use crate::words::{failed, failed_body, undeclared, unusable, with_rows};

/// Where a verification stands: what was found, and the databases after the last migration.
pub(crate) struct Walk<'s> {
    pub(crate) set: &'s Set<'s>,
    pub(crate) plain: Scratch,
    pub(crate) catalog: Catalog,
    pub(crate) populated: Populated,
    /// What is not known of the plain database.
    pub(crate) doubt: Doubt,
    /// The last code that was not run.
    code: Option<&'s str>,
    pub(crate) findings: Vec<Finding>,
    /// What fails for want of a view or trigger that was broken before, which is found later.
    pub(crate) late: Vec<Finding>,
    pub(crate) steps: Vec<Step>,
    /// The first migration from which on all can be taken back.
    pub(crate) floor: usize,
    /// The plain database where the walk began.
    pub(crate) start: Vec<u8>,
    /// Whether a migration has left a database that cannot be used: nothing after it is run.
    lost: bool,
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
        let mark = Mark {
            doubt,
            ..Mark::default()
        };
        Walk::after(set, &mark, &[])
    }

    /// A walk that goes on from a mark; `steps` are the results up to there.
    pub(crate) fn after(set: &'s Set<'s>, mark: &Mark, steps: &[Step]) -> Result<Walk<'s>> {
        let plain = Scratch::of_image(&mark.images.plain)?;
        let catalog = Catalog::of(&plain, &Catalog::default())?;
        let populated = Scratch::of_image(&mark.images.populated)?;
        Ok(Walk {
            set,
            plain,
            catalog,
            populated: Populated::new(populated, mark.seed.clone()),
            doubt: mark.doubt.clone(),
            code: None,
            findings: Vec::new(),
            late: Vec::new(),
            steps: steps.to_vec(),
            floor: mark.floor,
            start: mark.images.plain.clone(),
            lost: false,
        })
    }

    /// This place, to go on from another time. `key` is that of the last migration.
    pub(crate) fn mark(&mut self, key: [u8; 32]) -> Result<Mark> {
        Ok(Mark {
            key,
            count: self.steps.len(),
            floor: self.floor,
            doubt: self.doubt.clone(),
            seed: self.populated.seed().clone(),
            images: Images {
                plain: self.plain.image()?,
                populated: self.populated.image()?,
            },
        })
    }

    /// Whether it can be gone on from here another time.
    pub(crate) fn can_be_marked(&self) -> bool {
        self.findings.is_empty() && self.late.is_empty() && !self.lost && !self.populated.is_idle()
    }

    /// Runs the next numbered migration: up, down, and up on tables with rows.
    pub(crate) fn step(&mut self, migration: &Migration<'s>) -> Result<()> {
        let (version, count) = (Some(migration.version), self.steps.len() + 1);
        self.unless_lost(version, Some(path(&migration.up)), |walk| {
            walk.run_next(migration)
        })?;
        // Nothing is known of what is not run.
        self.steps.resize_with(count, Step::default);
        Ok(())
    }

    /// Does something, unless the database cannot be used any more. If it cannot be used from here
    /// on, since a migration has written to SQLite's own tables for instance, that is reported.
    ///
    /// # Errors
    ///
    /// Without memory.
    pub(crate) fn unless_lost<T: Default>(
        &mut self,
        version: Option<i64>,
        path: Option<&str>,
        act: impl FnOnce(&mut Walk<'s>) -> Result<T>,
    ) -> Result<T> {
        if self.lost {
            return Ok(T::default());
        }
        let error = match act(self) {
            Err(error) if code(&error) != Some(ErrorCode::OutOfMemory) => error,
            result => return result,
        };
        self.lost = true;
        self.findings.append(&mut self.late);
        let finding = unusable(&error);
        self.report(
            version,
            match path {
                Some(path) => finding.at(Place::file(path)),
                None => finding,
            },
        );
        Ok(T::default())
    }

    fn run_next(&mut self, migration: &Migration<'s>) -> Result<()> {
        let before = self.catalog.clone();
        if let Body::Code(code) = &migration.up
            && code.run.is_none()
        {
            self.doubt.rows = true;
            self.doubt.schema |= code.changes_schema;
            self.code = Some(code.path);
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
            self.populated.sow(seed);
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
                if let Some(failed) = ran.failures.first() {
                    let finding = failed_body(Problem::FailingUp, &migration.up, &failed.failure);
                    self.report(version, finding);
                } else if !code.changes_schema
                    && let Some(finding) = undeclared(&before.schema, &self.catalog.schema)
                {
                    self.report(version, finding.at(Place::file(code.path)));
                }
                ran.failures
                    .iter()
                    .for_each(|failed| self.doubt.add(failed));
            }
        }
    }

    /// Reports every statement of a script that fails, but for what fails for want of another.
    pub(crate) fn judge(
        &mut self,
        version: Option<i64>,
        problem: Problem,
        script: &Script<'_>,
        ran: &Ran,
    ) {
        for failing in &ran.failures {
            if !script.unverified && self.doubt.believes(&failing.failure) {
                let finding = failed(problem, script, &failing.failure);
                // Perhaps code makes what is lacking, and has not said so.
                let code = self.code.filter(|_| failing.failure.is_about_lack());
                self.report(
                    version,
                    match code {
                        Some(path) => finding.help(format!(
                            "if `{path}` makes it, say so there: `pub const CHANGES_SCHEMA: bool = true;`"
                        )),
                        None => finding,
                    },
                );
            }
            self.doubt.add(failing);
        }
        if script.unverified {
            self.doubt.application.extend(called(script));
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

    /// The same on tables with rows. The transaction of the plain database is committed on the way.
    fn with_rows(
        &mut self,
        migration: &Migration<'s>,
        simple: bool,
        nested: bool,
        image: Option<Vec<u8>>,
    ) -> Result<()> {
        let up = |scratch: &Scratch, on_failure| body(scratch, &migration.up, on_failure);
        let script = match &migration.up {
            Body::Sql(script) => Some(script),
            Body::Code(_) => None,
        };
        let says = script.map_or_else(Deletions::any, Deletions::of);
        let repeats = script.is_some_and(|script| script.mode == Mode::Repeat);
        let stepped = self.populated.step(&up, simple, &says);
        let trouble = match stepped {
            // With rows of another kind it may have no end.
            Ok(()) if !repeats => {
                if nested {
                    self.plain.execute("COMMIT")?;
                }
                return Ok(());
            }
            stepped => stepped.err(),
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
        if let Some(script) = script {
            hints.add(script.sql);
        }
        let around = Around {
            before: &before,
            after: &after,
            hints,
            script,
        };
        let unverified = script.is_some_and(|script| script.unverified);
        if let Some(script) = script.filter(|_| repeats && !unverified)
            && let Some(failure) = self.populated.endless(&up, &around)
        {
            let finding = failed(Problem::EndlessRepeat, script, &failure);
            self.report(Some(migration.version), finding);
            self.populated.replace(Scratch::of_image(&after)?);
            return Ok(());
        }
        let Some(trouble) = trouble else {
            return Ok(());
        };
        // What was not run may have taken care of the children.
        let doubtful = self.doubt.rows && matches!(trouble, Trouble::Orphans(..));
        let verdict = match trouble.tells() && !doubtful && !unverified {
            true => self.populated.insist(&up, simple, &says, &around),
            false => Verdict::Unknown,
        };
        if verdict == Verdict::Always {
            let finding = with_rows(&migration.up, &trouble, self.set.seed.is_some());
            self.report(Some(migration.version), finding);
        }
        if verdict != Verdict::Passed {
            self.populated.replace(Scratch::of_image(&after)?);
        }
        Ok(())
    }

    pub(crate) fn report(&mut self, version: Option<i64>, finding: Finding) {
        if self.set.options.relax(finding.problem, version) {
            return;
        }
        let newest = self.set.migrations.last().map_or(0, |m| m.version);
        // What no database takes is in production nowhere.
        let finding = match finding.problem {
            Problem::FailingUp => finding,
            _ => finding.relaxable(version, newest),
        };
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
    let nested = !scratch.db().is_autocommit();
    let error = code.run.and_then(|run| run(scratch.db()).err());
    let mut failure = error.map(|error| Failure::of_code(error.as_ref()));
    if nested && scratch.db().is_autocommit() {
        failure.get_or_insert_with(|| {
            Failure::in_code("it has ended the transaction that it runs in".to_owned())
        });
        if on_failure == OnFailure::GoOn {
            let _ = scratch.execute("BEGIN");
        }
    }
    let _ = scratch.settle();
    failure.map(Ran::failed).unwrap_or_default()
}

/// The first row that has no parent: the table that it is in, and that of the parent.
fn orphan(scratch: &Scratch) -> Result<Option<(String, String)>> {
    let mut check = scratch.db().prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    let row = rows.next()?;
    row.map(|row| Ok((row.get(0)?, row.get(2)?))).transpose()
}
