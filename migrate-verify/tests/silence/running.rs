//! How files are run, downs, code and repeatable migrations.

use crate::{NOTES, USERS, check, check_files};

#[test]
fn outside_of_a_transaction() {
    check(&[
        USERS,
        "-- migrate: no-transaction\nVACUUM;",
        "-- migrate: no-transaction\nPRAGMA journal_mode = WAL;",
        "-- migrate: no-transaction\nPRAGMA auto_vacuum = INCREMENTAL;\nVACUUM;\nPRAGMA synchronous = NORMAL;",
        "-- migrate: no-transaction\nBEGIN;\nALTER TABLE users ADD COLUMN x INT;\nCOMMIT;\nCREATE INDEX ux ON users (x);",
    ]);
}

#[test]
fn repeated() {
    check(&[
        USERS,
        "ALTER TABLE users ADD COLUMN slug TEXT;",
        "-- migrate: repeat\nUPDATE users SET slug = 'u' || id WHERE id IN (SELECT id FROM users WHERE slug IS NULL LIMIT 1);",
        "-- migrate: repeat\nDELETE FROM users WHERE id IN (SELECT id FROM users WHERE name = 'x' LIMIT 100);",
    ]);
}

#[test]
fn foreign_keys_enforced() {
    check(&[
        USERS,
        NOTES,
        "-- migrate: foreign-keys on\nDELETE FROM users WHERE age IS NULL;",
        "-- migrate: foreign-keys on\nDELETE FROM users;",
    ]);
}

#[test]
fn pragmas() {
    check(&[
        "PRAGMA user_version = 7; PRAGMA application_id = 1234;",
        "PRAGMA case_sensitive_like = ON; CREATE TABLE a (x TEXT);",
        "PRAGMA recursive_triggers = ON; PRAGMA cache_size = -2000; PRAGMA secure_delete = ON;",
        "PRAGMA legacy_alter_table = ON;
         ALTER TABLE a RENAME TO b;
         PRAGMA legacy_alter_table = OFF;",
        "PRAGMA integrity_check; PRAGMA quick_check; PRAGMA table_info(b); PRAGMA foreign_key_check;",
    ]);
}

#[test]
fn rebuild_under_legacy_alter_table() {
    check(&[
        USERS,
        NOTES,
        "PRAGMA legacy_alter_table = ON;
         ALTER TABLE users RENAME TO users_old;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
         INSERT INTO users SELECT id, name FROM users_old;
         DROP TABLE users_old;
         PRAGMA legacy_alter_table = OFF;",
    ]);
}

#[test]
fn temporary_objects() {
    check(&[
        USERS,
        "CREATE TEMP TABLE ids AS SELECT id FROM users;
         CREATE TEMP TRIGGER watch AFTER UPDATE ON users BEGIN DELETE FROM ids WHERE id = new.id; END;
         CREATE TEMP VIEW many AS SELECT count(*) FROM ids;
         UPDATE users SET age = 1 WHERE id IN (SELECT id FROM ids);
         DROP TRIGGER watch; DROP VIEW many; DROP TABLE ids;",
        "CREATE TEMP TABLE scratch (x);",
        "CREATE TABLE scratch (y);",
    ]);
}

#[test]
fn comments_alone() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.up.sql", "-- done by hand on the servers"),
        ("0002_b.down.sql", "-- nothing to undo"),
        (
            "0003_c.up.sql",
            "-- migrate: irreversible\nUPDATE users SET age = 0;",
        ),
        ("0004_d.up.sql", "UPDATE users SET age = 1;"),
        (
            "0004_d.down.sql",
            "-- the old values are not known any more",
        ),
    ]);
}

