//! The ways a store comes to the version of the program: fresh, older, current, and not at all.

mod common;

use common::{LATEST, Place, Stand, TABLES, rows, user_version};
use migrate_core::rusqlite::{Connection, OpenFlags};
use migrate_core::{ErrorKind, Migrator, Outcome, Transactions};
use seed_pmd::{Database, MIGRATIONS, migrator};

#[test]
fn fresh_database_initialization() {
    let place = Place::new();
    assert_eq!(
        place.pmd(&["init"]).well(),
        "migrated from version 0 to 4\n"
    );
    let db = place.connect();
    assert_eq!(user_version(&db), LATEST);
    for table in TABLES {
        assert!(db.table_exists(None, table).unwrap(), "{table}");
    }
}

#[test]
fn upgrade_from_prior_version() {
    let place = Place::in_use_since_version_1();
    let before = rows(&place.connect());
    assert_eq!(user_version(&place.connect()), 1);

    assert_eq!(
        place.pmd(&["init"]).well(),
        "migrated from version 1 to 4\n"
    );
    let db = place.connect();
    assert_eq!(rows(&db), before);
    assert_eq!(Stand::of(&db), Stand::fresh());
    let mut words = db
        .prepare("SELECT words FROM documents ORDER BY id")
        .unwrap();
    let words: Vec<i64> = words
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(words, [7, 0]);
    assert_eq!(
        place.pmd(&["search", "flour"]).well(),
        "bread.md: Bread\n    # Bread Mix [flour], water and salt.\n"
    );
    assert_eq!(place.pmd(&["tagged", "baking"]).well(), "bread.md\n");
}

#[test]
fn no_op_when_already_at_latest_version() {
    let place = Place::new();
    place.pmd(&["init"]).well();
    let before = std::fs::read(place.store()).unwrap();
    assert_eq!(place.pmd(&["init"]).well(), "up to date at version 4\n");
    assert_eq!(std::fs::read(place.store()).unwrap(), before);

    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let mut db = Connection::open_with_flags(place.store(), flags).unwrap();
    assert!(migrator().up(&mut db).unwrap().is_empty());
}

/// Version 2 makes its triggers before the statement that fails.
#[test]
fn rollback_safety() {
    let place = Place::in_use_since_version_1();
    let db = place.connect();
    db.execute_batch("ALTER TABLE content RENAME COLUMN body TO text")
        .unwrap();
    let (stand, before) = (Stand::of(&db), rows(&db));
    drop(db);

    let said = place.pmd(&["init"]).badly();
    let expected = [
        "error: no such column: content.body",
        "migrations/0002_keep_search_current.up.sql:23:55",
        "rolled back: nothing of it was applied",
    ];
    for part in expected {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(Stand::of(&place.connect()), stand);
    assert_eq!(rows(&place.connect()), before);
    assert_eq!(stand.user_version, 1);

    let mend = "ALTER TABLE content RENAME COLUMN text TO body";
    place.connect().execute_batch(mend).unwrap();
    assert_eq!(
        place.pmd(&["init"]).well(),
        "migrated from version 1 to 4\n"
    );
}

/// Version 3 adds its column before it reads a text that is none.
#[test]
fn rollback_safety_of_code() {
    let place = Place::in_use_since_version_1();
    let mut db = place.connect();
    migrator().up_to(&mut db, 2).unwrap();
    db.execute_batch("UPDATE content SET body = x'ff' WHERE body = ''")
        .unwrap();
    let stand = Stand::of(&db);

    let error = migrator().up(&mut db).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Code { .. }), "{error}");
    assert_eq!(error.failed().unwrap().outcome, Outcome::RolledBack);
    assert_eq!(Stand::of(&db), stand);
    assert_eq!(stand.user_version, 2);
    assert!(!db.column_exists(None, "documents", "words").unwrap());
}

