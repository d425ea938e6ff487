//! Several starters at once on a PostgreSQL, through both drivers: each migration runs exactly once, and nobody
//! fails.

use std::path::{Path, PathBuf};

use migrate_tests::postgres::Scratch;
use migrate_tests::postgres::ledger::{FILES, STEPS, check_complete, check_gone, database};
use tempfile::TempDir;

use crate::ledger::write_folder;
use crate::races::{Given, ROUNDS, STARTERS, race};
use crate::starter::End;

// Where nothing was locked, each applied what the other had applied.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e02_eight_starters_on_a_fresh_database() {
    let (_home, folder) = home();
    let mut failures = Vec::new();
    for round in 0..ROUNDS {
        let scratch = database();
        let ends = race_on(&scratch, &mixed(&folder, false));
        failures.extend(check_ends(ends, round));
        check_complete(&mut scratch.connect(), &format!("round {round}"));
    }
    assert_eq!(failures, [""; 0], "{} failures", failures.len());
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn eight_starters_that_take_everything_back() {
    let (_home, folder) = home();
    let mut failures = Vec::new();
    for round in 0..ROUNDS / 5 {
        let scratch = database();
        for is_back in [false, true] {
            let ends = race_on(&scratch, &mixed(&folder, is_back));
            failures.extend(check_ends(ends, round));
        }
        check_gone(&mut scratch.connect(), &format!("round {round}"));
    }
    assert_eq!(failures, [""; 0], "{} failures", failures.len());
}

/// A folder with the migrations.
pub(crate) fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = write_folder(&home.path().join("migrations"), FILES);
    (home, folder)
}

/// Both drivers, and both ways of transactions, in every combination.
pub(crate) fn mixed(folder: &Path, is_back: bool) -> [Given<'_>; STARTERS] {
    const UP: [&[&str]; 4] = [
        &["driver=postgres", "transactions=each"],
        &["driver=tokio-postgres", "transactions=each"],
        &["driver=postgres", "transactions=grouped"],
        &["driver=tokio-postgres", "transactions=grouped"],
    ];
    const BACK: [&[&str]; 4] = [
        &["driver=postgres", "transactions=each", "goal=reset"],
        &["driver=tokio-postgres", "transactions=each", "goal=reset"],
        &["driver=postgres", "transactions=grouped", "goal=reset"],
        &[
            "driver=tokio-postgres",
            "transactions=grouped",
            "goal=reset",
        ],
    ];
    let options = if is_back { BACK } else { UP };
    std::array::from_fn(|at| (folder, options[at % options.len()]))
}

fn race_on(scratch: &Scratch, starters: &[Given<'_>]) -> Vec<End> {
    race(scratch.url_at(scratch.address()), starters)
}

/// What is wrong with how they ended: each step is done by one of them.
pub(crate) fn check_ends(ends: Vec<End>, round: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut all = Vec::new();
    for end in ends {
        match end {
            End::Ok(steps) => all.extend(steps),
            other => wrong.push(format!("round {round}: {other:?}")),
        }
    }
    all.sort();
    if all != STEPS {
        wrong.push(format!("round {round}: {all:?}"));
    }
    wrong
}
