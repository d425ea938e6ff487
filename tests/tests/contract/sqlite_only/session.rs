//! The connection is the caller's: what a run or a migration sets on it is put back.

use std::time::Duration;

use migrate_core::{Goal, Migrator};
use migrate_tests::contract::{A, B, C, Files, Stage, TestConnection, TestDatabase, told};
use migrate_tests::set;
use migrate_tests::sqlite::SqliteFile;

/// Settings, each with a value of a caller's and another of a migration's.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("automatic_index", "1", "0"),
    ("automatic_index", "0", "1"),
    ("busy_timeout", "1234", "1"),
    ("busy_timeout", "0", "77"),
    ("cache_size", "-1234", "10"),
    ("cell_size_check", "0", "1"),
    ("foreign_keys", "1", "0"),
    ("foreign_keys", "0", "1"),
    ("full_column_names", "0", "1"),
    ("ignore_check_constraints", "0", "1"),
    ("ignore_check_constraints", "1", "0"),
    ("legacy_alter_table", "0", "1"),
    ("legacy_alter_table", "1", "0"),
    ("read_uncommitted", "0", "1"),
    ("recursive_triggers", "0", "1"),
    ("recursive_triggers", "1", "0"),
    ("reverse_unordered_selects", "0", "1"),
    ("secure_delete", "0", "1"),
    ("short_column_names", "1", "0"),
    ("synchronous", "0", "2"),
    ("synchronous", "2", "1"),
    ("trusted_schema", "1", "0"),
    ("trusted_schema", "0", "1"),
    ("writable_schema", "0", "1"),
];

fn value(stage: &mut Stage<SqliteFile>, name: &str) -> String {
    stage.db.rows(&format!("PRAGMA {name}")).join(" ")
}

#[test]
fn settings_of_the_caller_are_put_back() {
    for (name, before, set) in SETTINGS {
        let pragma = format!("-- migrate: no-transaction\nPRAGMA {name} = {set};\n");
        let broken = format!("{pragma}OOPS;\n");
        let own = format!("PRAGMA {name} = {set};\n");
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[A, ("0002_p.sql", &pragma), C], "0 -> 3: up 1, up 2, up 3"),
            (
                &[A, ("0002_p.sql", &broken), C],
                "sql at 0002_p.sql:3, stopped after 1; kept 0 -> 1: up 1",
            ),
        ];
        for (files, result) in cases {
            let mut stage = Stage::<SqliteFile>::new();
            stage.trust_through(3);
            stage.db.sql(&format!("PRAGMA {name} = {before}"));
            assert_eq!(value(&mut stage, name), *before, "{name}");
            let folder = stage.folder(files);
            let set = folder.migrations();
            let migrator = stage.migrator(&set);
            assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), *result);
            assert_eq!(value(&mut stage, name), *before, "{name}");
        }
        // Inside of a transaction SQLite takes some of them, and ignores or refuses the others.
        let mut stage = Stage::<SqliteFile>::new();
        stage.trust_through(3);
        stage.db.sql(&format!("PRAGMA {name} = {before}"));
        let folder = stage.folder(&[A, ("0002_p.sql", &own), C]);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let _ = stage.db.bring(&migrator, Goal::Up);
        assert_eq!(value(&mut stage, name), *before, "{name}");
    }
}

#[test]
fn migration_that_forbids_writing_harms_nobody() {
    let mut stage = Stage::<SqliteFile>::new();
    let files: Files<'_> = &[A, ("0002_q.sql", "PRAGMA query_only = ON;\n"), C];
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] c[] @ 1 2 3",
    );
    assert_eq!(value(&mut stage, "query_only"), "0");
}

/// The lock is waited for as long as the run says, not as long as the connection does, and the
/// connection keeps its own time.
#[test]
fn busy_timeout_of_the_caller_does_not_count() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(&[A], Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.db.busy_timeout(Duration::from_secs(3600)).unwrap();
    stage.set(|migrator| migrator.lock_timeout(Duration::from_millis(5)));
    let mut other = stage.database.connect();
    other.lock();
    stage.check(&[A, C], Goal::Up, "lock timeout", "a[] @ 1");
    other.release();
    assert_eq!(value(&mut stage, "busy_timeout"), "3600000");
}

