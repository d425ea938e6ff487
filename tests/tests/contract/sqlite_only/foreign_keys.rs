//! Foreign keys: nothing is lost by a rebuild, nothing is left without a parent, and what cascades
//! on purpose does.

use std::sync::Mutex;

use migrate_core::rusqlite::Connection;
use migrate_core::{ErrorKind, Event, Goal, Migrator, Transactions};
use migrate_tests::contract::{Files, Settings, Stage, TestConnection, TestDatabase, told};
use migrate_tests::sqlite::SqliteFile;

/// A parent with two rows, each with a child.
const FAMILY: (&str, &str) = (
    "0001_family.up.sql",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY);
     CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id) ON DELETE CASCADE);
     INSERT INTO parent VALUES (1), (2);
     INSERT INTO child VALUES (10, 1), (20, 2);",
);
/// SQLite's own way to change a table.
const REBUILD: &str = "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'x');
    INSERT INTO new_parent (id) SELECT id FROM parent;
    DROP TABLE parent;
    ALTER TABLE new_parent RENAME TO parent;";
const REBUILT: &str = "child[10 1, 20 2] parent[1 x, 2 x] @ 1 2";
const UNCHANGED: &str = "child[10 1, 20 2] parent[1, 2] @ 1";

/// A stage for each way a caller may have set its connection, and each way of grouping.
fn everywhere(check: impl Fn(&mut Stage<SqliteFile>)) {
    let groupings: [Settings; 2] = [
        |migrator| migrator.transactions(Transactions::Each),
        |migrator| migrator.transactions(Transactions::Grouped),
    ];
    for grouping in groupings {
        for enforced in ["ON", "OFF"] {
            let mut stage = Stage::<SqliteFile>::new();
            stage.set(grouping);
            stage.db.sql(&format!("PRAGMA foreign_keys = {enforced}"));
            check(&mut stage);
        }
    }
}

/// Runs the family and then a second file, on a database that had the family and on a fresh one.
fn second(name: &str, sql: &str, result: &str, state: &str) {
    everywhere(|stage| {
        stage.check(&[FAMILY], Goal::Up, "0 -> 1: up 1", UNCHANGED);
        stage.check(&[FAMILY, (name, sql)], Goal::Up, result, state);
    });
    everywhere(|stage| {
        let result = match result.strip_prefix("1 -> 2: ") {
            Some(steps) => format!("0 -> 2: up 1, {steps}"),
            None => format!("{result}; kept 0 -> 1: up 1"),
        };
        stage.check(&[FAMILY, (name, sql)], Goal::Up, &result, state);
    });
}

#[test]
fn rebuild_keeps_the_children() {
    second("0002_r.sql", REBUILD, "1 -> 2: up 2", REBUILT);
    let stepwise = format!("-- migrate: no-transaction\nBEGIN;\n{REBUILD}\nCOMMIT;");
    second("0002_r.sql", &stepwise, "1 -> 2: up 2", REBUILT);
}

#[test]
fn rebuild_in_a_down_keeps_the_children() {
    let down = "CREATE TABLE old_parent (id INTEGER PRIMARY KEY);
        INSERT INTO old_parent SELECT id FROM parent;
        DROP TABLE parent;
        ALTER TABLE old_parent RENAME TO parent;";
    let files: Files<'_> = &[
        FAMILY,
        ("0002_r.up.sql", REBUILD),
        ("0002_r.down.sql", down),
    ];
    everywhere(|stage| {
        stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", REBUILT);
        stage.check(files, Goal::Down(1), "2 -> 1: down 2", UNCHANGED);
        stage.check(files, Goal::Up, "1 -> 2: up 2", REBUILT);
        stage.check(&[FAMILY], Goal::DownTo(1), "2 -> 1: down 2", UNCHANGED);
    });
}

