//! Making one row.

use migrate_source::sql::quoted_name;
use std::error::Error;
use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Statement, ffi, params_from_iter};

use super::column::Taste;
use super::hints::{Hint, Hints};
use super::parents::{Assignment, Cell, references};
use super::schema::Schema;
use super::search::Search;
use super::table::Table;

/// What came of it.
pub(super) enum Outcome {
    Added,
    Impossible,
}

/// Adds a row to the table `name`, which has `count` of them.
pub(super) fn add(
    db: &Connection,
    schema: &mut Schema<'_>,
    name: &str,
    hints: &Hints,
    variation: usize,
    count: usize,
) -> rusqlite::Result<Outcome> {
    let table = schema.table(name)?;
    if table.rolls_back && !db.is_autocommit() {
        return Ok(Outcome::Impossible);
    }
    let taste = Taste::of(variation);
    let number = count + 1;
    let references = references(db, schema, &table, hints, taste, number)?;
    let plan = Plan::new(schema, table, references, hints, taste, number);
    if plan.slots.iter().any(Vec::is_empty) {
        return Ok(Outcome::Impossible);
    }
    let mut statement = match db.prepare(&plan.sql()) {
        Ok(statement) => statement,
        Err(error) => return about_the_row(error).map(|_| Outcome::Impossible),
    };
    let mut search = Search::new(plan.slots.iter().map(Vec::len).collect());
    for _ in 0..ATTEMPTS {
        let failure = match insert(db, &mut statement, &plan.row(&search))? {
            Ok(0) => return Ok(Outcome::Impossible),
            Ok(_) => return Ok(Outcome::Added),
            Err(failure) => failure,
        };
        let columns = at_fault(schema, &plan.table, &failure)?;
        if !search.fail(&plan.slots_of(&columns, &search)) {
            break;
        }
    }
    Ok(Outcome::Impossible)
}

/// How often a row is tried.
const ATTEMPTS: usize = 60;

/// What can be put into each column.
struct Plan {
    table: Rc<Table>,
    /// The columns that can be written to, with the value for want of another.
    base: Vec<(usize, Value)>,
    /// Choices: for a column, or for those of foreign keys.
    slots: Vec<Vec<Assignment>>,
    /// The slot of each column.
    slot_of: Vec<Option<usize>>,
}

impl Plan {
    fn new(
        schema: &Schema<'_>,
        table: Rc<Table>,
        references: Vec<Vec<Assignment>>,
        hints: &Hints,
        taste: Taste,
        number: usize,
    ) -> Plan {
        let mut slot_of = vec![None; table.columns.len()];
        for (slot, options) in references.iter().enumerate() {
            for (at, _) in options.iter().flatten() {
                slot_of[*at] = Some(slot);
            }
        }
        let (mut slots, mut base) = (references, Vec::new());
        for (at, column) in table.columns.iter().enumerate() {
            if column.generated {
                continue;
            }
            let mut own = table.hints.of(&column.name).to_vec();
            let mut hinted = hints.of(&column.name).to_vec();
            // A column that refers to this one holds the same values, or none.
            let referring = schema.referring(&table, at);
            for (child, from) in &referring {
                let name = &child.columns[*from].name;
                let says = |hint: &&Hint| **hint != Hint::Equal(Value::Null);
                own.extend(child.hints.of(name).iter().filter(says).cloned());
                hinted.extend(hints.of(name).iter().filter(says).cloned());
            }
            let taste = match column.key > 0 || !referring.is_empty() {
                true => taste.for_key(),
                false => taste,
            };
            let candidates = column.candidates(&own, &hinted, taste, number);
            base.extend(candidates.first().map(|value| (at, value.clone())));
            if slot_of[at].is_none() {
                slot_of[at] = Some(slots.len());
                let options = candidates.into_iter();
                slots.push(options.map(|value| vec![(at, Cell::Is(value))]).collect());
            }
        }
        Plan {
            table,
            base,
            slots,
            slot_of,
        }
    }

