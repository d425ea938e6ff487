//! What one script sets does not reach another.

use migrate_source::Mode;
use migrate_verify::Script;

use crate::run_scripts;
use crate::support::{run_ups, told};

/// Checks that a statement in one migration, in a transaction and without, changes nothing for others: what is
/// right stays right, what is wrong is found.
#[track_caller]
fn check_setting(setting: &str) {
    for mode in [Mode::Transaction, Mode::NoTransaction] {
        let scripts = [
            Script::new(
                "a.sql",
                "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
                 CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);
                 CREATE VIEW v AS SELECT p.name, c.id FROM p JOIN c ON c.p = p.id;",
            ),
            Script {
                mode,
                ..Script::new("b.sql", setting)
            },
            Script::new(
                "c.sql",
                "DROP VIEW v;
                 CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
                 INSERT INTO n SELECT id, name FROM p;
                 DROP TABLE p;
                 ALTER TABLE n RENAME TO p;",
            ),
            Script::new("d.sql", "INSERT INTO p VALUES (50, '');"),
            Script::new("e.sql", "ALTER TABLE p ADD COLUMN x INT NOT NULL;"),
            Script::new("f.sql", "CREATE VIEW w AS SELECT nowhere FROM p;"),
            Script::new(
                "g.sql",
                "INSERT INTO p (id, name) VALUES (60, 'a');
                 CREATE TABLE l (x TEXT CHECK (x LIKE 'A%'));
                 INSERT INTO l VALUES ('abc');
                 DELETE FROM p WHERE id = 60;",
            ),
        ];
        let alone = |finding: &migrate_source::Finding| {
            finding
                .place
                .as_ref()
                .is_none_or(|place| place.path != "b.sql")
        };
        let mut findings = run_scripts(&scripts).findings;
        findings.retain(alone);
        assert_eq!(
            told(&findings),
            "failing_up d.sql:1:1 CHECK constraint failed: name <> ''
failing_on_rows e.sql:1:1 on tables with rows: Cannot add a NOT NULL column with default value NULL
broken_view f.sql:1:25 the view `w` cannot be read: no such column: nowhere",
            "{setting} {mode:?}"
        );
    }
}

#[test]
fn settings_end_with_their_script() {
    for setting in [
        "SELECT 1;",
        "PRAGMA foreign_keys = ON;",
        "PRAGMA recursive_triggers = ON;",
        "PRAGMA case_sensitive_like = ON;",
        "PRAGMA legacy_alter_table = ON;",
        "PRAGMA writable_schema = ON;",
        "PRAGMA writable_schema(1);",
        "PRAGMA query_only = ON;",
        "PRAGMA main.query_only = 1;",
        "PRAGMA ignore_check_constraints = ON;",
        "PRAGMA defer_foreign_keys = ON;",
        "PRAGMA max_page_count = 3;",
        "PRAGMA locking_mode = EXCLUSIVE;",
        "PRAGMA page_size = 512;",
        "PRAGMA page_size = 65536; VACUUM;",
        "PRAGMA journal_mode = OFF;",
        "PRAGMA journal_mode = WAL;",
        "PRAGMA count_changes = ON;",
        "PRAGMA full_column_names = ON; PRAGMA short_column_names = OFF;",
        "PRAGMA empty_result_callbacks = ON;",
        "PRAGMA reverse_unordered_selects = ON;",
        "PRAGMA trusted_schema = OFF;",
        "PRAGMA cell_size_check = ON;",
        "PRAGMA hard_heap_limit = 1000; PRAGMA soft_heap_limit = 1000;",
        "PRAGMA temp_store = FILE;",
        "PRAGMA auto_vacuum = FULL; VACUUM;",
        "PRAGMA secure_delete = ON;",
        "PRAGMA user_version = 17;",
        "PRAGMA schema_version = 1;",
        "PRAGMA schema_version = 3;",
        "PRAGMA cache_size = 0; PRAGMA cache_spill = 1;",
        "PRAGMA automatic_index = OFF;",
        "PRAGMA read_uncommitted = ON;",
        "PRAGMA mmap_size = 1000000;",
        "PRAGMA encoding = 'UTF-16';",
        "PRAGMA threads = 8; PRAGMA busy_timeout = 1;",
        "PRAGMA analysis_limit = 1; PRAGMA optimize;",
        "BEGIN; PRAGMA query_only = ON;",
    ] {
        check_setting(setting);
    }
}

