//! Whatever a script says, nothing gets out of the database in memory, everything comes to an end, and
//! what one script sets does not reach another. No set is a panic or an error.

mod support;

use std::fs;
use std::path::Path;

use migrate_source::{Mode, Problem};
use migrate_verify::{Body, Migration, Repeatable, Script, Set, Verified, verify};
use proptest::prelude::*;
use support::{run_ups, strict, told};

/// Runs ups without a look at what is found by reading.
fn run_scripts(scripts: &[Script<'_>]) -> Verified {
    let set = Set {
        migrations: (1..)
            .zip(scripts)
            .map(|(version, script)| Migration {
                version,
                up: Body::Sql(*script),
                down: None,
            })
            .collect(),
        repeatables: Vec::new(),
        seed: None,
        options: strict(),
        is_incomplete: false,
    };
    verify(&set, None).expect("a set is never an error")
}

/// The same in both modes.
#[track_caller]
fn check_both(sql: &str, in_transaction: &str, without: &str) {
    let script = Script::new("a.sql", sql);
    assert_eq!(told(&run_scripts(&[script]).findings), in_transaction);
    let script = Script {
        mode: Mode::NoTransaction,
        ..script
    };
    assert_eq!(told(&run_scripts(&[script]).findings), without);
}

// Files.

/// Checks that a statement with `FILE` in it makes no such file, and gives these findings.
#[track_caller]
fn check_no_file(sql: &str, in_transaction: &str, without: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("evil.db");
    let sql = sql.replace("FILE", file.to_str().expect("UTF-8"));
    check_both(&sql, in_transaction, without);
    let files: Vec<_> = fs::read_dir(folder.path()).expect("read").collect();
    assert!(files.is_empty(), "{files:?}");
}

#[test]
fn attached_files() {
    check_no_file("ATTACH 'FILE' AS e; CREATE TABLE e.t (x);", "", "");
    check_no_file(
        "ATTACH DATABASE 'file:FILE?mode=rwc' AS e; CREATE TABLE e.t (x);",
        "",
        "",
    );
    check_no_file("ATTACH 'FI' || 'LE' AS e; CREATE TABLE e.t (x);", "", "");
    check_no_file(
        "/* x */ ATTACH ('FILE') AS e; CREATE TABLE e.t (x);",
        "",
        "",
    );
    check_no_file("ATTACH (SELECT 'FILE') AS e;", "", "");
    check_no_file("ATTACH '' AS e; CREATE TABLE e.t (x);", "", "");
}

#[test]
fn copies_of_the_database() {
    let inside = "failing_up a.sql:1:1 cannot VACUUM from within a transaction";
    check_no_file("VACUUM INTO 'FILE';", inside, "");
    check_no_file("VACUUM main INTO 'FI' || 'LE';", inside, "");
    check_no_file("VACUUM;", inside, "");
}

#[test]
fn extensions_and_functions_of_the_shell() {
    check_no_file("SELECT load_extension('FILE');", "", "");
    check_no_file(
        "SELECT writefile('FILE', 'x');",
        "failing_up a.sql:1:8 no such function: writefile",
        "failing_up a.sql:1:8 no such function: writefile",
    );
}

#[test]
fn settings_that_name_a_folder() {
    check_no_file("PRAGMA temp_store_directory = 'FILE';", "", "");
    check_no_file("PRAGMA data_store_directory = 'FILE';", "", "");
}

#[test]
fn temporary_tables_stay_in_memory() {
    check_both(
        "PRAGMA temp_store = FILE;
         PRAGMA journal_mode = DELETE;
         CREATE TEMP TABLE t AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000)
           SELECT randomblob(500) AS b FROM n;
         CREATE INDEX temp.i ON t (b);
         DROP TABLE t;",
        "",
        "",
    );
}

// Bounds.

#[track_caller]
fn check_stops(sql: &str, problem: Problem) {
    let findings =
        run_scripts(&[Script::new("a.sql", sql), Script::new("b.sql", "SELEKT 1;")]).findings;
    let problems: Vec<Problem> = findings.iter().map(|finding| finding.problem).collect();
    assert_eq!(
        problems,
        [problem, Problem::FailingUp],
        "{}",
        told(&findings)
    );
}

