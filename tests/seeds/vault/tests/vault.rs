//! What a vault promises about its versions: on real files, and through the program.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use migrate_core::rusqlite::Connection;
use migrate_core::rusqlite::types::Value;
use migrate_core::{Error, ErrorKind, Migration, Migrator};
use seed_vault::models::{self, MODELS};
use seed_vault::{MIGRATIONS, apply_migrations, get_current_version, migrator, needs_migration};
use tempfile::TempDir;

// The table of versions.

#[test]
fn schema_version_has_its_columns() {
    let vault = Vault::migrated();
    let columns = vault.rows(
        "SELECT name, type, \"notnull\", pk FROM pragma_table_info('schema_version')
         WHERE name IN ('version', 'applied_at', 'description') ORDER BY name",
    );
    let expected = [
        "applied_at|TEXT|1|0",
        "description|TEXT|1|0",
        "version|INTEGER|0|1",
    ];
    assert_eq!(columns, expected);
}

#[test]
fn schema_version_is_kept_when_it_is_there() {
    let vault = Vault::migrated();
    let before = vault.schema();
    migrator().down(&mut vault.open(), 3).unwrap();
    assert_eq!(vault.tables(), ["schema_version"]);
    assert_eq!(apply_migrations(&mut vault.open()).unwrap(), [1, 2, 3]);
    assert_eq!(vault.schema(), before);
}

#[test]
fn schema_version_is_none_of_the_models() {
    assert!(MODELS.iter().all(|model| model.table != "schema_version"));
    let vault = Vault::new();
    models::create_all(&vault.open()).unwrap();
    assert!(!vault.tables().contains(&"schema_version".to_owned()));
}

#[test]
fn schema_version_of_another_make_is_refused_untouched() {
    let vault = Vault::new();
    let other = "CREATE TABLE schema_version (
                     version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL, description TEXT NOT NULL
                 );
                 INSERT INTO schema_version VALUES (1, '2025-03-01T09:30:00+00:00', 'Initial schema')";
    vault.open().execute_batch(other).unwrap();
    let before = fs::read(vault.path()).unwrap();
    let refusals = [
        get_current_version(&mut vault.open()).unwrap_err(),
        needs_migration(&mut vault.open()).unwrap_err(),
        apply_migrations(&mut vault.open()).unwrap_err(),
    ];
    for error in refusals {
        let ErrorKind::ForeignHistory { table, .. } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(table, "schema_version");
    }
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn applied_at_is_a_utc_timestamp() {
    let clock = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
    let vault = Vault::new();
    let before = vault.rows(clock);
    apply_migrations(&mut vault.open()).unwrap();
    let after = vault.rows(clock);
    let stamps = vault.rows("SELECT applied_at FROM schema_version");
    assert_eq!(stamps.len(), 3);
    for stamp in stamps {
        assert_eq!(stamp.len(), "2025-03-01T09:30:00.000Z".len(), "{stamp}");
        assert!(before[0] <= stamp && stamp <= after[0], "{stamp}");
    }
}

// A migration, and the registry of them.

#[test]
fn a_migration_has_version_description_up_and_down() {
    for migration in &MIGRATIONS {
        let version: Option<i64> = migration.version();
        let description: &str = migration.description();
        assert!(version.is_some() && !description.is_empty());
        assert!(migration.is_code() || migration.up_sql().is_some());
        assert!(migration.has_down(), "{description}");
    }
}

