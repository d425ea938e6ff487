//! Foreign keys: rows that a migration has left without a parent.
//!
//! SQLite enforces nothing while a migration runs, since its own way to rebuild a table
//! (<https://www.sqlite.org/lang_altertable.html#otheralter>) would empty child tables otherwise.
//! So the rows are looked at afterwards, but only those of tables that the migration wrote to and
//! of their children: a large database is not read for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::backend::sqlite::failure::failure;
use crate::backend::{Failure, Fault};
use crate::error::Violation;

/// A foreign key: child table, parent table, columns.
type Key = (String, String, Vec<String>);

#[derive(Debug, Default)]
pub(super) struct ForeignKeys {
    /// The tables written to, in lower case, as the authorizer saw them.
    written: Arc<Mutex<BTreeSet<String>>>,
    /// Whether the authorizer could be set. It cannot on a connection that rusqlite does not own;
    /// then every table counts as written.
    watching: bool,
    /// Rows without a parent that were there before any migration of this run.
    baseline: BTreeMap<Key, u64>,
}

impl ForeignKeys {
    /// Begins to note which tables are written to. An authorizer of the caller's is replaced.
    pub(super) fn watch(&mut self, db: &mut Connection) {
        let written = Arc::clone(&self.written);
        let note = move |context: AuthContext<'_>| {
            if let Some(table) = written_table(context.action) {
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                written.insert(table.to_lowercase());
            }
            Authorization::Allow
        };
        self.watching = db.authorizer(Some(note)).is_ok();
    }

    pub(super) fn unwatch(&mut self, db: &mut Connection) {
        if self.watching {
            self.watching = db
                .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
                .is_err();
        }
    }

    pub(super) fn forget_written(&mut self) {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Fails when there are more rows without a parent than the baseline knows of. Those that are
    /// there no more are not tolerated again.
    pub(super) fn check(&mut self, db: &Connection) -> Result<(), Failure> {
        let children = self.children(db)?;
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

    /// The tables with foreign keys among those that were written to, and the children of those.
    fn children(&self, db: &Connection) -> Result<BTreeSet<String>, Failure> {
        let written = self
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if self.watching && written.is_empty() {
            return Ok(BTreeSet::new());
        }
        let touched = |table: &str| !self.watching || written.contains(&table.to_lowercase());
        let mut children = BTreeSet::new();
        // The text of a table with foreign keys has the word; a comment that has it costs a look.
        let sql = "SELECT m.name, f.\"table\" FROM main.sqlite_schema AS m, \
                   pragma_foreign_key_list(m.name, 'main') AS f \
                   WHERE m.type = 'table' AND m.sql LIKE '%references%'";
        let mut statement = db.prepare(sql).map_err(failure)?;
        let mut rows = statement.query([]).map_err(failure)?;
        while let Some(row) = rows.next().map_err(failure)? {
            let child: String = row.get(0).map_err(failure)?;
            let parent: String = row.get(1).map_err(failure)?;
            if touched(&child) || touched(&parent) {
                children.insert(child);
            }
        }
        Ok(children)
    }
}

/// The table that an action writes to.
fn written_table(action: AuthAction<'_>) -> Option<&str> {
    match action {
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. } => Some(table_name),
        _ => None,
    }
}

/// The rows of a table without a parent, per foreign key.
fn orphans_of(db: &Connection, child: &str) -> Result<BTreeMap<Key, u64>, Failure> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    let mut keys: BTreeMap<i64, Key> = BTreeMap::new();
    let mut statement = db
        .prepare("SELECT id, \"table\", \"from\" FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq")
        .map_err(failure)?;
    let mut rows = statement.query([child]).map_err(failure)?;
    while let Some(row) = rows.next().map_err(failure)? {
        let id = row.get(0).map_err(failure)?;
        let parent: String = row.get(1).map_err(failure)?;
        let column: String = row.get(2).map_err(failure)?;
        let key = keys
            .entry(id)
            .or_insert_with(|| (child.to_owned(), parent, Vec::new()));
        key.2.push(column);
    }
    // The table may be one that the migration made, and be gone with it.
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut statement = db
        .prepare("SELECT fkid FROM pragma_foreign_key_check(?1, 'main')")
        .map_err(failure)?;
    let mut rows = statement.query([child]).map_err(failure)?;
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                *counts.entry(row.get(0).map_err(failure)?).or_default() += 1;
            }
            Ok(None) => break,
            // "foreign key mismatch": the parent has no such key. That is a fault of the schema,
            // not of rows, and every write will say so once keys are enforced.
            Err(error) if error.to_string().contains("foreign key mismatch") => break,
            Err(error) => return Err(failure(error)),
        }
    }
    let named = counts
        .into_iter()
        .filter_map(|(id, rows)| Some((keys.remove(&id)?, rows)));
    Ok(named.collect())
}
