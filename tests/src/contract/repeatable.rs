//! Migrations without a number: they run after the others, whenever they have changed.

use migrate_core::folder::Problem;
use migrate_core::{Goal, Policy};

use super::files::{A, A_DOWN, B, B_BROKEN, B_DOWN};
use super::stage::Files;
use super::{Stage, TestConnection, TestDatabase, told};

const V: (&str, &str) = (
    "R__v.sql",
    "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT x FROM a;\n",
);
const V_DOWN: (&str, &str) = ("R__v.down.sql", "DROP VIEW v;\n");
const LOG: (&str, &str) = ("R__log.sql", "INSERT INTO a VALUES (1);\n");

const SET: Files<'_> = &[A, A_DOWN, B, B_DOWN, V, V_DOWN];

pub fn they_run_after_the_others<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        SET,
        Goal::Up,
        "0 -> 2: up 1, up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
    let more: Files<'_> = &[A, LOG, V, ("0002_b.sql", "INSERT INTO a VALUES (2);")];
    let mut stage = Stage::<D>::new();
    stage.check(
        more,
        Goal::Up,
        "0 -> 2: up 1, up 2, up log, up v",
        "a[1, 2] v[1, 2] @ 1 2",
    );
}

pub fn changed_one_runs_again<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[A, LOG];
    stage.check(files, Goal::Up, "0 -> 1: up 1, up log", "a[1] @ 1");
    stage.check(files, Goal::Up, "at 1", "a[1] @ 1");
    let commented = (
        "R__log.sql",
        "-- every time\nINSERT  INTO a VALUES (1);\r\n",
    );
    stage.check(&[A, commented], Goal::Up, "at 1", "a[1] @ 1");
    let edited = ("R__log.sql", "INSERT INTO a VALUES (2);\n");
    stage.check(&[A, edited], Goal::Up, "1 -> 1: up log", "a[1, 2] @ 1");
    // Back again is a change, too.
    stage.check(files, Goal::Up, "1 -> 1: up log", "a[1, 1, 2] @ 1");
}

pub fn they_run_only_on_the_newest_schema<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(SET, Goal::UpTo(1), "0 -> 1: up 1", "a[] @ 1");
    stage.check(
        SET,
        Goal::UpTo(2),
        "1 -> 2: up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
}

pub fn they_are_taken_back_first<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        SET,
        Goal::Up,
        "0 -> 2: up 1, up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
    stage.check(SET, Goal::Down(1), "2 -> 1: down v, down 2", "a[] @ 1");
    stage.check(SET, Goal::Down(0), "at 1", "a[] @ 1");
    stage.check(SET, Goal::Up, "1 -> 2: up 2, up v", "a[] b[] v[] @ 1 2");
    stage.check(
        SET,
        Goal::Redo,
        "2 -> 2: down v, down 2, up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
    stage.check(SET, Goal::Reset, "2 -> 0: down v, down 2, down 1", "@");
    stage.check(SET, Goal::Reset, "at 0", "@");
}

pub fn several_are_taken_back_in_reverse<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let w = ("R__w.sql", "CREATE VIEW w AS SELECT x FROM v;\n");
    let w_down = ("R__w.down.sql", "DROP VIEW w;\n");
    let files = &[A, A_DOWN, V, V_DOWN, w, w_down];
    stage.check(
        files,
        Goal::Up,
        "0 -> 1: up 1, up v, up w",
        "a[] v[] w[] @ 1",
    );
    stage.check(files, Goal::Reset, "1 -> 0: down w, down v, down 1", "@");
}

/// What made the rows of a table that is gone makes them again.
pub fn reset_forgets_those_without_a_down<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[A, A_DOWN, LOG];
    stage.check(files, Goal::Up, "0 -> 1: up 1, up log", "a[1] @ 1");
    stage.check(files, Goal::Reset, "1 -> 0: down 1, unmark log", "@");
    stage.check(files, Goal::Up, "0 -> 1: up 1, up log", "a[1] @ 1");
}

/// An older program knows neither the view nor what it stands on.
pub fn older_program_takes_them_back_first<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let column = ("0002_y.up.sql", "ALTER TABLE a ADD COLUMN y INTEGER;\n");
    let column_down = ("0002_y.down.sql", "ALTER TABLE a DROP COLUMN y;\n");
    let view = ("R__y.sql", "CREATE VIEW v AS SELECT y AS x FROM a;\n");
    let view_down = ("R__y.down.sql", "DROP VIEW v;\n");
    let newer = &[A, A_DOWN, column, column_down, view, view_down];
    stage.check(newer, Goal::Up, "0 -> 2: up 1, up 2, up y", "a[] v[] @ 1 2");
    stage.check(
        &[A, A_DOWN],
        Goal::DownTo(1),
        "2 -> 1: down y, down 2",
        "a[] @ 1",
    );
    stage.check(newer, Goal::Up, "1 -> 2: up 2, up y", "a[] v[] @ 1 2");
}

