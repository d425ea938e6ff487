//! A server that is killed and started again under runs, at every statement of theirs. All that is on the server
//! is cut off by that, so these tests have a program of their own, and run one after the other.

use std::env;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use migrate_tests::postgres::Scratch;
use migrate_tests::postgres::interrupted::{Case, Standing, in_threads, is_concurrent};
use migrate_tests::postgres::ledger::{clear, database};

/// How many runs stand still at once, to be cut off together.
const AT_ONCE: usize = 48;

#[test]
#[cfg_attr(
    not(have_postgres_restart),
    ignore = "needs a PostgreSQL that can be restarted: scripts/with-postgres"
)]
fn restart_at_every_statement() {
    let _alone = alone();
    let mut databases: Vec<Scratch> = (0..AT_ONCE).map(|_| database()).collect();
    // Up one by one, and back in groups.
    let cases = [Case::UP[0], Case::UP[1].back()];
    let stops = cases.map(|case| case.stops(&databases[0]));
    clear(&databases[0]);
    let numbers: Vec<usize> = (1..=stops[0].max(stops[1])).collect();
    let mut restarts = 0;
    for numbers in numbers.chunks(AT_ONCE) {
        let some = databases.split_off(AT_ONCE - numbers.len());
        let mut pairs: Vec<_> = numbers.iter().copied().zip(some).collect();
        for (case, stops) in cases.into_iter().zip(stops) {
            restarts += pairs.iter().filter(|(number, _)| *number <= stops).count();
            pairs = cut_off(case, stops, pairs);
        }
        databases.extend(in_threads(pairs, |(_, database)| {
            clear(&database);
            database
        }));
    }
    assert_eq!(restarts, stops[0] + stops[1]);
    assert!(restarts > 250, "{restarts} restarts");
    println!(
        "{} and {}: {stops:?} statements and answers",
        cases[0], cases[1]
    );
}

/// All indexes at once: each is invalid then, and nobody's.
#[test]
#[cfg_attr(
    not(have_postgres_restart),
    ignore = "needs a PostgreSQL that can be restarted: scripts/with-postgres"
)]
fn restart_in_the_middle_of_an_index() {
    let _alone = alone();
    let cases = Case::UP.into_iter().flat_map(|up| [up, up.back()]);
    let all = cases.flat_map(|case| [(case, 1), (case, 2)]);
    let standing = in_threads(all.collect(), |(case, number)| {
        let scratch = database();
        if case.back {
            case.forth()
                .run(&scratch.config())
                .expect("it is brought up");
        }
        let mut standing = case.to_stop_among(scratch, number, is_concurrent);
        let blocker = standing.hold_up();
        (standing, blocker)
    });
    restart();
    in_threads(standing, |(standing, _)| standing.has_lost_its_server());
}

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets runs come to the stops of these numbers, as far as there are so many, and restarts the server.
fn cut_off(case: Case, stops: usize, pairs: Vec<(usize, Scratch)>) -> Vec<(usize, Scratch)> {
    let (pairs, mut others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(n, _)| *n <= stops);
    let standing = in_threads(pairs, |(number, database)| case.to_stop(database, number));
    restart();
    others.extend(in_threads(standing, Standing::has_lost_its_server));
    others
}

fn restart() {
    let program = env::var_os("TEST_POSTGRES_RESTART").expect("a program that restarts the server");
    // The server is to live on without holding this program's output open.
    let mut command = Command::new(program);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("it can be run").success());
}
