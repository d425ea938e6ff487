//! Several starters at once: each migration runs exactly once, and nobody fails or lies.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Once;

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Event, Migrator};

use crate::ledger::{Journal, Ledger, STEPS, check_complete, database, write_folder};
use crate::starter::{End, Gate, Starter};

pub(crate) const ROUNDS: usize = 50;
pub(crate) const STARTERS: usize = 8;

// Where nothing was locked, starters failed on each other's records.
#[test]
fn e05_eight_starters_on_a_rollback_journal() {
    equals(Journal::Rollback);
}

#[test]
fn e05_eight_starters_on_a_write_ahead_log() {
    equals(Journal::WriteAhead);
}

fn equals(journal: Journal) {
    let ledger = Ledger::new();
    for round in 0..ROUNDS {
        let database = ledger.database(journal, round);
        let ends = race(&database, &alike(&ledger.newer, &[]));
        let mut steps: Vec<_> = ends.into_iter().flat_map(End::steps).collect();
        steps.sort();
        assert_eq!(
            steps, STEPS,
            "each step is reported by one starter, round {round}"
        );
        check_complete(&ledger, &database);
    }
}

#[test]
fn starters_of_two_releases() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        for round in 0..ROUNDS / 2 {
            let database = ledger.database(journal, round);
            let starters = [(ledger.older.as_path(), &[][..]), (&ledger.newer, &[])];
            let ends = race(&database, &starters.repeat(STARTERS / 2));
            for (at, end) in ends.into_iter().enumerate() {
                let is_older = at % 2 == 0;
                match end {
                    // It came late; that is what the default policy is for.
                    End::Error { kind, .. } if is_older && kind == "Newer" => {}
                    end => drop(end.steps()),
                }
            }
            check_complete(&ledger, &database);
        }
    }
}

#[test]
fn starters_of_two_releases_that_accept_each_other() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        for round in 0..ROUNDS / 2 {
            let database = ledger.database(journal, round);
            let accept = &["newer=accept"][..];
            let starters = [(ledger.older.as_path(), accept), (&ledger.newer, accept)];
            let ends = race(&database, &starters.repeat(STARTERS / 2));
            for end in ends {
                end.steps();
            }
            check_complete(&ledger, &database);
        }
    }
}

/// An older release that starts after a newer one leaves the newer one's repeatable migrations alone.
#[test]
fn an_older_release_after_a_newer_one() {
    let ledger = Ledger::new();
    let database = ledger.database(Journal::Rollback, "late");
    let accept = &["newer=accept"][..];
    race(&database, &[(&ledger.newer, accept)]);
    let ends = race(&database, &[(&ledger.older, accept)]);
    assert_eq!(ends, [End::Ok(Vec::new())]);
    check_complete(&ledger, &database);
}

/// Between the plan and the lock, for every version, the moment is made in which another comes first.
// What was read before the lock was taken was believed after it, so that both ran, and both said so.
#[test]
fn e03_a_starter_that_is_overtaken() {
    let ledger = Ledger::new();
    let folder = Folder::read(&ledger.newer, Options::new(Database::Sqlite)).expect("a set");
    let set = folder.migrations();
    for before in 0..=8 {
        for after in before + 1..=8 {
            let database = ledger.database(Journal::Rollback, format!("{before}-{after}"));
            let mut other = Connection::open(&database).expect("a database");
            let migrator = Migrator::new(&set).user_version(true);
            migrator.up_to(&mut other, before).expect("a beginning");

            let overtake = Once::new();
            let slow = migrator.clone().observe(|event| {
                if let Event::Planned { .. } = event {
                    overtake.call_once(|| {
                        let mut other = Connection::open(&database).expect("the database");
                        migrator.up_to(&mut other, after).expect("it comes first");
                    });
                }
            });
            let mut db = Connection::open(&database).expect("the database");
            let report = slow.up(&mut db).expect("it completes the rest");
            assert_eq!(report.applied(), (after + 1..=8).collect::<Vec<_>>());
            check_complete(&ledger, &database);
        }
    }
}

/// SQLite refuses to change the journal mode while another process has a lock, without waiting.
#[test]
fn a_journal_mode_set_by_all_at_once() {
    let home = tempfile::tempdir().expect("a folder");
    let files = [
        (
            "0001_a.sql",
            "-- migrate: no-transaction\nPRAGMA journal_mode = WAL;",
        ),
        (
            "0002_b.sql",
            "CREATE TABLE b (x); INSERT INTO b VALUES (1);",
        ),
        (
            "0003_c.sql",
            "-- migrate: no-transaction\nVACUUM;\nPRAGMA synchronous = NORMAL;",
        ),
    ];
    let folder = write_folder(&home.path().join("migrations"), &files);
    for round in 0..ROUNDS {
        let database = database(home.path(), Journal::Rollback, round);
        let ends = race(&database, &alike(&folder, &[]));
        let mut steps: Vec<_> = ends.into_iter().flat_map(End::steps).collect();
        steps.sort();
        assert_eq!(steps, ["1", "2", "3"], "round {round}");
    }
}

/// What a starter is given: a folder and options.
pub(crate) type Given<'a> = (&'a Path, &'a [&'a str]);

pub(crate) fn alike<'a>(folder: &'a Path, options: &'a [&'a str]) -> [Given<'a>; STARTERS] {
    [(folder, options); STARTERS]
}

/// Starts all of them at the same moment and waits for their ends.
pub(crate) fn race(database: impl AsRef<OsStr>, starters: &[Given<'_>]) -> Vec<End> {
    let gate = Gate::new();
    let launch = |(folder, options): &Given<'_>| gate.starter(&database, folder, options);
    let starters: Vec<Starter> = starters.iter().map(launch).collect();
    gate.open();
    starters.into_iter().map(Starter::end).collect()
}