#[test]
fn rebuild_that_says_the_pragma_itself_keeps_the_children() {
    let own = format!(
        "COMMIT;\nPRAGMA foreign_keys = OFF;\nBEGIN;\n{REBUILD}\nPRAGMA foreign_key_check;\n\
         COMMIT;\nPRAGMA foreign_keys = ON;\nBEGIN;\n"
    );
    let again = REBUILD.replace("'x'", "'y'");
    let state = "child[10 1, 20 2] parent[1 y, 2 y] @ 1 2 3";
    everywhere(|stage| {
        stage.trust_through(2);
        let files: Files<'_> = &[FAMILY, ("0002_own.sql", &own), ("0003_again.sql", &again)];
        stage.check(files, Goal::Up, "0 -> 3: up 1, up 2, up 3", state);
    });
    everywhere(|stage| {
        stage.trust_through(2);
        let files: Files<'_> = &[
            FAMILY,
            (
                "0002_on.sql",
                "-- migrate: no-transaction\nPRAGMA foreign_keys = ON;\n",
            ),
            ("0003_again.sql", &again),
        ];
        stage.check(files, Goal::Up, "0 -> 3: up 1, up 2, up 3", state);
    });
}

#[test]
fn rows_left_without_a_parent_are_refused_and_counted() {
    let refused = |what: &str| format!("foreign keys at 0002_o.sql, rolled back: {what}");
    let check = |sql: &str, what: &str| second("0002_o.sql", sql, &refused(what), UNCHANGED);
    check(
        "DELETE FROM parent WHERE id = 1;",
        "1 of child(p) without parent",
    );
    check("DELETE FROM parent;", "2 of child(p) without parent");
    check("DROP TABLE parent;", "2 of child(p) without parent");
    check(
        "ALTER TABLE child ADD COLUMN q INTEGER DEFAULT 77 REFERENCES parent;",
        "2 of child(q) without parent",
    );
    check(
        "INSERT INTO child VALUES (30, 99);",
        "1 of child(p) without parent",
    );
    check(
        "UPDATE child SET p = p + 5;",
        "2 of child(p) without parent",
    );
    check(
        "UPDATE OR REPLACE parent SET id = id + 5;",
        "2 of child(p) without parent",
    );
    check(
        "CREATE TABLE \"Odd One\" (\"a b\" INTEGER REFERENCES PARENT (ID), c REFERENCES child);
         INSERT INTO \"odd one\" VALUES (7, 8), (1, 9), (NULL, 10), (9, NULL);",
        "2 of Odd One(a b) without PARENT, 2 of Odd One(c) without child",
    );
    check(
        "CREATE TABLE pair (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
         CREATE TABLE half (a, b, FOREIGN KEY (a, b) REFERENCES pair);
         INSERT INTO pair VALUES (1, 1);
         INSERT INTO half VALUES (1, 1), (1, 2), (NULL, 2);",
        "1 of half(a b) without pair",
    );
    check(
        "CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree);
         INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 4);",
        "1 of tree(up) without tree",
    );
    check(
        "CREATE TABLE t (x); CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO child VALUES (30, NEW.x); END;
         INSERT INTO t VALUES (99);",
        "1 of child(p) without parent",
    );
    check(
        "CREATE VIEW v AS SELECT p FROM child;
         CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN INSERT INTO child VALUES (30, NEW.p); END;
         INSERT INTO v VALUES (99);",
        "1 of child(p) without parent",
    );
}

#[test]
fn error_names_table_parent_and_cure() {
    let mut stage = Stage::<SqliteFile>::new();
    let folder = stage.folder(&[FAMILY, ("0002_o.sql", "DELETE FROM parent;")]);
    let set = folder.migrations();
    let words =
        "foreign keys at 0002_o.sql, rolled back: 2 of child(p) without parent; kept 0 -> 1: up 1";
    let error = stage
        .check_set(&set, Goal::Up, words, UNCHANGED)
        .unwrap_err();
    let text = error.to_string();
    for part in [
        "migrations/0002_o.sql",
        "2 rows of `child` (p)",
        "`parent`",
        "foreign-keys on",
    ] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
}

#[test]
fn rows_that_find_a_parent_by_the_end_are_none() {
    second(
        "0002_late.sql",
        "INSERT INTO child VALUES (30, 3); INSERT INTO parent VALUES (3);",
        "1 -> 2: up 2",
        "child[10 1, 20 2, 30 3] parent[1, 2, 3] @ 1 2",
    );
    second(
        "0002_both.sql",
        "DROP TABLE parent; DROP TABLE child;",
        "1 -> 2: up 2",
        "@ 1 2",
    );
    second(
        "0002_rename.sql",
        "ALTER TABLE parent RENAME TO elder; INSERT INTO child VALUES (30, 1);",
        "1 -> 2: up 2",
        "child[10 1, 20 2, 30 1] elder[1, 2] @ 1 2",
    );
}

