//! Rows that lose their parent while a migration runs.
//!
//! The runner checks foreign keys before it commits. A key that is new may not hold for made-up rows, which
//! says nothing; one that was there before and held does.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Result;

use crate::scratch::Scratch;

/// The foreign keys of a database, by the table that has them, in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(BTreeMap<String, BTreeSet<Key>>);

/// The parent and the columns of a key, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    parent: String,
    columns: Vec<String>,
}

impl Keys {
    /// Reads the keys of these tables anew.
    pub(crate) fn refresh<'t>(
        &mut self,
        scratch: &Scratch,
        tables: impl Iterator<Item = &'t String>,
    ) -> Result<()> {
        for table in tables {
            let keys: BTreeSet<Key> = keys(scratch, table)?.into_values().collect();
            match keys.is_empty() {
                true => self.0.remove(table),
                false => self.0.insert(table.clone(), keys),
            };
        }
        Ok(())
    }

    /// The first table with a row that has no parent by one of these keys, and the parent.
    pub(crate) fn orphan(&self, scratch: &Scratch) -> Result<Option<(String, String)>> {
        // A check of nothing but the schema may fail, for what is found elsewhere.
        let orphans = if self.0.is_empty() {
            BTreeSet::new()
        } else {
            orphans(scratch).unwrap_or_default()
        };
        for (child, id) in orphans {
            let now = keys(scratch, &child)?;
            let known = self.0.get(&child.to_lowercase());
            if let (Some(key), Some(known)) = (now.get(&id), known)
                && known.contains(key)
            {
                return Ok(Some((child, key.parent.clone())));
            }
        }
        Ok(None)
    }
}

/// The tables that have rows without a parent, and the number of the key.
fn orphans(scratch: &Scratch) -> Result<BTreeSet<(String, i64)>> {
    let mut check = scratch.db().prepare("PRAGMA foreign_key_check")?;
    let rows = check.query_map([], |row| Ok((row.get(0)?, row.get(3)?)))?;
    rows.collect()
}

/// The foreign keys of a table by their numbers.
fn keys(scratch: &Scratch, table: &str) -> Result<BTreeMap<i64, Key>> {
    let mut list = scratch.db().prepare(
        "SELECT id, lower(\"table\"), lower(\"from\") FROM pragma_foreign_key_list(?) ORDER BY id, seq",
    )?;
    let mut keys = BTreeMap::new();
    let mut rows = list.query([table])?;
    while let Some(row) = rows.next()? {
        let key = keys.entry(row.get(0)?).or_insert_with(|| Key {
            parent: String::new(),
            columns: Vec::new(),
        });
        key.parent = row.get(1)?;
        key.columns.push(row.get(2)?);
    }
    Ok(keys)
}