/// What came before the migration that fails is kept, with its version: on a fresh store, where all
/// share a transaction, and with a transaction each.
#[test]
fn a_failure_keeps_the_versions_before_it() {
    for transactions in [Transactions::Auto, Transactions::Each] {
        let place = Place::new();
        let mut db = place.connect();
        // The name is taken, so that the second index of version 4 cannot be made.
        db.execute_batch("CREATE VIEW documents_by_hash AS SELECT 1")
            .unwrap();
        let error = migrator()
            .transactions(transactions)
            .up(&mut db)
            .unwrap_err();
        assert_eq!(error.report().to(), 3, "{error}");
        assert_eq!(user_version(&db), 3);
        let versions: Vec<i64> = Stand::of(&db).history.iter().map(|row| row.0).collect();
        assert_eq!(versions, [1, 2, 3]);
        let index = "SELECT count(*) FROM sqlite_schema WHERE name = 'document_tags_by_tag'";
        assert_eq!(db.query_row(index, (), |row| row.get(0)), Ok(0));
    }
}

#[test]
fn every_migration_runs_up_and_down_and_up_again() {
    let mut db = Connection::open_in_memory().unwrap();
    migrator().up(&mut db).unwrap();
    let stand = Stand::of(&db);
    assert_eq!(migrator().reset(&mut db).unwrap().reverted(), [4, 3, 2, 1]);
    assert_eq!(user_version(&db), 0);
    for table in TABLES {
        assert!(!db.table_exists(None, table).unwrap(), "{table}");
    }
    migrator().up(&mut db).unwrap();
    assert_eq!(Stand::of(&db), stand);
}

/// Whatever version a store has, it ends as a fresh one.
#[test]
fn fresh_and_upgraded_stores_go_the_same_way() {
    let fresh = Stand::fresh();
    for version in 0..=LATEST {
        let place = Place::new();
        migrator().up_to(&mut place.connect(), version).unwrap();
        let store = Database::open(&place.store()).unwrap();
        let lacking: Vec<i64> = (version + 1..=LATEST).collect();
        assert_eq!(store.report().applied(), lacking, "from {version}");
        assert_eq!(store.version(), Ok(LATEST));
        assert_eq!(Stand::of(&place.connect()), fresh, "from {version}");
    }
}

/// A store from before there were versions has all tables, or those that a part of the program made.
#[test]
fn existing_databases_without_a_version_are_taken_over() {
    let forget = "DROP TABLE _migrate_history; PRAGMA user_version = 0;";
    let only_some = "DROP TABLE ollama_cache; DROP TABLE documents_fts; DROP TABLE path_contexts;";
    for (case, lost) in [("all tables", ""), ("some tables", only_some)] {
        let place = Place::in_use_since_version_1();
        place
            .connect()
            .execute_batch(&format!("{forget}{lost}"))
            .unwrap();
        assert_eq!(
            place.pmd(&["init"]).well(),
            "migrated from version 0 to 4\n",
            "{case}"
        );
        assert_eq!(Stand::of(&place.connect()), Stand::fresh(), "{case}");
        assert_eq!(
            place.pmd(&["tagged", "baking"]).well(),
            "bread.md\n",
            "{case}"
        );
        let found = place.pmd(&["search", "flour"]).well();
        assert!(found.starts_with("bread.md: Bread\n"), "{case}: {found}");
    }
}

/// A number alone does not tell what ran: somebody has to say it.
#[test]
fn existing_databases_with_nothing_but_a_version_are_refused_until_marked() {
    let place = Place::in_use_since_version_1();
    place
        .connect()
        .execute_batch("DROP TABLE _migrate_history")
        .unwrap();
    let stand = Stand::of(&place.connect());
    assert_eq!(stand.user_version, 1);
    let said = place.pmd(&["init"]).badly();
    assert!(
        said.starts_with("error: `PRAGMA user_version` is 1, but"),
        "{said}"
    );
    assert_eq!(Stand::of(&place.connect()), stand);

    migrator().mark(&mut place.connect(), 1).unwrap();
    assert_eq!(
        place.pmd(&["init"]).well(),
        "migrated from version 1 to 4\n"
    );
    assert_eq!(Stand::of(&place.connect()), Stand::fresh());
}

#[test]
fn an_older_program_leaves_a_newer_store_alone() {
    let place = Place::new();
    place.pmd(&["init"]).well();
    let stand = Stand::of(&place.connect());
    let older = Migrator::new(&MIGRATIONS[..1]).user_version(true);
    let error = older.up(&mut place.connect()).unwrap_err();
    let newer = |kind: &ErrorKind| {
        matches!(
            kind,
            ErrorKind::Newer {
                database: 4,
                program: 1,
                ..
            }
        )
    };
    assert!(newer(error.kind()), "{error}");
    assert_eq!(Stand::of(&place.connect()), stand);
}
