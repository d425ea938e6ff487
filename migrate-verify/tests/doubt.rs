//! What cannot be known: files that are not verified, trusted ones, code that is not run, files that are
//! missing. What follows is checked as far as it can be.

mod support;

use migrate_source::Problem;
use support::{run, run_with, strict, told};

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    assert_eq!(told(&run(files).findings), expected);
}

#[track_caller]
fn check_trusting(through: i64, files: &[(&str, &str)], expected: &str) {
    let mut options = strict();
    options.trust_through = through;
    assert_eq!(told(&run_with(&options, files, |_| {}).findings), expected);
}

/// With something missing that could not be read.
#[track_caller]
fn check_incomplete(files: &[(&str, &str)], expected: &str) {
    let verified = run_with(&strict(), files, |set| set.is_incomplete = true);
    assert_eq!(told(&verified.findings), expected);
}

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);";

#[test]
fn functions_of_the_application() {
    check(
        &[
            ("0001_a.sql", USERS),
            ("0002_b.sql", "UPDATE users SET name = slugify(name);"),
        ],
        "failing_up 0002_b.sql:1:25 no such function: slugify",
    );
    check(
        &[
            ("0001_a.sql", USERS),
            (
                "0002_b.sql",
                "-- migrate: unverified \"slugify is ours\"\nUPDATE users SET name = slugify(name);",
            ),
            ("0003_c.sql", "ALTER TABLE users ADD COLUMN mail TEXT;"),
            ("0004_d.sql", "CREATE INDEX i ON users (mial);"),
        ],
        "failing_up 0004_d.sql:1:26 no such column: mial",
    );
}

#[test]
fn what_an_unverified_trigger_uses() {
    let trigger = "-- migrate: unverified \"slugify is ours\"
CREATE TRIGGER slug AFTER INSERT ON users BEGIN
  UPDATE users SET name = slugify(new.name) WHERE id = new.id;
END;";
    check(
        &[
            ("0001_a.sql", USERS),
            ("0002_b.sql", trigger),
            ("0003_c.sql", "INSERT INTO users (name) VALUES ('x');"),
            ("0004_d.sql", "UPDATE users SET name = lenght(name);"),
        ],
        "failing_up 0004_d.sql:1:25 no such function: lenght",
    );
}

#[test]
fn collations_of_the_application() {
    check(
        &[
            (
                "0001_a.sql",
                "-- migrate: unverified \"the program has de_DE\"\nCREATE TABLE t (x TEXT COLLATE de_DE);\nCREATE INDEX i ON t (x);",
            ),
            ("0002_b.sql", "ALTER TABLE t ADD COLUMN y INT;"),
            ("0003_c.sql", "SELEKT 1;"),
        ],
        "failing_up 0003_c.sql:1:1 near \"SELEKT\": syntax error",
    );
}

#[test]
fn modules_of_the_application() {
    check(
        &[
            (
                "0001_a.sql",
                "-- migrate: unverified \"vec0 is loaded by the program\"
CREATE VIRTUAL TABLE vectors USING vec0 (embedding float[384]);",
            ),
            (
                "0002_b.sql",
                "INSERT INTO vectors (rowid, embedding) VALUES (1, '[]');",
            ),
            (
                "0003_c.sql",
                "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIEW v AS SELECT * FROM vectors;",
            ),
            ("0004_d.sql", "INSERT INTO nowhere VALUES (1);"),
        ],
        "failing_up 0004_d.sql:1:13 no such table: nowhere",
    );
}

#[test]
fn help_for_what_the_application_has() {
    let helps = |sql| {
        let findings = run(&[("0001_a.sql", sql)]).findings;
        let help: Vec<String> = findings.into_iter().flat_map(|f| f.help).collect();
        help.join("; ").contains("unverified")
    };
    assert!(helps("SELECT mine(1);"));
    assert!(helps(
        "CREATE TABLE t (x TEXT); CREATE INDEX i ON t (x COLLATE mine);"
    ));
    assert!(helps("CREATE VIRTUAL TABLE t USING mine (x);"));
    assert!(helps("CREATE TABLE t (x, y AS (mine(1)));"));
    assert!(helps("CREATE VIEW v AS SELECT mine(1);"));
    assert!(helps(
        "CREATE TABLE t (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT mine(1); END;"
    ));
    assert!(!helps("SELECT x;"));
}

