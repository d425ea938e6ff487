//! Every problem that is found by running, by its name: the smallest folder that shows it, under
//! `fixtures/`, and its text.

use std::path::Path;

use migrate_source::folder::disk;
use migrate_source::{Database, Finding, Options, Problem};
use migrate_verify::{Body, Set, verify};

mod undeclared {
    use rusqlite::{Connection, Result};

    pub(crate) fn up(db: &Connection) -> Result<()> {
        db.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    }
}

/// Checks what the fixture of `problem` gives: findings of that problem only, and their texts.
#[track_caller]
fn check(problem: Problem, expected: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let listing = disk::list(&fixtures.join(problem.name())).unwrap();
    let options = Options::new(Database::Sqlite);
    let folder = listing.read(&options);
    assert_eq!(folder.findings, []);
    let mut set = Set::of_folder(&folder, &options);
    for migration in &mut set.migrations {
        if let Body::Code(code) = &mut migration.up {
            code.run = Some(|db| Ok(undeclared::up(db)?));
        }
    }
    let findings = verify(&set, None).unwrap().findings;
    let others = findings.iter().filter(|f| f.problem != problem);
    assert_eq!(others.collect::<Vec<_>>(), [] as [&Finding; 0]);
    let texts: Vec<_> = findings.iter().map(|f| f.render("migrations")).collect();
    assert_eq!(texts.join("\n\n"), expected.trim_matches('\n'));
}

#[test]
fn failing_up() {
    check(
        Problem::FailingUp,
        r#"
near "TABEL": syntax error
 --> migrations/0002_email.sql:2:7
  |
2 | ALTER TABEL users ADD COLUMN email TEXT;
  |       ^^^^^
  = help: correct it: it would fail on every database

no such column: nmae
 --> migrations/0003_index.sql:1:38
  |
1 | CREATE INDEX users_by_name ON users (nmae);
  |                                      ^^^^
  = help: correct the name, or mend the migrations before this one
"#,
    );
}

#[test]
fn endless_statement() {
    check(
        Problem::EndlessStatement,
        r#"
this statement was stopped after 20 million steps of SQLite, and may have no end
 --> migrations/0001_numbers.sql:2:1
  |
2 | INSERT INTO numbers
  | ^^^^^^^^^^^^^^^^^^^
  = help: give it an end, or less to do; if it only needs long, say so by `-- migrate: unverified "why"` at the head of the file
  = help: or allow it in the whole folder: `allow(endless_statement)`
"#,
    );
}

#[test]
fn foreign_key_violation() {
    check(
        Problem::ForeignKeyViolation,
        r#"
it leaves rows in `notes` that have no parent in `users`
 --> migrations/0002_welcome.sql:1:13
  |
1 | INSERT INTO notes (user_id) VALUES (1);
  |             ^^^^^
  = help: insert the parent, or leave out the row: a run checks foreign keys before it commits
"#,
    );
}

#[test]
fn failing_down() {
    check(
        Problem::FailingDown,
        r#"
no such table: user
 --> migrations/0001_users.down.sql:1:12
  |
1 | DROP TABLE user;
  |            ^^^^
  = help: correct it: a down may be mended at any time
  = help: or allow it in the whole folder: `allow(failing_down)`
"#,
    );
}

#[test]
fn incomplete_down() {
    check(
        Problem::IncompleteDown,
        r#"
after this down the schema is not what it was before the up
 --> migrations/0002_email.down.sql:1:1
  |
1 | DROP TABLE emails;
  | ^^^^^^^^^^^^^^^^^^
  = help: column `email` of `users` comes back as TEXT, was VARCHAR(40)
  = help: index `iu` is left behind
  = help: without a way back, delete the down and write `-- migrate: irreversible` in the up
  = help: or allow it in the whole folder: `allow(incomplete_down)`
"#,
    );
}

#[test]
fn failing_again() {
    check(
        Problem::FailingAgain,
        r#"
run again: UNIQUE constraint failed: settings.key
 --> migrations/0002_theme.up.sql:1:1
  |
1 | INSERT INTO settings VALUES ('theme', 'light');
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: make it bear being run again, or mend the down: that may be done at any time
  = help: all migrations were run, taken back from the last to the first, and run again
  = help: or allow it in the whole folder: `allow(failing_again)`

run again: view all_settings already exists
 --> migrations/R__all.sql:1:13
  |
1 | CREATE VIEW all_settings AS SELECT * FROM settings;
  |             ^^^^^^^^^^^^
  = help: make it bear being run again, or mend the down: that may be done at any time
  = help: or allow it in the whole folder: `allow(failing_again)`
"#,
    );
}

