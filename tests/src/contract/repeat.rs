//! Statements that run again and again, until they change no row.

use std::sync::Mutex;

use migrate_core::{Event, Goal};

use super::files::{A, C};
use super::stage::Files;
use super::{Stage, TestConnection, TestDatabase, told};

const Q: (&str, &str) = (
    "0001_q.up.sql",
    "CREATE TABLE q (x INTEGER NOT NULL, done INTEGER NOT NULL);\n\
     INSERT INTO q VALUES (1, 0), (2, 0), (3, 0), (4, 0), (5, 0);\n",
);
const BITES: (&str, &str) = (
    "0002_bites.up.sql",
    "-- migrate: repeat\n\
     UPDATE q SET done = 1 WHERE x IN (SELECT x FROM q WHERE done = 0 ORDER BY x LIMIT 2);\n",
);
const FILES: Files<'_> = &[Q, BITES, C];
const ALL_DONE: &str = "c[] q[1 1, 2 1, 3 1, 4 1, 5 1] @ 1 2 3";

pub fn statement_runs_until_it_changes_no_row<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    assert_eq!(
        stage.planned(FILES, Goal::Up),
        "group up 1, stepwise up 2, group up 3"
    );
    stage.check(FILES, Goal::Up, "0 -> 3: up 1, up 2, up 3", ALL_DONE);
    stage.db.sql("UPDATE q SET done = 0");
    stage.check(
        FILES,
        Goal::Up,
        "at 3",
        "c[] q[1 0, 2 0, 3 0, 4 0, 5 0] @ 1 2 3",
    );
}

pub fn statement_with_nothing_to_do_runs_once<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let select = ("0002_s.up.sql", "-- migrate: repeat\nSELECT x FROM a;\n");
    let create = (
        "0003_c.up.sql",
        "-- migrate: repeat\nCREATE TABLE c (x INTEGER);\n",
    );
    stage.check(
        &[A, select, create],
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] c[] @ 1 2 3",
    );
}

pub fn every_bite_is_told<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(&[Q, BITES]);
    let set = folder.migrations();
    let bites = Mutex::new(Vec::new());
    let migrator = stage.migrator(&set).observe(|event| {
        if let Event::Repeated { step, count, rows } = event {
            let version = step.version();
            bites.lock().unwrap().push((version, *count, *rows));
        }
    });
    assert_eq!(
        told(&stage.db.bring(&migrator, Goal::Up)),
        "0 -> 2: up 1, up 2"
    );
    let bites = bites.lock().unwrap().clone();
    assert_eq!(bites, [(Some(2), 1, 2), (Some(2), 2, 2), (Some(2), 3, 1)]);
}

pub fn limit_stops_an_endless_one_and_keeps_its_bites<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.set(|migrator| migrator.repeat_limit(2));
    let two_bites = "q[1 1, 2 1, 3 1, 4 1, 5 0] @ 1 2~";
    stage.check(
        FILES,
        Goal::Up,
        "repeat limit 2 after 2; kept 0 -> 1: up 1",
        two_bites,
    );
    // The next run goes on, and the limit is counted from there.
    stage.check(FILES, Goal::Up, "1 -> 3: up 2, up 3", ALL_DONE);

    let mut stage = Stage::<D>::new();
    stage.set(|migrator| migrator.repeat_limit(50));
    let endless = (
        "0002_e.up.sql",
        "-- migrate: repeat\nUPDATE q SET done = done + 1 WHERE x = 1;\n",
    );
    let words = "repeat limit 2 after 50; kept 0 -> 1: up 1";
    stage.check(
        &[Q, endless],
        Goal::Up,
        words,
        "q[1 50, 2 0, 3 0, 4 0, 5 0] @ 1 2~",
    );
    // It may be edited: none of it counts as done.
    stage.check(
        &[Q, BITES],
        Goal::Up,
        "1 -> 2: up 2",
        "q[1 50, 2 1, 3 1, 4 1, 5 1] @ 1 2",
    );
}

pub fn failing_bite_keeps_those_before_it<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let strict = (
        "0001_q.up.sql",
        "CREATE TABLE q (x INTEGER NOT NULL, done INTEGER NOT NULL CHECK (done < 3));\n\
         INSERT INTO q VALUES (1, 0);\n",
    );
    let count = (
        "0002_e.up.sql",
        "-- migrate: repeat\nUPDATE q SET done = done + 1 WHERE x > 0;\n",
    );
    let files = &[strict, count];
    let folder = stage.folder(files);
    let set = folder.migrations();
    let words = "sql at 0002_e.up.sql:2, repeated 2; kept 0 -> 1: up 1";
    let error = stage
        .check_set(&set, Goal::Up, words, "q[1 2] @ 1 2~")
        .unwrap_err();
    let text = error.to_string();
    assert!(!text.contains("nothing of it was applied"), "{text}");
    let words = "sql at 0002_e.up.sql:2, repeated 0";
    stage.check(files, Goal::Up, words, "q[1 2] @ 1 2~");
    stage.db.sql("DELETE FROM q");
    stage.check(files, Goal::Up, "1 -> 2: up 2", "q[] @ 1 2");
}

pub fn first_failing_bite_leaves_no_trace<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let wrong = ("0002_e.up.sql", "-- migrate: repeat\nUPDAET a SET x = 1;\n");
    let words = "sql at 0002_e.up.sql:2, repeated 0; kept 0 -> 1: up 1";
    stage.check(&[A, wrong], Goal::Up, words, "a[] @ 1");
}

pub fn down_can_be_repeated_too<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let down = (
        "0002_bites.down.sql",
        "-- migrate: repeat\nUPDATE q SET done = 0 WHERE x IN (SELECT x FROM q WHERE done = 1 LIMIT 2);\n",
    );
    let files = &[Q, BITES, down];
    stage.check(
        files,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "q[1 1, 2 1, 3 1, 4 1, 5 1] @ 1 2",
    );
    stage.check(
        files,
        Goal::Down(1),
        "2 -> 1: down 2",
        "q[1 0, 2 0, 3 0, 4 0, 5 0] @ 1",
    );
}
