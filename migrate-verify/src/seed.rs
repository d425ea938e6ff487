//! The author's own rows, from `seed.sql`.

use std::collections::BTreeSet;

use migrate_source::sql::{Statement, quoted_name};
use rusqlite::Result;
use rusqlite::types::Value;

use crate::failure::{Failure, Kind, first_line};
use crate::populated::Populated;
use crate::rows;
use crate::run::Effect;
use crate::scratch::Scratch;
use crate::set::Script;

/// The author's own rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seed {
    /// Which statements have run.
    pub(crate) done: BTreeSet<usize>,
    /// The tables that they wrote to, in lower case. No rows are made up for those.
    pub(crate) tables: BTreeSet<String>,
}

impl Populated {
    /// Runs what has not run yet of the author's rows and runs now: each statement when the schema
    /// has come to suit it.
    pub(crate) fn sow(&mut self, seed: &Script<'_>) -> Vec<Failure> {
        if self.idle {
            return Vec::new();
        }
        self.sow_all(seed).unwrap_or_else(|_| {
            self.idle = true;
            Vec::new()
        })
    }

    fn sow_all(&mut self, seed: &Script<'_>) -> Result<Vec<Failure>> {
        let mut failures = Vec::new();
        let statements = seed.statements();
        for (at, statement) in statements.iter().enumerate() {
            if self.seed.done.contains(&at) {
                continue;
            }
            self.scratch.touched();
            self.scratch.execute("SAVEPOINT seed")?;
            let sown = match Effect::may_change_schema(statement.text) {
                true => Err(Failure {
                    kind: Kind::Other,
                    message: "`seed.sql` holds rows only".to_owned(),
                    span: (statement.offset, first_line(statement.text)),
                }),
                false => self.sow_one(statement)?,
            };
            match sown {
                Ok(()) => {
                    let touched = self.scratch.touched();
                    self.counts.retain(|table, _| !touched.contains(table));
                    self.seed.tables.extend(touched);
                    self.seed.done.insert(at);
                }
                Err(failure) => {
                    self.scratch.execute("ROLLBACK TO seed")?;
                    failures.push(failure);
                }
            }
            self.scratch.execute("RELEASE seed")?;
        }
        let _ = self.scratch.settle();
        Ok(failures)
    }

    /// Runs a statement of the author's, whose rows take the place of made-up ones.
    fn sow_one(&self, statement: &Statement<'_>) -> Result<std::result::Result<(), Failure>> {
        let mut cleared = BTreeSet::new();
        loop {
            let Err(failure) = self.scratch.run(statement.text, statement.offset) else {
                return Ok(Ok(()));
            };
            let table = failure.not_unique().map(str::to_lowercase);
            match table.filter(|table| !self.seed.tables.contains(table)) {
                Some(table) if cleared.insert(table.clone()) => {
                    let delete = format!("DELETE FROM {}", quoted_name(&table));
                    self.scratch.execute("ROLLBACK TO seed")?;
                    if self.scratch.execute(&delete).is_err() {
                        return Ok(Err(failure));
                    }
                }
                _ => return Ok(Err(failure)),
            }
        }
    }
}

pub(crate) fn copy_seed(from: &Scratch, to: &Scratch, tables: &BTreeSet<String>) -> Result<()> {
    for table in rows::tables(to.db())? {
        if tables.contains(&table.to_lowercase()) {
            copy_rows(from, to, &table)?;
        }
    }
    Ok(())
}

/// Copies the rows of a table, column by name; those that do not fit are left out.
pub(crate) fn copy_rows(from: &Scratch, to: &Scratch, table: &str) -> Result<()> {
    let known = from.columns(table)?;
    let both: Vec<String> = to
        .columns(table)?
        .into_iter()
        .filter(|column| known.iter().any(|other| other.eq_ignore_ascii_case(column)))
        .collect();
    if both.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = both.iter().map(|column| quoted_name(column)).collect();
    let names = names.join(", ");
    let table = quoted_name(table);
    let mut select = from.db().prepare(&format!("SELECT {names} FROM {table}"))?;
    let marks = vec!["?"; both.len()].join(", ");
    let mut insert = to.db().prepare(&format!(
        "INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    ))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..both.len()).map(|at| row.get::<_, Value>(at));
        let values = values.collect::<Result<Vec<_>>>()?;
        // A row that does not fit here is one that nobody has.
        let _ = insert.execute(rusqlite::params_from_iter(values));
    }
    Ok(())
}
