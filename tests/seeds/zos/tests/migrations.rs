//! Every point of the story, on the program as its users have it: real processes on real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use migrate_core::rusqlite::Connection;
use migrate_core::{Action, Error, ErrorKind, Migration, Policy, Report};
use seed_zos::{MIGRATIONS, TABLE, migrator};
use tempfile::TempDir;

const INITIAL_TABLES: [&str; 5] = ["channels", "messages", "reactions", "servers", "users"];
const INITIAL: &str = "Initial schema with all MVP 0 tables";
const EDITS: &str = "Remember when a message was edited";

const STATUS_0: &str = "\
Current version: 0
Available migrations: 2
Pending migrations: 2
  1: Initial schema with all MVP 0 tables
  2: Remember when a message was edited
";
const STATUS_1: &str = "\
Current version: 1
Available migrations: 2
Pending migrations: 1
  2: Remember when a message was edited
";
const STATUS_2: &str = "\
Current version: 2
Available migrations: 2
No pending migrations
";

const A_MESSAGE: &str = "
    INSERT INTO servers VALUES ('s', 'home');
    INSERT INTO channels VALUES ('c', 's', 'general');
    INSERT INTO users VALUES ('u', 'ada');
    INSERT INTO messages (id, channel_id, author_id, content, created_at)
    VALUES ('m', 'c', 'u', 'hello', '2025-03-01T09:30:00Z');
    INSERT INTO reactions VALUES ('m', 'u', '+1');";

// Acceptance criteria

#[test]
fn schema_version_table_tracks_current_version() {
    let zos = Zos::new();
    for (version, versions) in [(1, &[1][..]), (2, &[1, 2])] {
        zos.says(&["db", "migrate", "--target", &version.to_string()]);
        assert_eq!(zos.recorded(), versions);
        assert_eq!(zos.current_version(), version);
    }
}

#[test]
fn migration_files_are_numbered_code() {
    let files = files();
    assert_eq!(files, ["001_initial.rs", "002_message_edits.rs"]);
    for (file, migration) in files.iter().zip(&MIGRATIONS) {
        let number: i64 = file[..3].parse().expect("three digits");
        assert_eq!(migration.version(), Some(number), "{file}");
        assert!(migration.is_code(), "{file}");
    }
}

#[test]
fn zos_db_migrate_applies_pending_migrations() {
    let zos = Zos::new();
    zos.says(&["db", "migrate", "--target", "1"]);
    assert!(!zos.has_column("messages", "edited_at"));
    assert_eq!(
        zos.says(&["db", "migrate"]),
        "Migrated from version 1 to 2\n"
    );
    assert!(zos.has_column("messages", "edited_at"));
}

#[test]
fn zos_db_status_shows_current_version_and_pending_migrations() {
    let zos = Zos::new();
    assert_eq!(zos.says(&["db", "status"]), STATUS_0);
    zos.says(&["db", "migrate", "--target", "1"]);
    assert_eq!(zos.says(&["db", "status"]), STATUS_1);
    zos.says(&["db", "migrate"]);
    assert_eq!(zos.says(&["db", "status"]), STATUS_2);
}

/// The code of each migration runs a second time on what it has made, and changes nothing.
#[test]
fn migrations_are_idempotent() {
    for version in [1, 2] {
        let mut db = memory();
        migrator().up(&mut db).expect("up");
        db.execute_batch(A_MESSAGE).expect("a message");
        let before = dump(&db);

        migrator().unmark(&mut db, version).expect("unmark");
        let again = migrator().out_of_order(Policy::Accept);
        let report = again.up(&mut db).expect("up again");
        assert_eq!(report.applied(), [version]);
        assert_eq!(dump(&db), before);
    }
}

#[test]
fn initial_migration_creates_all_tables_of_story_1_3() {
    let zos = Zos::new();
    zos.says(&["db", "migrate", "--target", "1"]);
    assert_eq!(tables(&zos.database()), INITIAL_TABLES);
    let db = zos.database();
    db.execute_batch(A_MESSAGE).expect("they fit each other");
}