#[test]
fn failing_on_rows() {
    check(
        Problem::FailingOnRows,
        r#"
on tables with rows: Cannot add a NOT NULL column with default value NULL
 --> migrations/0002_email.sql:1:1
  |
1 | ALTER TABLE users ADD COLUMN email TEXT NOT NULL;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: it runs on empty tables only: give existing rows a value first, or a `DEFAULT` that fits them
  = help: sample rows of your own, in a file `seed.sql`, are taken in place of made-up ones
  = help: if version 2 is in production already: `trust_through = 2` takes it as it is
  = help: or allow it in the whole folder: `allow(failing_on_rows)`

on tables with rows: UNIQUE constraint failed: users.code
 --> migrations/0003_code.sql:2:1
  |
2 | CREATE UNIQUE INDEX users_by_code ON users (code);
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: it runs on empty tables only: give every row a value of its own before it becomes `UNIQUE`
  = help: sample rows of your own, in a file `seed.sql`, are taken in place of made-up ones
  = help: if version 3 is in production already: `trust_through = 3` takes it as it is
  = help: or allow it in the whole folder: `allow(failing_on_rows)`

on tables with rows: CHECK constraint failed: age > 0
 --> migrations/0004_age.sql:2:1
  |
2 | INSERT INTO users_new SELECT id, name, 0 FROM users;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: it runs on empty tables only: give the rows that are there a value that meets the `CHECK`
  = help: sample rows of your own, in a file `seed.sql`, are taken in place of made-up ones
  = help: if version 4 is in production already: `trust_through = 4` takes it as it is
  = help: or allow it in the whole folder: `allow(failing_on_rows)`

on tables with rows: rows of `notes` have no parent in `users` any more
 --> migrations/0006_forget.sql:1:13
  |
1 | DELETE FROM users;
  |             ^^^^^
  = help: take care of them before: foreign keys are checked before each commit
  = help: to have a `DELETE` take along what refers to its rows: `-- migrate: foreign-keys on`
  = help: or allow it in the whole folder: `allow(failing_on_rows)`
"#,
    );
}

#[test]
fn lost_rows() {
    check(
        Problem::LostRows,
        r#"
rows of `users` are lost: of 2 are left 0
 --> migrations/0002_names.sql:2:12
  |
2 | DROP TABLE users;
  |            ^^^^^
  = help: copy all of them: `INSERT INTO … SELECT … FROM …` without a filter, before the old table is dropped
  = help: rows that shall go are deleted by a `DELETE`
  = help: or allow it in the whole folder: `allow(lost_rows)`
"#,
    );
}

#[test]
fn broken_view() {
    check(
        Problem::BrokenView,
        r#"
the view `addresses` cannot be read: no such column: email
 --> migrations/0002_view.sql:2:14
  |
2 |   SELECT id, email FROM users;
  |              ^^^^^
  = help: correct it, or drop it before what it reads goes
  = help: if version 2 is in production already: `trust_through = 2` takes it as it is
  = help: or allow it in the whole folder: `allow(broken_view)`
"#,
    );
}

#[test]
fn broken_trigger() {
    check(
        Problem::BrokenTrigger,
        r#"
the trigger `logged` on `users` fails whenever it fires: no such table: main.log
 --> migrations/0002_log.sql:2:15
  |
2 |   INSERT INTO log (what) VALUES ('insert');
  |               ^^^
  = help: correct it, or drop it before what it uses goes
  = help: or allow it in the whole folder: `allow(broken_trigger)`
"#,
    );
}

#[test]
fn broken_foreign_key() {
    check(
        Problem::BrokenForeignKey,
        r#"
the foreign key of `notes` to `users` fails on every write: foreign key mismatch - "notes" referencing "users"
 --> migrations/0002_notes.sql:3:26
  |
3 |   author TEXT REFERENCES users (name)
  |                          ^^^^^
  = help: refer to a table that is there, and to its primary key or columns that are `UNIQUE` together
  = help: if version 2 is in production already: `trust_through = 2` takes it as it is
  = help: or allow it in the whole folder: `allow(broken_foreign_key)`

a foreign key of `tags` fails on every write: no such table: main.note
 --> migrations/0003_tags.sql:1:47
  |
1 | CREATE TABLE tags (note_id INTEGER REFERENCES note (id));
  |                                               ^^^^
  = help: refer to a table that is there, and to its primary key or columns that are `UNIQUE` together
  = help: or allow it in the whole folder: `allow(broken_foreign_key)`
"#,
    );
}

#[test]
fn failing_seed() {
    check(
        Problem::FailingSeed,
        r#"
table users has no column named nmae
 --> migrations/seed.sql:2:20
  |
2 | INSERT INTO users (nmae) VALUES ('Ben');
  |                    ^^^^
  = help: correct it: no version of the schema takes it
"#,
    );
}

#[test]
fn undeclared_change() {
    check(
        Problem::UndeclaredChange,
        r#"
it changes the schema and does not say so
 --> migrations/0001_users.rs:1:1
  = help: table `users` is made
  = help: add `pub const CHANGES_SCHEMA: bool = true;`
"#,
    );
}