/// Two orphans that no migration made.
fn with_orphans(stage: &mut Stage<SqliteFile>) {
    stage.check(&[FAMILY], Goal::Up, "0 -> 1: up 1", UNCHANGED);
    let mut other = stage.database.connect();
    other.sql("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 98), (40, 99);");
}

#[test]
fn orphans_that_were_there_before_are_tolerated() {
    let state = "child[10 1, 20 2, 30 98, 40 99] parent[1 x, 2 x] @ 1 2";
    everywhere(|stage| {
        with_orphans(stage);
        stage.check(
            &[FAMILY, ("0002_r.sql", REBUILD)],
            Goal::Up,
            "1 -> 2: up 2",
            state,
        );
    });
    everywhere(|stage| {
        with_orphans(stage);
        let fewer = ("0002_fewer.sql", "DELETE FROM child WHERE id = 30;");
        let state = "child[10 1, 20 2, 40 99] parent[1, 2] @ 1 2";
        stage.check(&[FAMILY, fewer], Goal::Up, "1 -> 2: up 2", state);
    });
    everywhere(|stage| {
        with_orphans(stage);
        let stepwise = (
            "0002_s.sql",
            "-- migrate: no-transaction\nUPDATE child SET p = p;\nVACUUM;\nUPDATE child SET p = p;\n",
        );
        let bites = (
            "0003_b.sql",
            "-- migrate: repeat\nUPDATE child SET id = id + 100 WHERE id < 100;\n",
        );
        let state = "child[110 1, 120 2, 130 98, 140 99] parent[1, 2] @ 1 2 3";
        stage.check(
            &[FAMILY, stepwise, bites],
            Goal::Up,
            "1 -> 3: up 2, up 3",
            state,
        );
    });
}

/// A table goes by another name at the end than it was written by.
#[test]
fn renamed_tables_are_looked_at_too() {
    let refused = |what: &str| format!("foreign keys at 0002_n.sql, rolled back: {what}");
    let check = |sql: &str, what: &str| second("0002_n.sql", sql, &refused(what), UNCHANGED);
    check(
        "DELETE FROM parent WHERE id = 1; ALTER TABLE parent RENAME TO elder;",
        "1 of child(p) without elder",
    );
    check(
        "INSERT INTO child VALUES (30, 99); alter table child rename to kid;",
        "1 of kid(p) without parent",
    );
    check(
        "CREATE TABLE new (p INTEGER REFERENCES parent); INSERT INTO new VALUES (9);
         ALTER TABLE new RENAME TO other;",
        "1 of other(p) without parent",
    );
    check(
        "ALTER TABLE child RENAME TO kid; INSERT INTO kid VALUES (30, 99);
         ALTER TABLE kid RENAME TO little; ALTER TABLE parent RENAME TO elder;",
        "1 of little(p) without elder",
    );
    check(
        "ALTER TABLE parent RENAME TO `a``b`; DELETE FROM `a``b` WHERE id = 1;",
        "1 of child(p) without a`b",
    );
}

#[test]
fn tables_that_a_step_renames_are_looked_at_too() {
    let sql = "-- migrate: no-transaction\nBEGIN;\nDELETE FROM parent WHERE id = 1;\n\
               ALTER TABLE parent RENAME TO elder;\nCOMMIT;\n";
    let words = "foreign keys at 0002_n.sql, stopped after 0: 1 of child(p) without elder";
    second("0002_n.sql", sql, words, UNCHANGED);
}