/// Tables of the connection's own outlive a run, and none stands in its way.
#[test]
fn temporary_tables_are_left_alone() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql(
        "CREATE TEMP TABLE _migrate_history (x); INSERT INTO temp._migrate_history VALUES (7)",
    );
    stage
        .db
        .sql("CREATE TEMP TABLE _migrate_history_repeatable (x)");
    let v = (
        "R__v.sql",
        "CREATE VIEW IF NOT EXISTS v AS SELECT 1 AS x;\n",
    );
    stage.check(&[A, v], Goal::Up, "0 -> 1: up 1, up v", "a[] v[1] @ 1");
    stage.check(&[A, C, v], Goal::Up, "1 -> 3: up 3", "a[] c[] v[1] @ 1 3");
    assert_eq!(stage.db.rows("SELECT x FROM temp._migrate_history"), ["7"]);
}

#[test]
fn attached_databases_are_left_alone() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql(
        "ATTACH ':memory:' AS aux; CREATE TABLE aux._migrate_history (x); CREATE TABLE aux.log (x);
         INSERT INTO aux._migrate_history VALUES (7)",
    );
    let log = (
        "0002_log.sql",
        "INSERT INTO aux.log VALUES (1); CREATE TABLE b (x);",
    );
    stage.check(&[A, log], Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let broken = ("0003_log.sql", "INSERT INTO aux.log VALUES (2);\nOOPS;");
    let words = "sql at 0003_log.sql:2, rolled back";
    stage.check(&[A, log, broken], Goal::Up, words, "a[] b[] @ 1 2");
    assert_eq!(stage.db.rows("SELECT x FROM aux.log"), ["1"]);
    assert_eq!(stage.db.rows("SELECT x FROM aux._migrate_history"), ["7"]);
}

/// The history is a table of the main database: others of its name are anybody's.
#[test]
fn migrations_may_write_to_other_tables_of_the_history_s_name() {
    let mut stage = Stage::<SqliteFile>::new();
    stage
        .db
        .sql("ATTACH ':memory:' AS aux; CREATE TABLE aux._migrate_history (x)");
    let text =
        "CREATE TEMP TABLE _migrate_history (x); INSERT INTO temp._migrate_history VALUES (1);
        INSERT INTO aux._migrate_history VALUES (2); DROP TABLE temp._migrate_history;";
    stage.check(
        &[A, ("0002_t.sql", text), C],
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] c[] @ 1 2 3",
    );
    assert_eq!(stage.db.rows("SELECT x FROM aux._migrate_history"), ["2"]);
}

/// One migrator serves any number of connections and threads.
#[test]
fn migrator_can_be_shared() {
    let folder = set(&[A, B]);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut stage = Stage::<SqliteFile>::new();
                assert_eq!(
                    told(&stage.db.bring(&migrator, Goal::Up)),
                    "0 -> 2: up 1, up 2"
                );
            });
        }
    });
}

/// So that a fresh database and an upgraded one go through the same.
#[test]
fn settings_of_a_migration_end_with_it() {
    let view =
        "CREATE TABLE a (x);\nCREATE VIEW v AS SELECT x FROM a;\nPRAGMA legacy_alter_table = ON;\n";
    let stepwise = format!("-- migrate: no-transaction\n{view}");
    for first in [view, &stepwise] {
        let files: Files<'_> = &[
            ("0001_a.sql", first),
            ("0002_b.sql", "ALTER TABLE a RENAME TO b;\n"),
        ];
        let mut schemas = Vec::new();
        for steps in [&[Goal::Up] as &[Goal], &[Goal::UpTo(1), Goal::Up]] {
            let mut stage = Stage::<SqliteFile>::new();
            let folder = stage.folder(files);
            let set = folder.migrations();
            let migrator = stage.migrator(&set);
            for goal in steps {
                stage.db.bring(&migrator, *goal).unwrap();
            }
            schemas.push(stage.schema());
        }
        assert_eq!(schemas[0], schemas[1]);
        assert!(schemas[0].contains("\"b\""), "{}", schemas[0]);
    }
}

/// It would lock everybody else out for as long as the connection lives.
#[test]
fn exclusive_locking_ends_with_the_run() {
    let mut stage = Stage::<SqliteFile>::new();
    let files: Files<'_> = &[
        A,
        (
            "0002_l.sql",
            "PRAGMA locking_mode = EXCLUSIVE;\nCREATE TABLE l (x);\n",
        ),
    ];
    stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "a[] l[] @ 1 2");
    let mut other = stage.database.connect();
    other.sql("INSERT INTO l VALUES (1)");
}
