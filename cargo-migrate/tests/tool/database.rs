//! `up`, `down`, `status` and `plan` on a folder read at run time.

use crate::desk::{Desk, MAIN};

const FILES: &[(&str, &str)] = &[
    ("migrations/0001_a.up.sql", "CREATE TABLE a (x);\n"),
    ("migrations/0001_a.down.sql", "DROP TABLE a;\n"),
    ("migrations/0002_b.up.sql", "CREATE TABLE b (x);\n"),
    ("migrations/0002_b.down.sql", "DROP TABLE b;\n"),
];

/// Runs commands on one database, one after the other: the exit code and the output of each.
#[track_caller]
fn check(files: &[(&str, &str)], steps: &[(&str, i32, &str)]) -> Desk {
    let desk = Desk::package(MAIN, files);
    for (line, code, out) in steps {
        desk.check(&format!("{line} --database app.db"), *code, out, "");
    }
    desk
}

#[test]
fn there_and_back() {
    check(
        FILES,
        &[
            (
                "up --to 1",
                0,
                "Applied: 1 a\nMigrated from version 0 to 1\n",
            ),
            ("status --check", 4, "…"),
            ("up", 0, "Applied: 2 b\nMigrated from version 1 to 2\n"),
            ("status --check", 0, "…"),
            ("up", 0, "Database already at version 2\n"),
            ("down", 0, "Taken back: 2 b\nDatabase at version 1\n"),
            ("down --to 0", 0, "Taken back: 1 a\nDatabase at version 0\n"),
            ("up", 0, "…"),
            (
                "down --count 2",
                0,
                "Taken back: 2 b\nTaken back: 1 a\nDatabase at version 0\n",
            ),
        ],
    );
}

#[test]
fn the_same_plan_and_status_as_in_a_program() {
    let desk = check(FILES, &[("up --to 1", 0, "…")]);
    desk.check(
        "plan --database sqlite:app.db",
        0,
        "
-- From version 1 to 2 in 1 step.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

-- up 2: b
-- file: migrations/0002_b.up.sql
BEGIN IMMEDIATE;
CREATE TABLE b (x);
-- history: version 2 is recorded
COMMIT;
",
        "",
    );
    for (line, member, value) in [
        ("plan --down", "to", 0),
        ("plan --to 2", "to", 2),
        ("status", "current", 1),
        ("up", "to", 2),
        ("down", "to", 1),
    ] {
        let said = desk.says("", &format!("{line} --json --database sqlite://app.db"));
        let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(answer[member], value, "{line}");
    }
}

#[test]
fn history_table() {
    check(
        FILES,
        &[
            ("up --table versions", 0, "…"),
            ("status --check --table versions", 0, "…"),
            ("status --check", 4, "…"),
        ],
    );
}

#[test]
fn only_up_makes_a_database() {
    let desk = Desk::package(MAIN, FILES);
    for line in ["status", "plan", "down", "status --check"] {
        desk.check(
            &format!("{line} --database none.db"),
            1,
            "",
            "
error: there is no database `none.db`
  = help: `cargo migrate up` makes it
",
        );
        assert!(!desk.path("none.db").exists());
    }
}

#[test]
fn other_databases() {
    let desk = Desk::package(MAIN, FILES);
    for (database, expected) in [
        (
            "mysql://me@localhost/app",
            "error: `mysql:` is no database that this build knows\n",
        ),
        (
            "sqlite:app.db?mode=ro",
            "error: `sqlite:app.db?mode=ro` has settings behind its `?`\n",
        ),
        (
            "no/such/folder/app.db",
            "error: the database `no/such/folder/app.db` cannot be opened: ",
        ),
    ] {
        let said = desk.says("", &format!("up --database {database}"));
        assert!(said.err.starts_with(expected), "{}", said.err);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
    }
    assert_eq!(desk.files("").matches(".db").count(), 0);
}

#[test]
fn a_faulty_folder_is_not_run() {
    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", "SELECT 'a;\n")]);
    desk.check(
        "up --database app.db",
        1,
        "",
        "
error: this string is not closed
 --> migrations/0001_a.sql:1:8
  |
1 | SELECT 'a;
  |        ^^^
  = help: close it with `'`; a `'` inside a string is written twice

error: 1 problem
",
    );
    assert!(!desk.path("app.db").exists());
}

/// The tool does not contain the code of a package's migrations, so nothing is run half-way.
#[test]
fn code() {
    let files = &[
        FILES[0],
        FILES[1],
        ("migrations/0002_b.rs", "pub fn up() {}\n"),
    ];
    let desk = Desk::package(MAIN, files);
    desk.check(
        "up --database app.db",
        1,
        "",
        "
error: migration 2 is code, which only the program contains
 --> migrations/0002_b.rs:1:1
  = nothing was run
  = help: let the program migrate this database
  = help: `--to 1` goes as far as SQL does
",
    );
    desk.check("up --to 1 --database app.db", 0, "…", "");
    let said = desk.says("", "up --database app.db");
    assert!(!said.err.contains("--to"), "{}", said.err);
}

/// A text that is still being written is tried again.
#[test]
fn once_more() {
    let desk = check(FILES, &[("up", 0, "…")]);
    desk.file("migrations/0002_b.up.sql", "CREATE TABLE b (y);\n");
    let said = desk.says("", "up --database app.db");
    let cure = "`redo` takes back what was applied and applies the new text";
    assert!(said.err.contains(cure), "{}", said.err);
    let said = desk.says("", "status --database app.db");
    let expected = "\nMigrating would be refused: migration 2 changed";
    assert!(said.out.contains(expected), "{}", said.out);
    desk.check(
        "redo --database app.db",
        0,
        "Taken back: 2 b\nApplied: 2 b\nDatabase at version 2\n",
        "",
    );
    desk.check("status --check --database app.db", 0, "…", "");
    desk.check("redo --database none.db", 1, "", "…");
    desk.file("migrations/0002_b.up.sql", "CREATE TABLE b (y;\n");
    desk.check("redo --database app.db", 1, "", "…");
    desk.check("status --check --database app.db", 3, "…", "…");
}

/// What the engine refuses, it refuses here too, in its own words.
#[test]
fn an_edited_migration() {
    let desk = check(FILES, &[("up", 0, "…")]);
    desk.file("migrations/0002_b.up.sql", "CREATE TABLE b (y);\n");
    desk.file("migrations/0003_c.sql", "CREATE TABLE c (y);\n");
    let said = desk.says("", "up --database app.db");
    let expected = "error: migration 2 changed after having been applied\n --> migrations/0002_b";
    assert!(said.err.starts_with(expected), "{}", said.err);
    assert_eq!(said.code, 1);
    assert_eq!(desk.says("", "status --check --database app.db").code, 3);
}
