//! What the plan of the framework asks for, point by point, on real files with real processes.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;

use clankers::{rollback, storage};
use migrate_core::folder::{File, Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Migrator, State};

use crate::support::{Home, value};

const LATEST: i64 = 5;

// When it is needed

#[test]
fn the_first_production_database_is_upgraded_not_dropped() {
    let home = Home::new();
    home.holds_a_tool_at(1);
    let said = home.says(&["migrate"]);
    assert!(said.contains("\nBackfilled: 1 row in 1 step, "), "{said}");
    let tools = "SELECT count(*) FROM tools WHERE id = 't1' AND summary = 'edit src/a.rs'";
    assert_eq!(value(&home.open(), tools), 1);
}

#[test]
fn schema_changes_reach_deployed_systems() {
    let home = Home::new();
    home.holds_a_tool_at(2);
    let daemon = home.daemon(&[]);
    assert_eq!(daemon.said, ["migrated from version 2 to 5"]);
    assert_eq!(daemon.client().ask("get t1"), "s1 edit src/a.rs");
}

#[test]
fn databases_of_every_user_are_upgraded_from_where_they_are() {
    let fresh = Home::new();
    fresh.says(&["migrate"]);
    for version in 0..=LATEST {
        let home = Home::new();
        storage::migrator()
            .up_to(&mut home.open(), version)
            .unwrap();
        home.says(&["migrate"]);
        assert_eq!(schema(&home.open()), schema(&fresh.open()), "{version}");
        assert_eq!(home.version(), LATEST);
    }
}

// Goals

#[test]
fn the_version_is_tracked_in_the_database() {
    let home = Home::new();
    for version in 1..=LATEST {
        home.says(&["migrate", "--to", &version.to_string()]);
        let newest = "SELECT max(version) FROM schema_migrations";
        assert_eq!(value(&home.open(), newest), version);
        assert_eq!(home.version(), version);
    }
}

#[test]
fn migrations_can_run_many_times_safely() {
    let home = Home::new();
    home.holds_a_tool_at(2);
    home.says(&["migrate"]);
    let history = history(&home.open());
    for _ in 0..3 {
        let said = home.says(&["migrate"]);
        assert_eq!(said, "Database already at version 5\n");
    }
    assert_eq!(self::history(&home.open()), history);
    assert_eq!(value(&home.open(), "SELECT count(*) FROM tools"), 1);
}

#[test]
fn migrations_run_once_when_many_start_together() {
    let home = Home::new();
    home.holds_a_tool_at(2);
    let runs: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| home.says(&["migrate"])))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let applied: Vec<&str> = runs
        .iter()
        .flat_map(|said| said.lines())
        .filter(|line| line.starts_with("Applied: 3 "))
        .collect();
    assert_eq!(applied.len(), 1, "{runs:?}");
    assert_eq!(home.version(), LATEST);
}

#[test]
fn migrations_can_be_reverted() {
    let home = Home::new();
    let mut db = home.open();
    let migrator = storage::migrator();
    let mut schemas = vec![schema(&db)];
    for version in 1..=LATEST {
        migrator.up_to(&mut db, version).unwrap();
        schemas.push(schema(&db));
    }
    for version in (0..LATEST).rev() {
        let report = migrator.down(&mut db, 1).unwrap();
        assert_eq!((report.from(), report.to()), (version + 1, version));
        let tables = if version == 0 {
            // The history itself stays.
            schemas[0].clone() + &history_schema(&db)
        } else {
            schemas[version as usize].clone()
        };
        assert_eq!(schema(&db), tables, "{version}");
    }
    migrator.up(&mut db).unwrap();
    assert_eq!(schema(&db), schemas[LATEST as usize]);
}

// The table