// Design: philosophy

#[test]
fn forward_only_no_rollback() {
    assert!(MIGRATIONS.iter().all(|m| !m.has_down()));
    type Verb = fn(&mut Connection) -> Result<Report, Error>;
    let verbs: [(Verb, &[i64]); 4] = [
        (|db| migrator().down(db, 1), &[2]),
        (|db| migrator().down_to(db, 0), &[2, 1]),
        (|db| migrator().reset(db), &[2, 1]),
        (|db| migrator().redo(db), &[2]),
    ];
    for (verb, expected) in verbs {
        let mut db = memory();
        migrator().up(&mut db).expect("up");
        let before = dump(&db);
        let refused = verb(&mut db).expect_err("there is no way back");
        let ErrorKind::Irreversible { versions, .. } = refused.kind() else {
            panic!("{refused}");
        };
        assert_eq!(versions, expected);
        assert!(refused.report().is_empty());
        assert_eq!(dump(&db), before);
    }
}

#[test]
fn zos_db_down_refuses_and_says_why() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let said = zos.runs(&["db", "down"]);
    assert_eq!((said.code, said.stdout.as_str()), (1, ""));
    let expected = "error: migration 2 has no down that this program can run, so nothing was taken back\n  \
                    = help: add a migration that changes things forward instead\n";
    assert!(said.stderr.starts_with(expected), "{}", said.stderr);
    assert_eq!(zos.says(&["db", "status"]), STATUS_2);
}

#[test]
fn migrations_are_code_not_sql() {
    let mut db = memory();
    migrator().up_to(&mut db, 1).expect("up to 1");
    assert!(files().iter().all(|file| file.ends_with(".rs")));
    assert!(MIGRATIONS.iter().all(|m| m.up_sql().is_none()));
    // What SQL alone could not do: it looks before it acts.
    db.execute_batch("ALTER TABLE messages ADD COLUMN edited_at TEXT")
        .expect("by hand");
    let report = migrator().up(&mut db).expect("up");
    assert_eq!(report.applied(), [2]);
}

#[test]
fn sequential_numbering() {
    let versions: Vec<Option<i64>> = MIGRATIONS.iter().map(Migration::version).collect();
    let expected: Vec<Option<i64>> = (1..).map(Some).take(MIGRATIONS.len()).collect();
    assert_eq!(versions, expected);
    for (at, file) in files().iter().enumerate() {
        assert!(file.starts_with(&format!("{:03}_", at + 1)), "{file}");
    }
}

/// Another copy of the file says the same: nothing is remembered beside it.
#[test]
fn version_is_tracked_in_the_database() {
    let zos = Zos::new();
    zos.says(&["db", "migrate", "--target", "1"]);
    let other = Zos::new();
    fs::copy(zos.path(), other.path()).expect("a copy");
    assert_eq!(other.says(&["db", "status"]), STATUS_1);
    assert_eq!(zos.left_behind(), ["zos.db"]);
}

// Design: migration files

#[test]
fn a_migration_has_a_version_and_a_description() {
    let told: Vec<_> = MIGRATIONS
        .iter()
        .map(|m| (m.version(), m.description()))
        .collect();
    assert_eq!(told, [(Some(1), INITIAL), (Some(2), EDITS)]);
}

/// Tables that were there before the history are taken over, and nothing is run on them.
#[test]
fn check_takes_over_a_database_without_a_history() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    zos.forgets_its_history();
    zos.database().execute_batch(A_MESSAGE).expect("a message");
    let before = dump(&zos.database());
    assert_eq!(zos.says(&["db", "status"]), STATUS_0);

    let mut db = zos.database();
    let report = migrator().up(&mut db).expect("up");
    let done: Vec<_> = report
        .steps()
        .iter()
        .map(|d| (d.action, d.version))
        .collect();
    assert_eq!(done, [(Action::Adopt, Some(1)), (Action::Adopt, Some(2))]);
    assert!(report.applied().is_empty());
    assert_eq!(dump(&db), before);
    assert_eq!(zos.recorded(), [1, 2]);
    assert_eq!(
        zos.says(&["db", "migrate"]),
        "Database already at version 2\n"
    );
}

