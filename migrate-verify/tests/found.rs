//! What must be found, and where.

mod support;

use migrate_verify::Body;
use support::{run, run_ups, run_with, strict, told};

/// What ups give: a line for each finding.
#[track_caller]
fn check(ups: &[&str], expected: &str) {
    assert_eq!(told(&run_ups(ups).findings), expected);
}

#[track_caller]
fn check_files(files: &[(&str, &str)], expected: &str) {
    assert_eq!(told(&run(files).findings), expected);
}

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT);";

const NOTES: &str = "CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  body TEXT
);";

// Lost rows.

#[test]
fn rows_lost_by_a_join() {
    check(
        &[
            "CREATE TABLE a (id INTEGER PRIMARY KEY, code TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, size INT);",
            "CREATE TABLE a_new (id INTEGER PRIMARY KEY, code TEXT, size INT);
INSERT INTO a_new SELECT a.id, a.code, b.size FROM a JOIN b ON b.id = a.id + 1000000 WHERE b.size = a.code || 'x';
DROP TABLE a;
ALTER TABLE a_new RENAME TO a;",
        ],
        "lost_rows 0002_m.sql:2:26 rows of `a` are lost: of 2 are left 0",
    );
}

#[test]
fn rows_lost_by_a_filter_that_nothing_meets() {
    check(
        &[
            USERS,
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users_new SELECT id, name FROM users WHERE 0;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;",
        ],
        "lost_rows 0002_m.sql:2:44 rows of `users` are lost: of 2 are left 0",
    );
}

#[test]
fn rows_lost_by_a_limit() {
    check(
        &[
            USERS,
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users_new SELECT id, name FROM users LIMIT 1;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;",
        ],
        "lost_rows 0002_m.sql:2:44 rows of `users` are lost: of 2 are left 1",
    );
}

#[test]
fn one_of_two_copies_forgotten() {
    check(
        &[
            USERS,
            "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);",
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE tags_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users_new SELECT id, name FROM users;
DROP TABLE users;
DROP TABLE tags;
ALTER TABLE users_new RENAME TO users;
ALTER TABLE tags_new RENAME TO tags;",
        ],
        "lost_rows 0003_m.sql:5:12 rows of `tags` are lost: of 2 are left 0",
    );
}

#[test]
fn old_table_renamed_and_not_copied() {
    check(
        &[
            USERS,
            "ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
DROP TABLE users_old;",
        ],
        "lost_rows 0002_m.sql:1:13 rows of `users` are lost: of 2 are left 0",
    );
}

#[test]
fn children_deleted_with_their_parent() {
    let mut options = strict();
    options
        .allow
        .insert(migrate_source::Problem::DropWithForeignKeys);
    let rebuild = "-- migrate: foreign-keys on
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users_new SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;";
    let files = [
        ("0001_users.sql", USERS),
        ("0002_notes.sql", NOTES),
        ("0003_rebuild.sql", rebuild),
    ];
    let findings = run_with(&options, &files, |_| {}).findings;
    assert_eq!(
        told(&findings),
        "lost_rows 0003_rebuild.sql:4:1 rows of `notes` are lost: of 2 are left 0"
    );
}

#[test]
fn a_delete_elsewhere_is_no_excuse() {
    for elsewhere in [
        "DELETE FROM sessions;",
        "DELETE FROM sqlite_sequence WHERE name = 'users';",
        "INSERT OR REPLACE INTO sessions VALUES (1);",
        "WITH old AS (SELECT 1) DELETE FROM main.sessions;",
    ] {
        let rebuild = format!(
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users_new SELECT id, name FROM users WHERE 0;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
{elsewhere}"
        );
        check(
            &[
                "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE TABLE sessions (id INTEGER PRIMARY KEY);",
                &rebuild,
            ],
            "lost_rows 0002_m.sql:2:44 rows of `users` are lost: of 2 are left 0",
        );
    }
}

#[test]
fn a_repeat_without_an_end_on_some_rows() {
    for (sql, place) in [
        (
            "UPDATE users SET age = age + 1 WHERE age IS NOT NULL;",
            "2:1",
        ),
        // Rows whose age is not known are done again and again.
        (
            "UPDATE users SET name = upper(name), age = abs(age) WHERE id IN (SELECT id FROM users WHERE age IS NULL LIMIT 100);",
            "2:1",
        ),
    ] {
        check(
            &[USERS, &format!("-- migrate: repeat\n{sql}")],
            &format!(
                "endless_repeat 0002_m.sql:{place} this statement still changes rows after 1000 times"
            ),
        );
    }
}

