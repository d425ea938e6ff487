//! What a statement may not do, and what is noted of those that do something.

use std::collections::BTreeSet;

use rusqlite::ffi;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// What statements have done.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The tables that were written to, created or dropped, in lower case.
    pub(crate) touched: BTreeSet<String>,
    /// Whether a setting was changed.
    pub(crate) sets: bool,
    /// Whether something temporary was made.
    pub(crate) temporary: bool,
    /// Whether SQLite's own table of the schema may have been written to.
    pub(crate) writes_schema: bool,
    /// Whether a statement was refused.
    pub(crate) refused: bool,
}

/// Settings that are not obeyed, and without a word, as they change nothing that a migration is about:
/// they reach beyond the database, or take away the bounds of this one or the way back in it.
const PASSED_OVER: &[&str] = &[
    "data_store_directory",
    "hard_heap_limit",
    "journal_mode",
    "max_page_count",
    "mmap_size",
    "page_size",
    "soft_heap_limit",
    "temp_store",
    "temp_store_directory",
];

/// Settings by which SQLite's own table of the schema comes to be written to.
pub(crate) const OF_SCHEMA: &[&str] = &["writable_schema", "schema_version"];

/// Notes what a statement does, and keeps it from reaching beyond the database: `ATTACH` and
/// `VACUUM INTO` name a file, `VACUUM` alone an empty one.
pub(crate) fn authorize(context: &AuthContext<'_>, notes: &mut Notes) -> Authorization {
    match context.action {
        AuthAction::Attach { filename: "" } => {}
        // The name of a file that is no literal is not told.
        AuthAction::Attach { .. }
        | AuthAction::Unknown {
            code: ffi::SQLITE_ATTACH,
            ..
        } => {
            notes.refused = true;
            return Authorization::Deny;
        }
        AuthAction::Function { function_name } if is(function_name, &["load_extension"]) => {
            notes.refused = true;
            return Authorization::Deny;
        }
        AuthAction::Pragma {
            pragma_name,
            pragma_value: Some(_),
        } => {
            if is(pragma_name, PASSED_OVER) {
                return Authorization::Ignore;
            }
            notes.sets = true;
            notes.writes_schema |= is(pragma_name, OF_SCHEMA);
        }
        AuthAction::Insert {
            table_name: "sqlite_temp_master" | "sqlite_temp_schema",
        } => notes.temporary = true,
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. } => {
            notes.touched.insert(table_name.to_lowercase());
        }
        _ => {}
    }
    Authorization::Allow
}

fn is(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}