#[test]
fn a_view_with_a_function_of_the_application() {
    check(
        &[
            ("0001_a.sql", USERS),
            (
                "0002_b.sql",
                "-- migrate: unverified \"initials is ours\"\nCREATE VIEW v AS SELECT initials(name) FROM users;",
            ),
            ("0003_c.sql", "ALTER TABLE users ADD COLUMN mail TEXT;"),
        ],
        "",
    );
}

#[test]
fn a_down_that_is_not_verified() {
    check(
        &[
            ("0001_a.up.sql", USERS),
            (
                "0001_a.down.sql",
                "-- migrate: unverified \"archive() is ours\"\nSELECT archive('users'); DROP TABLE users;",
            ),
        ],
        "",
    );
}

#[test]
fn trusted_files() {
    let files = [
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "DROP TABLE nowhere;"),
        ("0002_b.sql", "ALTER TABLE users ADD COLUMN x INT NOT NULL;"),
        ("0003_c.sql", "CREATE VIEW v AS SELECT nowhere FROM users;"),
        (
            "0004_d.sql",
            "CREATE TABLE d (x);\nINSERT INTO d SELECT mine(1);",
        ),
        (
            "0005_e.sql",
            "SELECT mine(1); INSERT INTO d VALUES (1); INSERT INTO elsewhere VALUES (1);",
        ),
    ];
    check_trusting(5, &files, "");
    check_trusting(
        4,
        &files,
        // What the function would have made is not known.
        "failing_up 0005_e.sql:1:8 no such function: mine",
    );
    check_trusting(
        0,
        &files[..2],
        "failing_down 0001_a.down.sql:1:12 no such table: nowhere",
    );
}

#[test]
fn a_trusted_view_that_is_broken_later() {
    let files = [
        ("0001_a.sql", USERS),
        ("0002_b.sql", "CREATE VIEW v AS SELECT name FROM users;"),
        ("0003_c.sql", "DROP TABLE users;"),
    ];
    check_trusting(
        2,
        &files,
        "broken_view 0003_c.sql:1:12 the view `v` cannot be read: no such table: main.users",
    );
}

#[test]
fn what_fails_for_a_trusted_view() {
    let files = [
        ("0001_a.sql", USERS),
        ("0002_b.sql", "CREATE VIEW v AS SELECT nowhere FROM users;"),
        ("0003_c.sql", "ALTER TABLE users RENAME TO people;"),
    ];
    check_trusting(
        2,
        &files,
        "failing_up 0003_c.sql:1:1 error in view v: no such column: nowhere",
    );
    // Where the view is told of, it is enough.
    check_trusting(
        1,
        &files,
        "broken_view 0002_b.sql:1:25 the view `v` cannot be read: no such column: nowhere",
    );
}

#[test]
fn what_is_allowed() {
    let mut options = strict();
    options.allow.insert(Problem::IncompleteDown);
    options.allow.insert(Problem::FailingUp);
    let files = [
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "-- no way back"),
        ("0002_b.sql", "SELECT nowhere;"),
    ];
    let verified = run_with(&options, &files, |_| {});
    // That an up fails is never allowed by name.
    assert_eq!(
        told(&verified.findings),
        "failing_up 0002_b.sql:1:8 no such column: nowhere"
    );
}

const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

const CHANGING_CODE: &str = "pub const CHANGES_SCHEMA: bool = true;
pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

#[test]
fn after_code_that_changes_rows() {
    check(
        &[
            (
                "0001_a.sql",
                "CREATE TABLE a (x INT); CREATE TABLE b (x INT REFERENCES c (id)); CREATE TABLE c (id INTEGER PRIMARY KEY);",
            ),
            ("0002_b.rs", CODE),
            // The code may have inserted the parent.
            ("0003_c.sql", "INSERT INTO b VALUES (1);"),
            ("0004_d.sql", "INSERT INTO nowhere VALUES (1);"),
        ],
        "failing_up 0004_d.sql:1:13 no such table: nowhere",
    );
}

#[test]
fn after_code_that_changes_the_schema() {
    check(
        &[
            ("0001_a.sql", USERS),
            ("0002_b.rs", CHANGING_CODE),
            ("0003_c.sql", "INSERT INTO by_code VALUES (1);"),
            ("0004_d.sql", "CREATE INDEX i ON users (by_code);"),
            ("0005_e.sql", "CREATE TABLE t (x INT;"),
            ("0006_f.sql", "CREATE VIEW v AS SELECT * FROM by_code;"),
        ],
        "failing_up 0005_e.sql:1:22 near \";\": syntax error",
    );
}

