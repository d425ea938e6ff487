//! The schema has one source, one version and one way into a store.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{LATEST, Place, Stand, TABLES, rows, user_version};
use migrate_core::rusqlite::Connection;
use migrate_core::{Event, Transactions};
use seed_pmd::{Database, DocumentMetadataRepository, MIGRATIONS, migrator};

#[test]
fn schema_version_is_the_version_of_the_store() {
    let place = Place::new();
    for version in 1..=LATEST {
        migrator().up_to(&mut place.connect(), version).unwrap();
        assert_eq!(user_version(&place.connect()), version);
    }
    for version in (0..LATEST).rev() {
        migrator().down_to(&mut place.connect(), version).unwrap();
        assert_eq!(user_version(&place.connect()), version);
    }
}

#[test]
fn the_ten_tables_are_those_of_the_initial_schema() {
    let mut db = Connection::open_in_memory().unwrap();
    migrator().up_to(&mut db, 1).unwrap();
    let mut tables = db
        .prepare(
            "SELECT name FROM pragma_table_list
             WHERE schema = 'main' AND type IN ('table', 'virtual')
               AND name NOT IN ('sqlite_schema', '_migrate_history') ORDER BY name",
        )
        .unwrap();
    let names = tables.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    assert_eq!(names, TABLES);
    let fts: String = db
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'documents_fts'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert!(fts.contains("fts5"), "{fts}");
}

/// A table that somebody has dropped is not made again: its migration has run.
#[test]
fn connecting_runs_no_schema() {
    let place = Place::new();
    drop(Database::open(&place.store()).unwrap());
    let lost = "DROP TABLE ollama_cache";
    place.connect().execute_batch(lost).unwrap();
    let before = fs::read(place.store()).unwrap();
    drop(Database::open(&place.store()).unwrap());
    assert_eq!(fs::read(place.store()).unwrap(), before);
    assert!(!place.connect().table_exists(None, "ollama_cache").unwrap());
}

#[test]
fn migrations_have_a_directory_of_their_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for migration in &MIGRATIONS {
        let name = Path::new(migration.file()).file_name().unwrap();
        assert!(folder.join(name).is_file(), "{name:?}");
    }
    let versions: Vec<_> = MIGRATIONS
        .iter()
        .map(migrate_core::Migration::version)
        .collect();
    assert_eq!(versions, (1..=LATEST).map(Some).collect::<Vec<_>>());
}

/// Another connection looks while the runner is inside the transaction of each step, and after it.
#[test]
fn user_version_is_atomic_with_each_migration() {
    let place = Place::new();
    let store = place.store();
    let stands: Vec<Stand> = (0..=LATEST)
        .map(|version| {
            let mut db = Connection::open_in_memory().unwrap();
            migrator().up_to(&mut db, version).unwrap();
            Stand::of(&db)
        })
        .collect();
    let seen = std::sync::Mutex::new(Vec::new());
    let look = |event: &Event<'_>| {
        if let Event::Started { .. } | Event::Finished { .. } = event {
            let stand = Stand::of(&Connection::open(&store).unwrap());
            seen.lock().unwrap().push(stand.user_version);
            let version = usize::try_from(stand.user_version).unwrap();
            assert_eq!(stand, stands[version]);
        }
    };
    let watched = migrator().transactions(Transactions::Each).observe(look);
    watched.up(&mut place.connect()).unwrap();
    // A step is told as finished before its transaction is, so the other still sees what was.
    assert_eq!(*seen.lock().unwrap(), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(Stand::of(&place.connect()), stands[4]);
}

#[test]
fn a_migration_can_be_code_with_an_up_and_a_description() {
    let code = &MIGRATIONS[2];
    assert!(code.file().ends_with("0003_count_words.rs"));
    assert_eq!(code.description(), "Count the words of every document");
    let place = Place::in_use_since_version_1();
    assert_eq!(
        migrator().up_to(&mut place.connect(), 3).unwrap().applied(),
        [2, 3]
    );
    let sum = "SELECT sum(words) FROM documents";
    assert_eq!(place.connect().query_row(sum, (), |row| row.get(0)), Ok(7));
}

/// Each migration runs a second time on its own result, and changes nothing.
#[test]
fn migrations_are_idempotent() {
    let place = Place::in_use_since_version_1();
    let mut db = place.connect();
    for version in 1..=LATEST {
        migrator().up_to(&mut db, version).unwrap();
        let before = (Stand::of(&db), rows(&db));
        migrator().unmark(&mut db, version).unwrap();
        assert_eq!(
            migrator().up_to(&mut db, version).unwrap().applied(),
            [version]
        );
        assert_eq!((Stand::of(&db), rows(&db)), before, "version {version}");
    }
}

#[test]
fn runner_applies_all_from_current_to_latest() {
    for current in 0..=LATEST {
        let mut db = Connection::open_in_memory().unwrap();
        migrator().up_to(&mut db, current).unwrap();
        let expected: Vec<i64> = (current + 1..=LATEST).collect();
        assert_eq!(migrator().up(&mut db).unwrap().applied(), expected);
        assert_eq!(user_version(&db), LATEST);
    }
}

#[test]
fn version_1_is_the_initial_schema() {
    let first = &MIGRATIONS[0];
    assert_eq!(first.version(), Some(1));
    assert_eq!(first.description(), "Initial schema with all core tables");
    assert!(
        first
            .file()
            .ends_with("migrations/0001_initial_schema.up.sql")
    );
}