#[test]
fn the_registry_begins_with_the_initial_schema() {
    let registry: &[Migration<'_>] = &MIGRATIONS;
    assert_eq!(registry[0].version(), Some(1));
    assert_eq!(registry[0].description(), "Initial schema");
    assert!(registry[0].is_code());
    let versions: Vec<_> = registry.iter().filter_map(Migration::version).collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[test]
fn initial_schema_up_creates_all_models() {
    let vault = Vault::at(1);
    let by_hand = Vault::new();
    models::create_all(&by_hand.open()).unwrap();
    let mut schema = vault.schema();
    schema.retain(|sql| !sql.contains("schema_version"));
    assert_eq!(schema, by_hand.schema());
    assert_eq!(schema.len(), MODELS.len());
}

#[test]
fn initial_schema_up_inserts_the_version_record() {
    let vault = Vault::at(1);
    let records = vault.rows("SELECT version, description FROM schema_version");
    assert_eq!(records, ["1|Initial schema"]);
}

#[test]
fn initial_schema_down_drops_all_models() {
    let vault = Vault::at(1);
    let memory = "INSERT INTO memories VALUES (1, 'fact', 'Tea, not coffee', NULL, '2025-03-01')";
    let db = vault.open();
    db.execute_batch(memory).unwrap();
    db.execute_batch(
        "INSERT INTO tags VALUES (1, 'drinks'); INSERT INTO links VALUES (1, 1, 'is')",
    )
    .unwrap();
    drop(db);
    let report = migrator().down(&mut vault.open(), 1).unwrap();
    assert_eq!(report.reverted(), [1]);
    assert_eq!(vault.tables(), ["schema_version"]);
    assert!(vault.rows("SELECT version FROM schema_version").is_empty());
}

#[test]
fn initial_schema_takes_tables_that_are_there_already() {
    let vault = Vault::new();
    models::create_all(&vault.open()).unwrap();
    let memory = "INSERT INTO memories VALUES (7, 'event', 'Met Zoë', 'diary', '2025-03-01')";
    vault.open().execute_batch(memory).unwrap();
    assert_eq!(apply_migrations(&mut vault.open()).unwrap(), [1, 2, 3]);
    let memories = vault.rows("SELECT id, content, importance IS NULL FROM memories");
    assert_eq!(memories, ["7|Met Zoë|1"]);
    assert_eq!(vault.schema(), Vault::migrated().schema());
}

#[test]
fn every_migration_goes_down_and_up_again() {
    let stages: Vec<Vec<String>> = (0..=3).map(|version| Vault::at(version).schema()).collect();
    let vault = Vault::migrated();
    for version in [2, 1] {
        assert_eq!(migrator().down(&mut vault.open(), 1).unwrap().to(), version);
        assert_eq!(vault.schema(), stages[usize::try_from(version).unwrap()]);
    }
    assert_eq!(apply_migrations(&mut vault.open()).unwrap(), [2, 3]);
    assert_eq!(vault.schema(), stages[3]);
}

// The functions.

#[test]
fn the_functions_have_their_signatures() {
    let _: fn(&mut Connection) -> Result<i64, Error> = get_current_version;
    let _: fn(&mut Connection) -> Result<Vec<i64>, Error> = apply_migrations;
    let _: fn(&mut Connection) -> Result<bool, Error> = needs_migration;
}

#[test]
fn get_current_version_is_0_without_schema_version() {
    let vault = Vault::new();
    vault
        .open()
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    assert_eq!(get_current_version(&mut vault.open()).unwrap(), 0);
    assert_eq!(vault.tables(), ["other"]);
}

#[test]
fn apply_migrations_applies_what_is_unapplied_in_order() {
    for (version, applied) in [(0, &[1, 2, 3][..]), (1, &[2, 3]), (2, &[3]), (3, &[])] {
        let vault = Vault::at(version);
        assert_eq!(
            apply_migrations(&mut vault.open()).unwrap(),
            applied,
            "from {version}"
        );
        let records =
            vault.rows("SELECT version, description FROM schema_version ORDER BY version");
        let expected = ["1|Initial schema", "2|rate memories", "3|count recalls"];
        assert_eq!(records, expected, "from {version}");
    }
}

#[test]
fn needs_migration_below_the_latest_version() {
    for (version, needs) in [(0, true), (1, true), (2, true), (3, false)] {
        let vault = Vault::at(version);
        assert_eq!(get_current_version(&mut vault.open()).unwrap(), version);
        assert_eq!(needs_migration(&mut vault.open()).unwrap(), needs);
    }
    // An older program: the vault is above its latest version.
    let older = Migrator::new(&MIGRATIONS[..1]).table(seed_vault::VERSION_TABLE);
    assert!(
        !older
            .needs_migration(&mut Vault::migrated().open())
            .unwrap()
    );
}

#[test]
fn looking_writes_nothing() {
    let vault = Vault::new();
    let mut db = vault.open();
    assert_eq!(get_current_version(&mut db).unwrap(), 0);
    assert!(needs_migration(&mut db).unwrap());
    drop(db);
    assert_eq!(fs::metadata(vault.path()).unwrap().len(), 0);

    let vault = Vault::migrated();
    let before = fs::read(vault.path()).unwrap();
    assert_eq!(get_current_version(&mut vault.open()).unwrap(), 3);
    assert!(!needs_migration(&mut vault.open()).unwrap());
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn public_items_are_documented() {
    for source in [
        include_str!("../src/lib.rs"),
        include_str!("../src/models.rs"),
    ] {
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("//! "));
        let public =
            |at: &usize| lines[*at].starts_with("pub ") && !lines[*at].starts_with("pub mod");
        let items: Vec<usize> = (0..lines.len()).filter(public).collect();
        assert!(items.len() >= 5);
        for at in items {
            let above = lines[..at].iter().rev();
            let doc = above.clone().find(|line| !line.starts_with("#["));
            assert!(
                doc.is_some_and(|line| line.starts_with("///")),
                "{}",
                lines[at]
            );
        }
    }
}

// What it is accepted by.

#[test]
fn acceptance_version_is_0_on_a_fresh_database() {
    let vault = Vault::new();
    assert_eq!(get_current_version(&mut vault.open()).unwrap(), 0);
    let mut in_memory = Connection::open_in_memory().unwrap();
    assert_eq!(get_current_version(&mut in_memory).unwrap(), 0);
}

#[test]
fn acceptance_apply_creates_all_tables_of_the_models() {
    let vault = Vault::new();
    apply_migrations(&mut vault.open()).unwrap();
    let tables = vault.tables();
    for model in MODELS {
        assert!(tables.contains(&model.table.to_owned()), "{}", model.table);
    }
    assert_eq!(
        tables,
        ["links", "memories", "recalls", "schema_version", "tags"]
    );
}

#[test]
fn acceptance_version_is_1_after_the_first_migration() {
    let vault = Vault::new();
    let mut db = vault.open();
    let report = migrator().up_to(&mut db, 1).unwrap();
    assert_eq!(report.applied(), [1]);
    assert_eq!(get_current_version(&mut db).unwrap(), 1);
    apply_migrations(&mut db).unwrap();
    assert_eq!(get_current_version(&mut db).unwrap(), 3);
}

#[test]
fn acceptance_apply_twice_is_idempotent() {
    let vault = Vault::new();
    let mut db = vault.open();
    assert_eq!(apply_migrations(&mut db).unwrap(), [1, 2, 3]);
    let before = fs::read(vault.path()).unwrap();
    assert!(apply_migrations(&mut db).unwrap().is_empty());
    assert!(apply_migrations(&mut vault.open()).unwrap().is_empty());
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn acceptance_needs_migration_is_false_after_all() {
    let vault = Vault::new();
    let mut db = vault.open();
    assert!(needs_migration(&mut db).unwrap());
    apply_migrations(&mut db).unwrap();
    assert!(!needs_migration(&mut db).unwrap());
    assert!(!needs_migration(&mut vault.open()).unwrap());
}

// The program.

#[test]
fn program_migrates_and_rolls_back() {
    let vault = Vault::new();
    let session = [
        (&["version"][..], "version 0, needs migration to 3\n"),
        (&["migrate", "--to", "1"], "applied 1\n"),
        (&["version"], "version 1, needs migration to 3\n"),
        (&["migrate"], "applied 2, 3\n"),
        (&["migrate"], "applied nothing\n"),
        (&["version"], "version 3, nothing to migrate\n"),
        (&["rollback"], "took back 3\n"),
        (&["rollback", "--steps", "2"], "took back 2, 1\n"),
        (&["rollback"], "took back nothing\n"),
        (&["version"], "version 0, needs migration to 3\n"),
        (&["migrate"], "applied 1, 2, 3\n"),
    ];
    for (line, expected) in session {
        assert_eq!(vault.says(line), Ok(expected.to_owned()), "{line:?}");
    }
}

#[test]
fn program_makes_a_vault_only_to_migrate() {
    let vault = Vault::new();
    vault.says(&["version"]).unwrap();
    vault.says(&["rollback"]).unwrap();
    assert!(!vault.path().exists());
    vault.says(&["migrate"]).unwrap();
    assert!(vault.path().exists());
}

#[test]
fn program_tells_errors_on_stderr() {
    let vault = Vault::new();
    fs::write(vault.path(), "Dear diary, ".repeat(100)).unwrap();
    for line in [&["version"][..], &["migrate"], &["rollback"]] {
        let told = vault.says(line).unwrap_err();
        assert!(told.starts_with("error: "), "{told}");
        assert!(
            told.contains("vault.db") && told.contains("not a database"),
            "{told}"
        );
    }
}

/// A file for a vault, in a folder of its own.
struct Vault {
    folder: TempDir,
}

impl Vault {
    fn new() -> Vault {
        Vault {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn at(version: i64) -> Vault {
        let vault = Vault::new();
        migrator().up_to(&mut vault.open(), version).unwrap();
        vault
    }

    fn migrated() -> Vault {
        let vault = Vault::new();
        apply_migrations(&mut vault.open()).unwrap();
        vault
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    fn open(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn tables(&self) -> Vec<String> {
        self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    }

    fn schema(&self) -> Vec<String> {
        self.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    }

    /// Each row in one line, with `|` between its values.
    fn rows(&self, sql: &str) -> Vec<String> {
        let db = self.open();
        let mut statement = db.prepare(sql).unwrap();
        let count = statement.column_count();
        let rows = statement.query_map((), |row| {
            let values = (0..count).map(|at| row.get::<_, Value>(at));
            let values: Vec<String> = values
                .map(|value| value.map(text))
                .collect::<Result<_, _>>()?;
            Ok(values.join("|"))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// What the program says on stdout, or on stderr when it fails.
    fn says(&self, line: &[&str]) -> Result<String, String> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_vault"));
        program.args(line).arg("--database").arg(self.path());
        let Output {
            status,
            stdout,
            stderr,
        } = program.output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8(stdout).unwrap(),
            String::from_utf8(stderr).unwrap(),
        );
        if status.success() {
            assert_eq!(stderr, "");
            Ok(stdout)
        } else {
            assert_eq!((status.code(), stdout.as_str()), (Some(1), ""));
            Err(stderr)
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}
