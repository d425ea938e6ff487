//! What a migration does, as SQLite's authorizer sees it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Notes what is done on a connection. An authorizer of the caller's is replaced.
#[derive(Debug, Default)]
pub(super) struct Watch {
    notes: Arc<Mutex<Notes>>,
    /// Whether the authorizer could be set. It cannot on a connection that rusqlite does not own.
    watching: bool,
}

#[derive(Debug, Default)]
struct Notes {
    rows: BTreeSet<String>,
    written: BTreeSet<String>,
    pragma: bool,
}

/// What was done.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The tables whose rows were written, in lower case.
    pub(super) rows: BTreeSet<String>,
    /// The tables written to in any way, in lower case; `None` when that is not known.
    pub(super) written: Option<BTreeSet<String>>,
    /// Whether a setting may have been changed.
    pub(super) pragma: bool,
}

impl Watch {
    /// Begins, or begins anew: statements that were prepared before are prepared once more, so that
    /// what they write to is seen.
    pub(super) fn begin(&mut self, db: &mut Connection) {
        let notes = Arc::clone(&self.notes);
        let note = move |context: AuthContext<'_>| {
            let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
            // Other databases of the connection may have tables of the same names.
            let is_main = context.database_name == Some("main");
            match context.action {
                AuthAction::Pragma { .. } => notes.pragma = true,
                // It alone names its database itself, and the context does not.
                AuthAction::AlterTable {
                    database_name: "main",
                    table_name,
                } => {
                    notes.written.insert(table_name.to_lowercase());
                }
                _ if !is_main => {}
                AuthAction::Insert { table_name }
                | AuthAction::Update { table_name, .. }
                | AuthAction::Delete { table_name } => {
                    let table = table_name.to_lowercase();
                    notes.rows.insert(table.clone());
                    notes.written.insert(table);
                }
                AuthAction::CreateTable { table_name } | AuthAction::DropTable { table_name } => {
                    notes.written.insert(table_name.to_lowercase());
                }
                _ => {}
            }
            Authorization::Allow
        };
        self.watching = db.authorizer(Some(note)).is_ok();
    }

    pub(super) fn end(&mut self, db: &mut Connection) {
        if self.watching {
            let nobody = None::<fn(AuthContext<'_>) -> Authorization>;
            self.watching = db.authorizer(nobody).is_err();
        }
    }

    pub(super) fn forget(&mut self) {
        *self.notes() = Notes::default();
    }

    pub(super) fn seen(&self) -> Seen {
        let notes = self.notes();
        Seen {
            rows: notes.rows.clone(),
            written: self.watching.then(|| notes.written.clone()),
            pragma: notes.pragma || !self.watching,
        }
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Counts tables as written to that go by another name now than the one they were written by.
    pub(super) fn renamed<'t>(&mut self, tables: impl Iterator<Item = &'t String>) {
        if let Some(written) = &mut self.written {
            written.extend(tables.cloned());
        }
    }

    /// Whether a table was written to, or may have been.
    pub(super) fn wrote(&self, table: &str) -> bool {
        let written = self.written.as_ref();
        written.is_none_or(|written| written.contains(&table.to_lowercase()))
    }
}