/// What was tolerated is looked at twice, but the step has one start and one end.
#[test]
fn tolerated_orphans_are_nothing_to_tell() {
    everywhere(|stage| {
        with_orphans(stage);
        let folder = stage.folder(&[
            FAMILY,
            ("0002_r.sql", REBUILD),
            ("0003_t.sql", "UPDATE child SET p = p;"),
        ]);
        let set = folder.migrations();
        let events = Mutex::new(Vec::new());
        let migrator = stage.migrator(&set).observe(|event| match event {
            Event::Started { step } => events.lock().unwrap().push(step.version()),
            Event::Finished { done } => events.lock().unwrap().push(done.version),
            _ => {}
        });
        assert_eq!(
            told(&stage.db.bring(&migrator, Goal::Up)),
            "1 -> 3: up 2, up 3"
        );
        assert_eq!(
            *events.lock().unwrap(),
            [Some(2), Some(2), Some(3), Some(3)]
        );
    });
}

#[test]
fn one_orphan_more_is_refused_and_only_that_one_counted() {
    let state = "child[10 1, 20 2, 30 98, 40 99] parent[1, 2] @ 1";
    everywhere(|stage| {
        with_orphans(stage);
        let more = ("0002_more.sql", "INSERT INTO child VALUES (50, 97);");
        let words = "foreign keys at 0002_more.sql, rolled back: 1 of child(p) without parent";
        stage.check(&[FAMILY, more], Goal::Up, words, state);
    });
    // Those of another table that were there before are no part of it.
    everywhere(|stage| {
        with_orphans(stage);
        let more = (
            "0002_more.sql",
            "UPDATE child SET p = p; CREATE TABLE grandchild (c REFERENCES child); INSERT INTO grandchild VALUES (7);",
        );
        let words = "foreign keys at 0002_more.sql, rolled back: 1 of grandchild(c) without child";
        stage.check(&[FAMILY, more], Goal::Up, words, state);
    });
}

/// What one migration of a run mended, the next may not break again.
#[test]
fn orphans_that_were_mended_are_not_tolerated_any_more() {
    everywhere(|stage| {
        with_orphans(stage);
        let touched = ("0002_touch.sql", "UPDATE child SET p = p;");
        let mended = ("0003_mend.sql", "DELETE FROM child WHERE id > 20;");
        let broken = ("0004_break.sql", "INSERT INTO child VALUES (50, 97);");
        let words = "foreign keys at 0004_break.sql, rolled back: 1 of child(p) without parent; \
                     kept 1 -> 3: up 2, up 3";
        let state = "child[10 1, 20 2] parent[1, 2] @ 1 2 3";
        stage.check(&[FAMILY, touched, mended, broken], Goal::Up, words, state);
    });
}

/// A large database is not read for nothing.
#[test]
fn only_tables_that_were_touched_count() {
    everywhere(|stage| {
        with_orphans(stage);
        // Every row of `child` would be read by a check of it, and none of `big` can be.
        let files: Files<'_> = &[
            FAMILY,
            (
                "0002_other.sql",
                "CREATE TABLE other (x); INSERT INTO other VALUES (1);",
            ),
        ];
        let state = "child[10 1, 20 2, 30 98, 40 99] other[1] parent[1, 2] @ 1 2";
        stage.check(files, Goal::Up, "1 -> 2: up 2", state);
    });
}

/// A parent without the key that a child names is a fault of the schema, which SQLite reports with
/// every write once keys are enforced. It is no row that lost its parent.
#[test]
fn mismatched_key_does_not_stop_a_migration() {
    everywhere(|stage| {
        let files: Files<'_> = &[
            (
                "0001_m.sql",
                "CREATE TABLE parent (id INTEGER); CREATE TABLE child (p REFERENCES parent (id));",
            ),
            (
                "0002_m.sql",
                "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);",
            ),
        ];
        stage.check(
            files,
            Goal::Up,
            "0 -> 2: up 1, up 2",
            "child[1] parent[1] @ 1 2",
        );
    });
}

const CASCADE: &str = "-- migrate: foreign-keys on\nDELETE FROM parent WHERE id = 1;\n";
const CASCADED: &str = "child[20 2] parent[2] @ 1 2";

#[test]
fn enforced_file_cascades() {
    second("0002_c.sql", CASCADE, "1 -> 2: up 2", CASCADED);
    let stepwise = CASCADE.replace("on\n", "on\n-- migrate: no-transaction\nVACUUM;\n");
    second("0002_c.sql", &stepwise, "1 -> 2: up 2", CASCADED);
    let bites =
        "-- migrate: foreign-keys on\n-- migrate: repeat\nDELETE FROM parent WHERE id = 1;\n";
    second("0002_c.sql", bites, "1 -> 2: up 2", CASCADED);
}

