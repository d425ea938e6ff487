//! SQL that only SQLite has, and the ways in which it can fail there.

use migrate_core::{Goal, Transactions};
use migrate_tests::contract::{
    A, A_DOWN, B, B_DOWN, C, Files, Settings, Stage, TestConnection, told,
};
use migrate_tests::sqlite::SqliteFile;

const EACH: Settings = |migrator| migrator.transactions(Transactions::Each);

/// Ends the whole transaction, with everything in it.
const ENDS: &str = "CREATE TABLE t (x INTEGER UNIQUE);
CREATE TRIGGER tr BEFORE INSERT ON t WHEN NEW.x > 1 BEGIN SELECT RAISE(ROLLBACK, 'no more than one'); END;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
INSERT INTO t VALUES (3);
";

#[test]
fn failure_that_ends_the_transaction_takes_its_group_with_it() {
    let conflict = ENDS
        .replace("VALUES (2)", "VALUES (1)")
        .replace("INSERT INTO", "INSERT OR ROLLBACK INTO");
    for sql in [ENDS, &conflict] {
        let files: Files<'_> = &[A, B, ("0003_t.sql", sql)];
        let mut stage = Stage::<SqliteFile>::new();
        stage.check(
            files,
            Goal::Up,
            "sql at 0003_t.sql:4, group rolled back",
            "@",
        );
        stage.set(EACH);
        let words = "sql at 0003_t.sql:4, rolled back; kept 0 -> 2: up 1, up 2";
        stage.check(files, Goal::Up, words, "a[] b[] @ 1 2");
        stage.check(
            files,
            Goal::Up,
            "sql at 0003_t.sql:4, rolled back",
            "a[] b[] @ 1 2",
        );
        // Alone, or as the first of a group, it has nothing to take with it.
        let mut stage = Stage::<SqliteFile>::new();
        stage.check(
            &[("0001_t.sql", sql), C],
            Goal::Up,
            "sql at 0001_t.sql:4, rolled back",
            "@",
        );
    }
}

#[test]
fn failure_that_ends_the_transaction_keeps_the_groups_before() {
    let files: Files<'_> = &[
        A,
        ("0002_v.sql", "-- migrate: no-transaction\nVACUUM;\n"),
        C,
        ("0004_t.sql", ENDS),
    ];
    let mut stage = Stage::<SqliteFile>::new();
    let words = "sql at 0004_t.sql:4, group rolled back; kept 0 -> 2: up 1, up 2";
    stage.check(files, Goal::Up, words, "a[] @ 1 2");
}

#[test]
fn failure_that_ends_the_transaction_stops_a_stepwise_file() {
    let stepwise = format!("-- migrate: no-transaction\n{ENDS}");
    let mut stage = Stage::<SqliteFile>::new();
    let words = "sql at 0001_t.sql:5, stopped after 3";
    stage.check(&[("0001_t.sql", &stepwise)], Goal::Up, words, "t[1] @ 1~");
    let mended = stepwise
        .replace("VALUES (2)", "VALUES (0)")
        .replace("VALUES (3)", "VALUES (-1)");
    stage.check(
        &[("0001_t.sql", &mended)],
        Goal::Up,
        "0 -> 1: up 1",
        "t[-1, 0, 1] @ 1",
    );
}

#[test]
fn failure_that_ends_the_transaction_on_the_way_down() {
    let down = "INSERT INTO t VALUES (2);\nDROP TABLE t;\n";
    let t = ENDS.split_once("INSERT INTO t VALUES (2)").unwrap().0;
    let files: Files<'_> = &[
        A,
        A_DOWN,
        ("0002_t.up.sql", t),
        ("0002_t.down.sql", down),
        C,
        ("0003_c.down.sql", "DROP TABLE c;"),
    ];
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] c[] t[1] @ 1 2 3",
    );
    stage.set(|migrator| migrator.transactions(Transactions::Grouped));
    let words = "sql at 0002_t.down.sql:1, group rolled back";
    stage.check(files, Goal::Reset, words, "a[] c[] t[1] @ 1 2 3");
    stage.set(EACH);
    let words = "sql at 0002_t.down.sql:1, rolled back; kept 3 -> 2: down 3";
    stage.check(files, Goal::Reset, words, "a[] t[1] @ 1 2");
}

