//! Those who wait for the lock, those who need none, and those who get in between.

use std::time::{Duration, Instant};

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, ErrorKind, Migrator};

use crate::ledger::{Journal, Ledger, STEPS, check_complete, database, write_folder};
use crate::starter::{End, Gate, start};

#[test]
fn a_lock_that_is_held_too_long() {
    let timeout = Duration::from_millis(300);
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        let database = ledger.database(journal, "held");
        let gate = Gate::new();
        let mut holder = gate.starter(&database, &ledger.newer, &["pause-at-commit=1"]);
        gate.open();
        assert!(holder.says("paused"));

        let folder = Folder::read(&ledger.newer, Options::new(Database::Sqlite)).expect("a set");
        let set = folder.migrations();
        let mut db = Connection::open(&database).expect("the database");
        db.busy_timeout(Duration::ZERO)
            .expect("the connection is ours");
        let migrator = Migrator::new(&set).lock_timeout(timeout);
        let began = Instant::now();
        let error = migrator.up(&mut db).expect_err("the lock is held");
        let took = began.elapsed();
        let ErrorKind::LockTimeout { waited, .. } = error.kind() else {
            panic!("{error}");
        };
        assert!(*waited >= timeout, "{error}");
        assert!(took >= timeout, "{took:?}");
        assert!(error.report().is_empty());

        holder.kill();
        drop(db);
        assert_eq!(start(&database, &ledger.newer, &[]).steps(), STEPS);
        check_complete(&ledger, &database);
    }
}

/// Longer than SQLite can count: some twenty-five days.
#[test]
fn a_lock_timeout_without_an_end() {
    let ledger = Ledger::new();
    let database = ledger.database(Journal::Rollback, "patient");
    let timeout = format!("lock-timeout={}", u64::MAX);
    assert_eq!(start(&database, &ledger.newer, &[&timeout]).steps(), STEPS);
}

#[test]
fn nothing_to_do_needs_no_lock() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        let database = ledger.database(journal, "current");
        start(&database, &ledger.newer, &[]).steps();
        let db = Connection::open(&database).expect("the database");
        db.execute_batch("BEGIN IMMEDIATE; DELETE FROM log;")
            .expect("the lock");
        let end = start(&database, &ledger.newer, &["lock-timeout=0"]);
        assert_eq!(end, End::Ok(Vec::new()));
    }
}

/// The repeated statement goes on until five visitors have been there, so it can only come to its
/// end when they get in between its steps.
#[test]
fn others_get_in_between_the_steps_of_a_repeat() {
    let home = tempfile::tempdir().expect("a folder");
    let files = [(
        "0001_fill.sql",
        "-- migrate: repeat
         UPDATE item SET step = step + 1 WHERE (SELECT count(*) FROM visit) < 5;",
    )];
    let folder = write_folder(&home.path().join("migrations"), &files);
    for journal in Journal::BOTH {
        let database = database(home.path(), journal, "busy");
        let db = Connection::open(&database).expect("a database");
        db.execute_batch(
            "CREATE TABLE visit (step INTEGER);
             CREATE TABLE item (step INTEGER);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
             INSERT INTO item SELECT 0 FROM n;",
        )
        .expect("the tables");
        let gate = Gate::new();
        let mut starter = gate.starter(&database, &folder, &[]);
        gate.open();
        assert!(starter.says("repeated"));

        for _ in 0..5 {
            let step: i64 = db
                .query_row("SELECT max(step) FROM item", [], |row| row.get(0))
                .expect("a reader gets in");
            assert!(step > 0);
            db.execute("INSERT INTO visit VALUES (?1)", [step])
                .expect("a writer gets in");
        }
        assert_eq!(starter.end().steps(), ["1"]);
    }
}