#[test]
fn check_takes_over_only_what_is_in_place() {
    let older = Zos::new();
    older.says(&["db", "migrate", "--target", "1"]);
    older.forgets_its_history();
    let lacking = Zos::new();
    lacking.says(&["db", "migrate", "--target", "1"]);
    lacking.forgets_its_history();
    lacking
        .database()
        .execute_batch("DROP TABLE reactions")
        .expect("a drop");
    let empty = Zos::new();
    for (zos, first) in [
        (older, Action::Adopt),
        (lacking, Action::Up),
        (empty, Action::Up),
    ] {
        let report = migrator().up(&mut zos.database()).expect("up");
        let actions: Vec<Action> = report.steps().iter().map(|done| done.action).collect();
        assert_eq!(actions, [first, Action::Up]);
        assert_eq!(tables(&zos.database()), INITIAL_TABLES);
        assert!(zos.has_column("messages", "edited_at"));
    }
}

#[test]
fn zos_db_migrate_takes_over_a_database_without_a_history() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    zos.forgets_its_history();
    let said = zos.runs(&["--verbose", "db", "migrate"]);
    assert_eq!(said.stdout, "Migrated from version 0 to 2\n");
    assert_eq!(said.stderr, "", "nothing is applied");
}

// Design: schema version table

#[test]
fn schema_version_table_has_the_columns_of_the_story() {
    assert_eq!(TABLE, "_schema_version");
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let db = zos.database();
    let mut columns = db
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info('_schema_version')")
        .expect("the table");
    let columns: Vec<(String, String, bool, i64)> = columns
        .query_map((), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .and_then(Iterator::collect)
        .expect("its columns");
    let column = |name: &str| {
        let found = columns.iter().find(|column| column.0 == name);
        found.unwrap_or_else(|| panic!("no `{name}` in {columns:?}"))
    };
    let (_, kind, _, key) = column("version");
    assert_eq!((kind.as_str(), *key), ("INTEGER", 1));
    let (_, _, not_null, _) = column("applied_at");
    assert!(not_null);
    let (_, kind, _, _) = column("description");
    assert_eq!(kind, "TEXT");
}

/// Such a table of another program's is no history: it is refused, and not written to.
#[test]
fn a_version_table_of_another_program_is_left_untouched() {
    let zos = Zos::new();
    let other = "CREATE TABLE _schema_version (
                     version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL, description TEXT);
                 INSERT INTO _schema_version VALUES (1, '2025-03-01 09:30:00', 'before');";
    zos.database().execute_batch(other).expect("a table");
    let before = fs::read(zos.path()).expect("the file");
    for line in [&["db", "migrate"], &["db", "status"]] {
        let said = zos.runs(line);
        assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{line:?}");
        let expected = "error: the table `_schema_version` is not a history of migrations: ";
        assert!(said.stderr.starts_with(expected), "{}", said.stderr);
    }
    assert!(before == fs::read(zos.path()).expect("the file"));
}

// Design: migration runner

/// What is in the folder is what the program has; no source names a migration.
#[test]
fn get_migrations_discovers_every_file_in_order() {
    let embedded: Vec<&str> = MIGRATIONS
        .iter()
        .map(|m| m.file().rsplit('/').next().expect("a name"))
        .collect();
    assert_eq!(embedded, files());
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in names(&sources) {
        let text = fs::read_to_string(sources.join(&source)).expect("a source");
        for file in files() {
            let name = file.trim_end_matches(".rs");
            assert!(!text.contains(name), "{name} in {source}");
        }
    }
}

