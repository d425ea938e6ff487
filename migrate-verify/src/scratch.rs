//! A database in memory that cannot reach beyond itself.

use migrate_source::sql::quoted_name;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::AuthContext;
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, Result};

use crate::failure::Failure;
use crate::guard::{Notes, authorize};
use crate::settings;

/// A database in memory.
pub(crate) struct Scratch {
    db: Connection,
    notes: Arc<Mutex<Notes>>,
    /// How many handfuls of SQLite's steps the statement that runs has taken.
    steps: Arc<AtomicU64>,
}

/// Steps of SQLite's virtual machine between two looks at a running statement.
const HANDFUL: i32 = 10_000;

/// A statement may take this many: seconds, where the tables are nearly empty.
const MOST_HANDFULS: u64 = 2_000;

/// How many steps a statement may take.
pub(crate) const MOST_MILLION_STEPS: u64 =
    HANDFUL.unsigned_abs() as u64 * MOST_HANDFULS / 1_000_000;

/// A database may have this many pages of 4096 bytes: half a gigabyte.
const MOST_PAGES: u32 = 131_072;

/// A value may have this many bytes.
const MOST_BYTES: i32 = 64 << 20;

impl Scratch {
    /// An empty database.
    pub(crate) fn new() -> Result<Scratch> {
        Scratch::of_image(&[])
    }

    /// The database that [`Scratch::image`] gave.
    pub(crate) fn of_image(image: &[u8]) -> Result<Scratch> {
        let mut db = Connection::open_in_memory()?;
        if !image.is_empty() {
            // SQLite does this by an `ATTACH`, so that it comes before they are forbidden.
            db.deserialize_read_exact("main", image, image.len(), false)?;
        }
        // Foreign keys are enforced by default in SQLite as rusqlite bundles it. What is temporary lies in
        // a database of its own, which must not get into files either.
        db.execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;
             PRAGMA max_page_count = {MOST_PAGES}; PRAGMA temp.max_page_count = {MOST_PAGES};"
        ))?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_BYTES)?;
        let notes = Arc::new(Mutex::new(Notes::default()));
        let steps = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&notes);
        db.authorizer(Some(move |context: AuthContext<'_>| {
            let mut notes = noted.lock().unwrap_or_else(PoisonError::into_inner);
            authorize(&context, &mut notes)
        }))?;
        let counter = Arc::clone(&steps);
        let most = move || counter.fetch_add(1, Ordering::Relaxed) >= MOST_HANDFULS;
        db.progress_handler(HANDFUL, Some(most))?;
        Ok(Scratch { db, notes, steps })
    }

    /// All of it, as bytes. No transaction may be open.
    pub(crate) fn image(&mut self) -> Result<Vec<u8>> {
        Ok(self.db.serialize("main")?.to_vec())
    }

    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Runs statements of our own, which do not fail for what a migration did.
    pub(crate) fn execute(&self, sql: &str) -> Result<()> {
        self.steps.store(0, Ordering::Relaxed);
        self.db.execute_batch(sql)
    }

    /// Runs the statement at `offset` of a script to its end.
    pub(crate) fn run(&self, sql: &str, offset: usize) -> std::result::Result<(), Failure> {
        self.steps.store(0, Ordering::Relaxed);
        self.noted(|notes| notes.refused = false);
        self.run_all(sql).map_err(|error| {
            let refused = self.noted(|notes| notes.refused);
            Failure::of(&error, refused, sql, offset)
        })
    }

    fn run_all(&self, sql: &str) -> Result<()> {
        // Where SQLite sees two statements in what the lexer took for one, `Batch` runs both.
        let mut batch = Batch::new(&self.db, sql);
        while let Some(mut statement) = batch.next()? {
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// The columns of a table that can be set: generated ones cannot.
    pub(crate) fn columns(&self, table: &str) -> Result<Vec<String>> {
        let mut select = self
            .db
            .prepare("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0")?;
        let names = select.query_map([table], |row| row.get(0))?;
        names.collect()
    }

    /// Whether `sql` can be compiled here; it is not run.
    pub(crate) fn compiles(&self, sql: &str) -> std::result::Result<(), Failure> {
        self.steps.store(0, Ordering::Relaxed);
        let compiled = self.db.prepare(sql);
        compiled
            .map(drop)
            .map_err(|error| Failure::of(&error, false, sql, 0))
    }

    /// The tables that were written to, created or dropped since this was asked last, in lower case.
    pub(crate) fn touched(&self) -> BTreeSet<String> {
        self.noted(|notes| std::mem::take(&mut notes.touched))
    }

    /// Puts back the settings that a script has changed and drops what it has made of temporary objects: a
    /// migration may be the first that a connection runs. But for whether foreign keys are enforced, which
    /// each script says for itself.
    pub(crate) fn settle(&self) -> Result<()> {
        if self.noted(|notes| std::mem::take(&mut notes.sets)) {
            settings::put_back(&self.db)?;
        }
        if self.noted(|notes| std::mem::take(&mut notes.temporary)) {
            self.drop_temporary()?;
        }
        if self.writes_schema() {
            // SQLite has not seen what was written to its own table.
            self.execute("PRAGMA writable_schema = RESET")?;
            self.noted(|notes| notes.sets = false);
        }
        Ok(())
    }

    fn drop_temporary(&self) -> Result<()> {
        // What depends on something else goes first; the tables of a virtual one go with it.
        for kind in ["trigger", "view", "table"] {
            let mut select = self
                .db
                .prepare("SELECT name FROM sqlite_temp_master WHERE type = ?")?;
            let names = select.query_map([kind], |row| row.get::<_, String>(0))?;
            for name in names.collect::<Result<Vec<_>>>()? {
                let _ = self.execute(&format!(
                    "DROP {kind} IF EXISTS temp.{}",
                    quoted_name(&name)
                ));
            }
        }
        Ok(())
    }

    /// Whether a script has ever written to SQLite's own table of the schema.
    pub(crate) fn writes_schema(&self) -> bool {
        self.noted(|notes| notes.writes_schema)
    }

    fn noted<T>(&self, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