#[test]
fn copied_to_a_table_that_goes_as_well() {
    check(
        &[
            USERS,
            "CREATE TABLE backup AS SELECT * FROM users;
INSERT INTO main.backup SELECT * FROM users;
DROP TABLE users;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT);
DROP TABLE backup;",
        ],
        "lost_rows 0002_m.sql:1:38 rows of `users` are lost: of 2 are left 0",
    );
}

#[test]
fn replaced_by_fewer_rows_through_update_or_replace() {
    check(
        &[
            "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT UNIQUE);",
            "UPDATE t SET x = 'same';",
        ],
        "failing_on_rows 0002_m.sql:1:1 on tables with rows: UNIQUE constraint failed: t.x",
    );
}

// Rows that fail.

#[test]
fn unique_on_a_constant() {
    check(
        &[
            USERS,
            "ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'x';
CREATE UNIQUE INDEX users_kind ON users (kind);",
        ],
        "failing_on_rows 0002_m.sql:2:1 on tables with rows: UNIQUE constraint failed: users.kind",
    );
}

#[test]
fn a_check_that_no_row_meets() {
    check(
        &[
            USERS,
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, role TEXT CHECK (role IN ('a', 'b')));
INSERT INTO users_new SELECT id, name, 'c' FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;",
        ],
        "failing_on_rows 0002_m.sql:2:1 on tables with rows: CHECK constraint failed: role IN ('a', 'b')",
    );
}

#[test]
fn a_column_that_is_not_copied() {
    check(
        &[
            USERS,
            "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT);
INSERT INTO users_new (id, age) SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;",
        ],
        "failing_on_rows 0002_m.sql:2:1 on tables with rows: NOT NULL constraint failed: users_new.name",
    );
}

#[test]
fn a_rebuild_that_keeps_its_name_and_meets_no_row() {
    check(
        &[
            USERS,
            "ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
INSERT INTO users SELECT id, 'same' FROM users_old;
DROP TABLE users_old;",
        ],
        "failing_on_rows 0002_m.sql:3:1 on tables with rows: UNIQUE constraint failed: users.name",
    );
}

#[test]
fn children_left_alone() {
    check(
        &[USERS, NOTES, "DELETE FROM users;"],
        "failing_on_rows 0003_m.sql:1:13 on tables with rows: rows of `notes` have no parent in `users` any more",
    );
}

// Downs.

#[test]
fn downs_that_leave_something() {
    let of = |up, down| {
        run(&[
            ("0001_a.sql", USERS),
            ("0002_b.up.sql", up),
            ("0002_b.down.sql", down),
        ])
    };
    let check = |up, down, expected: &[&str]| {
        let findings = of(up, down).findings;
        assert_eq!(
            told(&findings),
            "incomplete_down 0002_b.down.sql:1:1 after this down the schema is not what it was before the up"
        );
        let help = &findings[0].help;
        assert_eq!(&help[..expected.len()], expected);
    };
    check(
        "CREATE TABLE log (x); CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES (1); END;",
        "DROP TABLE log;",
        &["trigger `t` is left behind"],
    );
    check(
        "CREATE VIEW v AS SELECT name FROM users;",
        "SELECT 'the view is harmless';",
        &["view `v` is left behind"],
    );
    check(
        "ALTER TABLE users DROP COLUMN name;",
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';",
        &["column `name` of `users` comes back as TEXT NOT NULL DEFAULT '', was TEXT NOT NULL"],
    );
    check(
        "CREATE UNIQUE INDEX i ON users (name);",
        "DROP INDEX i; CREATE INDEX i ON users (name);",
        &["index `i` is left behind"],
    );
}

#[test]
fn a_down_that_restores_another_order_of_columns() {
    let findings = run(&[
        ("0001_a.sql", "CREATE TABLE t (a INT, b INT, c INT);"),
        ("0002_b.up.sql", "ALTER TABLE t DROP COLUMN b;"),
        ("0002_b.down.sql", "ALTER TABLE t ADD COLUMN b INT;"),
    ])
    .findings;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].help[0].contains("order"),
        "{:?}",
        findings[0].help
    );
}

#[test]
fn a_down_that_forgets_a_constraint() {
    let findings = run(&[
        ("0001_a.sql", "CREATE TABLE t (a INT, b INT, UNIQUE (a, b));"),
        (
            "0002_b.up.sql",
            "CREATE TABLE n (a INT, b INT); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        ),
        (
            "0002_b.down.sql",
            "CREATE TABLE n (a INT, b INT); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        ),
    ])
    .findings;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].help[0].contains("constraints of `t`"),
        "{:?}",
        findings[0].help
    );
}