#[test]
fn get_current_version_is_0_without_a_version_table() {
    let mut db = memory();
    db.execute_batch("CREATE TABLE other (id INTEGER)")
        .expect("a table");
    assert_eq!(migrator().current_version(&mut db).expect("a version"), 0);
    assert_eq!(tables(&db), ["other"]);
    let history = db.table_exists(None, TABLE).expect("an answer");
    assert!(!history, "asking does not make one");
}

#[test]
fn get_current_version_is_the_highest_recorded() {
    let mut db = memory();
    migrator().up(&mut db).expect("up");
    let highest: i64 = db
        .query_row("SELECT MAX(version) FROM _schema_version", (), |row| {
            row.get(0)
        })
        .expect("a row");
    let current = migrator().current_version(&mut db).expect("a version");
    assert_eq!((current, highest), (2, 2));
}

#[test]
fn migrate_stops_at_the_target_version() {
    let zos = Zos::new();
    let cases = [
        ("0", "Database already at version 0\n"),
        ("1", "Migrated from version 0 to 1\n"),
        ("1", "Database already at version 1\n"),
        ("2", "Migrated from version 1 to 2\n"),
        // One that is above the target stays where it is.
        ("1", "Database already at version 2\n"),
    ];
    for (target, expected) in cases {
        assert_eq!(
            zos.says(&["db", "migrate", "--target", target]),
            expected,
            "{target}"
        );
    }
}

#[test]
fn a_target_version_that_does_not_exist_is_refused() {
    let zos = Zos::new();
    let said = zos.runs(&["db", "migrate", "--target", "9"]);
    assert_eq!(
        (said.code, said.stdout.as_str(), said.stderr.as_str()),
        (
            1,
            "",
            "error: there is no migration 9: this program has 1 to 2\n"
        )
    );
    assert_eq!(zos.runs(&["db", "migrate", "--target", "-1"]).code, 2);
    assert_eq!(zos.says(&["db", "status"]), STATUS_0);
}

#[test]
fn each_migration_is_recorded_with_time_and_description() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let db = zos.database();
    let mut rows = db
        .prepare(
            "SELECT version, description, julianday('now') - julianday(applied_at)
             FROM _schema_version ORDER BY version",
        )
        .expect("the table");
    let rows: Vec<(i64, String, f64)> = rows
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .expect("its rows");
    for (row, expected) in rows.iter().zip([(1, INITIAL), (2, EDITS)]) {
        assert_eq!((row.0, row.1.as_str()), expected);
        // In UTC: no time zone is as near to it as this.
        assert!(row.2.abs() < 0.01, "{} days ago", row.2);
    }
    assert_eq!(rows.len(), 2);
}

#[test]
fn applying_a_migration_is_logged() {
    let zos = Zos::new();
    let said = zos.runs(&["--verbose", "db", "migrate"]);
    assert_eq!(said.stdout, "Migrated from version 0 to 2\n");
    let expected = format!(
        "applying_migration version=1 description=\"{INITIAL}\"\n\
         applying_migration version=2 description=\"{EDITS}\"\n"
    );
    assert_eq!(said.stderr, expected);
    assert_eq!(zos.runs(&["-v", "db", "migrate"]).stderr, "");
    assert_eq!(Zos::new().runs(&["db", "migrate"]).stderr, "");
}

#[test]
fn migrate_returns_the_version_it_has_reached() {
    let mut db = memory();
    for (version, from) in [(1, 0), (2, 1), (2, 2)] {
        let report = migrator().up_to(&mut db, version).expect("up");
        assert_eq!((report.from(), report.to()), (from, version));
    }
}

// Command line

#[test]
fn zos_db_is_a_group_of_commands() {
    let zos = Zos::new();
    let help = zos.says(&["db", "--help"]);
    for command in ["migrate", "status"] {
        let line = help.lines().find(|line| line.trim().starts_with(command));
        let told = line.map(|line| line.split_whitespace().count() > 1);
        assert_eq!(told, Some(true), "{command} in {help}");
    }
    assert_eq!(zos.runs(&["db"]).code, 2);
    assert!(zos.left_behind().is_empty());
}