#[test]
fn enforced_file_is_alone_with_it() {
    everywhere(|stage| {
        let rebuild = ("0003_r.sql", REBUILD);
        let files: Files<'_> = &[FAMILY, ("0002_c.sql", CASCADE), rebuild];
        let state = "child[20 2] parent[2 x] @ 1 2 3";
        stage.check(files, Goal::Up, "0 -> 3: up 1, up 2, up 3", state);
    });
    everywhere(|stage| {
        let bites =
            "-- migrate: foreign-keys on\n-- migrate: repeat\nDELETE FROM parent WHERE id = 1;\n";
        let files: Files<'_> = &[FAMILY, ("0002_c.sql", bites), ("0003_r.sql", REBUILD)];
        let state = "child[20 2] parent[2 x] @ 1 2 3";
        stage.check(files, Goal::Up, "0 -> 3: up 1, up 2, up 3", state);
    });
}

#[test]
fn enforced_down_cascades() {
    let down = "-- migrate: foreign-keys on\nDELETE FROM parent WHERE id = 1;\n";
    let stepwise = "-- migrate: foreign-keys on\n-- migrate: no-transaction\n\
                    DELETE FROM parent WHERE id = 1;\nVACUUM;\nSELECT 1;\n";
    let bites =
        "-- migrate: foreign-keys on\n-- migrate: repeat\nDELETE FROM parent WHERE id = 1;\n";
    for down in [down, stepwise, bites] {
        everywhere(|stage| {
            let files: Files<'_> = &[
                FAMILY,
                ("0002_c.up.sql", "-- for the way back\n"),
                ("0002_c.down.sql", down),
            ];
            stage.check(
                files,
                Goal::Up,
                "0 -> 2: up 1, up 2",
                "child[10 1, 20 2] parent[1, 2] @ 1 2",
            );
            stage.check(
                files,
                Goal::Down(1),
                "2 -> 1: down 2",
                "child[20 2] parent[2] @ 1",
            );
        });
        // By a program that knows of it only what the history keeps.
        everywhere(|stage| {
            let files: Files<'_> = &[
                FAMILY,
                ("0002_c.up.sql", "-- for the way back\n"),
                ("0002_c.down.sql", down),
            ];
            stage.check(
                files,
                Goal::Up,
                "0 -> 2: up 1, up 2",
                "child[10 1, 20 2] parent[1, 2] @ 1 2",
            );
            stage.check(
                &[FAMILY],
                Goal::DownTo(1),
                "2 -> 1: down 2",
                "child[20 2] parent[2] @ 1",
            );
        });
    }
}

#[test]
fn enforced_file_that_violates_a_key_fails_with_its_name() {
    let sql = "-- migrate: foreign-keys on\nINSERT INTO child VALUES (30, 99);\n";
    second(
        "0002_v.sql",
        sql,
        "sql at 0002_v.sql:2, rolled back",
        UNCHANGED,
    );
    // A deferred key is looked at when the transaction ends: still the fault of this file.
    let sql = "-- migrate: foreign-keys on\nPRAGMA defer_foreign_keys = ON;\nINSERT INTO child VALUES (30, 99);\n";
    let words = "foreign keys at 0002_v.sql, rolled back: 1 of child(p) without parent";
    second("0002_v.sql", sql, words, UNCHANGED);
    let stepwise = sql.replace("on\n", "on\n-- migrate: no-transaction\nBEGIN;\n") + "COMMIT;\n";
    let words = "foreign keys at 0002_v.sql, stopped after 0: 1 of child(p) without parent";
    second("0002_v.sql", &stepwise, words, UNCHANGED);
}

