//! Faults that SQLite finds late: a view, a trigger or a foreign key that names what is not there is
//! created without a word, and fails when it is used.
//!
//! <https://www.sqlite.org/foreignkeys.html#fk_dml_errors> has the rules for foreign keys.

use migrate_source::sql::quoted_name;
use std::collections::BTreeSet;

use migrate_source::Problem;
use migrate_source::schema::Kind;
use rusqlite::Result;

use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::scratch::Scratch;

/// Something that was created and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    /// The table or view that was used.
    pub(crate) object: String,
    /// What SQLite says.
    pub(crate) failure: Failure,
}

/// Uses every table and view, without changing a row. No transaction may be open.
pub(crate) fn faults(scratch: &Scratch, catalog: &Catalog) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |problem, object: &str, result: std::result::Result<(), Failure>| {
        if let Err(failure) = result
            && seen.insert(failure.message.clone())
        {
            let object = object.to_owned();
            faults.push(Fault {
                problem,
                object,
                failure,
            });
        }
    };
    let objects = catalog.schema.objects();
    let of_kind = |kind| {
        let objects = objects.clone().filter(move |object| object.kind() == kind);
        objects.map(|object| (object.name(), object.table()))
    };
    let triggered: BTreeSet<String> = of_kind(Kind::Trigger)
        .map(|(_, table)| table.to_lowercase())
        .collect();
    for (view, _) in of_kind(Kind::View) {
        let select = format!("SELECT * FROM {}", quoted_name(view));
        add(Problem::BrokenView, view, scratch.compiles(&select));
    }
    for (name, _) in of_kind(Kind::Table).chain(of_kind(Kind::View)) {
        if triggered.contains(&name.to_lowercase()) {
            for sql in uses(scratch, name)? {
                let result = scratch.compiles(&sql);
                // An INSTEAD OF trigger need not be there for all three.
                let refused = |f: &Failure| f.message.contains("because it is a view");
                add(
                    Problem::BrokenTrigger,
                    name,
                    result.or_else(|f| if refused(&f) { Ok(()) } else { Err(f) }),
                );
            }
        }
    }
    // With foreign keys on, their faults hide those of triggers, so that this comes last.
    scratch.execute("PRAGMA foreign_keys = ON")?;
    for (name, _) in of_kind(Kind::Table) {
        for sql in uses(scratch, name)? {
            if let Err(failure) = scratch.compiles(&sql) {
                scratch.execute("PRAGMA foreign_keys = OFF")?;
                let alone = scratch.compiles(&sql);
                scratch.execute("PRAGMA foreign_keys = ON")?;
                // What cannot be written to anyway is no fault of a foreign key.
                if alone.is_ok() {
                    add(Problem::BrokenForeignKey, name, Err(failure));
                }
            }
        }
    }
    scratch.execute("PRAGMA foreign_keys = OFF")?;
    Ok(faults)
}

/// Statements that use a table in every way that may fire a trigger.
fn uses(scratch: &Scratch, table: &str) -> Result<Vec<String>> {
    let columns = scratch.columns(table)?;
    let same = |column: &String| format!("{0} = {0}", quoted_name(column));
    let set = columns.iter().map(same).collect::<Vec<_>>().join(", ");
    let table = quoted_name(table);
    let mut uses = vec![
        format!("INSERT INTO {table} DEFAULT VALUES"),
        format!("DELETE FROM {table}"),
    ];
    if !set.is_empty() {
        uses.push(format!("UPDATE {table} SET {set}"));
    }
    Ok(uses)
}
