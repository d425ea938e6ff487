//! What comes after all numbered migrations: those that are repeatable, and a look at everything.

use migrate_source::Problem;
use rusqlite::Result;

use crate::blame;
use crate::catalog::Catalog;
use crate::doubt::Doubt;
use crate::probe;
use crate::run::{OnFailure, Ran, is_simple, run};
use crate::scratch::Scratch;
use crate::set::{Body, Script};
use crate::verified::Step;
use crate::walk::Walk;
use crate::words::{failed, incomplete};

impl Walk<'_> {
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
            && self.doubt == Doubt::default()
        {
            for failure in self.populated.sow(seed) {
                let finding = failed(Problem::FailingSeed, seed, &failure);
                self.report(None, finding);
            }
        }
        Ok(steps)
    }

    fn repeatables_back(&mut self, last: &mut Scratch, bottom: &Catalog) -> Result<()> {
        let made = Catalog::of(last, &Catalog::default())?;
        let mut all_run = true;
        for repeatable in self.set.repeatables.iter().rev() {
            if let Some(down) = &repeatable.down {
                let ran = in_transaction(last, down)?;
                self.judge(None, Problem::FailingDown, down, &ran);
                all_run &= ran.failures.is_empty();
            }
        }
        let downs = || self.set.repeatables.iter().map(|r| r.down.as_ref());
        if let Some(Some(down)) = downs().next()
            && all_run
            && downs().all(|down| down.is_some())
        {
            let now = Catalog::of(last, &Catalog::default())?;
            if let Some(finding) =
                incomplete(&self.doubt, &bottom.schema, &made.schema, &now.schema)
            {
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
        let told = self.findings.len();
        if !sure.is_empty() {
            for (version, unverified, finding) in blame::blame(self.set, &sure)? {
                if !unverified {
                    self.report(version, finding);
                }
            }
        }
        // Where the cause is told, what follows from it is not.
        let mut late = std::mem::take(&mut self.late);
        if self.findings.len() == told {
            self.findings.append(&mut late);
        }
        Ok(())
    }
}

fn in_transaction(scratch: &Scratch, script: &Script<'_>) -> Result<Ran> {
    let own = is_simple(&Body::Sql(*script));
    if own {
        scratch.execute("BEGIN")?;
    }
    let ran = run(scratch, script, OnFailure::GoOn);
    if own {
        scratch.execute("COMMIT")?;
    }
    Ok(ran)
}
