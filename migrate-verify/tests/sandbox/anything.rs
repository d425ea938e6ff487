//! No set is a panic or an error, whatever it is.

use std::path::Path;

use migrate_source::Mode;
use migrate_verify::{Body, Migration, Repeatable, Script, Set, verify};
use proptest::prelude::*;

use crate::support::{strict, told};

const STATEMENTS: &[&str] = &[
    "CREATE TABLE a (id INTEGER PRIMARY KEY, x INT, y TEXT NOT NULL DEFAULT '')",
    "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT REFERENCES a (id) ON DELETE CASCADE)",
    "CREATE TABLE a (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID, STRICT",
    "CREATE TABLE c (x INT CHECK (x > 3), y AS (x * 2) STORED, UNIQUE (x, y) ON CONFLICT ROLLBACK)",
    "CREATE TABLE c AS SELECT * FROM a",
    "CREATE TABLE d (x REFERENCES nowhere, y REFERENCES a (nothing1))",
    "CREATE VIEW v AS SELECT * FROM a, b",
    "CREATE VIEW v AS SELECT * FROM v",
    "CREATE TEMP VIEW v AS SELECT * FROM a",
    "CREATE TEMP TABLE a (z)",
    "CREATE TRIGGER g AFTER INSERT ON a BEGIN INSERT INTO a (x) VALUES (new.x + 1); DELETE FROM b; END",
    "CREATE TRIGGER g BEFORE INSERT ON b BEGIN SELECT RAISE (ROLLBACK, 'no'); END",
    "CREATE TRIGGER g BEFORE DELETE ON a BEGIN SELECT RAISE (IGNORE); END",
    "CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN INSERT INTO nowhere VALUES (1); END",
    "CREATE INDEX i ON a (x)",
    "CREATE UNIQUE INDEX i ON a (x, lower(y)) WHERE x > 1",
    "CREATE VIRTUAL TABLE f USING fts5 (x, content = 'a', content_rowid = 'id')",
    "CREATE VIRTUAL TABLE f USING rtree (id, x, y)",
    "INSERT INTO a (x, y) VALUES (1, 'a'), (2, 'b')",
    "INSERT OR ROLLBACK INTO a (id, y) VALUES (1, 'a')",
    "INSERT OR REPLACE INTO a (id) VALUES (1)",
    "INSERT INTO b (a) SELECT id FROM a",
    "INSERT INTO f (f) VALUES ('rebuild')",
    "INSERT INTO v VALUES (1, 2, 3, 4, 5)",
    "UPDATE a SET x = NULL, y = x'00ff'",
    "UPDATE OR ROLLBACK a SET id = 1",
    "DELETE FROM a",
    "DELETE FROM sqlite_sequence",
    "ALTER TABLE a RENAME TO b",
    "ALTER TABLE b RENAME TO a",
    "ALTER TABLE a RENAME COLUMN x TO z",
    "ALTER TABLE a ADD COLUMN w INT NOT NULL",
    "ALTER TABLE a ADD COLUMN w INT REFERENCES b (id) DEFAULT 1",
    "ALTER TABLE a DROP COLUMN x",
    "DROP TABLE a",
    "DROP TABLE IF EXISTS b",
    "DROP VIEW v",
    "DROP TRIGGER g",
    "DROP INDEX i",
    "ANALYZE",
    "REINDEX",
    "VACUUM",
    "VACUUM INTO 'nowhere.db'",
    "ATTACH 'nowhere.db' AS other",
    "ATTACH '' AS other",
    "CREATE TABLE other.t (x)",
    "DETACH other",
    "BEGIN",
    "BEGIN EXCLUSIVE",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT pair",
    "SAVEPOINT seed",
    "RELEASE pair",
    "ROLLBACK TO pair",
    "PRAGMA foreign_keys = ON",
    "PRAGMA query_only = ON",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = OFF",
    "PRAGMA legacy_alter_table = ON",
    "PRAGMA schema_version = 1",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA encoding = 'UTF-16be'",
    "PRAGMA auto_vacuum = 1",
    "PRAGMA max_page_count = 1",
    "UPDATE sqlite_master SET sql = 'x'",
    "UPDATE sqlite_master SET sql = replace(sql, 'INT', 'TEXT')",
    "DELETE FROM sqlite_master WHERE type = 'table'",
    "INSERT INTO sqlite_master SELECT * FROM sqlite_master",
    "SELEKT 1",
    "SELECT load_extension('x')",
    "SELECT mine(1)",
    "'",
    "/*",
    "CREATE TRIGGER g AFTER UPDATE ON a BEGIN SELECT 1",
    "",
];

fn script() -> impl Strategy<Value = (String, Mode, bool, bool)> {
    let statement = prop_oneof![
        9 => prop::sample::select(STATEMENTS).prop_map(str::to_owned),
        // Cut short.
        1 => (prop::sample::select(STATEMENTS), 0..40_usize)
            .prop_map(|(text, at)| text.chars().take(at).collect()),
    ];
    let sql = prop::collection::vec(statement, 0..6).prop_map(|all| all.join(";\n") + ";");
    let mode = prop_oneof![
        6 => Just(Mode::Transaction),
        2 => Just(Mode::NoTransaction),
        1 => Just(Mode::Repeat),
    ];
    (
        sql,
        mode,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_set_is_a_panic_or_an_error(
        scripts in prop::collection::vec((script(), prop::option::of(script())), 1..8),
        repeatables in prop::collection::vec((script(), prop::option::of(script())), 0..3),
        seed in prop::option::weighted(0.3, script()),
    ) {
        fn of(script: &(String, Mode, bool, bool)) -> Script<'_> {
            Script {
                mode: script.1,
                foreign_keys: script.2,
                unverified: script.3,
                ..Script::new("a.sql", &script.0)
            }
        }
        let set = Set {
            migrations: (1..)
                .zip(&scripts)
                .map(|(version, (up, down))| Migration {
                    version,
                    up: Body::Sql(of(up)),
                    down: down.as_ref().map(of).map(Body::Sql),
                })
                .collect(),
            repeatables: repeatables
                .iter()
                .map(|(up, down)| Repeatable { up: of(up), down: down.as_ref().map(of) })
                .collect(),
            seed: seed.as_ref().map(of),
            options: strict(),
            is_incomplete: false,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("kept.verified");
        let first = verify(&set, Some(&store));
        prop_assert!(first.is_ok(), "{first:?}");
        let first = first.expect("checked");
        prop_assert_eq!(first.steps.len(), set.migrations.len());
        prop_assert_eq!(first.repeatables.len(), set.repeatables.len());
        // What was kept changes nothing.
        let again = verify(&set, Some(&store));
        prop_assert_eq!(told(&first.findings), told(&again.expect("the same").findings));
        prop_assert!(!Path::new("nowhere.db").exists());
    }
}
