//! Indexes that are built while others wait for the lock, and two runs that build the same one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use migrate_core::postgres::Client;
use migrate_core::{Database, Error, ErrorKind, Event, Goal, Migrator, Report, Transactions};
use migrate_tests::contract::{TestConnection, told};
use migrate_tests::postgres::interrupted::{Case, hold_up, is_concurrent, wait_until};
use migrate_tests::postgres::ledger::{check_complete, database, folder};
use migrate_tests::postgres::stepping::Stop;
use migrate_tests::postgres::{AsyncClient, Scratch, connect, execute};
use migrate_tests::set_for;

/// Who waits for a lock in a statement that blocks has a snapshot, and an index that is built concurrently waits
/// for everybody who has one. Where the builder holds that lock, that is a deadlock.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn lock_that_blocks_is_a_deadlock_with_an_index() {
    let scratch = Scratch::fresh();
    let (mut builder, mut waiter) = (scratch.connect(), scratch.connect());
    execute(&mut builder, "CREATE TABLE a (x integer)");
    execute(&mut builder, "SELECT pg_advisory_lock(1)");
    thread::scope(|scope| {
        let waiter = scope.spawn(|| waiter.batch_execute("SELECT pg_advisory_lock(1)"));
        wait_until(&mut scratch.connect(), WAITS);
        let built = builder.batch_execute("CREATE INDEX CONCURRENTLY a_x ON a (x)");
        execute(&mut builder, "SELECT pg_advisory_unlock(1)");
        let both = [built, waiter.join().unwrap()];
        let failed = both.iter().filter_map(|result| result.as_ref().err());
        let codes: Vec<_> = failed.filter_map(|e| Some(e.code()?.code())).collect();
        assert_eq!(codes, ["40P01"]);
    });
}

const WAITS: &str = "SELECT count(*) = 1 FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event = 'advisory'";

/// The same with runs: those that wait ask again and again, and have nothing in between.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn index_is_built_while_others_wait() {
    let scratch = database();
    thread::scope(|scope| {
        let (builder, stop) = stopped(scope, &scratch, Case::UP[0]);
        let mut blocker = hold_up(&scratch, stop);
        let (say, waiting) = std::sync::mpsc::channel();
        let mut others = Vec::new();
        for at in 0..7 {
            let (say, scratch) = (say.clone(), &scratch);
            others.push(scope.spawn(move || {
                let folder = folder();
                let set = folder.migrations();
                let migrator = Migrator::new(&set).observe(move |event| {
                    if let Event::Waiting { .. } = event {
                        // Only the first is listened to.
                        let _ = say.send(at);
                    }
                });
                match at % 2 {
                    0 => scratch.connect().bring(&migrator, Goal::Up),
                    _ => AsyncClient::connect(&scratch.config()).bring(&migrator, Goal::Up),
                }
            }));
        }
        let mut seen = [false; 7];
        while !seen.iter().all(|seen| *seen) {
            seen[waiting.recv().expect("they wait")] = true;
        }
        execute(&mut blocker, "COMMIT");
        for run in [builder].into_iter().chain(others) {
            succeeds(run);
        }
    });
    check_complete(&mut scratch.connect(), "after all");
}

/// The lock is held by a third, and asked for all the time, while an index is built.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn index_does_not_wait_for_who_waits_for_the_lock() {
    let scratch = database();
    let is_built = AtomicBool::new(false);
    thread::scope(|scope| {
        let (builder, stop) = stopped(scope, &scratch, Case::UP[0]);
        let mut holder = scratch.connect();
        holder.lock();
        let waits = scope.spawn(|| {
            let folder = folder();
            let set = folder.migrations();
            let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(300));
            let mut db = scratch.connect();
            loop {
                let error = migrator.mark(&mut db, 4).unwrap_err();
                let is_lock = matches!(error.kind(), ErrorKind::LockTimeout { .. });
                assert!(is_lock, "{error}");
                if is_built.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        stop.go_on();
        let built = "SELECT count(*) = 1 FROM pg_class JOIN pg_index ON indexrelid = oid \
                     WHERE relname = 'purchase_id' AND indisvalid";
        wait_until(&mut scratch.connect(), built);
        is_built.store(true, Ordering::SeqCst);
        waits.join().expect("it waits to the end");
        holder.release();
        succeeds(builder);
    });
    check_complete(&mut scratch.connect(), "after all");
}

/// A run that stands still for long between its claim and its statement is taken for gone, and another takes over.
/// Then both are at it, in either order.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn two_that_build_the_same_index_both_succeed() {
    thread::scope(|scope| {
        for (case, late_is_first) in Case::UP
            .into_iter()
            .flat_map(|case| [(case, false), (case, true)])
        {
            scope.spawn(move || {
                let scratch = database();
                both_build(&scratch, case, late_is_first);
                let what = format!("{case}, late is first: {late_is_first}");
                check_complete(&mut scratch.connect(), &what);
            });
        }
    });
}

fn both_build(scratch: &Scratch, case: Case, late_is_first: bool) {
    thread::scope(|scope| {
        let (late, late_stop) = stopped(scope, scratch, case);
        let (other, other_stop) = stopped(scope, scratch, case.other());
        let (first, second) = match late_is_first {
            true => (late_stop, other_stop),
            false => (other_stop, late_stop),
        };
        let mut blocker: Client = hold_up(scratch, first);
        second.go_on();
        let both = "SELECT count(*) >= 2 FROM pg_stat_activity WHERE datname = current_database() \
                    AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'";
        wait_until(&mut scratch.connect(), both);
        execute(&mut blocker, "COMMIT");
        for run in [late, other] {
            succeeds(run);
        }
    });
}

/// A statement that fails in a way which the server gives no place for is looked for by running it again. Who has
/// got the lock meanwhile is not to blame.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn failure_is_told_beside_another_run() {
    let scratch = Scratch::fresh();
    let mut count = 0;
    let (stepping, config) = scratch.stepping(move |statement| {
        let locks = statement.is_some_and(|s| s.contains("pg_try_advisory_xact_lock"));
        count += usize::from(locks);
        locks && count == 2
    });
    let result = thread::scope(|scope| {
        let run = scope.spawn(|| {
            let files = [(
                "0001_a.sql",
                "CREATE TABLE a (x integer PRIMARY KEY);\nINSERT INTO a VALUES (1), (1);",
            )];
            let folder = set_for(Database::Postgres, &files);
            let set = folder.migrations();
            let migrator = Migrator::new(&set).transactions(Transactions::Each);
            connect(&config).bring(&migrator, Goal::Up)
        });
        let stop = stepping.stop().expect("it runs once more");
        let mut other = scratch.connect();
        execute(
            &mut other,
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('migrate-core ' || current_database() \
             || ' \"public\".\"_migrate_history\"', 0))",
        );
        stop.go_on();
        run.join().expect("no panic")
    });
    assert_eq!(told(&result), "sql at 0001_a.sql, rolled back");
}

type Run<'scope> = ScopedJoinHandle<'scope, Result<Report, Error>>;

/// A run that is about to build its first index.
fn stopped<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    scratch: &Scratch,
    case: Case,
) -> (Run<'scope>, Stop) {
    let mut count = 0;
    let (stepping, config) = scratch.stepping(move |statement| {
        count += usize::from(is_concurrent(statement));
        is_concurrent(statement) && count == 1
    });
    let run = scope.spawn(move || case.run(&config));
    let stop = stepping.stop().expect("it has an index to build");
    (run, stop)
}

fn succeeds(run: Run<'_>) {
    let result = run.join().expect("it does not panic");
    result.unwrap_or_else(|error| panic!("{error}"));
}
