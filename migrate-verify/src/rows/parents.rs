//! What the foreign keys of a new row can refer to.

use migrate_source::sql::quoted_name;
use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::column::Taste;
use super::hints::Hints;
use super::schema::Schema;
use super::table::{ForeignKey, Table};

/// Values for some of the columns of a row.
pub(super) type Assignment = Vec<(usize, Cell)>;

/// The value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Is(Value),
    /// The one of another column of the row.
    Same(usize),
}

/// What the columns of foreign keys can be in the row with this number, from 1: a list for each
/// group of keys that have columns in common, best first.
///
/// A list without options is that of keys which no row can satisfy.
pub(super) fn references(
    db: &Connection,
    schema: &mut Schema<'_>,
    table: &Table,
    hints: &Hints,
    taste: Taste,
    number: usize,
) -> rusqlite::Result<Vec<Vec<Assignment>>> {
    let mut found = Vec::new();
    for group in groups(&table.keys) {
        let mut each = Vec::new();
        for key in group {
            let mut options = options(db, schema, table, key, taste, number)?;
            if taste.prefers_hints() {
                options.sort_by_cached_key(|option| place(table, option, hints, taste, number));
            }
            each.push((key, options));
        }
        let mut joined = Vec::new();
        join(&each, &Assignment::new(), &mut joined);
        found.push(joined);
    }
    Ok(found)
}

/// How many parents are looked at.
const PARENTS: usize = 4;

/// How many ways to satisfy a group of foreign keys are tried.
const MOST: usize = 24;

/// The foreign keys, those together that have columns in common.
fn groups(keys: &[ForeignKey]) -> Vec<Vec<&ForeignKey>> {
    let mut groups: Vec<(BTreeSet<usize>, Vec<&ForeignKey>)> = Vec::new();
    for key in keys {
        let mut columns: BTreeSet<usize> = key.from.iter().copied().collect();
        let mut members = vec![key];
        let given = columns.clone();
        for (others, keys) in groups.extract_if(.., |(others, _)| !others.is_disjoint(&given)) {
            columns.extend(others);
            members.extend(keys);
        }
        groups.push((columns, members));
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// What the columns of one foreign key can be.
fn options(
    db: &Connection,
    schema: &mut Schema<'_>,
    table: &Table,
    key: &ForeignKey,
    taste: Taste,
    number: usize,
) -> rusqlite::Result<Vec<Assignment>> {
    let parents = match target(schema, table, key)? {
        Some(columns) => parents(db, key, &columns, number)?,
        None => Vec::new(),
    };
    let itself = itself(table, key).into_iter().collect();
    let nothing = key.from.iter().filter(|&&at| {
        let column = &table.columns[at];
        !column.not_null && !column.generated
    });
    let nothing = nothing
        .map(|&at| vec![(at, Cell::Is(Value::Null))])
        .collect();
    let ordered = match taste {
        _ if taste.prefers_null() => [nothing, parents, itself],
        _ if taste.refers_to_itself() => [parents, itself, nothing],
        _ => [parents, nothing, itself],
    };
    Ok(ordered.concat())
}

/// Where hints have the values of an option; behind all of them if nowhere.
fn place(table: &Table, option: &Assignment, hints: &Hints, taste: Taste, number: usize) -> usize {
    let places = option.iter().filter_map(|(at, cell)| {
        let hints = taste.ordered(hints.of(&table.columns[*at].name), number);
        let Cell::Is(value) = cell else {
            return None;
        };
        hints.iter().position(|hint| hint.agrees(value))
    });
    places.min().unwrap_or(usize::MAX)
}

/// The columns that a foreign key refers to, if they are there and its own can be written to.
fn target(
    schema: &mut Schema<'_>,
    table: &Table,
    key: &ForeignKey,
) -> rusqlite::Result<Option<Vec<String>>> {
    let Some(parent) = &key.parent else {
        return Ok(None);
    };
    if key.from.iter().any(|&at| table.columns[at].generated) {
        return Ok(None);
    }
    let parent = schema.table(parent)?;
    let name = |at: usize| parent.columns[at].name.clone();
    let columns = key.target(&parent);
    Ok(columns.map(|columns| columns.into_iter().map(name).collect()))
}

/// The rows that are there: each row begins with another one.
fn parents(
    db: &Connection,
    key: &ForeignKey,
    columns: &[String],
    number: usize,
) -> rusqlite::Result<Vec<Assignment>> {
    let parent = quoted_name(key.parent.as_deref().unwrap_or_default());
    let columns: Vec<String> = columns.iter().map(|name| quoted_name(name)).collect();
    let sql = format!(
        "SELECT DISTINCT {} FROM main.{parent} WHERE {} IS NOT NULL LIMIT {PARENTS}",
        columns.join(", "),
        columns.join(" IS NOT NULL AND "),
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut parents = Vec::new();
    while let Some(row) = rows.next()? {
        let mut assignment = Assignment::new();
        for (place, &at) in key.from.iter().enumerate() {
            assignment.push((at, Cell::Is(row.get(place)?)));
        }
        parents.push(assignment);
    }
    if !parents.is_empty() {
        let first = (number - 1) % parents.len();
        parents.rotate_left(first);
    }
    Ok(parents)
}

/// The row as its own parent.
fn itself(table: &Table, key: &ForeignKey) -> Option<Assignment> {
    if key.parent.as_ref() != Some(&table.name) {
        return None;
    }
    let to = key.target(table)?;
    let written = |at: &usize| !table.columns[*at].generated;
    if !to.iter().chain(&key.from).all(written) {
        return None;
    }
    let pairs = key.from.iter().zip(to);
    let pairs = pairs.filter(|(from, to)| *from != to);
    Some(pairs.map(|(&from, to)| (from, Cell::Same(to))).collect())
}

/// The ways to satisfy all of `keys` that agree with what is `given`.
fn join(keys: &[(&ForeignKey, Vec<Assignment>)], given: &Assignment, found: &mut Vec<Assignment>) {
    let [(key, options), rest @ ..] = keys else {
        if !found.contains(given) {
            found.push(given.clone());
        }
        return;
    };
    let is_null =
        |(at, cell): &(usize, Cell)| *cell == Cell::Is(Value::Null) && key.from.contains(at);
    // One NULL is enough for a foreign key to be satisfied.
    if given.iter().any(is_null) {
        return join(rest, given, found);
    }
    for option in options {
        if found.len() == MOST {
            return;
        }
        let agrees = |(at, cell): &(usize, Cell)| {
            let other = given.iter().find(|(other, _)| other == at);
            other.is_none_or(|(_, other)| other == cell)
        };
        if option.iter().all(agrees) {
            let new = option.iter().filter(|cell| !given.contains(cell));
            let given = given.iter().chain(new).cloned().collect();
            join(rest, &given, found);
        }
    }
}