#[test]
fn bodies_of_triggers_are_one_statement() {
    let sql = "CREATE TABLE t (x INTEGER, kind TEXT);
CREATE TRIGGER one AFTER INSERT ON t BEGIN
  UPDATE t SET kind = CASE WHEN x > 1 THEN 'many; END' ELSE 'one' END WHERE kind IS NULL;
  INSERT INTO log VALUES (NEW.x); -- END;
END;
CREATE TABLE log (\"end\" INTEGER, begin INTEGER);
CREATE TRIGGER two AFTER INSERT ON log WHEN NEW.\"end\" < 0 BEGIN SELECT RAISE(ABORT, 'negative'); END;
DROP TABLE log; CREATE TABLE log (x INTEGER);
INSERT INTO t (x) VALUES (1), (2);";
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(
        &[("0001_t.sql", sql)],
        Goal::Up,
        "0 -> 1: up 1",
        "log[1, 2] t[1 one, 2 many; END] @ 1",
    );
}

#[test]
fn statements_that_return_rows_run_to_their_end() {
    let sql = "CREATE TABLE t (x INTEGER);
INSERT INTO t VALUES (1), (2) RETURNING x;
PRAGMA table_info(t);
SELECT x FROM t ORDER BY x;
EXPLAIN SELECT 1;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n;
UPDATE t SET x = x + 1 RETURNING x;
PRAGMA foreign_key_check;
DELETE FROM t WHERE x = 2 RETURNING x;";
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(&[("0001_t.sql", sql)], Goal::Up, "0 -> 1: up 1", "t[3] @ 1");
}

#[test]
fn query_fails_at_the_row_that_fails() {
    let sql =
        "CREATE TABLE t (x TEXT);\nINSERT INTO t VALUES ('{}'), ('{');\nSELECT json(x) FROM t;\n";
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(
        &[("0001_t.sql", sql)],
        Goal::Up,
        "sql at 0001_t.sql:3, rolled back",
        "@",
    );
}

#[test]
fn virtual_tables_are_made_and_dropped() {
    let mut stage = Stage::<SqliteFile>::new();
    let files: Files<'_> = &[
        A,
        A_DOWN,
        (
            "0002_s.up.sql",
            "CREATE VIRTUAL TABLE s USING fts5 (body); INSERT INTO s VALUES ('one');",
        ),
        ("0002_s.down.sql", "DROP TABLE s;"),
    ];
    let nothing = stage.schema();
    let folder = stage.folder(files);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    assert_eq!(
        told(&stage.db.bring(&migrator, Goal::Up)),
        "0 -> 2: up 1, up 2"
    );
    assert_eq!(
        stage.db.rows("SELECT body FROM s WHERE s MATCH 'one'"),
        ["one"]
    );
    assert_eq!(
        told(&stage.db.bring(&migrator, Goal::Reset)),
        "2 -> 0: down 2, down 1"
    );
    assert_eq!(stage.schema(), nothing);
}

#[test]
fn failures_have_their_code_their_message_and_their_place() {
    type Place = (u32, u32, u32);
    let cases: &[(&str, &str, Option<i32>, Place)] = &[
        (
            "CREATE TABEL t (x);",
            "near \"TABEL\": syntax error",
            Some(1),
            (1, 8, 5),
        ),
        (
            "SELECT 'é', nme;",
            "no such column: nme",
            Some(1),
            (1, 13, 3),
        ),
        ("CREATE TABLE t (x);\nSELECT 1", "", None, (0, 0, 0)),
        (
            "INSERT INTO nowhere VALUES (1);",
            "no such table: nowhere",
            Some(1),
            (1, 1, 31),
        ),
        (
            "CREATE TABLE t (x UNIQUE);\n\n  INSERT INTO t\n  VALUES (1), (1);",
            "UNIQUE constraint failed: t.x",
            Some(2067),
            (3, 3, 13),
        ),
        (
            "CREATE TABLE t (x CHECK (x > 0)); INSERT INTO t VALUES (0);",
            "CHECK constraint failed: x > 0",
            Some(275),
            (1, 35, 25),
        ),
        (
            "SELECT (1;",
            "near \";\": syntax error",
            Some(1),
            (1, 10, 1),
        ),
        (
            "CREATE TABLE a (x);",
            "table a already exists",
            Some(1),
            (1, 14, 1),
        ),
        (
            "SELECT :name;",
            "Wrong number of parameters passed to query. Got 0, needed 1",
            None,
            (1, 1, 13),
        ),
        (
            "DELETE FROM sqlite_schema;",
            "table sqlite_master may not be modified",
            Some(1),
            (1, 1, 26),
        ),
    ];
    for (sql, message, code, place) in cases {
        let mut stage = Stage::<SqliteFile>::new();
        let folder = stage.folder(&[A, ("0002_f.sql", sql)]);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let ran = stage.db.bring(&migrator, Goal::Up);
        if message.is_empty() {
            ran.unwrap();
            continue;
        }
        let error = ran.unwrap_err();
        let failed = error.failed().unwrap();
        assert_eq!(
            (failed.message.as_str(), failed.code),
            (*message, *code),
            "{sql}"
        );
        let at = failed.place.as_ref().unwrap();
        assert_eq!((at.line, at.column, at.width), *place, "{sql}");
    }
}

#[test]
fn statement_that_cannot_run_in_a_transaction_fails_there() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.trust_through(2);
    let files: Files<'_> = &[A, ("0002_v.sql", "CREATE TABLE b (x);\nVACUUM;\n")];
    let words = "sql at 0002_v.sql:2, rolled back; kept 0 -> 1: up 1";
    stage.check(files, Goal::Up, words, "a[] @ 1");
}

