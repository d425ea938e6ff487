//! Odd names and texts.

use migrate_source::Mode;
use migrate_verify::Script;

use crate::run_scripts;
use crate::support::{run_ups, told};

#[test]
fn odd_names() {
    for name in [
        "a b",
        "a\"b",
        "a'b",
        "a`b",
        "a]b",
        "[",
        "é",
        "ÄÖ",
        "sélect",
        "",
        " ",
        "a;b",
        "--",
        "/*",
        "a.b",
        "%s",
        "\u{1F600}",
        "\u{feff}x",
        "SELECT",
        "main",
        "temp",
    ] {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let ups = [
            format!(
                "CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} TEXT UNIQUE, c INT REFERENCES {quoted} (id));"
            ),
            format!(
                "CREATE VIEW v AS SELECT {quoted} FROM {quoted}; CREATE INDEX i ON {quoted} ({quoted});"
            ),
            format!(
                "CREATE TRIGGER g AFTER INSERT ON {quoted} BEGIN UPDATE {quoted} SET {quoted} = NULL; END;"
            ),
            format!(
                "DROP VIEW v; CREATE TABLE \"new\" (id INTEGER PRIMARY KEY, {quoted} TEXT, c INT);
                     INSERT INTO \"new\" SELECT id, {quoted}, c FROM {quoted};
                     DROP TABLE {quoted}; ALTER TABLE \"new\" RENAME TO {quoted};"
            ),
        ];
        let ups: Vec<&str> = ups.iter().map(String::as_str).collect();
        assert_eq!(told(&run_ups(&ups).findings), "", "{name:?}");
    }
}

#[test]
fn odd_texts() {
    for sql in [
        "",
        ";",
        ";;;",
        "-- only a comment",
        "/*",
        "'",
        "\"",
        "[",
        "`",
        "\0",
        "SELECT 1\0; SELEKT 2;",
        "CREATE TABLE \"a\0b\" (x);",
        "\u{feff}SELECT 1;",
        "EXPLAIN SELECT 1;",
        "EXPLAIN QUERY PLAN DELETE FROM sqlite_master;",
        "?1",
        "SELECT ?1, :a, @b, $c;",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "END; END; BEGIN; BEGIN;",
        "SAVEPOINT a",
        "RELEASE a",
        "ROLLBACK TO a",
        "SAVEPOINT pair; RELEASE pair;",
        "SAVEPOINT migrate_row; SAVEPOINT seed;",
        "RELEASE pair; ROLLBACK TO pair",
        "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END; COMMIT;",
        "CREATE TRIGGER t BEGIN SELECT 1;",
        "DROP TABLE sqlite_master",
        "DELETE FROM sqlite_master",
        "CREATE TABLE sqlite_x (y)",
        "CREATE TABLE sqlite_sequence (name, seq)",
        "PRAGMA",
        "PRAGMA x = y",
        "VACUUM",
        "ANALYZE sqlite_master",
    ] {
        for mode in [Mode::Transaction, Mode::NoTransaction, Mode::Repeat] {
            for foreign_keys in [false, true] {
                let script = Script {
                    mode,
                    foreign_keys,
                    ..Script::new("a.sql", sql)
                };
                let after = Script::new(
                    "b.sql",
                    "CREATE TABLE after (id INTEGER PRIMARY KEY);\nSELEKT 1;",
                );
                let findings = run_scripts(&[script, after]).findings;
                let last = told(&findings[findings.len() - 1..]);
                assert_eq!(
                    last, "failing_up b.sql:2:1 near \"SELEKT\": syntax error",
                    "{sql:?} {mode:?}"
                );
            }
        }
    }
}