    fn sql(&self) -> String {
        let columns = self.base.iter();
        let columns = columns.map(|(at, _)| quoted_name(&self.table.columns[*at].name));
        // `OR ABORT` goes before what the constraints of the table say of conflicts.
        format!(
            "INSERT OR ABORT INTO main.{} ({}) VALUES ({})",
            quoted_name(&self.table.name),
            columns.collect::<Vec<_>>().join(", "),
            vec!["?"; self.base.len()].join(", "),
        )
    }

    fn row(&self, search: &Search) -> Vec<Value> {
        let mut row: Vec<Value> = vec![Value::Null; self.table.columns.len()];
        for (at, value) in &self.base {
            row[*at] = value.clone();
        }
        let mut same = Vec::new();
        for (slot, options) in self.slots.iter().enumerate() {
            for (at, cell) in &options[search.chosen(slot)] {
                match cell {
                    Cell::Is(value) => row[*at] = value.clone(),
                    Cell::Same(other) => same.push((*at, *other)),
                }
            }
        }
        for (at, other) in same {
            row[at] = row[other].clone();
        }
        self.base.iter().map(|(at, _)| row[*at].clone()).collect()
    }

    /// The slots that decide what `columns` are.
    fn slots_of(&self, columns: &[usize], search: &Search) -> Vec<usize> {
        let mut slots: Vec<usize> = columns.iter().filter_map(|&at| self.slot_of[at]).collect();
        let mut place = 0;
        while let Some(&slot) = slots.get(place) {
            for (_, cell) in &self.slots[slot][search.chosen(slot)] {
                if let Cell::Same(other) = cell {
                    slots.extend(self.slot_of[*other].filter(|slot| !slots.contains(slot)));
                }
            }
            place += 1;
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

/// Inserts a row, or leaves nothing behind of it and of what triggers did.
fn insert(
    db: &Connection,
    statement: &mut Statement<'_>,
    row: &[Value],
) -> rusqlite::Result<Result<usize, String>> {
    let alone = db.is_autocommit();
    db.execute_batch("SAVEPOINT migrate_row")?;
    let error = match statement.execute(params_from_iter(row)) {
        Ok(changed) => {
            db.execute_batch("RELEASE migrate_row")?;
            return Ok(Ok(changed));
        }
        Err(error) => error,
    };
    // A trigger can roll back the whole transaction. That is no matter if it was only ours.
    if !db.is_autocommit() {
        db.execute_batch("ROLLBACK TO migrate_row; RELEASE migrate_row")?;
    } else if !alone {
        return Err(error);
    }
    about_the_row(error).map(Err)
}

/// What SQLite says against a row. Other errors come back as they are.
fn about_the_row(error: rusqlite::Error) -> rusqlite::Result<String> {
    let source = error.source().and_then(|source| source.downcast_ref());
    let code = source.map(|error: &ffi::Error| error.code);
    match code {
        Some(
            ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig
            | ErrorCode::Unknown
            | ErrorCode::AuthorizationForStatementDenied,
        ) => Ok(match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            other => other.to_string(),
        }),
        _ => Err(error),
    }
}

/// The columns whose values are why a row failed; none when it is not known.
fn at_fault(schema: &Schema<'_>, table: &Table, message: &str) -> rusqlite::Result<Vec<usize>> {
    let named = |text: &str| -> Vec<usize> {
        let names = text.split(", ").filter_map(|name| {
            let column = name.strip_prefix(&table.name)?.strip_prefix('.')?;
            table.column(column)
        });
        table.sources_of(&names.collect::<Vec<_>>())
    };
    let after = |words| message.strip_prefix(words);
    let index = after("UNIQUE constraint failed: index '").and_then(|text| text.strip_suffix('\''));
    let columns = if let Some(index) = index {
        schema.columns_of_index(table, index)?
    } else if let Some(columns) =
        after("UNIQUE constraint failed: ").or_else(|| after("NOT NULL constraint failed: "))
    {
        named(columns)
    } else if let Some(name) = after("CHECK constraint failed: ") {
        table.columns_of_check(name)
    } else if let Some((_, column)) =
        after("cannot store ").and_then(|text| text.split_once(" column "))
    {
        named(column)
    } else {
        Vec::new()
    };
    // It may be the constraint of a table that a trigger writes to, or an expression that cannot
    // take a value: malformed JSON.
    Ok(match columns.is_empty() {
        true => table.columns_of_expressions(),
        false => columns,
    })
}