#[test]
fn schema_migrations_has_the_columns_of_the_plan() {
    let home = Home::new();
    home.says(&["migrate"]);
    let db = home.open();
    let mut columns = db
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info('schema_migrations')")
        .unwrap();
    let columns = columns.query_map((), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let columns: Vec<(String, String, bool, bool)> = columns.unwrap().map(Result::unwrap).collect();
    for (name, kind, not_null, key) in [
        ("version", "INTEGER", false, true),
        ("applied_at", "TEXT", true, false),
        ("checksum", "TEXT", true, false),
        ("description", "TEXT", true, false),
    ] {
        let expected = (name.to_owned(), kind.to_owned(), not_null, key);
        assert!(columns.contains(&expected), "{name}: {columns:?}");
    }
}

#[test]
fn applied_at_gives_seconds_of_unix_time() {
    let home = Home::new();
    let db = home.open();
    let before = value(&db, "SELECT unixepoch()");
    home.says(&["migrate"]);
    let after = value(&db, "SELECT unixepoch()");
    let times = "FROM (SELECT unixepoch(applied_at) AS at FROM schema_migrations)";
    assert_eq!(value(&db, &format!("SELECT count(at) {times}")), LATEST);
    assert!(before <= value(&db, &format!("SELECT min(at) {times}")));
    assert!(value(&db, &format!("SELECT max(at) {times}")) <= after);
}

// The files

#[test]
fn a_migration_has_a_version_a_description_an_up_and_a_down() {
    let [tools, operations, ..] = &storage::MIGRATIONS;
    for (migration, version, description, table) in [
        (tools, 1, "Add tools table", "tools"),
        (
            operations,
            2,
            "Add file_operations table",
            "file_operations",
        ),
    ] {
        assert_eq!(migration.version(), Some(version));
        assert_eq!(migration.description(), description);
        let create = format!("CREATE TABLE IF NOT EXISTS {table} (");
        assert!(migration.up_sql().unwrap().contains(&create));
        let drop = format!("DROP TABLE IF EXISTS {table};");
        assert_eq!(migration.down_sql().unwrap().trim(), drop);
    }
}

#[test]
fn the_down_is_optional() {
    let home = Home::new();
    let only_up = "-- migrate: irreversible\nDELETE FROM tools;\n";
    program(&[("0006_forget.up.sql", only_up)])
        .up(&home)
        .unwrap();
    let refused = home.fails(&["migrate:rollback", "--allow-release"]);
    assert!(refused.contains("migration 6 has no down"), "{refused}");
    assert_eq!(
        value(&home.open(), "SELECT max(version) FROM schema_migrations"),
        6
    );
}

#[test]
fn tables_from_before_the_framework_are_kept() {
    let home = Home::new();
    let up = storage::MIGRATIONS[0].up_sql().unwrap();
    home.open().execute_batch(up).unwrap();
    home.open().execute_batch(A_TOOL).unwrap();
    assert_eq!(home.daemon(&[]).client().ask("get t1"), "s1 edit src/a.rs");
    assert_eq!(home.version(), LATEST);
}

// The runner

#[test]
fn only_versions_above_the_current_one_run_and_in_order() {
    let home = Home::new();
    home.says(&["migrate", "--to", "2"]);
    assert_eq!(
        untimed(&home.says(&["migrate"])),
        "Applied: 3 Add summaries of tools\n\
         Applied: 4 Summarise the tools that are there\n\
         Applied: 5 Drop the index of the backfill\n\
         Migrated from version 2 to 5\n"
    );
}

#[test]
fn a_failed_migration_is_named_by_its_version() {
    let home = Home::with_a_column_in_the_way();
    let refused = home.fails(&["migrate"]);
    let words = "error: migration 3 failed: duplicate column name: summary";
    assert!(refused.starts_with(words), "{refused}");
    let place = format!("\n --> {}:2:1\n", storage::MIGRATIONS[2].file());
    assert!(refused.contains(&place), "{refused}");
}

#[test]
fn a_failed_migration_is_rolled_back_with_its_record() {
    let home = Home::new();
    let half = "CREATE TABLE half (x);\nINSERT INTO nowhere VALUES (1);\n";
    let files = [
        ("0006_half.up.sql", half),
        ("0006_half.down.sql", "DROP TABLE half;"),
    ];
    let refused = program(&files).up(&home).unwrap_err();
    assert!(refused.starts_with("migration 6 failed: "), "{refused}");
    let half = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'";
    assert_eq!(value(&home.open(), half), 0);
    assert_eq!(home.version(), LATEST);
}

#[test]
fn migrations_before_the_failed_one_are_kept_and_none_after_it_runs() {
    let home = Home::with_a_column_in_the_way();
    home.fails(&["migrate"]);
    let status = storage::migrator().status(&mut home.open()).unwrap();
    let states: Vec<State> = status.migrations.iter().map(|line| line.state).collect();
    let (done, todo) = (State::Applied, State::Pending);
    assert_eq!(states, [done, done, todo, todo, todo]);
}

#[test]
fn a_migration_is_recorded_with_version_time_checksum_and_description() {
    let home = Home::new();
    home.says(&["migrate"]);
    for (row, migration) in history(&home.open()).iter().zip(&storage::MIGRATIONS) {
        let (version, applied_at, checksum, description) = row;
        assert_eq!(Some(*version), migration.version());
        assert_eq!(applied_at.len(), "2026-01-31T00:00:00.000Z".len());
        assert_eq!(*checksum, migration.checksum().to_string());
        assert_eq!(description, migration.description());
    }
}

#[test]
fn the_checksum_is_that_of_the_up() {
    let own = storage::MIGRATIONS[1].checksum();
    for (file, text, is_edit) in [
        (
            "0002_add_file_operations_table.down.sql",
            "DROP TABLE file_operations;",
            false,
        ),
        ("0002_add_file_operations_table.up.sql", EDITED, true),
    ] {
        let folder = program(&[(file, text)]).0;
        assert_eq!(folder.migrations()[1].checksum() != own, is_edit, "{file}");
    }
}

// The checklist

#[test]
fn the_daemon_migrates_before_it_serves() {
    let home = Home::new();
    let daemon = home.daemon(&[]);
    assert_eq!(daemon.said, ["migrated from version 0 to 5"]);
    assert_eq!(home.version(), LATEST);
    let mut client = daemon.client();
    for (line, answer) in [
        ("put t1 s1 edit", "ok"),
        ("get t1", "s1 edit"),
        ("get t2", "nothing"),
        ("count", "1"),
        (
            "put t1 s1 edit",
            "error: UNIQUE constraint failed: tools.id",
        ),
        (
            "hello",
            "error: say `put ID SESSION TOOL`, `get ID` or `count`",
        ),
    ] {
        assert_eq!(client.ask(line), answer, "{line}");
    }
    drop(daemon);
    let daemon = home.daemon(&[]);
    assert_eq!(daemon.said, ["up to date at version 5"]);
    assert_eq!(daemon.client().ask("count"), "1");
}

#[test]
fn the_daemon_does_not_serve_when_a_migration_fails() {
    let home = Home::with_a_column_in_the_way();
    let refused = home.fails(&["daemon"]);
    let words = "error: migration 3 failed: duplicate column name: summary";
    assert!(refused.starts_with(words), "{refused}");
}

#[test]
fn migrate_applies_what_is_pending() {
    let home = Home::new();
    assert_eq!(
        untimed(&home.says(&["migrate"])),
        "Applied: 1 Add tools table\n\
         Applied: 2 Add file_operations table\n\
         Applied: 3 Add summaries of tools\n\
         Applied: 4 Summarise the tools that are there\n\
         Applied: 5 Drop the index of the backfill\n\
         Migrated from version 0 to 5\n"
    );
}

#[test]
fn migrate_status_shows_the_current_version() {
    let home = Home::new();
    let said = home.says(&["migrate:status"]);
    let words = "Current version: 0\nAvailable migrations: 5\nPending migrations: 5\n";
    assert!(said.starts_with(words), "{said}");
    assert!(!home.path().exists(), "it only looks");

    home.says(&["migrate", "--to", "2"]);
    let said = home.says(&["migrate:status"]);
    let words = "Current version: 2\nAvailable migrations: 5\nPending migrations: 3\n";
    assert!(said.starts_with(words), "{said}");
    let check = home.run(&["migrate:status", "--check"]);
    assert_eq!(check.status.code(), Some(4));

    home.says(&["migrate"]);
    let said = home.says(&["migrate:status", "--check"]);
    let words = "Current version: 5\nAvailable migrations: 5\nNo pending migrations\n";
    assert!(said.starts_with(words), "{said}");
}

#[test]
fn migrate_rollback_takes_back_in_development() {
    let home = Home::new();
    home.says(&["migrate"]);
    let run = home.run(&["migrate:rollback"]);
    if rollback::is_release() {
        assert_eq!(run.status.code(), Some(1));
        assert_eq!(home.version(), LATEST);
    } else {
        assert_eq!(
            untimed(&text(&run.stdout)),
            "Taken back: 5 Drop the index of the backfill\nDatabase at version 4\n"
        );
    }
    let said = home.says(&["migrate:rollback", "--allow-release", "--count", "9"]);
    assert!(said.ends_with("Database at version 0\n"), "{said}");
    home.says(&["migrate"]);
}

#[test]
fn migrate_rollback_is_refused_in_a_release() {
    let refused = rollback::check(true, false).unwrap_err();
    assert!(refused.contains("`--allow-release`"), "{refused}");
    for (is_release, is_allowed) in [(true, true), (false, false), (false, true)] {
        rollback::check(is_release, is_allowed).unwrap();
    }
    assert_eq!(rollback::is_release(), !cfg!(debug_assertions));
}

const EDITED: &str = "CREATE TABLE IF NOT EXISTS file_operations (id INTEGER PRIMARY KEY);\n";

#[test]
fn an_edited_migration_stops_the_daemon() {
    let home = Home::new();
    // A program whose second migration was another text has made this database.
    program(&[("0002_add_file_operations_table.up.sql", EDITED)])
        .up(&home)
        .unwrap();
    let history = history(&home.open());
    let (now, file) = (
        storage::MIGRATIONS[1].checksum(),
        storage::MIGRATIONS[1].file(),
    );
    let applied = &history[1].2;
    assert_ne!(*applied, now.to_string());
    for command in ["daemon", "migrate"] {
        let refused = home.fails(&[command]);
        let words = format!(
            "error: migration 2 changed after having been applied\
             \n --> {file}\
             \n  = applied as \"add file operations table\", now \"Add file_operations table\": two migrations with number 2?\
             \n  = applied with checksum {applied}\
             \n  = the program has       {now}\
             \n  = help: restore the text that was applied and add a new migration for the change\n"
        );
        assert!(refused.starts_with(&words), "{refused}");
    }
    let said = home.says(&["migrate:status"]);
    assert!(
        said.contains("Migrating would be refused: migration 2 changed"),
        "{said}"
    );
    assert_eq!(self::history(&home.open()), history, "nothing was written");
}

#[test]
fn a_checksum_that_was_tampered_with_stops_the_daemon() {
    let home = Home::new();
    drop(home.daemon(&[]));
    let tamper = "UPDATE schema_migrations SET checksum = 't1:' || substr(checksum, 5) || '0'
                  WHERE version IN (1, 4)";
    home.open().execute_batch(tamper).unwrap();
    for command in ["daemon", "migrate"] {
        let refused = home.fails(&[command]);
        let words = "error: migrations 1 and 4 changed after having been applied\n";
        assert!(refused.starts_with(words), "{refused}");
        for version in [0, 3] {
            let file = storage::MIGRATIONS[version].file();
            assert!(refused.contains(&format!("\n --> {file}\n")), "{refused}");
        }
    }
    let said = home.says(&["migrate:status"]);
    assert!(said.contains("      4  changed  "), "{said}");
}

#[test]
fn the_authoring_guide_works_as_it_is_written() {
    let guide = include_str!("../docs/authoring.md");
    let examples = examples(guide);
    assert_eq!(examples.len(), 6);
    let home = Home::new();
    let program = program(&examples);
    program.up(&home).unwrap();
    assert_eq!(
        value(&home.open(), "SELECT max(version) FROM schema_migrations"),
        9
    );
    assert_eq!(
        program.0.migrations()[5].description(),
        "Add the status of tools"
    );
    // Those with a down are taken back; the others say themselves that they are not.
    for migration in program.0.migrations() {
        let is_meant = examples.iter().any(|(file, text)| {
            migration.file().ends_with(file) && text.contains("-- migrate: irreversible")
        });
        assert_ne!(migration.has_down(), is_meant, "{}", migration.file());
    }
}

#[test]
fn the_authoring_guide_names_commands_that_there_are() {
    let guide = include_str!("../docs/authoring.md");
    let home = Home::new();
    let named: Vec<&str> = guide
        .split('`')
        .filter_map(|code| code.strip_prefix("clankers "))
        .collect();
    for command in ["daemon", "migrate", "migrate:status", "migrate:rollback"] {
        assert!(
            named
                .iter()
                .any(|line| line.split(' ').next() == Some(command))
        );
    }
    for line in named {
        let words: Vec<&str> = line.split(' ').chain(["--help"]).collect();
        home.says(&words);
    }
    assert!(
        home.says(&["migrate:rollback", "--help"])
            .contains("--allow-release")
    );
}

#[test]
fn every_migration_runs_up_and_down_and_up_again() {
    let mut db = Connection::open_in_memory().unwrap();
    let migrator = storage::migrator();
    migrator.up(&mut db).unwrap();
    migrator.reset(&mut db).unwrap();
    assert_eq!(migrator.up(&mut db).unwrap().to(), LATEST);
}

// Helpers

const A_TOOL: &str = "INSERT INTO tools (id, session_id, tool_name, file_path, created_at)
                      VALUES ('t1', 's1', 'edit', 'src/a.rs', 1)";

impl Home {
    /// The database at `version`, with a row.
    fn holds_a_tool_at(&self, version: i64) {
        let mut db = self.open();
        storage::migrator().up_to(&mut db, version).unwrap();
        db.execute_batch(A_TOOL).unwrap();
    }

    /// A database at version 2, in which the third migration fails.
    fn with_a_column_in_the_way() -> Home {
        let home = Home::new();
        home.holds_a_tool_at(2);
        let by_hand = "ALTER TABLE tools ADD COLUMN summary TEXT";
        home.open().execute_batch(by_hand).unwrap();
        home
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command says that succeeds.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (said, error) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {error}");
        assert_eq!(error, "", "{arguments:?}");
        said
    }

    /// What a command says that fails, and says nothing else.
    fn fails(&self, arguments: &[&str]) -> String {
        let mut command = self.command(arguments);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        // A daemon that serves never comes to its end.
        if BufReader::new(stdout).read_line(&mut line).unwrap() > 0 {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(line, "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stderr)
    }

    fn version(&self) -> i64 {
        let version = storage::migrator().current_version(&mut self.open());
        version.unwrap()
    }
}

/// The program with other migrations.
struct Program(Folder);

/// The program's files, with `files` instead of those of the same name, or added to them.
fn program(files: &[(&str, &str)]) -> Program {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let own = fs::read_dir(own).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        File {
            path: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(path).unwrap(),
        }
    });
    let is_kept = |file: &File| files.iter().all(|(path, _)| file.path != *path);
    let mut all: Vec<File> = own.filter(is_kept).collect();
    all.extend(files.iter().map(|(path, text)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    }));
    let folder = Folder::of_files("migrations", &all, Options::new(Database::Sqlite));
    Program(folder.unwrap_or_else(|problems| panic!("{}", problems.join("\n"))))
}