#[test]
fn a_down_that_fails() {
    check_files(
        &[
            ("0001_a.up.sql", USERS),
            ("0001_a.down.sql", "DROP TABLE users;\nDROP INDEX nowhere;"),
        ],
        "failing_down 0001_a.down.sql:2:12 no such index: nowhere",
    );
}

#[test]
fn a_down_that_fails_only_after_those_that_follow() {
    // Right after its up there are no rows; those of the next migration stay when that is taken back.
    check_files(
        &[
            ("0001_a.up.sql", "CREATE TABLE t (x INT);"),
            ("0001_a.down.sql", "DROP TABLE t;"),
            ("0002_b.up.sql", "ALTER TABLE t ADD COLUMN y INT;"),
            (
                "0002_b.down.sql",
                "CREATE TABLE n (x INT CHECK (x > 0));
INSERT INTO n SELECT x FROM t;
DROP TABLE t; DROP TABLE n;
CREATE TABLE t (x INT);",
            ),
            ("0003_c.up.sql", "INSERT INTO t (x) VALUES (-1);"),
            ("0003_c.down.sql", "-- a row more does no harm"),
        ],
        "failing_again 0002_b.down.sql:2:1 run again: CHECK constraint failed: x > 0",
    );
}

#[test]
fn an_up_that_fails_the_second_time() {
    check_files(
        &[
            ("0001_a.sql", "CREATE TABLE t (x INT PRIMARY KEY);"),
            ("0002_b.up.sql", "INSERT INTO t VALUES (1);"),
            ("0002_b.down.sql", "-- stays"),
        ],
        "failing_again 0002_b.up.sql:1:1 run again: UNIQUE constraint failed: t.x",
    );
}

// What SQLite finds late.

#[test]
fn a_view_that_a_later_migration_breaks() {
    check(
        &[
            USERS,
            "CREATE VIEW names AS SELECT name FROM users;",
            NOTES,
            "DROP TABLE users;",
            "CREATE TABLE other (id INTEGER PRIMARY KEY);",
        ],
        "failing_on_rows 0004_m.sql:1:12 on tables with rows: rows of `notes` have no parent in `users` any more
broken_view 0004_m.sql:1:12 the view `names` cannot be read: no such table: main.users",
    );
}

#[test]
fn a_trigger_that_a_later_migration_breaks() {
    check(
        &[
            USERS,
            "CREATE TABLE log (what TEXT);
CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES ('x'); END;",
            "DROP TABLE log;",
        ],
        "broken_trigger 0003_m.sql:1:12 the trigger `t` on `users` fails whenever it fires: no such table: main.log",
    );
}

#[test]
fn a_foreign_key_that_a_rename_takes_along() {
    // SQLite changes what refers to the renamed table, which is then dropped.
    check(
        &[
            USERS,
            NOTES,
            "ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users SELECT id, name FROM users_old;
DROP TABLE users_old;",
        ],
        "broken_foreign_key 0003_m.sql:1:29 a foreign key of `notes` fails on every write: no such table: main.users_old",
    );
}

#[test]
fn a_foreign_key_to_a_column_that_is_not_unique() {
    check(
        &[
            USERS,
            "CREATE TABLE notes (author TEXT REFERENCES users (name));",
            "CREATE UNIQUE INDEX users_name ON users (name);",
            "DROP INDEX users_name;",
        ],
        "broken_foreign_key 0004_m.sql:1:1 the foreign key of `notes` to `users` fails on every write: foreign key mismatch - \"notes\" referencing \"users\"",
    );
}

#[test]
fn a_view_with_too_many_names() {
    check(
        &[
            USERS,
            "CREATE VIEW v (a, b, c) AS SELECT id, name FROM users;",
        ],
        "broken_view 0002_m.sql:1:13 the view `v` cannot be read: expected 3 columns for 'v' but got 2",
    );
}

// Several at once.

#[test]
fn several_bad_files() {
    check(
        &[
            USERS,
            "CREATE TABEL x (id INT);",
            "ALTER TABLE users ADD COLUMN mail TEXT;",
            "CREATE INDEX i ON users (nowhere);",
            "CREATE TABLE made (id INTEGER PRIMARY KEY, a INT);",
            "INSERT INTO made (a) VALUES (1);",
            "CREATE VIEW v AS SELECT a FROM made;",
            "DROP TABLE elsewhere;",
        ],
        "failing_up 0002_m.sql:1:8 near \"TABEL\": syntax error
failing_up 0004_m.sql:1:26 no such column: nowhere
failing_up 0008_m.sql:1:12 no such table: elsewhere",
    );
}