#[test]
fn zos_db_migrate_prints_one_line() {
    let zos = Zos::new();
    let first = zos.says(&["db", "migrate"]);
    assert_eq!(first, "Migrated from version 0 to 2\n");
    let second = zos.says(&["db", "migrate"]);
    assert_eq!(second, "Database already at version 2\n");
}

#[test]
fn zos_db_status_lists_pending_migrations_with_descriptions() {
    let zos = Zos::new();
    let said = zos.says(&["db", "status"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[2..],
        [
            "Pending migrations: 2",
            "  1: Initial schema with all MVP 0 tables",
            "  2: Remember when a message was edited",
        ]
    );
}

#[test]
fn zos_db_status_says_when_nothing_is_pending() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let said = zos.says(&["db", "status"]);
    assert_eq!(said.lines().last(), Some("No pending migrations"));
    assert!(!said.contains("Pending migrations:"), "{said}");
}

#[test]
fn zos_db_status_writes_nothing() {
    let zos = Zos::new();
    zos.says(&["db", "status"]);
    assert!(zos.left_behind().is_empty());
    zos.says(&["db", "migrate", "--target", "1"]);
    let before = fs::read(zos.path()).expect("the file");
    zos.says(&["db", "status"]);
    assert!(before == fs::read(zos.path()).expect("the file"));
}

// Test cases

#[test]
fn case_1_fresh_database_starts_at_version_0() {
    let zos = Zos::new();
    let said = zos.says(&["db", "status"]);
    assert_eq!(said.lines().next(), Some("Current version: 0"));
    assert_eq!(zos.current_version(), 0);
}

#[test]
fn case_2_migrate_applies_all_pending_migrations() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let mut db = zos.database();
    assert!(migrator().pending(&mut db).expect("pending").is_empty());
    assert_eq!(zos.recorded(), [1, 2]);
    assert_eq!(tables(&db), INITIAL_TABLES);
    assert!(zos.has_column("messages", "edited_at"));
}

#[test]
fn case_3_running_migrate_twice_is_idempotent() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    zos.database().execute_batch(A_MESSAGE).expect("a message");
    let before = fs::read(zos.path()).expect("the file");
    assert_eq!(
        zos.says(&["db", "migrate"]),
        "Database already at version 2\n"
    );
    assert!(before == fs::read(zos.path()).expect("the file"));
}

#[test]
fn case_4_version_is_tracked_correctly() {
    let zos = Zos::new();
    assert_eq!(zos.current_version(), 0);
    for version in [1, 2] {
        let before = zos.current_version();
        let said = zos.says(&["db", "migrate", "--target", &version.to_string()]);
        assert_eq!(
            said,
            format!("Migrated from version {before} to {version}\n")
        );
        assert_eq!(zos.current_version(), version);
    }
}

#[test]
fn case_5_status_shows_correct_pending_count() {
    for (target, expected) in [
        ("0", "Pending migrations: 2"),
        ("1", "Pending migrations: 1"),
        ("2", "No pending migrations"),
    ] {
        let zos = Zos::new();
        zos.says(&["db", "migrate", "--target", target]);
        let said = zos.says(&["db", "status"]);
        assert_eq!(said.lines().nth(2), Some(expected), "{target}");
    }
}

// Definition of done

#[test]
fn zos_db_status_shows_version_info() {
    let zos = Zos::new();
    zos.says(&["db", "migrate"]);
    let said = zos.says(&["db", "status"]);
    assert!(
        said.starts_with("Current version: 2\nAvailable migrations: 2\n"),
        "{said}"
    );
}

#[test]
fn zos_db_migrate_applies_migrations() {
    let zos = Zos::new();
    assert!(tables(&zos.database()).is_empty());
    zos.says(&["db", "migrate"]);
    assert_eq!(tables(&zos.database()), INITIAL_TABLES);
    assert!(zos.has_column("messages", "edited_at"));
}