#[test]
fn endless_statements() {
    const ENDLESS: &str = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";
    check_stops(
        &format!("{ENDLESS} SELECT max(x) FROM n;"),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!("CREATE TABLE t (x); {ENDLESS} INSERT INTO t SELECT x FROM n;"),
        Problem::EndlessStatement,
    );
}

#[test]
fn large_values_and_databases() {
    check_stops(
        "CREATE TABLE t (x);\nINSERT INTO t VALUES (zeroblob(900000000));",
        Problem::EndlessStatement,
    );
    check_stops(
        "CREATE TABLE t (x);\nINSERT INTO t VALUES (randomblob(100000000));",
        Problem::EndlessStatement,
    );
    let many = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100)";
    check_stops(
        &format!("CREATE TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!(
            "PRAGMA temp.max_page_count = 99999999;\nCREATE TEMP TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"
        ),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!(
            "PRAGMA max_page_count = 99999999; PRAGMA page_size = 65536;\nCREATE TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"
        ),
        Problem::EndlessStatement,
    );
}

#[test]
fn triggers_without_end_are_passed_over() {
    // Rows that are made up fire it, and nothing can be said.
    let findings = run_ups(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INT);
         CREATE TRIGGER g AFTER INSERT ON t BEGIN
           UPDATE t SET x = (WITH RECURSIVE n (y) AS (SELECT 1 UNION ALL SELECT y + 1 FROM n) SELECT max(y) FROM n);
         END;",
        "ALTER TABLE t ADD COLUMN z INT NOT NULL;",
        "SELEKT 1;",
    ])
    .findings;
    assert_eq!(
        told(&findings),
        "failing_up 0003_m.sql:1:1 near \"SELEKT\": syntax error"
    );
}

#[test]
fn deep_and_wide() {
    let deep = |depth: usize| format!("SELECT {}1{};", "(".repeat(depth), ")".repeat(depth));
    run_scripts(&[Script::new("a.sql", &deep(50))]);
    run_scripts(&[Script::new("a.sql", &deep(100_000))]);
    let chain = format!("SELECT 1{};", " + 1".repeat(100_000));
    run_scripts(&[Script::new("a.sql", &chain)]);
    let columns = |count: usize| {
        let columns: Vec<String> = (0..count)
            .map(|at| format!("c{at} TEXT NOT NULL"))
            .collect();
        format!("CREATE TABLE t ({});", columns.join(", "))
    };
    let most = run_scripts(&[
        Script::new("a.sql", &columns(2000)),
        Script::new(
            "b.sql",
            "CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        ),
    ]);
    assert_eq!(told(&most.findings), "");
    let more = run_scripts(&[Script::new("a.sql", &columns(2001))]);
    assert_eq!(
        told(&more.findings),
        "failing_up a.sql:1:1 too many columns on t"
    );
    let views: String = (1..=200)
        .map(|at| format!("CREATE VIEW v{at} AS SELECT * FROM v{};\n", at - 1))
        .collect();
    run_scripts(&[Script::new(
        "a.sql",
        &format!("CREATE TABLE v0 (x);\n{views}"),
    )]);
}

#[test]
fn long_scripts() {
    let insert = format!("INSERT INTO t VALUES ('{}');\n", "x".repeat(1000));
    let sql = format!("CREATE TABLE t (x TEXT);\n{}", insert.repeat(10_000));
    assert_eq!(
        told(&run_scripts(&[Script::new("a.sql", &sql)]).findings),
        ""
    );
    let comment = format!("CREATE TABLE t (x); /* {} */", "x".repeat(1_000_000));
    assert_eq!(
        told(&run_scripts(&[Script::new("a.sql", &comment)]).findings),
        ""
    );
}

// Odd names and texts.

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

// Settings.

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
failing_on_rows e.sql:1:1 Cannot add a NOT NULL column with default value NULL, if the tables have rows
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

// Whatever it is.

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
