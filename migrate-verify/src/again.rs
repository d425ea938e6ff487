//! All the way down and up again.

use migrate_source::sql::quoted_name;
use std::collections::BTreeMap;

use migrate_source::Problem;
use rusqlite::Result;
use rusqlite::types::Value;

use crate::pair::is_unverified;
use crate::run::{Failed, OnFailure, is_simple};
use crate::scratch::Scratch;
use crate::set::Body;
use crate::walk::{Walk, body};
use crate::words::failed_body;

impl Walk<'_> {
    /// Down to the first migration that cannot be taken back, and up again. Those before `first` were
    /// walked another time, which holds as long as the others lead back to where those ended.
    pub(crate) fn there_and_back(&mut self, first: usize) -> Result<()> {
        let from = self.floor.max(first);
        let leads_back = self.walk_from(from)?;
        if !leads_back && self.floor < from {
            self.walk_from(self.floor)?;
        }
        Ok(())
    }

    /// Takes back all migrations from `from` on, and runs them again. Tells whether the database came
    /// back as it was where this walk began; not if anything failed, which is reported.
    fn walk_from(&mut self, from: usize) -> Result<bool> {
        let migrations = &self.set.migrations[from..self.steps.len()];
        if migrations.is_empty() {
            return Ok(true);
        }
        let scratch = Scratch::of_image(&self.plain.image()?)?;
        for migration in migrations.iter().rev() {
            if let Some(down) = &migration.down
                && !self.runs_again(&scratch, migration.version, down)?
            {
                return Ok(false);
            }
        }
        let start = Scratch::of_image(&self.start)?;
        let leads_back = contents(&scratch).is_ok_and(|now| contents(&start).ok() == Some(now));
        for migration in migrations {
            if !self.runs_again(&scratch, migration.version, &migration.up)? {
                return Ok(false);
            }
        }
        Ok(leads_back)
    }

    /// Runs a body once more. Tells whether it did not fail; if it does, that is reported.
    fn runs_again(&mut self, scratch: &Scratch, version: i64, again: &Body<'_>) -> Result<bool> {
        if matches!(again, Body::Code(code) if code.run.is_none()) {
            return Ok(true);
        }
        let simple = is_simple(again);
        if simple {
            scratch.execute("BEGIN")?;
        }
        let ran = body(scratch, again, OnFailure::Stop);
        let Some(Failed { failure, .. }) = ran.failures.first() else {
            if simple {
                scratch.execute("COMMIT")?;
            }
            return Ok(true);
        };
        if self.doubt.believes(failure) && !is_unverified(again) {
            let finding = failed_body(Problem::FailingAgain, again, failure);
            let finding = finding.help(
                "all migrations were run, taken back from the last to the first, and run again",
            );
            self.report(Some(version), finding);
        }
        Ok(false)
    }
}

/// The rows of all tables, by their names; the tables that SQLite makes for itself count as well.
fn contents(scratch: &Scratch) -> Result<BTreeMap<String, Vec<Vec<Value>>>> {
    let mut tables = scratch
        .db()
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    let mut contents = BTreeMap::new();
    for table in tables {
        let table = table?;
        let mut select = scratch
            .db()
            .prepare(&format!("SELECT * FROM {}", quoted_name(&table)))?;
        let width = select.column_count();
        let rows = select.query_map([], |row| (0..width).map(|at| row.get(at)).collect())?;
        contents.insert(table, rows.collect::<Result<_>>()?);
    }
    Ok(contents)
}