impl Program {
    fn up(&self, home: &Home) -> Result<i64, String> {
        let set = self.0.migrations();
        let migrator = Migrator::new(&set).table(storage::TABLE);
        match migrator.up(&mut home.open()) {
            Ok(report) => Ok(report.to()),
            Err(error) => Err(storage::failure(&error)),
        }
    }
}

/// The files of the guide: blocks of SQL that begin with their name.
fn examples(guide: &str) -> Vec<(&str, &str)> {
    let blocks = guide.split("```sql\n-- ").skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().unwrap();
            block.split_once('\n').unwrap()
        })
        .collect()
}

/// Everything there is in a database.
fn schema(db: &Connection) -> String {
    listed(
        db,
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
    )
}

fn history_schema(db: &Connection) -> String {
    listed(
        db,
        "SELECT sql FROM sqlite_schema WHERE name = 'schema_migrations'",
    )
}

fn listed(db: &Connection, sql: &str) -> String {
    let mut statement = db.prepare(sql).unwrap();
    let lines = statement
        .query_map((), |row| row.get::<_, String>(0))
        .unwrap();
    lines.map(|line| line.unwrap() + "\n").collect()
}

/// The rows of the history: version, time, checksum, description.
fn history(db: &Connection) -> Vec<(i64, String, String, String)> {
    let mut statement = db
        .prepare("SELECT version, applied_at, checksum, description FROM schema_migrations ORDER BY version")
        .unwrap();
    let rows = statement.query_map((), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Without how long things took.
fn untimed(said: &str) -> String {
    let lines = said.lines().map(|line| match line.split_once(" (") {
        Some((before, _)) => format!("{before}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
