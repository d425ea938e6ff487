//! Sessions that are set to something else than the default: what is read under the lock is what is there, and
//! literals are what they were.

use std::thread;
use std::time::Duration;

use migrate_core::{Database, Goal, Migrator, Transactions};
use migrate_tests::postgres::interrupted::wait_until;
use migrate_tests::postgres::{Connect, DRIVERS, Scratch, execute, rows};
use migrate_tests::set_for;

/// What connections are set to, by the database's own default: a driver has nothing to do with it.
const SETTINGS: [&str; 4] = [
    "default_transaction_isolation = 'repeatable read'",
    "default_transaction_isolation = 'serializable'",
    "standard_conforming_strings = off",
    "default_transaction_deferrable = on",
];

const FILES: &[(&str, &str)] = &[
    (
        "0001_a.sql",
        "CREATE TABLE a (x integer, t text); INSERT INTO a VALUES (1, 'it''s \\ one\\');",
    ),
    // The gate is where the test wants it to wait, with the lock of the run.
    (
        "0002_b.sql",
        "LOCK TABLE gate; UPDATE a SET x = x * 10, t = t || '\\n' || E'\\n' || $$\\$$;",
    ),
    (
        "0003_c.sql",
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x);\n\
         UPDATE a SET x = x * 10, t = t || '\\';",
    ),
    ("0004_d.sql", "UPDATE a SET x = x * 10;"),
];

/// The second reads the history, plans, and waits for the lock while the first migrates. Where it looked again with
/// the snapshot of before, or did not look, it would do all of it once more.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn second_starter_sees_what_the_first_did() {
    thread::scope(|scope| {
        for settings in SETTINGS {
            for driver in DRIVERS {
                for transactions in [Transactions::Each, Transactions::Grouped] {
                    scope.spawn(move || check(settings, driver, transactions));
                }
            }
        }
    });
}

fn check(settings: &str, driver: Connect, transactions: Transactions) {
    let what = format!("{settings}, {transactions:?}");
    let scratch = Scratch::fresh();
    let mut gate = scratch.connect();
    let name = scratch.name();
    execute(&mut gate, &format!("ALTER DATABASE {name} SET {settings}"));
    execute(&mut gate, "CREATE TABLE gate ()");
    execute(&mut gate, "BEGIN; LOCK TABLE gate");
    let set = set_for(Database::Postgres, FILES);
    let set = set.migrations();
    thread::scope(|scope| {
        let (scratch, set) = (&scratch, &set);
        let migrator = Migrator::new(set).transactions(transactions);
        let migrator = migrator.lock_timeout(Duration::from_secs(60));
        let patient = migrator.clone();
        let first = scope.spawn(move || driver(&scratch.config()).bring(&patient, Goal::Up));
        let at_gate = "SELECT count(*) = 1 FROM pg_locks \
                       WHERE relation = 'gate'::regclass AND NOT granted";
        let mut looker = scratch.connect();
        wait_until(&mut looker, at_gate);
        let (say, waits) = std::sync::mpsc::channel();
        let migrator = migrator.observe(move |event| {
            if let migrate_core::Event::Waiting { .. } = event {
                // Only the first time is listened to.
                let _ = say.send(());
            }
        });
        let second = scope.spawn(move || driver(&scratch.config()).bring(&migrator, Goal::Up));
        waits.recv().expect("it waits for the lock");
        execute(&mut gate, "COMMIT");
        let reports = [first, second].map(|run| run.join().expect("no panic"));
        let steps = reports.map(|report| {
            let report = report.unwrap_or_else(|error| panic!("{what}: {error}"));
            report.applied()
        });
        let mut all = steps.concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4], "{what}");
    });
    let found = rows(
        &mut scratch.connect(),
        "SELECT x, t = E'it''s \\\\ one\\\\' || E'\\\\n' || E'\\n' || E'\\\\' || E'\\\\' FROM a",
    );
    assert_eq!(found, ["1000 t"], "{what}");
}

/// The moment is made in which the first commits when the second has begun to ask for the lock, and does not have it
/// yet: it gets it, and what its transaction saw when it began is not so any more.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn lock_that_is_free_only_just_in_time() {
    for settings in SETTINGS {
        for driver in DRIVERS {
            check_just_in_time(settings, driver);
        }
    }
}

fn check_just_in_time(settings: &str, driver: Connect) {
    let scratch = Scratch::fresh();
    let mut side = scratch.connect();
    let name = scratch.name();
    execute(&mut side, &format!("ALTER DATABASE {name} SET {settings}"));
    execute(&mut side, "CREATE TABLE gate ()");
    let set = set_for(Database::Postgres, FILES);
    let set = set.migrations();
    let migrator = Migrator::new(&set).transactions(Transactions::Each);
    migrator.up_to(&mut scratch.connect(), 1).unwrap();
    let (first_stepping, first_config) = scratch.stepping(once(is_commit));
    let (second_stepping, second_config) = scratch.stepping(once(is_lock));
    thread::scope(|scope| {
        let migrator = &migrator;
        let first = scope.spawn(move || driver(&first_config).bring(migrator, Goal::UpTo(2)));
        let second = scope.spawn(move || driver(&second_config).bring(migrator, Goal::UpTo(2)));
        let committing = first_stepping.stop().expect("it commits");
        let asking = second_stepping.stop().expect("it asks for the lock");
        // The language of the statement is looked up when its transaction has seen what there is.
        // It may need that table itself to begin with.
        let mut looker = scratch.connect();
        execute(&mut side, "BEGIN; LOCK TABLE pg_catalog.pg_language");
        asking.go_on();
        let waits = "SELECT count(*) = 1 FROM pg_locks \
                     WHERE relation = 'pg_language'::regclass AND NOT granted";
        wait_until(&mut looker, waits);
        committing.go_on();
        let committed = "SELECT count(*) = 2 FROM _migrate_history";
        wait_until(&mut looker, committed);
        execute(&mut side, "COMMIT");
        let reports = [first, second].map(|run| run.join().expect("no panic"));
        let applied = reports.map(|report| {
            let report = report.unwrap_or_else(|error| panic!("{settings}: {error}"));
            report.applied()
        });
        assert_eq!(applied, [vec![2], vec![]], "{settings}");
    });
    assert_eq!(rows(&mut side, "SELECT x FROM a"), ["10"], "{settings}");
}

/// Stops at the first statement that `is_it`.
fn once(is_it: fn(&str) -> bool) -> impl FnMut(Option<&str>) -> bool + Send {
    let mut has_been = false;
    move |statement| {
        let stops = !has_been && statement.is_some_and(is_it);
        has_been |= stops;
        stops
    }
}

fn is_lock(statement: &str) -> bool {
    statement.contains("pg_try_advisory_xact_lock")
}

fn is_commit(statement: &str) -> bool {
    statement.trim_start().starts_with("COMMIT")
}
