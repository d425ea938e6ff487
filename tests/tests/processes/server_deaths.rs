//! Connections to a PostgreSQL that come to an end in the middle of a run: a client that is killed, or a process
//! of the server. What was committed is there, nothing else is, and the next start completes it.
//!
//! The server that is killed as a whole has a program of its own: `restarts.rs`.

use std::net::SocketAddr;
use std::path::Path;

use migrate_tests::postgres::interrupted::{Case, hold_up, in_threads, is_concurrent, wait_until};
use migrate_tests::postgres::ledger::{clear, database};
use migrate_tests::postgres::stepping::{Stepping, Stop};
use migrate_tests::postgres::{Scratch, execute, rows};

use crate::server_races::home;
use crate::starter::{Gate, Starter};

/// How many databases are used at the same time.
const AT_ONCE: usize = 8;

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn server_process_that_is_terminated_at_every_statement() {
    let cases = [Case::UP[0], Case::UP[1].back()];
    at_every_statement(cases, |case, scratch, number| {
        let standing = case.to_stop(scratch, number);
        terminate(standing.scratch(), standing.pid());
        standing.has_lost_its_server().1
    });
}

/// What the server has of a message it does to its end, whether anybody waits for the answer or not. The next
/// start comes while it is at it.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn client_that_is_killed_at_every_statement() {
    let (_home, folder) = home();
    let cases = [Case::UP[1], Case::UP[0].back()];
    at_every_statement(cases, |case, scratch, number| {
        let server = scratch.address();
        let (starter, stop) = stopped((&scratch, server), &folder, case, number, |_| true);
        let what = format!("{case}, stop {number}, before {:?}", stop.next);
        starter.kill();
        let pid = stop.pid;
        // Of a message that was to begin, every other one did not leave the client.
        if stop.is_first && number % 2 == 0 {
            drop(stop);
        } else {
            stop.go_on();
        }
        case.complete(&scratch, pid, &what);
        scratch
    });
}

/// Interrupts a run up and a run back at each of their statements, and lets another complete them.
fn at_every_statement(
    cases: [Case; 2],
    interrupt: impl Fn(Case, Scratch, usize) -> Scratch + Sync,
) {
    let scratch = database();
    let stops = cases.map(|case| case.stops(&scratch));
    let most = stops[0].max(stops[1]);
    assert!(stops.iter().all(|stops| *stops > 100), "{stops:?}");
    let lines = (0..AT_ONCE).map(|line| (1 + line..=most).step_by(AT_ONCE));
    in_threads(lines.collect(), |numbers| {
        let mut scratch = database();
        for number in numbers {
            for (case, stops) in cases.into_iter().zip(stops) {
                if number <= stops {
                    scratch = interrupt(case, scratch, number);
                }
            }
            clear(&scratch);
        }
    });
    println!(
        "{} and {}: {stops:?} statements and answers",
        cases[0], cases[1]
    );
}

/// It is invalid, and nobody's: the next start drops it and builds it anew.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn server_process_that_is_terminated_in_the_middle_of_an_index() {
    at_every_index(|case, scratch, number| {
        let mut standing = case.to_stop_among(scratch, number, is_concurrent);
        let blocker = standing.hold_up();
        terminate(standing.scratch(), standing.pid());
        drop(blocker);
        standing.has_lost_its_server();
    });
}

/// The server goes on with it: who starts next waits for it, and builds no other.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn client_that_is_killed_in_the_middle_of_an_index() {
    at_every_index(|case, scratch, number| {
        killed_in_the_middle_of_an_index(case, &scratch, number, scratch.address());
    });
}

