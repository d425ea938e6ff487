//! What goes wrong with other migration libraries, each as a test of ours.
//!
//! Numbers 1 to 3 and 5 take several processes and are in `processes`; 21 takes real builds and is in
//! `rebuild`; those of PostgreSQL alone are in `defects_postgres`. `docs/defects.md` lists all of them.

use migrate_core::folder::Options;
use migrate_core::{Database, Goal, Policy};
use migrate_tests::contract::{
    A, B, B_BROKEN, C, Files, ONE, Settings, Stage, THREE, TWO, TestConnection,
};
use migrate_tests::sqlite::SqliteFile;

fn stage() -> Stage<SqliteFile> {
    Stage::new()
}

/// Checks that the folder is refused when it is read, with one problem that says all of `parts`.
#[track_caller]
fn refused(files: Files<'_>, parts: &[&str]) {
    let problems = migrate_tests::read(Options::new(Database::Sqlite), files).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for part in parts {
        assert!(
            problems[0].contains(part),
            "`{part}` is missing in {}",
            problems[0]
        );
    }
}

// Of two folders with one number, one was never run, and nobody was told.
#[test]
fn e07_duplicate_version_is_a_problem() {
    let files = &[
        ("1_a/up.sql", A.1),
        ("2_b/up.sql", B.1),
        ("2_c/up.sql", C.1),
    ];
    refused(files, &["2_b/up.sql", "2_c/up.sql"]);
}

// Versions were texts, so that the tenth ran before the second.
#[test]
fn e08_versions_are_numbers() {
    let files = &[
        ("1_a/up.sql", "CREATE TABLE a (x INTEGER);"),
        ("2_b/up.sql", "ALTER TABLE a ADD COLUMN y INTEGER;"),
        ("10_c/up.sql", "INSERT INTO a VALUES (1, 2);"),
    ];
    stage().check(
        files,
        Goal::Up,
        "0 -> 10: up 1, up 2, up 10",
        "a[1 2] @ 1 2 10",
    );
}

// Duplicates compiled; at start-up the first run failed half-way and every later one at once.
#[test]
fn e10_duplicates_are_found_before_they_run() {
    refused(
        &[A, B, ("0002_c.up.sql", C.1)],
        &["0002_b.up.sql", "0002_c.up.sql"],
    );
    refused(
        &[A, B, ("2_b.up.sql", B.1)],
        &["0002_b.up.sql", "2_b.up.sql"],
    );
    refused(
        &[("V1__a.sql", A.1), ("V1__b.sql", B.1)],
        &["V1__a.sql", "V1__b.sql"],
    );
}

const FAMILY: (&str, &str) = (
    "0001_family.sql",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY);
     CREATE TABLE child (p INTEGER REFERENCES parent ON DELETE CASCADE);
     INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);",
);
const REBUILD: &str = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);
     INSERT INTO new (id) SELECT id FROM parent;
     DROP TABLE parent;
     ALTER TABLE new RENAME TO parent;";

// The rebuild that SQLite's manual recommends deleted the rows of child tables: inside the runner's
// transaction the pragma that should prevent it does nothing.
#[test]
fn e11_rebuild_keeps_the_rows_of_child_tables() {
    let with_pragma = format!("PRAGMA foreign_keys = OFF;\n{REBUILD}\nPRAGMA foreign_keys = ON;");
    refused(
        &[FAMILY, ("0002_r.sql", &with_pragma)],
        &["the runner takes care of foreign keys"],
    );
    for (sql, trusted) in [(REBUILD, 0), (&*with_pragma, 2)] {
        for enforced in ["ON", "OFF"] {
            let mut stage = stage();
            stage.trust_through(trusted);
            stage.db.sql(&format!("PRAGMA foreign_keys = {enforced}"));
            stage.check(
                &[FAMILY],
                Goal::Up,
                "0 -> 1: up 1",
                "child[1] parent[1] @ 1",
            );
            let files = &[FAMILY, ("0002_r.sql", sql)];
            stage.check(
                files,
                Goal::Up,
                "1 -> 2: up 2",
                "child[1] parent[1 NULL] @ 1 2",
            );
        }
    }
}

// Where downs were missing, going back to 0 did nothing, said it had, and the next start failed.
#[test]
fn e12_missing_down_is_no_empty_one() {
    let mut stage = stage();
    let files = &[A, B];
    stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    stage.check(files, Goal::DownTo(0), "irreversible 2 1", "a[] b[] @ 1 2");
    stage.check(files, Goal::Up, "at 2", "a[] b[] @ 1 2");
    refused(&[A, ("0001_a.down.sql", "")], &["this down does nothing"]);
}