/// There is no place where it could be resumed, so it is one transaction or nothing.
pub fn one_that_commits_for_itself_is_refused<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.allow(Problem::TransactionStatement);
    let text = ("R__v.sql", "INSERT INTO a VALUES (1);\nCOMMIT;\nOOPS;\n");
    let words = "sql at R__v.sql:3, escaped";
    for _ in 0..2 {
        let folder = stage.folder(&[A, text]);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let told = told(&stage.db.bring(&migrator, Goal::Up));
        assert!(!told.contains("up v"), "{told}, not {words}");
        let status = stage.db.status(&migrator).unwrap();
        assert!(status.repeatables[0].due);
    }
}

pub fn alone_they_are_a_set<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[("R__v.sql", "CREATE VIEW v AS SELECT 1 AS x;\n")];
    stage.check(files, Goal::Up, "0 -> 0: up v", "v[1] @");
}

pub fn failing_one_keeps_the_numbered_ones<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let broken = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VEIW v AS SELECT x FROM a;\n",
    );
    let words = "sql at R__v.sql:2, rolled back; kept 0 -> 1: up 1";
    stage.check(&[A, broken], Goal::Up, words, "a[] @ 1");
    stage.check(&[A, V], Goal::Up, "1 -> 1: up v", "a[] v[] @ 1");
    stage.check(
        &[A, broken],
        Goal::Up,
        "sql at R__v.sql:2, rolled back",
        "a[] v[] @ 1",
    );
    let folder = stage.folder(&[A, broken]);
    let set = folder.migrations();
    let words = "sql at R__v.sql:2, rolled back";
    let error = stage
        .check_set(&set, Goal::Up, words, "a[] v[] @ 1")
        .unwrap_err();
    assert!(
        error.to_string().contains("repeatable migration `v`"),
        "{error}"
    );
}

pub fn numbered_failure_comes_first<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let words = "sql at 0002_b.up.sql:3, rolled back; kept 0 -> 1: up 1";
    stage.check(&[A, B_BROKEN, V], Goal::Up, words, "a[] @ 1");
    stage.check(
        &[A, B, V],
        Goal::Up,
        "1 -> 2: up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
}

pub fn removed_one_is_forgotten_about<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        &[A, A_DOWN, V],
        Goal::Up,
        "0 -> 1: up 1, up v",
        "a[] v[] @ 1",
    );
    stage.check(&[A, A_DOWN], Goal::Up, "at 1", "a[] v[] @ 1");
    stage.check(&[A, A_DOWN, V], Goal::Up, "at 1", "a[] v[] @ 1");
}

pub fn renamed_one_is_a_new_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(&[A, LOG], Goal::Up, "0 -> 1: up 1, up log", "a[1] @ 1");
    stage.check(
        &[A, ("R__diary.sql", LOG.1)],
        Goal::Up,
        "1 -> 1: up diary",
        "a[1, 1] @ 1",
    );
}

pub fn renamed_one_does_not_stand_in_the_way_back<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let first = &[A, A_DOWN, V, V_DOWN];
    stage.check(first, Goal::Up, "0 -> 1: up 1, up v", "a[] v[] @ 1");
    let renamed = &[
        A,
        A_DOWN,
        ("R__views.sql", V.1),
        ("R__views.down.sql", V_DOWN.1),
    ];
    stage.check(renamed, Goal::Up, "1 -> 1: up views", "a[] v[] @ 1");
    stage.check(
        renamed,
        Goal::Reset,
        "1 -> 0: down views, down 1, unmark v",
        "@",
    );
    stage.check(renamed, Goal::Up, "0 -> 1: up 1, up views", "a[] v[] @ 1");
}

pub fn added_later_it_runs_on_a_database_that_had_none<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(&[A], Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.check(&[A, LOG], Goal::Up, "1 -> 1: up log", "a[1] @ 1");
    let folder = stage.folder(&[A, LOG, V]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let status = stage.db.status(&migrator).unwrap();
    let lines: Vec<_> = status
        .repeatables
        .iter()
        .map(|l| (l.name.as_str(), l.due, l.applied_at.is_some()))
        .collect();
    assert_eq!(lines, [("log", false, true), ("v", true, false)]);
    assert!(!status.is_current());
}

pub fn older_program_leaves_those_of_a_newer_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        &[A, B, LOG],
        Goal::Up,
        "0 -> 2: up 1, up 2, up log",
        "a[1] b[] @ 1 2",
    );
    stage.set(|migrator| migrator.newer(Policy::Accept));
    stage.check(
        &[A, ("R__log.sql", "INSERT INTO a VALUES (9);")],
        Goal::Up,
        "at 2",
        "a[1] b[] @ 1 2",
    );
}
