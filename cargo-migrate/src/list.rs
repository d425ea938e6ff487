//! `list`: the migrations of a folder.

use std::process::ExitCode;

use migrate_core::cli::table::{self, Column};
use migrate_source::folder::{Folder, Migration, Repeatable, Up};
use serde_json::{Value, json};

use crate::check::counted;
use crate::error::Error;
use crate::find::{Finder, Set, of_fault};
use crate::items::{Item, items};
use crate::output::{self, Paint};

pub(crate) fn run(finder: &Finder, json: bool, paint: Paint) -> Result<ExitCode, Error> {
    let set = finder.one()?;
    let (listing, folder) = set.read().map_err(|fault| of_fault(&fault))?;
    let items = items(&listing.files, &folder, &set.options);
    output::answer(&match json {
        true => format!("{:#}\n", as_json(&set, &items, &folder)),
        false => as_table(&items, &folder),
    })?;
    if !folder.findings.is_empty() {
        let problems = counted(folder.findings.len(), "problem");
        let folder = &set.shown;
        output::warn(
            paint,
            &format!(
                "`{folder}` has {problems}\n  = help: `cargo migrate check` tells what is wrong"
            ),
        );
    }
    Ok(ExitCode::SUCCESS)
}

const COLUMNS: [Column; 4] = [
    Column::right("Version"),
    Column::left("Kind"),
    Column::left("Down"),
    Column::text("Name"),
];

fn as_table(items: &[Item], folder: &Folder) -> String {
    let numbered = items.iter().map(|item| {
        let state = lock_state(item).unwrap_or_default();
        let cells = [
            &item.version.to_string(),
            kind(&item.migration),
            down(item),
            &item.migration.description,
        ];
        (cells.map(ToOwned::to_owned).to_vec(), state)
    });
    let repeatable = folder.repeatables.iter().map(|repeatable| {
        let cells = ["R", "SQL", down_of(repeatable), &repeatable.description];
        (cells.map(ToOwned::to_owned).to_vec(), "")
    });
    let mut columns = COLUMNS.to_vec();
    let has_lock = folder.lock.is_some();
    if has_lock {
        columns.insert(COLUMNS.len() - 1, Column::left("Lock"));
    }
    let rows: Vec<Vec<String>> = numbered
        .chain(repeatable)
        .map(|(mut cells, state)| {
            if has_lock {
                cells.insert(cells.len() - 1, state.to_owned());
            }
            cells
        })
        .collect();
    match rows.is_empty() {
        true => "No migrations\n".to_owned(),
        false => format!("{}\n", table::of(&columns, rows.into_iter())),
    }
}

fn as_json(set: &Set, items: &[Item], folder: &Folder) -> Value {
    let numbered = items.iter().map(|item| {
        let migration = &item.migration;
        json!({
            "version": migration.version,
            "name": migration.description,
            "kind": kind(migration),
            "down": down(item),
            "lock": lock_state(item),
            "file": set.path(migration.up.path()),
            "checksum": migration.checksum.to_string(),
        })
    });
    let repeatable = folder.repeatables.iter().map(|repeatable| {
        json!({
            "version": null,
            "name": repeatable.description,
            "kind": "SQL",
            "down": down_of(repeatable),
            "lock": null,
            "file": set.path(&repeatable.up.path),
            "checksum": repeatable.checksum.to_string(),
        })
    });
    json!({
        "folder": set.shown,
        "migrations": numbered.chain(repeatable).collect::<Vec<_>>(),
        "problems": folder.findings.len(),
    })
}

fn kind(migration: &Migration) -> &'static str {
    match migration.up {
        Up::Sql(_) => "SQL",
        Up::Code(_) => "Rust",
    }
}

fn down(item: &Item) -> &'static str {
    match (item.has_down(), item.migration.irreversible) {
        (true, _) => "yes",
        (false, true) => "irreversible",
        (false, false) => "no",
    }
}

/// How it stands in the lock, if it does.
fn lock_state(item: &Item) -> Option<&'static str> {
    match (item.line, item.is_locked) {
        (None, _) => None,
        (_, true) => Some("locked"),
        (_, false) => Some("open"),
    }
}

fn down_of(repeatable: &Repeatable) -> &'static str {
    match repeatable.down {
        Some(_) => "yes",
        None => "no",
    }
}
