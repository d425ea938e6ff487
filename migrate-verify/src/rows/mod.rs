//! Synthetic rows: what a table that is in use might hold.
//!
//! A migration that works on empty tables may fail on tables with rows in them, or lose the rows.
//! Nobody knows here what an application stores, so the rows are guesses, made in several
//! [variations](VARIATIONS): what goes wrong with all of them will go wrong with real rows.

mod column;
mod comparison;
mod hints;
mod literal;
mod parents;
mod pattern;
mod row;
mod schema;
mod search;
mod table;
#[cfg(test)]
mod tests;
mod value;

use migrate_source::sql::quoted_name;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

pub(crate) use hints::Hints;
use row::Outcome;
use schema::Schema;

/// How many ways of making rows there are. See [`populate`].
pub(crate) const VARIATIONS: usize = 6;

/// Brings each of `tables` to at least two rows, if rows for it can be made.
///
/// Parents come first, whatever the order of `tables` is, and foreign keys lead to rows that are
/// there, whether SQLite enforces them or not. What cannot be made is left out. Returns those of
/// `tables`, as `sqlite_master` has their names, that have two rows or more afterwards.
///
/// In `variation` 0 every column has a value, and another one in each row. In 2 and 5 columns are
/// NULL where they can be, in 3 they are zero or empty, in 4 they are one. The odd ones prefer what
/// `hints` has for a column: 1 another value in each row, 3 the first in every row, 5 the last.
///
/// # Errors
///
/// Fails when SQLite does for another reason than the row: it is interrupted or has no memory. A
/// trigger that rolls back the transaction of the caller is an error, too.
pub(crate) fn populate(
    db: &Connection,
    tables: &[String],
    hints: &Hints,
    variation: usize,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut schema = Schema::read(db)?;
    let wanted: Vec<String> = tables
        .iter()
        .filter_map(|name| schema.named(name))
        .collect();
    let mut rows = counts(db, &wanted)?;
    let lacking: Vec<String> = wanted
        .iter()
        .filter(|name| rows[*name] < ROWS)
        .cloned()
        .collect();
    if !lacking.is_empty() {
        let lacking = parents_first(&mut schema, &lacking)?;
        // A table in a cycle of foreign keys may have to wait for one that comes after it.
        for _ in 0..PASSES {
            if !fill(db, &mut schema, &lacking, hints, variation)? {
                break;
            }
        }
        rows = counts(db, &wanted)?;
    }
    Ok(wanted
        .into_iter()
        .filter(|name| rows[name] >= ROWS)
        .collect())
}

/// The ordinary tables of a database that rows can be put into: no virtual tables and their shadow
/// tables, no `sqlite_` tables.
///
/// # Errors
///
/// Fails when the schema cannot be read.
pub(crate) fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    Ok(schema::list(db)?
        .into_iter()
        .map(|(name, _)| name)
        .collect())
}

/// How many rows a table gets.
const ROWS: usize = 2;

/// How often the tables are gone through.
const PASSES: usize = 3;

/// Gives each of `tables` the rows that it lacks. Tells whether it is worth another try: there are
/// new rows, and tables that lack some.
fn fill(
    db: &Connection,
    schema: &mut Schema<'_>,
    tables: &[String],
    hints: &Hints,
    variation: usize,
) -> rusqlite::Result<bool> {
    let (mut added, mut lacking) = (false, false);
    for name in tables {
        // Triggers write to other tables, so the count of before may be an old one.
        let mut count = counts(db, std::slice::from_ref(name))?[name];
        while count < ROWS {
            match row::add(db, schema, name, hints, variation, count)? {
                Outcome::Added => added = true,
                Outcome::Impossible => {
                    lacking = true;
                    break;
                }
            }
            count += 1;
        }
    }
    Ok(added && lacking)
}

/// `tables` in an order in which those that others refer to come before them.
fn parents_first(schema: &mut Schema<'_>, tables: &[String]) -> rusqlite::Result<Vec<String>> {
    let mut parents = BTreeMap::new();
    for name in tables {
        parents.insert(name, schema.parents(name)?);
    }
    let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
    for name in tables {
        // A stack of its own: a chain of foreign keys may be long.
        let mut open = vec![(name, 0)];
        while let Some((name, next)) = open.pop() {
            if next == 0 && !seen.insert(name) {
                continue;
            }
            match parents[name].get(next) {
                Some(parent) => {
                    open.push((name, next + 1));
                    if let Some((parent, _)) = parents.get_key_value(parent)
                        && !seen.contains(parent)
                    {
                        open.push((parent, 0));
                    }
                }
                None => ordered.push(name.clone()),
            }
        }
    }
    Ok(ordered)
}

/// How many rows each table has, but no more than is of interest.
fn counts(db: &Connection, tables: &[String]) -> rusqlite::Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for tables in tables.chunks(AT_ONCE) {
        let columns: Vec<String> = tables
            .iter()
            .map(|name| {
                let name = quoted_name(name);
                format!("(SELECT count(*) FROM (SELECT 1 FROM main.{name} LIMIT {ROWS}))")
            })
            .collect();
        db.query_row(&format!("SELECT {}", columns.join(", ")), [], |row| {
            for (at, name) in tables.iter().enumerate() {
                let count: u32 = row.get(at)?;
                counts.insert(name.clone(), count as usize);
            }
            Ok(())
        })?;
    }
    Ok(counts)
}

/// How many tables are counted by one statement.
const AT_ONCE: usize = 100;
