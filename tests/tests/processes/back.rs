//! The way back: taken by several at once, and by some that die on it.

use std::path::{Path, PathBuf};

use migrate_core::rusqlite::Connection;
use tempfile::TempDir;

use crate::ledger::{Journal, database, write_folder};
use crate::races::{ROUNDS, alike, race};
use crate::starter::{End, start};

const FILES: &[(&str, &str)] = &[
    ("0001_a.up.sql", "INSERT INTO log VALUES ('up 1');"),
    ("0001_a.down.sql", "INSERT INTO log VALUES ('down 1');"),
    ("0002_b.up.sql", "INSERT INTO log VALUES ('up 2');"),
    (
        "0002_b.down.sql",
        "-- migrate: no-transaction
         INSERT INTO log VALUES ('down 2 first');
         INSERT INTO log VALUES ('down 2 second');",
    ),
    ("0003_c.up.sql", "INSERT INTO log VALUES ('up 3');"),
    ("0003_c.down.sql", "INSERT INTO log VALUES ('down 3');"),
];
const RESET: &[&str] = &["goal=reset"];

#[test]
fn eight_starters_that_take_everything_back() {
    let (home, folder) = home();
    for round in 0..ROUNDS {
        let database = migrated(home.path(), Journal::Rollback, &folder, round);
        let ends = race(&database, &alike(&folder, RESET));
        let mut steps: Vec<_> = ends.into_iter().flat_map(End::steps).collect();
        steps.sort();
        assert_eq!(steps, ["1", "2", "3"], "round {round}");
        check_gone(&database);
    }
}

#[test]
fn death_on_the_way_back() {
    for journal in Journal::BOTH {
        let (home, folder) = home();
        for commit in 1.. {
            let database = migrated(home.path(), journal, &folder, commit);
            let die = format!("die-at-commit={commit}");
            let end = start(&database, &folder, &["goal=reset", &die]);
            let is_over = end != End::Died;
            if is_over {
                end.steps();
            } else {
                start(&database, &folder, RESET).steps();
            }
            check_gone(&database);
            if is_over {
                assert!(commit > 4, "{commit} commits");
                break;
            }
        }
    }
}

fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = write_folder(&home.path().join("migrations"), FILES);
    (home, folder)
}

/// A database at the newest version. Its log is not made by a migration, and outlives them.
fn migrated(home: &Path, journal: Journal, folder: &Path, number: usize) -> PathBuf {
    let path = database(home, journal, number);
    let db = Connection::open(&path).expect("a database");
    db.execute_batch("CREATE TABLE log (what TEXT)")
        .expect("a table");
    assert_eq!(start(&path, folder, &[]).steps(), ["1", "2", "3"]);
    path
}

/// Checks that each way back was taken, exactly once and in order.
fn check_gone(database: &Path) {
    let db = Connection::open(database).expect("the database");
    let sql = "SELECT what FROM log WHERE what LIKE 'down%' ORDER BY rowid";
    let mut log = db.prepare(sql).expect("a query");
    let log = log.query_map([], |row| row.get(0)).expect("rows");
    let log: Vec<String> = log.collect::<Result<_, _>>().expect("texts");
    let expected = ["down 3", "down 2 first", "down 2 second", "down 1"];
    assert_eq!(log, expected);
    let count = "SELECT count(*) FROM _migrate_history";
    let rows: i64 = db.query_row(count, [], |row| row.get(0)).expect("a number");
    assert_eq!(rows, 0);
}
