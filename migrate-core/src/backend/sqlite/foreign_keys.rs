//! Foreign keys: rows that a migration has left without a parent.
//!
//! SQLite enforces nothing while a migration runs, since its own way to rebuild a table
//! (<https://www.sqlite.org/lang_altertable.html#otheralter>) would empty child tables otherwise.
//! So the rows are looked at afterwards, but only those of tables that the migration wrote to and
//! of their children: a large database is not read for nothing.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::backend::sqlite::failure::failure;
use crate::backend::sqlite::orphans::{Key, orphans_of};
use crate::backend::sqlite::watch::Seen;
use crate::backend::{Failure, Fault};
use crate::error::Violation;

/// Rows that were there before any migration of this run.
#[derive(Debug, Default)]
pub(super) struct ForeignKeys {
    baseline: BTreeMap<Key, u64>,
}

impl ForeignKeys {
    /// Fails when there are more rows without a parent than the baseline knows of. Those that are
    /// there no more are not tolerated again.
    pub(super) fn check(&mut self, db: &Connection, seen: &Seen) -> Result<(), Failure> {
        let children = children(db, seen)?;
        let mut orphans = BTreeMap::new();
        for child in &children {
            orphans.append(&mut orphans_of(db, child)?);
        }
        let mut violations = Vec::new();
        for (key, before) in &mut self.baseline {
            if children.contains(&key.0) {
                *before = orphans.get(key).copied().unwrap_or(0).min(*before);
            }
        }
        for (key, rows) in orphans {
            let before = self.baseline.get(&key).copied().unwrap_or(0);
            if rows > before {
                let (table, parent, columns) = key;
                violations.push(Violation {
                    table,
                    parent,
                    columns,
                    rows: rows - before,
                });
            }
        }
        if violations.is_empty() {
            return Ok(());
        }
        let message = "the migration leaves rows whose foreign keys point nowhere";
        Err(Failure::new(Fault::ForeignKeys(violations), message))
    }

    /// Counts what is there of `violations` now, and does not hold it against a migration any
    /// more. Tells how many there are.
    pub(super) fn baseline(
        &mut self,
        db: &Connection,
        violations: &[Violation],
    ) -> Result<u64, Failure> {
        let mut found = 0;
        for child in violations
            .iter()
            .map(|v| v.table.clone())
            .collect::<BTreeSet<_>>()
        {
            for (key, rows) in orphans_of(db, &child)? {
                found += rows;
                self.baseline.insert(key, rows);
            }
        }
        Ok(found)
    }
}

/// The names of all tables, in lower case.
pub(super) fn tables(db: &Connection) -> Result<BTreeSet<String>, Failure> {
    let mut statement = db
        .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'")
        .map_err(failure)?;
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))
        .map_err(failure)?;
    let names = names.map(|name| name.map(|name| name.to_lowercase()));
    names.collect::<Result<_, _>>().map_err(failure)
}

/// The tables with foreign keys among those that were written to, and the children of those.
fn children(db: &Connection, seen: &Seen) -> Result<BTreeSet<String>, Failure> {
    let mut children = BTreeSet::new();
    if seen.written.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(children);
    }
    // The text of a child has the word and the name of its parent; one that has them by chance
    // costs a look. A quoted name may be spelt in several ways.
    let named = |sql: &str| match &seen.written {
        Some(written) => written
            .iter()
            .any(|table| table.contains(['"', '`', '\'']) || sql.contains(table)),
        None => true,
    };
    let mut tables = db
        .prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'")
        .map_err(failure)?;
    let mut keys = db
        .prepare("SELECT \"table\" FROM pragma_foreign_key_list(?1, 'main')")
        .map_err(failure)?;
    let mut rows = tables.query([]).map_err(failure)?;
    while let Some(row) = rows.next().map_err(failure)? {
        let child: String = row.get(0).map_err(failure)?;
        let sql: Option<String> = row.get(1).map_err(failure)?;
        let sql = sql.unwrap_or_default().to_lowercase();
        if !sql.contains("references") || !(named(&sql) || seen.wrote(&child)) {
            continue;
        }
        let parents = keys
            .query_map([&child], |row| row.get(0))
            .map_err(failure)?;
        let parents: Vec<String> = parents.collect::<Result<_, _>>().map_err(failure)?;
        let touched = |table: &String| seen.wrote(table);
        if !parents.is_empty() && (seen.wrote(&child) || parents.iter().any(touched)) {
            children.insert(child);
        }
    }
    Ok(children)
}