// An edited migration went unnoticed, and one that a merge put before the last was never run.
#[test]
fn e13_edits_and_latecomers_are_noticed() {
    let mut stage = stage();
    stage.check(&[A, C], Goal::Up, "0 -> 3: up 1, up 3", "a[] c[] @ 1 3");
    let edited = ("0001_a.up.sql", "CREATE TABLE a (x INTEGER, y INTEGER);\n");
    stage.check(&[edited, C], Goal::Up, "changed 1", "a[] c[] @ 1 3");
    stage.check(&[A, B, C], Goal::Up, "out of order 2 < 3", "a[] c[] @ 1 3");
}

// A program older than the database started as if nothing were wrong.
#[test]
fn e14_newer_database_is_noticed() {
    let mut stage = stage();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        TWO,
        Goal::Up,
        "newer 3 > 2, way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(TWO, Goal::DownTo(2), "3 -> 2: down 3", "a[] b[] @ 1 2");
    stage.check(TWO, Goal::Up, "at 2", "a[] b[] @ 1 2");
}

// A latecomer was run without a word, in an order in which nobody had tried it.
#[test]
fn e15_latecomer_does_not_run_unasked() {
    let mut stage = stage();
    stage.check(&[A, C], Goal::Up, "0 -> 3: up 1, up 3", "a[] c[] @ 1 3");
    let four = ("0004_d.sql", "CREATE TABLE d (x INTEGER);");
    stage.check(
        &[A, B, C, four],
        Goal::Up,
        "out of order 2 < 3",
        "a[] c[] @ 1 3",
    );
}

// A latecomer that was accepted was left out for ever, and one that was refused was said to be
// missing from the program, which had it.
#[test]
fn e16_latecomer_that_is_accepted_runs() {
    let mut stage = stage();
    stage.check(&[A, C], Goal::Up, "0 -> 3: up 1, up 3", "a[] c[] @ 1 3");
    let folder = stage.folder(&[A, B, C]);
    let set = folder.migrations();
    let words = "out of order 2 < 3";
    let refusal = stage
        .check_set(&set, Goal::Up, words, "a[] c[] @ 1 3")
        .unwrap_err();
    let text = refusal.to_string();
    assert!(
        text.starts_with("migration 2 is pending, but the database is at version 3"),
        "{text}"
    );
    const ACCEPT: Settings = |migrator| {
        migrator
            .missing(Policy::Accept)
            .out_of_order(Policy::Accept)
    };
    stage.set(ACCEPT);
    stage.check(&[A, B, C], Goal::Up, "3 -> 3: up 2", "a[] b[] c[] @ 1 2 3");
}

// A checkout with other line ends made every program refuse its database.
#[test]
fn e18_line_ends_do_not_count() {
    let text = "-- people\nCREATE TABLE a (\n  x TEXT DEFAULT 'two\nlines'\n);\n";
    let windows = text.replace('\n', "\r\n");
    for (first, then) in [(text, &*windows), (&windows, text)] {
        let mut stage = stage();
        stage.check(&[("1_a.sql", first)], Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        stage.check(&[("1_a.sql", then)], Goal::Up, "at 1", "a[] @ 1");
        assert!(
            stage.schema().contains("'two\nlines'"),
            "both make the same schema"
        );
    }
}

// Errors had no name of a migration, no SQL, and a position in something else than the file.
#[test]
fn e19_error_names_migration_file_and_place() {
    let mut stage = stage();
    let folder = stage.folder(&[A, ("0002_create_b.sql", B_BROKEN.1)]);
    let set = folder.migrations();
    let words = "sql at 0002_create_b.sql:3, rolled back; kept 0 -> 1: up 1";
    let error = stage
        .check_set(&set, Goal::Up, words, "a[] @ 1")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "near \"TABEL\": syntax error\n \
         --> migrations/0002_create_b.sql:3:8\n  \
         |\n\
         3 | CREATE TABEL c (x INTEGER);\n  \
         |        ^^^^^\n  \
         = in migration 2 \"create b\"\n  \
         = rolled back: nothing of it was applied\n  \
         = kept: this run had migrated from version 0 to 1"
    );
}

// Names that could not be read compiled, and made the program panic at its start.
#[test]
fn e20_name_that_cannot_be_read_is_a_problem() {
    for name in ["V1.5__a.sql", "V99999999999999999999__a.sql", "|1__a.sql"] {
        refused(&[("V1__a.sql", A.1), (name, B.1)], &[name]);
    }
    stage().check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
}