#[test]
fn initial_migration_creates_all_tables() {
    let mut db = memory();
    let report = migrator().up_to(&mut db, 1).expect("up to 1");
    assert_eq!(report.applied(), [1]);
    assert_eq!(tables(&db), INITIAL_TABLES);
}

/// The session by hand, in a folder of its own.
#[cfg(unix)]
#[test]
fn the_demo_plays_the_story() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_zos"))
        .output()
        .expect("bash");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}");
    for expected in [
        "$ zos db migrate\nMigrated from version 0 to 2\n",
        "$ zos db migrate\nDatabase already at version 2\n",
        &format!("$ zos db status\n{STATUS_0}"),
        &format!("$ zos db status\n{STATUS_1}"),
        &format!("$ zos db status\n{STATUS_2}"),
        "$ zos db down\nerror: migration 2 has no down ",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
}

fn memory() -> Connection {
    Connection::open_in_memory().expect("a database")
}

/// The folder of migrations, by name.
fn files() -> Vec<String> {
    names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("text"))
        .collect();
    names.sort();
    names
}

/// The tables, without the history and those of SQLite itself.
fn tables(db: &Connection) -> Vec<String> {
    let mut tables = db
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table'
             AND name <> '_schema_version' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .expect("the schema");
    let names = tables.query_map((), |row| row.get(0));
    names.and_then(Iterator::collect).expect("names")
}

/// The schema and every row of the program's own tables.
fn dump(db: &Connection) -> Vec<String> {
    let mut schema = db
        .prepare(
            "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema
             WHERE tbl_name <> '_schema_version' ORDER BY name",
        )
        .expect("the schema");
    let lines = schema.query_map((), |row| row.get(0));
    let mut lines: Vec<String> = lines.and_then(Iterator::collect).expect("the schema");
    for table in tables(db) {
        let mut rows = db
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1"))
            .expect("a table");
        let width = rows.column_count();
        let rows = rows.query_map((), |row| {
            (0..width)
                .map(|at| row.get_ref(at).map(|value| format!("{value:?}")))
                .collect::<Result<Vec<_>, _>>()
        });
        let rows: Vec<Vec<String>> = rows.and_then(Iterator::collect).expect("its rows");
        lines.extend(
            rows.iter()
                .map(|row| format!("{table}: {}", row.join(", "))),
        );
    }
    lines
}

/// The program in a folder of its own.
struct Zos {
    folder: TempDir,
}

struct Said {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Zos {
    fn new() -> Zos {
        Zos {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("zos.db")
    }

    fn database(&self) -> Connection {
        Connection::open(self.path()).expect("a database")
    }

    fn current_version(&self) -> i64 {
        let version = migrator().current_version(&mut self.database());
        version.expect("a version")
    }

    /// The versions that the history has, read without the library.
    fn recorded(&self) -> Vec<i64> {
        let db = self.database();
        let mut rows = db
            .prepare("SELECT version FROM _schema_version ORDER BY version")
            .expect("the table");
        let versions = rows.query_map((), |row| row.get(0));
        versions.and_then(Iterator::collect).expect("versions")
    }

    fn has_column(&self, table: &str, column: &str) -> bool {
        let found = self.database().column_exists(None, table, column);
        found.expect("an answer")
    }

    fn forgets_its_history(&self) {
        let db = self.database();
        db.execute_batch("DROP TABLE _schema_version")
            .expect("a history");
    }

    fn left_behind(&self) -> Vec<String> {
        names(self.folder.path())
    }

    fn runs(&self, line: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_zos"))
            .args(line)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("a process");
        Said {
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
            code: output.status.code().expect("an exit code"),
        }
    }

    fn says(&self, line: &[&str]) -> String {
        let said = self.runs(line);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{line:?}");
        said.stdout
    }
}
