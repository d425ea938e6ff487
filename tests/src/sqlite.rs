//! SQLite, as the contract takes it: a file of its own for each test.

use std::fs;
use std::path::PathBuf;

use migrate_core::rusqlite::types::ValueRef;
use migrate_core::rusqlite::{Connection, Row};
use migrate_core::{
    Applied, Database, Error, Goal, Migration, Migrator, Plan, Report, Status, Verification,
    embed_migrations,
};
use migrate_source::schema::Schema;
use tempfile::TempDir;

use crate::contract::{CodeSet, TestConnection, TestDatabase, blocking_verbs};

/// A SQLite database in a file, which goes with it.
pub struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    /// Its file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }
}

impl TestDatabase for SqliteFile {
    const DATABASE: Database = Database::Sqlite;
    const TOLD_AFTERWARDS: bool = false;

    const CODE: &'static str = "migrations";

    type Connection = Connection;

    // Inside a function the generated tests are not run: one of the sets would fail its own on purpose.
    #[allow(unnameable_test_items)]
    fn code(set: CodeSet) -> &'static [Migration<'static>] {
        embed_migrations!(static WRITTEN = "migrations/written");
        embed_migrations!(static MISBEHAVING = "migrations/misbehaving");
        embed_migrations!(static ADOPTING = "migrations/adopting");
        embed_migrations!(static ASKING = "migrations/asking");
        match set {
            CodeSet::Written => &WRITTEN,
            CodeSet::Misbehaving => &MISBEHAVING,
            CodeSet::Adopting => &ADOPTING,
            CodeSet::Asking => &ASKING,
        }
    }

    fn fresh() -> SqliteFile {
        let folder = TempDir::new().expect("a folder for the database");
        SqliteFile { folder }
    }

    fn connect(&self) -> Connection {
        let db = Connection::open(self.path()).expect("a connection");
        // No test pulls the plug, so none waits for the disk.
        db.pragma_update(None, "synchronous", "OFF")
            .expect("a pragma");
        db
    }

    fn snapshot(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap_or_default()
    }
}

/// What of a connection must be the same after a run, whatever the run does.
const SESSION: &[&str] = &[
    "automatic_index",
    "busy_timeout",
    "cell_size_check",
    "defer_foreign_keys",
    "foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "query_only",
    "recursive_triggers",
    "reverse_unordered_selects",
    "synchronous",
    "trusted_schema",
    "writable_schema",
];

impl TestConnection for Connection {
    blocking_verbs!();

    fn sql(&mut self, sql: &str) {
        if let Err(error) = self.execute_batch(sql) {
            panic!("{error}: {sql}");
        }
    }

    fn rows(&mut self, sql: &str) -> Vec<String> {
        let rows = self
            .prepare(sql)
            .and_then(|mut statement| statement.query_map([], |row| Ok(text(row)))?.collect());
        match rows {
            Ok(rows) => rows,
            Err(error) => panic!("{error}: {sql}"),
        }
    }

    fn relations(&mut self) -> Vec<String> {
        self.rows(
            "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
    }

    fn schema(&mut self, except: &[String]) -> String {
        let mut schema = String::new();
        let sql = "SELECT tbl_name, sql FROM main.sqlite_schema WHERE sql NOTNULL ORDER BY name";
        let mut statement = self.prepare(sql).expect("the schema");
        let mut rows = statement.query([]).expect("the schema");
        while let Some(row) = rows.next().expect("the schema") {
            let table: String = row.get(0).expect("a name");
            if !except.contains(&table) {
                schema.push_str(&row.get::<_, String>(1).expect("a definition"));
                schema.push('\n');
            }
        }
        schema
    }

    fn objects(&mut self) -> Schema {
        let mut statement = self.prepare(Schema::QUERY).expect("the schema");
        let rows = statement
            .query_map([], |row| {
                let row: (String, String, String, Option<String>) = row.try_into()?;
                Ok(row)
            })
            .expect("the schema");
        Schema::of_rows(rows.map(|row| row.expect("an object"))).expect("the schema")
    }

    fn session(&mut self) -> String {
        let pragma =
            |name: &&str| format!("{name} {}", self.rows(&format!("PRAGMA {name}")).join(" "));
        let pragmas: Vec<String> = SESSION.iter().map(pragma).collect();
        format!("{} autocommit {}", pragmas.join(", "), self.is_autocommit())
    }

    fn begin(&mut self) {
        self.sql("BEGIN");
    }

    fn lock(&mut self) {
        self.sql("BEGIN IMMEDIATE");
    }

    fn release(&mut self) {
        self.sql("ROLLBACK");
    }
}

fn text(row: &Row<'_>) -> String {
    let count = row.as_ref().column_count();
    let column = |at| match row.get_ref(at).expect("a column") {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(blob) => format!("{blob:02x?}"),
    };
    let columns: Vec<String> = (0..count).map(column).collect();
    columns.join(" ")
}