#[test]
fn pragmas_of_the_file_are_set_outside_of_a_transaction() {
    let mut stage = Stage::<SqliteFile>::new();
    let sql = "-- migrate: no-transaction\nPRAGMA journal_mode = WAL;\nPRAGMA auto_vacuum = FULL;\nVACUUM;\n";
    let folder = stage.folder(&[A, ("0002_p.sql", sql), C]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    assert_eq!(
        told(&stage.db.bring(&migrator, Goal::Up)),
        "0 -> 3: up 1, up 2, up 3"
    );
    assert_eq!(stage.db.rows("PRAGMA journal_mode"), ["wal"]);
    assert_eq!(stage.db.rows("PRAGMA auto_vacuum"), ["1"]);
}

/// As some projects write them, since the tool they use wraps each file in a transaction.
#[test]
fn history_of_self_committing_files() {
    let workaround = |body: &str| {
        format!(
            "COMMIT TRANSACTION;\n\nPRAGMA foreign_keys = OFF;\n\nBEGIN TRANSACTION;\n{body}\n\
             PRAGMA foreign_key_check;\nCOMMIT;\n\nPRAGMA foreign_keys = ON;\n\nBEGIN TRANSACTION;\n"
        )
    };
    let family = "CREATE TABLE p (id INTEGER PRIMARY KEY);
        CREATE TABLE c (p INTEGER REFERENCES p ON DELETE CASCADE);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);";
    let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY, y); INSERT INTO n (id) SELECT id FROM p;
        DROP TABLE p; ALTER TABLE n RENAME TO p;";
    let (second, third) = (
        workaround(rebuild),
        workaround("INSERT INTO p VALUES (2, 2);"),
    );
    let fourth = "INSERT INTO c VALUES (2);";
    let files: Files<'_> = &[
        ("1_f.sql", family),
        ("2_r.sql", &second),
        ("3_i.sql", &third),
        ("4_c.sql", fourth),
    ];
    let mut stage = Stage::<SqliteFile>::new();
    stage.trust_through(3);
    let state = "c[1, 2] p[1 NULL, 2 2] @ 1 2 3 4";
    stage.check(files, Goal::Up, "0 -> 4: up 1, up 2, up 3, up 4", state);

    // It stops in the middle: what it committed for itself is kept, and it goes on from there.
    let broken = third.replace("(2, 2)", "(1, 2)");
    let files_broken: Files<'_> = &[files[0], files[1], ("3_i.sql", &broken), files[3]];
    let mut stage = Stage::<SqliteFile>::new();
    stage.trust_through(3);
    let words = "sql at 3_i.sql:6, stopped after 2; kept 0 -> 2: up 1, up 2";
    stage.check(files_broken, Goal::Up, words, "c[1] p[1 NULL] @ 1 2 3~");
    stage.check(files, Goal::Up, "2 -> 4: up 3, up 4", state);
}

#[test]
fn name_of_the_history_that_sqlite_keeps_for_itself_is_refused() {
    for (name, words) in [
        (
            "sqlite_history",
            "object name reserved for internal use: sqlite_history",
        ),
        ("nul\0byte", "unrecognized token"),
    ] {
        let mut stage = Stage::<SqliteFile>::new();
        stage.table(name);
        let folder = stage.folder(&[A, B, B_DOWN]);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let said = told(&stage.db.bring(&migrator, Goal::Up));
        assert!(said.contains(words), "{name}: {said}");
        assert_eq!(stage.db.relations(), [""; 0]);
    }
}

#[test]
fn history_without_a_name() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.table("");
    stage.check(&[A], Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.check(&[A, B], Goal::Up, "1 -> 2: up 2", "a[] b[] @ 1 2");
}

/// goose sends such a block in one piece; to SQLite it is as many statements as it holds.
#[test]
fn blocks_of_goose_are_statements_like_any_other() {
    let text = "-- +goose NO TRANSACTION\n-- +goose Up\n\
        -- +goose StatementBegin\nBEGIN;\nCREATE TABLE a (x);\n-- +goose StatementEnd\n\
        -- +goose StatementBegin\nINSERT INTO a VALUES (1);\nCOMMIT;\n-- +goose StatementEnd\n";
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(
        &[("0001_a.sql", text)],
        Goal::Up,
        "0 -> 1: up 1",
        "a[1] @ 1",
    );
    let commits = "-- +goose Up\n-- +goose StatementBegin\n\
        CREATE TABLE a (x);\nCOMMIT;\nCREATE TABLE b (x);\nOOPS;\n-- +goose StatementEnd\n";
    let mut stage = Stage::<SqliteFile>::new();
    stage.trust_through(1);
    let words = "sql at 0001_a.sql:6, stopped after 3";
    stage.check(&[("0001_a.sql", commits)], Goal::Up, words, "a[] b[] @ 1~");
}