#[test]
fn downs() {
    check_files(&[
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "DROP TABLE users;"),
        ("0002_b.up.sql", NOTES),
        ("0002_b.down.sql", "DROP TABLE IF EXISTS notes;"),
        ("0003_c.up.sql", "ALTER TABLE users ADD COLUMN mail TEXT; CREATE INDEX um ON users (mail);"),
        ("0003_c.down.sql", "DROP INDEX um; ALTER TABLE users DROP COLUMN mail;"),
        (
            "0004_d.up.sql",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO u SELECT id, name FROM users;
             DROP TABLE users; ALTER TABLE u RENAME TO users;",
        ),
        (
            "0004_d.down.sql",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT, mail TEXT);
             INSERT INTO u (id, name) SELECT id, name FROM users;
             DROP TABLE users; ALTER TABLE u RENAME TO users; CREATE INDEX um ON users(mail);",
        ),
        ("0005_e.up.sql", "INSERT INTO users (id, name) VALUES (77, 'x');"),
        ("0005_e.down.sql", "DELETE FROM users WHERE id = 77;"),
        ("0006_f.up.sql", "ALTER TABLE users RENAME TO people;"),
        ("0006_f.down.sql", "alter table people rename to users;"),
        ("0007_g.up.sql", "-- migrate: no-transaction\nCREATE TABLE g (x);\nVACUUM;"),
        ("0007_g.down.sql", "-- migrate: no-transaction\nDROP TABLE g;\nVACUUM;"),
        ("0008_h.up.sql", "-- migrate: foreign-keys on\nCREATE TABLE h (x);"),
        ("0008_h.down.sql", "DROP TABLE h;"),
    ]);
}

#[test]
fn downs_of_what_sqlite_makes_for_itself() {
    check_files(&[
        (
            "0001_a.up.sql",
            "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT UNIQUE);",
        ),
        ("0001_a.down.sql", "DROP TABLE a;"),
        (
            "0002_b.up.sql",
            "CREATE INDEX ax ON a (x); INSERT INTO a (x) VALUES ('x'); ANALYZE;",
        ),
        ("0002_b.down.sql", "DELETE FROM a; DROP INDEX ax;"),
        (
            "0003_c.up.sql",
            "CREATE VIRTUAL TABLE f USING fts5 (x); CREATE VIRTUAL TABLE r USING rtree (id, a, b);",
        ),
        ("0003_c.down.sql", "DROP TABLE r; DROP TABLE f;"),
        (
            "0004_d.up.sql",
            "CREATE TEMP TABLE d (x); CREATE TEMP VIEW e AS SELECT 1;",
        ),
        ("0004_d.down.sql", "-- what is temporary goes by itself"),
    ]);
}

#[test]
fn downs_that_write_it_differently() {
    check_files(&[
        ("0001_a.up.sql", "create table a(x int,\n  y text);"),
        ("0001_a.down.sql", "DROP TABLE a;"),
        ("0002_b.up.sql", "DROP TABLE a;"),
        (
            "0002_b.down.sql",
            "CREATE TABLE \"A\" (\n  X INT, -- the x\n  [y] TEXT\n);",
        ),
    ]);
}

const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

const CODE_WITH_DOWN: &str = "
pub const CHANGES_SCHEMA: bool = true;
pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }
pub fn down(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

#[test]
fn code_that_is_not_run() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.sql", "ALTER TABLE users ADD COLUMN slug TEXT;"),
        ("0003_c.rs", CODE),
        (
            "0004_d.sql",
            "CREATE UNIQUE INDEX users_slug ON users (slug);",
        ),
        ("0005_e.sql", NOTES),
        ("0006_f.sql", "INSERT INTO notes (user_id) VALUES (1);"),
    ]);
}

#[test]
fn code_that_changes_the_schema() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.rs", CODE_WITH_DOWN),
        (
            "0003_c.up.sql",
            "ALTER TABLE made_by_code ADD COLUMN x INT; CREATE VIEW v AS SELECT y FROM users;",
        ),
        (
            "0003_c.down.sql",
            "ALTER TABLE made_by_code DROP COLUMN x; DROP VIEW v;",
        ),
        (
            "R__views.sql",
            "DROP VIEW IF EXISTS w; CREATE VIEW w AS SELECT z FROM users, made_by_code;",
        ),
    ]);
}

#[test]
fn repeatables() {
    check_files(&[
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "DROP TABLE users;"),
        (
            "R__views.sql",
            "DROP VIEW IF EXISTS names; CREATE VIEW names AS SELECT name FROM users;
             DROP TRIGGER IF EXISTS touched;
             CREATE TRIGGER touched AFTER UPDATE ON users BEGIN SELECT 1; END;",
        ),
        (
            "R__views.down.sql",
            "DROP VIEW names; DROP TRIGGER touched;",
        ),
        (
            "R__more.sql",
            "CREATE VIEW IF NOT EXISTS more AS SELECT name FROM names;",
        ),
    ]);
}