#[test]
fn several_bad_statements_in_a_file() {
    check(
        &[
            "CREATE TABLE a (id INT;\nINSERT INTO a VALUES (1);\nSELEKT 1;\nCREATE TABLE b (id INT);\nINSERT INTO b VALUES (1, 2);",
        ],
        "failing_up 0001_m.sql:1:23 near \";\": syntax error
failing_up 0001_m.sql:3:1 near \"SELEKT\": syntax error
failing_up 0001_m.sql:5:1 table b has 1 columns but 2 values were supplied",
    );
}

#[test]
fn repeatables_that_fail() {
    check_files(
        &[
            ("0001_a.sql", USERS),
            ("R__a.sql", "CREATE VIEW a AS SELECT name FROM users;"),
            (
                "R__b.sql",
                "DROP VIEW IF EXISTS b;\nCREATE VIEW b AS SELECT nowhere FROM users;",
            ),
            (
                "R__c.sql",
                "DROP VIEW c;\nCREATE VIEW c AS SELECT name FROM users;",
            ),
        ],
        "failing_again R__a.sql:1:13 run again: view a already exists
failing_up R__c.sql:1:11 no such view: c
broken_view R__b.sql:2:25 the view `b` cannot be read: no such column: nowhere",
    );
}

#[test]
fn rows_of_the_migration_without_a_parent() {
    check(
        &[USERS, NOTES, "INSERT INTO notes (user_id) VALUES (7);"],
        "foreign_key_violation 0003_m.sql:1:13 it leaves rows in `notes` that have no parent in `users`",
    );
}

// Code that is run.

#[test]
fn code_that_ends_the_transaction_or_sets_something() {
    const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";
    let files = [
        ("0001_a.sql", USERS),
        ("0002_b.rs", CODE),
        ("0003_c.rs", CODE),
        ("0004_d.sql", "ALTER TABLE users ADD COLUMN x INT NOT NULL;"),
    ];
    let verified = run_with(&strict(), &files, |set| {
        if let Body::Code(up) = &mut set.migrations[1].up {
            up.run = Some(|db| Ok(db.execute_batch("COMMIT")?));
        }
        if let Body::Code(up) = &mut set.migrations[2].up {
            up.run = Some(|db| Ok(db.execute_batch("PRAGMA query_only = ON")?));
        }
    });
    assert_eq!(
        told(&verified.findings),
        "failing_up 0002_b.rs:1:1 it has ended the transaction that it runs in
failing_on_rows 0004_d.sql:1:1 on tables with rows: Cannot add a NOT NULL column with default value NULL"
    );
}

#[test]
fn code_that_fails_and_code_whose_down_fails() {
    const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }
pub fn down(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";
    let files = [
        ("0001_a.sql", USERS),
        ("0002_b.rs", CODE),
        ("0003_c.rs", CODE),
    ];
    let verified = run_with(&strict(), &files, |set| {
        if let Body::Code(up) = &mut set.migrations[1].up {
            up.run = Some(|db| Ok(db.execute_batch("INSERT INTO nowhere VALUES (1)")?));
        }
        if let Body::Code(up) = &mut set.migrations[2].up {
            up.run = Some(|_| Ok(()));
        }
        if let Some(Body::Code(down)) = &mut set.migrations[2].down {
            down.run = Some(|_| Err("not today".into()));
        }
    });
    assert_eq!(
        told(&verified.findings),
        "failing_up 0002_b.rs:1:1 no such table: nowhere
failing_down 0003_c.rs:1:1 not today"
    );
}

// What is PostgreSQL's.

#[test]
fn perhaps_postgres() {
    let cure = "if it is for PostgreSQL, say `database = \"postgres\"`";
    for (sql, expected) in [
        ("CREATE TABLE a (x DEFAULT 'a'::text);", true),
        (
            "CREATE TABLE a (id BIGSERIAL, x JSONB DEFAULT now());",
            true,
        ),
        ("CREATE TABLE a (x TEXT DEFAULT now());", false),
    ] {
        let findings = run_ups(&[sql]).findings;
        assert_eq!(findings.len(), 1, "{sql}");
        let is_said = findings[0].help.iter().any(|help| help == cure);
        assert_eq!(is_said, expected, "{sql}: {:?}", findings[0].help);
    }
}