/// What version 1 shipped is the first file of today, byte for byte.
#[test]
fn future_changes_are_new_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for shipped in files(&folder.join("../pmd-old/migrations")) {
        let today = folder.join("migrations").join(shipped.file_name().unwrap());
        assert_eq!(
            fs::read(&shipped).unwrap(),
            fs::read(&today).unwrap(),
            "{today:?}"
        );
    }
    for (at, migration) in MIGRATIONS.iter().enumerate() {
        let number = format!("/{:04}_", at + 1);
        assert!(migration.file().contains(&number), "{}", migration.file());
    }
}

#[test]
fn schema_is_a_reference_that_the_migrations_make() {
    let place = Place::new();
    let reference = place.pmd(&["schema"]).well();
    assert!(
        reference
            .starts_with("-- The schema at version 4, for reading only: deprecated as a source.\n")
    );
    assert!(!place.store().exists());
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&reference).unwrap();
    let made_by_reference = Stand::of(&db).schema;
    let mut made_by_migrations = Stand::fresh().schema;
    made_by_migrations.retain(|(name, _)| !name.contains("_migrate_history"));
    assert_eq!(made_by_reference, made_by_migrations);
}

#[test]
fn opening_runs_the_migrations() {
    let place = Place::new();
    let store = Database::open(&place.store()).unwrap();
    assert_eq!(store.report().applied(), [1, 2, 3, 4]);
    assert_eq!(Stand::of(&place.connect()), Stand::fresh());
}

#[test]
fn get_current_version_reads_the_pragma() {
    let place = Place::new();
    let store = Database::open(&place.store()).unwrap();
    assert_eq!(store.version(), Ok(LATEST));
    let mut db = place.connect();
    assert_eq!(migrator().current_version(&mut db).unwrap(), LATEST);
    db.pragma_update(None, "user_version", 7).unwrap();
    assert_eq!(store.version(), Ok(7));
    // Somebody else has written it: that is found, and nothing runs because of it.
    assert_eq!(migrator().verify(&mut db).unwrap().counter, Some(7));
    assert!(migrator().up(&mut db).unwrap().is_empty());
}

#[test]
fn set_version_follows_each_migration() {
    let mut db = Connection::open_in_memory().unwrap();
    for version in 1..=LATEST {
        migrator().mark(&mut db, version).unwrap();
        assert_eq!(user_version(&db), version);
    }
}

#[test]
fn run_migrations_tells_how_many_it_applied() {
    let place = Place::new();
    migrator().up_to(&mut place.connect(), 1).unwrap();
    for expected in [3, 0] {
        let store = Database::open(&place.store()).unwrap();
        assert_eq!(store.report().applied().len(), expected);
    }
}

#[test]
fn ensure_table_is_gone() {
    let name = ["_ensure", "_table"].concat();
    for file in sources() {
        assert!(
            !fs::read_to_string(&file).unwrap().contains(&name),
            "{file:?}"
        );
    }
}

/// On a database that was not migrated, the repository fails, and makes nothing.
#[test]
fn repository_assumes_that_the_tables_exist() {
    let db = Connection::open_in_memory().unwrap();
    let metadata = DocumentMetadataRepository::new(&db);
    for (table, result) in [
        ("document_metadata", metadata.set(1, "author", "Zoë")),
        ("document_metadata", metadata.get(1, "author").map(drop)),
        ("document_tags", metadata.tag(1, "baking")),
        ("documents", metadata.tagged("baking").map(drop)),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains(&format!("no such table: {table}")),
            "{error}"
        );
    }
    assert_eq!(Stand::of(&db).schema, []);
}

/// A store that was just opened has the tables of the repository, a fresh one and an old one.
#[test]
fn migrations_run_before_the_repository() {
    for place in [Place::new(), Place::in_use_since_version_1()] {
        place.file("tea.md", "Tea");
        place.pmd(&["add", "tea.md", "--tag", "drink"]).well();
        let store = Database::open(&place.store()).unwrap();
        let metadata = store.metadata();
        assert_eq!(metadata.tagged("drink").unwrap(), ["tea.md"]);
        metadata.set(1, "author", "Ann").unwrap();
        metadata.set(1, "author", "Ben").unwrap();
        assert_eq!(metadata.get(1, "author").unwrap().as_deref(), Some("Ben"));
        assert_eq!(metadata.get(1, "year").unwrap(), None);
    }
}

#[test]
fn no_table_is_made_outside_migrations() {
    let made = |text: &str| -> Vec<String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
        let is_ddl = |pair: &&[String]| {
            let kinds = [
                "TABLE",
                "VIRTUAL",
                "TEMP",
                "TEMPORARY",
                "INDEX",
                "UNIQUE",
                "TRIGGER",
            ];
            pair[0].ends_with("CREATE") && kinds.iter().any(|kind| pair[1].starts_with(kind))
        };
        words
            .windows(2)
            .filter(is_ddl)
            .map(|pair| pair.join(" "))
            .collect()
    };
    for file in sources() {
        let found = made(&fs::read_to_string(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/0001_initial_schema.up.sql");
    assert_eq!(
        made(&fs::read_to_string(first).unwrap()).len(),
        TABLES.len()
    );
}

/// Every file of the program and of the one it was, but for the folders of migrations.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for package in [root.to_owned(), root.join("../pmd-old")] {
        let mut folders = vec![package];
        while let Some(folder) = folders.pop() {
            for path in files(&folder) {
                match path.file_name().and_then(|name| name.to_str()) {
                    Some("migrations" | "target") => {}
                    _ if path.is_dir() => folders.push(path),
                    _ => found.push(path),
                }
            }
        }
    }
    assert!(found.iter().any(|path| path.ends_with("src/metadata.rs")));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