/// Kills a client in the middle of its index with this number. It, and who starts next, speak with the server
/// at this address.
pub(crate) fn killed_in_the_middle_of_an_index(
    case: Case,
    scratch: &Scratch,
    number: usize,
    server: SocketAddr,
) {
    let (_home, folder) = home();
    let (starter, stop) = stopped((scratch, server), &folder, case, number, is_concurrent);
    let what = format!("{case}, in the middle of {:?}", stop.next);
    let mut db = scratch.connect();
    let mut blocker = hold_up(scratch, stop);
    starter.kill();
    let before = rows(&mut db, INDEXES);
    let mut next = begun((scratch, server), &folder, case.other());
    assert!(next.says("waiting"), "{what}");
    execute(&mut blocker, "COMMIT");
    next.end().steps();
    wait_until(&mut db, NOBODY);
    case.check(&mut db, &what);
    if !case.back {
        let after = rows(&mut db, INDEXES);
        assert!(before.iter().all(|oid| after.contains(oid)), "{what}");
    }
}

const INDEXES: &str =
    "SELECT oid FROM pg_class WHERE relname IN ('purchase_id', 'account_balance')";

/// Whether nobody is at work in the database but who asks.
const NOBODY: &str = "SELECT count(*) = 1 FROM pg_stat_activity \
     WHERE datname = current_database() AND state <> 'idle'";

/// A program that is killed again and again, each time a little later, still gets there.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn death_after_death() {
    let (_home, folder) = home();
    let scratch = database();
    for case in [Case::UP[0], Case::UP[0].back()] {
        let mut deaths = 0;
        // A start that is killed there has got somewhat further than the one before.
        for number in (20..).step_by(2) {
            let mut count = 0;
            let (stepping, _) = scratch.stepping(move |_| {
                count += 1;
                count == number
            });
            let starter = begun((&scratch, stepping.address()), &folder, case);
            let Some(stop) = stepping.stop() else {
                starter.end().steps();
                break;
            };
            starter.kill();
            drop(stop);
            deaths += 1;
        }
        assert!(deaths > 5, "{deaths} deaths");
        case.check(&mut scratch.connect(), "after all");
    }
}

fn at_every_index(interrupt: impl Fn(Case, Scratch, usize) + Sync) {
    let ups = Case::UP.into_iter();
    let cases = ups.flat_map(|up| [up, up.back()]);
    let all = cases.flat_map(|case| [(case, 1), (case, 2)]);
    in_threads(all.collect(), |(case, number)| {
        let scratch = database();
        if case.back {
            case.forth()
                .run(&scratch.config())
                .expect("it is brought up");
        }
        interrupt(case, scratch, number);
    });
}

/// A starter that has come to the stop of this number among those that `counts`.
fn stopped(
    (scratch, server): (&Scratch, SocketAddr),
    folder: &Path,
    case: Case,
    number: usize,
    counts: fn(Option<&str>) -> bool,
) -> (Starter, Stop) {
    let mut count = 0;
    let stepping = Stepping::to(server, move |statement| {
        let is_one = counts(statement);
        count += usize::from(is_one);
        is_one && count == number
    });
    let stepping = stepping.expect("a proxy");
    let starter = begun((scratch, stepping.address()), folder, case);
    let stop = stepping.stop().expect("a run of so many statements");
    (starter, stop)
}

/// A starter that has begun.
fn begun((scratch, server): (&Scratch, SocketAddr), folder: &Path, case: Case) -> Starter {
    let gate = Gate::new();
    let starter = gate.starter(scratch.url_at(server), folder, &options(case));
    gate.open();
    starter
}

fn options(case: Case) -> [&'static str; 3] {
    let either = |is: bool, yes, no| if is { yes } else { no };
    [
        either(
            case.asynchronous,
            "driver=tokio-postgres",
            "driver=postgres",
        ),
        either(case.grouped, "transactions=grouped", "transactions=each"),
        either(case.back, "goal=reset", "goal=up"),
    ]
}

/// Ends a process of the server, and waits until it is gone.
fn terminate(scratch: &Scratch, pid: i32) {
    let terminate = format!("SELECT pg_terminate_backend({pid}, 10000)");
    assert_eq!(rows(&mut scratch.connect(), &terminate), ["t"]);
}
