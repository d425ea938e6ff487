//! Schemas as SQLite writes them down.

use std::sync::Mutex;

use migrate_core::__private::{Change, Code, Kind, Run, Script};
use migrate_core::rusqlite::Connection;
use migrate_core::{Chain, Checksum, Database, Event, Goal, Migration, Migrator};
use migrate_source::schema::{Difference, Schema};
use migrate_tests::contract::{Stage, TestConnection};
use migrate_tests::sqlite::SqliteFile;

/// Checks what is said when `there` and then `back` were executed on what `setup` has made.
#[track_caller]
fn check(setup: &str, there: &str, back: &str, expected: &[&str]) {
    let mut db = Connection::open_in_memory().unwrap();
    db.sql(setup);
    let before = db.objects();
    db.sql(there);
    assert_ne!(db.objects(), before, "{there} does something");
    db.sql(back);
    let after = db.objects();
    let found = before.differences(&after);
    let words: Vec<_> = found.iter().map(Difference::after_down).collect();
    assert_eq!(words, expected, "{there} -- and back: {back}");
}

const USERS: &str = "CREATE TABLE Users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- by itself
    email VARCHAR(40) NOT NULL DEFAULT \"it's\" UNIQUE,
    [the team] INT REFERENCES teams(id),
    CHECK (length(email) > 3), UNIQUE (email, `the team`));
    CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT);
    CREATE INDEX by_team ON Users ([the team]) WHERE email <> 'none';
    CREATE VIEW team_names AS SELECT name AS \"n\" FROM teams;
    CREATE TRIGGER watch AFTER UPDATE ON Users BEGIN DELETE FROM teams WHERE id = old.\"the team\"; END;";

#[test]
fn ways_there_and_back_that_come_to_the_same() {
    for (there, back) in [
        (
            "ALTER TABLE Users ADD COLUMN age INT",
            "ALTER TABLE users DROP COLUMN age",
        ),
        (
            "ALTER TABLE users RENAME COLUMN \"the team\" TO team",
            "ALTER TABLE Users RENAME COLUMN team TO \"the team\"",
        ),
        (
            "ALTER TABLE users RENAME TO people",
            "ALTER TABLE people RENAME TO Users",
        ),
        (
            "ALTER TABLE teams RENAME TO crews",
            "ALTER TABLE crews RENAME TO teams",
        ),
        (
            "ALTER TABLE teams RENAME COLUMN id TO number",
            "ALTER TABLE teams RENAME number TO ID",
        ),
        (
            "DROP VIEW team_names",
            "create view if not exists main.TEAM_NAMES as select [name] as n from Teams",
        ),
        (
            "DROP INDEX by_team",
            "CREATE INDEX IF NOT EXISTS by_team ON users(\"the team\") where email<>'none'",
        ),
        (
            "CREATE VIRTUAL TABLE docs USING fts5(body)",
            "DROP TABLE docs",
        ),
        (
            "CREATE TABLE new_teams (id INTEGER PRIMARY KEY, name TEXT, x);
             INSERT INTO new_teams SELECT *, 1 FROM teams;
             PRAGMA legacy_alter_table = ON; DROP TABLE teams;
             ALTER TABLE new_teams RENAME TO teams",
            "CREATE TABLE old_teams (id INTEGER PRIMARY KEY, name TEXT);
             INSERT INTO old_teams SELECT id, name FROM teams;
             DROP TABLE teams;
             ALTER TABLE old_teams RENAME TO teams",
        ),
    ] {
        check(USERS, there, back, &[]);
    }
}

#[test]
fn what_sqlite_keeps_for_itself_does_not_count() {
    let mut db = Connection::open_in_memory().unwrap();
    db.sql("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE)");
    let before = db.objects();
    db.sql("INSERT INTO a (x) VALUES (1); ANALYZE");
    assert_eq!(db.objects(), before);
    assert_eq!(before.objects().len(), 1);
}

