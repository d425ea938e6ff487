//! Rows of a table whose foreign keys point nowhere.

use migrate_source::sql::quoted_name;
use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::backend::Failure;
use crate::backend::sqlite::failure::failure;

/// A foreign key: child table, parent table, columns.
pub(super) type Key = (String, String, Vec<String>);

/// A foreign key and the columns it points to; `None` for the primary key of the parent.
struct ForeignKey {
    id: i64,
    parent: String,
    from: Vec<String>,
    to: Vec<Option<String>>,
}

/// The rows of a table without a parent, per foreign key that has any.
pub(super) fn orphans_of(db: &Connection, child: &str) -> Result<BTreeMap<Key, u64>, Failure> {
    let keys = keys_of(db, child)?;
    // The table may be one that the migration made, and be gone with it.
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let counts = match checked(db, child).map_err(failure) {
        // The parent of one of the keys has no such key. That is a fault of the schema, which every
        // write will tell once keys are enforced; but SQLite does not look at the others then.
        Err(error) if error.message.starts_with("foreign key mismatch") => {
            counted(db, child, &keys)?
        }
        counts => counts?,
    };
    let named = keys.into_iter().filter_map(|key| {
        let rows = counts.get(&key.id).copied().filter(|rows| *rows > 0)?;
        Some(((child.to_owned(), key.parent, key.from), rows))
    });
    Ok(named.collect())
}

fn keys_of(db: &Connection, child: &str) -> Result<Vec<ForeignKey>, Failure> {
    let mut keys: Vec<ForeignKey> = Vec::new();
    let sql = "SELECT id, \"table\", \"from\", \"to\" \
               FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq";
    let mut statement = db.prepare(sql).map_err(failure)?;
    let mut rows = statement.query([child]).map_err(failure)?;
    while let Some(row) = rows.next().map_err(failure)? {
        let id = row.get(0).map_err(failure)?;
        if keys.last().is_none_or(|key| key.id != id) {
            keys.push(ForeignKey {
                id,
                parent: row.get(1).map_err(failure)?,
                from: Vec::new(),
                to: Vec::new(),
            });
        }
        if let Some(key) = keys.last_mut() {
            key.from.push(row.get(2).map_err(failure)?);
            key.to.push(row.get(3).map_err(failure)?);
        }
    }
    Ok(keys)
}

/// As SQLite sees it.
fn checked(db: &Connection, child: &str) -> rusqlite::Result<BTreeMap<i64, u64>> {
    let mut counts = BTreeMap::new();
    let mut statement = db.prepare("SELECT fkid FROM pragma_foreign_key_check(?1, 'main')")?;
    let mut rows = statement.query([child])?;
    while let Some(row) = rows.next()? {
        *counts.entry(row.get(0)?).or_default() += 1;
    }
    Ok(counts)
}

/// As a query sees it. A key whose parent lacks the columns cannot be counted.
fn counted(
    db: &Connection,
    child: &str,
    keys: &[ForeignKey],
) -> Result<BTreeMap<i64, u64>, Failure> {
    let mut counts = BTreeMap::new();
    for key in keys {
        let Some(to) = target(db, key)? else { continue };
        let columns = key.from.iter().zip(&to);
        let equal: Vec<String> = columns
            .map(|(from, to)| format!("p.{} = c.{}", quoted_name(to), quoted_name(from)))
            .collect();
        let set: Vec<String> = key
            .from
            .iter()
            .map(|from| format!("c.{} IS NOT NULL", quoted_name(from)))
            .collect();
        let sql = format!(
            "SELECT count(*) FROM main.{} AS c WHERE {} AND NOT EXISTS \
             (SELECT 1 FROM main.{} AS p WHERE {})",
            quoted_name(child),
            set.join(" AND "),
            quoted_name(&key.parent),
            equal.join(" AND "),
        );
        let rows: i64 = db.query_row(&sql, [], |row| row.get(0)).map_err(failure)?;
        counts.insert(key.id, rows.unsigned_abs());
    }
    Ok(counts)
}

/// The columns of the parent that a key points to, if they are there.
fn target(db: &Connection, key: &ForeignKey) -> Result<Option<Vec<String>>, Failure> {
    let sql = "SELECT name, pk FROM pragma_table_info(?1, 'main') ORDER BY pk";
    let mut statement = db.prepare(sql).map_err(failure)?;
    let columns = statement
        .query_map([&key.parent], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(failure)?;
    let columns: Vec<(String, i64)> = columns.collect::<Result<_, _>>().map_err(failure)?;
    let named: Option<Vec<String>> = key.to.iter().cloned().collect();
    let to = named.unwrap_or_else(|| {
        let primary = columns.iter().filter(|(_, pk)| *pk > 0);
        primary.map(|(name, _)| name.clone()).collect()
    });
    let is_there = |to: &String| {
        columns
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(to))
    };
    Ok((to.len() == key.from.len() && to.iter().all(is_there)).then_some(to))
}