#[test]
fn steps_and_bites_are_checked_each() {
    let stepwise = "-- migrate: no-transaction\nUPDATE child SET id = id + 1;\nDELETE FROM parent WHERE id = 1;\n\
                    DELETE FROM child WHERE p = 1;\n";
    let words = "foreign keys at 0002_s.sql, stopped after 1: 1 of child(p) without parent";
    second(
        "0002_s.sql",
        stepwise,
        words,
        "child[11 1, 21 2] parent[1, 2] @ 1 2~",
    );
    let bites = "-- migrate: repeat\nDELETE FROM parent WHERE id = (SELECT max(id) FROM parent);\n";
    let words = "foreign keys at 0002_s.sql, repeated 0: 1 of child(p) without parent";
    second("0002_s.sql", bites, words, UNCHANGED);
}

/// Another run does the enforced file meanwhile; what is left then must not be enforced.
#[test]
fn overtaken_enforced_file_does_not_leave_keys_enforced() {
    let enforced = [
        CASCADE.to_owned(),
        CASCADE.replace("on\n", "on\n-- migrate: repeat\n"),
        CASCADE.replace("on\n", "on\n-- migrate: no-transaction\n"),
    ];
    for enforced in enforced {
        everywhere(|stage| {
            stage.check(&[FAMILY], Goal::Up, "0 -> 1: up 1", UNCHANGED);
            let folder =
                stage.folder(&[FAMILY, ("0002_c.sql", &enforced), ("0003_r.sql", REBUILD)]);
            let set = folder.migrations();
            let other = Mutex::new(Some(stage.database.connect()));
            let migrator = stage.migrator(&set).observe(|event| {
                let other = other.lock().unwrap().take();
                if let (Event::Planned { .. }, Some(mut other)) = (event, other) {
                    Migrator::new(&set).up_to(&mut other, 2).unwrap();
                }
            });
            assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "1 -> 3: up 3");
            drop(migrator);
            let migrator = Migrator::new(&set);
            assert_eq!(stage.look(&migrator), "child[20 2] parent[2 x] @ 1 2 3");
        });
    }
}

/// The pragma is the caller's, before and after: whatever he had set enforces, or does not.
#[test]
fn caller_s_setting_is_put_back() {
    for (enforced, result) in [("ON", "FOREIGN KEY constraint failed"), ("OFF", "")] {
        let database = SqliteFile::fresh();
        let mut db: Connection = database.connect();
        db.sql(&format!("PRAGMA foreign_keys = {enforced}"));
        let folder =
            migrate_tests::set(&[FAMILY, ("0002_c.sql", CASCADE), ("0003_r.sql", REBUILD)]);
        let set = folder.migrations();
        Migrator::new(&set).up(&mut db).unwrap();
        let insert = db.execute_batch("INSERT INTO child VALUES (50, 99)");
        let message = insert
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert_eq!(message, result);
    }
}

/// How `LIKE` compares is a setting of the connection.
#[test]
fn keys_are_found_however_like_compares() {
    let files: Files<'_> = &[
        (
            "0001_a.sql",
            "CREATE TABLE p (x INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p);\nINSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);\n",
        ),
        ("0002_b.sql", "DELETE FROM p;\n"),
    ];
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql("PRAGMA case_sensitive_like = ON");
    let folder = stage.folder(files);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ForeignKeys { .. }),
        "{error}"
    );
}

/// One key that points to no unique column must not hide what happens to the others.
#[test]
fn mismatched_key_hides_no_other() {
    let files: Files<'_> = &[
        (
            "0001_a.sql",
            "CREATE TABLE p (x INTEGER PRIMARY KEY, plain TEXT);\n\
             CREATE TABLE c (p REFERENCES p, plain REFERENCES p (plain), far REFERENCES nowhere (x));\n\
             INSERT INTO p VALUES (1, 'one'), (2, 'two');\n\
             INSERT INTO c (p, plain) VALUES (1, 'one'), (2, 'two'), (NULL, NULL);\n",
        ),
        ("0002_b.sql", "DELETE FROM p WHERE x = 2;\n"),
    ];
    let mut stage = Stage::<SqliteFile>::new();
    let folder = stage.folder(files);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    let ErrorKind::ForeignKeys { violations, .. } = error.kind() else {
        panic!("{error}");
    };
    let found: Vec<_> = violations
        .iter()
        .map(|v| (v.columns.join(" "), v.rows))
        .collect();
    assert_eq!(found, [("p".to_owned(), 1), ("plain".to_owned(), 1)]);
    assert_eq!(error.report().to(), 1);
}