#[test]
fn ways_back_that_do_not_come_to_the_same() {
    check(
        USERS,
        "ALTER TABLE users RENAME TO people; CREATE INDEX iu ON people (email)",
        "ALTER TABLE people RENAME TO users",
        &["index `iu` is left behind"],
    );
    check(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(40), name TEXT, CHECK (id > 0))",
        "ALTER TABLE users DROP COLUMN email",
        "ALTER TABLE users ADD COLUMN email TEXT",
        &[
            "column `email` of `users` comes back as TEXT, was VARCHAR(40)",
            "the columns of `users` come back in another order",
        ],
    );
}

/// As the macro writes it.
static SET: [Migration<'static>; 2] = [
    Migration::sql(
        1,
        "a",
        Database::Sqlite,
        Script::new("CREATE TABLE a (x)", "migrations/0001_a.sql", 1),
        Checksum::from_bytes([1; 32]),
        Chain::from_bytes([2; 32]),
    )
    .with_verified(3_000_000)
    .with_schema(
        [3; 32],
        const {
            &[
                Change::new(Kind::Table, "a", "a", Some([4; 16])),
                Change::new(Kind::Index, "i", "a", None),
            ]
        },
    ),
    Migration::code(
        2,
        "b",
        Database::Sqlite,
        Code::new("migrations/0002_b.rs", Run::Sqlite(|_| Ok(()))),
        Checksum::from_bytes([5; 32]),
        Chain::from_bytes([6; 32]),
    ),
];

#[test]
fn known_schemas_are_constants() {
    assert_eq!(SET[0].fingerprint().unwrap().as_bytes(), &[3; 32]);
    assert_eq!(SET[1].fingerprint(), None);
    let mut db = Connection::open_in_memory().unwrap();
    let migrator = Migrator::new(&SET);
    migrator.up_to(&mut db, 1).unwrap();
    let found = migrator.verify(&mut db).unwrap();
    // The digest is made up.
    assert_eq!(
        found.drift[0].to_string(),
        "table `a` is not as the migrations make it"
    );
    assert!(!found.is_clean());
    migrator.up(&mut db).unwrap();
    let found = migrator.verify(&mut db).unwrap();
    assert_eq!(
        found.not_compared.as_ref().unwrap().to_string(),
        "version 2 is code that changes it"
    );
    assert!(found.is_clean());
}

#[test]
fn release_that_verified_is_not_older() {
    let this = migrate_core::rusqlite::version_number();
    for (verified, told) in [(this - 1, false), (this, false), (this + 1, true)] {
        let set = [SET[0].clone().with_verified(verified)];
        let heard = Mutex::new(Vec::new());
        let migrator = Migrator::new(&set).observe(|event| {
            if let Event::OlderDatabase { verified, running } = event {
                heard.lock().unwrap().push((*verified, *running));
            }
        });
        migrator
            .up(&mut Connection::open_in_memory().unwrap())
            .unwrap();
        drop(migrator);
        let expected = told.then_some((verified, this));
        assert_eq!(heard.into_inner().unwrap(), Vec::from_iter(expected));
    }
}

#[test]
fn temporary_and_attached_tables_do_not_count() {
    let mut db = Connection::open_in_memory().unwrap();
    db.sql("CREATE TEMP TABLE t (x); ATTACH ':memory:' AS other; CREATE TABLE other.o (x)");
    assert_eq!(db.objects(), Schema::default());
}

#[test]
fn damaged_schema_is_an_error() {
    let mut stage = Stage::<SqliteFile>::new();
    let folder = stage.folder(&[("0001_a.sql", "CREATE TABLE a (x);")]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    stage.db.bring(&migrator, Goal::Up).unwrap();
    stage.db.sql(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = 'rule' WHERE name = 'a'",
    );
    let error = stage.db.verify(&migrator).unwrap_err().to_string();
    assert!(
        error.contains("its schema is damaged: `a` is of the type `rule`"),
        "{error}"
    );
}