#[test]
fn downs_after_code_that_changes_the_schema() {
    // What it drops may have been made by the code.
    check(
        &[
            ("0001_a.sql", USERS),
            ("0002_b.rs", CHANGING_CODE),
            ("0003_c.up.sql", "DROP TABLE IF EXISTS by_code;"),
            ("0003_c.down.sql", "CREATE TABLE by_code (x INT);"),
        ],
        "",
    );
    check(
        &[
            ("0001_a.sql", USERS),
            ("0002_b.rs", CHANGING_CODE),
            (
                "0003_c.up.sql",
                "CREATE TABLE t (x INT); CREATE TABLE left (x INT);",
            ),
            ("0003_c.down.sql", "DROP TABLE t;"),
        ],
        "incomplete_down 0003_c.down.sql:1:1 after this down the schema is not what it was before the up",
    );
}

#[test]
fn nothing_is_known_of_a_schema_after_code_that_changes_it() {
    let verified = run(&[
        ("0001_a.sql", USERS),
        ("0002_b.rs", CHANGING_CODE),
        ("0003_c.sql", "SELECT 1;"),
    ]);
    let known: Vec<bool> = verified
        .steps
        .iter()
        .map(|step| step.schema.is_some())
        .collect();
    assert_eq!(known, [true, false, false]);
}

#[test]
fn nothing_is_known_of_a_schema_after_a_file_that_is_not_verified() {
    let verified = run(&[
        ("0001_a.sql", USERS),
        (
            "0002_b.sql",
            "-- migrate: unverified \"ours\"\nCREATE TABLE t (x, y AS (ours(1)));",
        ),
        ("0003_c.sql", "CREATE TABLE u (x);"),
    ]);
    assert_eq!(told(&verified.findings), "");
    let known: Vec<bool> = verified
        .steps
        .iter()
        .map(|step| step.schema.is_some())
        .collect();
    assert_eq!(known, [true, false, false]);
}

#[test]
fn sets_with_something_missing() {
    check_incomplete(
        &[
            ("0001_a.sql", "ALTER TABLE missing ADD COLUMN x INT;"),
            ("0002_b.sql", "INSERT INTO missing VALUES (1);"),
            ("0003_c.sql", "CREATE VIEW v AS SELECT * FROM missing;"),
            ("0004_d.sql", "CREATE TABEL t (x);"),
            ("0005_e.up.sql", "CREATE TABLE t (x);"),
            ("0005_e.down.sql", "DROP TABLE missing; DROP TABLE t;"),
        ],
        "failing_up 0004_d.sql:1:8 near \"TABEL\": syntax error",
    );
}

#[test]
fn a_database_that_is_attached() {
    let mut options = strict();
    options.allow.insert(Problem::Attach);
    let files = [
        ("0001_a.sql", USERS),
        (
            "0002_b.sql",
            "-- migrate: no-transaction\nATTACH 'other.db' AS other;\nINSERT INTO users SELECT * FROM other.users;\nDETACH other;",
        ),
        ("0003_c.sql", "SELEKT 1;"),
    ];
    let verified = run_with(&options, &files, |_| {});
    assert_eq!(
        told(&verified.findings),
        "failing_up 0003_c.sql:1:1 near \"SELEKT\": syntax error"
    );
}

#[test]
fn a_seed() {
    let of = |seed: &str| {
        let files = [
            (
                "0001_a.sql",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);",
            ),
            (
                "0002_b.sql",
                "CREATE TABLE n (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);\nINSERT INTO n SELECT * FROM t WHERE kind <> 'old';\nDROP TABLE t;\nALTER TABLE n RENAME TO t;",
            ),
            ("0003_c.sql", "ALTER TABLE t ADD COLUMN size INT;"),
            ("seed.sql", seed),
        ];
        told(&run(&files).findings)
    };
    assert_eq!(of("INSERT INTO t VALUES (1, 'new');"), "");
    assert_eq!(
        of("INSERT INTO t VALUES (1, 'old');"),
        "lost_rows 0002_b.sql:2:29 rows of `t` are lost: of 1 are left 0"
    );
    assert_eq!(
        of("INSERT INTO t (id, kind, size) VALUES (1, 'new', 3);"),
        ""
    );
    assert_eq!(
        of("INSERT INTO t (id, kind, sice) VALUES (1, 'new', 3);"),
        "failing_seed seed.sql:1:26 table t has no column named sice"
    );
}
