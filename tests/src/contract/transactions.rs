//! How migrations are put into transactions, and what is kept when one of them fails.

use migrate_core::{Database, Goal};

use super::files::{A, B, B_BROKEN, B_FAILING, C, ONE, THREE, TWO};
use super::stage::{ALL, EACH, Files, GROUPED};
use super::{Stage, TestConnection, TestDatabase};

/// A second migration that fails, and one after it.
const BROKEN: Files<'_> = &[A, B_BROKEN, C];
const FAILING: Files<'_> = &[A, B_FAILING, C];

pub fn grouped_on_a_fresh_database_and_one_each_on_a_used_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    assert_eq!(
        stage.planned(THREE, Goal::Up),
        "group up 1, group up 2, group up 3"
    );
    assert_eq!(stage.planned(THREE, Goal::Mark(1)), "group mark 1");
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    assert_eq!(stage.planned(THREE, Goal::Up), "own up 2, own up 3");
    stage.set(GROUPED);
    assert_eq!(stage.planned(THREE, Goal::Up), "group up 2, group up 3");
    stage.set(EACH);
    stage.check(ONE, Goal::Reset, "1 -> 0: down 1", "@");
    assert_eq!(stage.planned(TWO, Goal::Up), "own up 1, own up 2");
}

pub fn what_came_before_a_failure_is_kept<D: TestDatabase>() {
    for settings in ALL {
        for (files, line) in [(BROKEN, 3), (FAILING, 4)] {
            let mut stage = Stage::<D>::new();
            stage.set(settings);
            let words = format!("sql at 0002_b.up.sql:{line}, rolled back; kept 0 -> 1: up 1");
            stage.check(files, Goal::Up, &words, "a[] @ 1");
            // Again: the same failure, and nothing else to keep.
            let words = format!("sql at 0002_b.up.sql:{line}, rolled back");
            stage.check(files, Goal::Up, &words, "a[] @ 1");
            stage.check(THREE, Goal::Up, "1 -> 3: up 2, up 3", "a[] b[] c[] @ 1 2 3");
        }
    }
}

pub fn first_failure_leaves_a_fresh_database_fresh<D: TestDatabase>() {
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        let before = stage.database.snapshot();
        let files = &[("0001_b.sql", B_BROKEN.1), ("0002_c.sql", C.1)];
        stage.check(files, Goal::Up, "sql at 0001_b.sql:3, rolled back", "@");
        assert!(
            stage.database.snapshot() == before,
            "the database is untouched"
        );
        stage.check(
            THREE,
            Goal::Up,
            "0 -> 3: up 1, up 2, up 3",
            "a[] b[] c[] @ 1 2 3",
        );
    }
}

pub fn failure_on_a_used_database_keeps_its_rows<D: TestDatabase>() {
    let rewrite = (
        "0002_b.up.sql",
        "DELETE FROM a;\nALTER TABLE a ADD COLUMN y INTEGER;\nCREATE TABEL b (x);\n",
    );
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        stage.db.sql("INSERT INTO a VALUES (1), (2)");
        let schema = stage.schema();
        let words = "sql at 0002_b.up.sql:3, rolled back";
        stage.check(&[A, rewrite, C], Goal::Up, words, "a[1, 2] @ 1");
        assert_eq!(stage.schema(), schema);
    }
}

/// The runner has savepoints of its own.
pub fn savepoints_of_a_file_are_its_own<D: TestDatabase>() {
    for name in ["migration", "savepoint", "_migrate_core"] {
        for settings in ALL {
            let mut stage = Stage::<D>::new();
            stage.set(settings);
            let text = format!(
                "CREATE TABLE half (x INTEGER);\nSAVEPOINT {name};\nINSERT INTO half VALUES (1);\nOOPS;\n"
            );
            let words = "sql at 0002_b.sql:4, rolled back; kept 0 -> 1: up 1";
            stage.check(&[A, ("0002_b.sql", &text)], Goal::Up, words, "a[] @ 1");
        }
    }
}

pub fn failing_last_one_keeps_all_the_others<D: TestDatabase>() {
    let broken = ("0003_c.sql", "CREATE TABEL c (x INTEGER);");
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        let words = "sql at 0003_c.sql:1, rolled back; kept 0 -> 2: up 1, up 2";
        stage.check(&[A, B, broken], Goal::Up, words, "a[] b[] @ 1 2");
    }
}

pub fn error_shows_the_line_and_what_to_do<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text =
        "-- migrate:up\nCREATE TABLE b (x INTEGER);\n\n  /* é */ CREATE TABEL c (x INTEGER);\n";
    let folder = stage.folder(&[
        ("0001_a.sql", "-- migrate:up\nCREATE TABLE a (x INTEGER);\n"),
        ("0002_b.sql", text),
    ]);
    let set = folder.migrations();
    let words = "sql at 0002_b.sql:4, rolled back; kept 0 -> 1: up 1";
    let error = stage
        .check_set(&set, Goal::Up, words, "a[] @ 1")
        .unwrap_err();
    let failed = error.failed().unwrap();
    assert_eq!(
        (failed.version, failed.description.as_str()),
        (Some(2), "b")
    );
    assert_eq!(failed.file, "migrations/0002_b.sql");
    let place = failed.place.as_ref().unwrap();
    assert_eq!((place.line, place.column, place.width), (4, 18, 5));
    assert_eq!(place.excerpt, "  /* é */ CREATE TABEL c (x INTEGER);");
    let text = error.to_string();
    let (message, rest) = text.split_once('\n').unwrap();
    assert!(
        message.contains("TABEL"),
        "the database's own words: {message}"
    );
    let has_code = message.ends_with(" (SQLSTATE 42601)");
    assert_eq!(has_code, D::DATABASE == Database::Postgres, "{message}");
    assert_eq!(
        rest,
        " --> migrations/0002_b.sql:4:18\n  \
         |\n\
         4 |   /* é */ CREATE TABEL c (x INTEGER);\n  \
         |                  ^^^^^\n  \
         = in migration 2 \"b\"\n  \
         = rolled back: nothing of it was applied\n  \
         = kept: this run had migrated from version 0 to 1"
    );
    assert!(
        std::error::Error::source(&error).is_some(),
        "the driver's error is the source"
    );
}

pub fn failing_down_in_a_redo_leaves_everything<D: TestDatabase>() {
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        let files = &[A, B, ("0002_b.down.sql", "DROP TABLE b;\nDROP TABEL b;\n")];
        stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
        let words = "sql at 0002_b.down.sql:2, rolled back";
        stage.check(files, Goal::Redo, words, "a[] b[] @ 1 2");
    }
}