#[test]
fn a_text_in_another_encoding() {
    let findings = run_ups(&[
        "PRAGMA encoding = 'UTF-16';",
        "CREATE TABLE \"é\" (id INTEGER PRIMARY KEY, x TEXT);",
        "-- migrate: no-transaction\nALTER TABLE \"é\" ADD COLUMN y TEXT;",
        "CREATE VIEW v AS SELECT 'é', nowhere FROM \"é\";",
    ])
    .findings;
    assert_eq!(
        told(&findings),
        "broken_view 0004_m.sql:1:30 the view `v` cannot be read: no such column: nowhere"
    );
}

#[test]
fn a_schema_that_is_written_by_hand() {
    let with = |edit: &str| {
        let findings = run_ups(&[
            "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT CHECK (kind IN ('a', 'b')));",
            edit,
            "INSERT INTO t (kind) VALUES ('c');",
            "ALTER TABLE t ADD COLUMN x INT;",
        ])
        .findings;
        told(&findings)
    };
    // As a documented way to change a CHECK has it.
    const EDIT: &str =
        "UPDATE sqlite_master SET sql = replace(sql, '''b''', '''b'', ''c''') WHERE name = 't';";
    assert_eq!(
        with(&format!(
            "PRAGMA writable_schema = ON; {EDIT} PRAGMA writable_schema = OFF;"
        )),
        ""
    );
    assert_eq!(
        with(&format!(
            "-- migrate: no-transaction\nPRAGMA writable_schema = ON; {EDIT}"
        )),
        ""
    );
    assert_eq!(
        with(&format!(
            "PRAGMA writable_schema = 1;\n{EDIT}\nPRAGMA schema_version = 100;\nPRAGMA writable_schema = RESET;"
        )),
        ""
    );
    let broken = with(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABEL t' WHERE name = 't';",
    );
    assert!(
        broken.starts_with("failing_up 0002_m.sql:1:1 it leaves a database that cannot be used: malformed database schema (t)"),
        "{broken}"
    );
    assert_eq!(with("DELETE FROM sqlite_master;").lines().count(), 1);
    for broken in [
        "PRAGMA writable_schema = ON; DELETE FROM sqlite_master;",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 99999;",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 0;",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = 'nothing', sql = NULL;",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('trigger', 'x', 't', 0, 'CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT nowhere; END');",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('view', 'v', 'v', 0, NULL);",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = x'ff', tbl_name = NULL;",
    ] {
        with(broken);
        with(&format!("-- migrate: no-transaction\n{broken}"));
    }
}

#[test]
fn conflicts_that_end_the_transaction() {
    let findings = run_ups(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INT UNIQUE ON CONFLICT ROLLBACK);
         INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (2, 2); INSERT INTO t VALUES (3, 1); CREATE TABLE u (y);",
        "INSERT OR ROLLBACK INTO t VALUES (1, 9);",
        "CREATE TRIGGER g BEFORE UPDATE ON t BEGIN SELECT RAISE (ROLLBACK, 'never'); END;",
        "UPDATE t SET x = 5;",
        "UPDATE t SET x = 6;",
    ])
    .findings;
    assert_eq!(
        told(&findings),
        "failing_up 0002_m.sql:1:30 UNIQUE constraint failed: t.x"
    );
}

#[test]
fn temporary_objects_end_with_their_script() {
    let findings = run_ups(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INT);",
        "CREATE TEMP TABLE t (id INTEGER PRIMARY KEY);
         CREATE TEMP TABLE u (y INT);
         CREATE TEMP VIEW v AS SELECT y FROM u;
         CREATE VIRTUAL TABLE temp.f USING fts5 (x);
         CREATE TEMP TRIGGER g AFTER INSERT ON main.t BEGIN INSERT INTO u VALUES (new.id); END;",
        "UPDATE t SET x = 1;",
        "CREATE TABLE u (z INT); INSERT INTO t VALUES (100, 1);",
        "SELECT z FROM u;\nSELECT y FROM v;",
        "CREATE TABLE f (x);",
    ])
    .findings;
    assert_eq!(
        told(&findings),
        "failing_up 0005_m.sql:2:15 no such table: v"
    );
}
