//! Taking a database back.

use migrate_core::{Goal, Policy};

use super::files::{A, A_DOWN, B, B_DOWN, C, C_DOWN, NONE, ONE, THREE, TWO};
use super::stage::ALL;
use super::{Stage, TestConnection, TestDatabase};

/// A database that has taken three migrations.
fn at_three<D: TestDatabase>() -> Stage<D> {
    let mut stage = Stage::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage
}

pub fn down_takes_back_a_number_of_migrations<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    stage.check(THREE, Goal::Down(0), "at 3", "a[] b[] c[] @ 1 2 3");
    stage.check(THREE, Goal::Down(1), "3 -> 2: down 3", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::Down(9), "2 -> 0: down 2, down 1", "@");
    stage.check(THREE, Goal::Down(1), "at 0", "@");
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
}

pub fn down_to_keeps_the_version<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    stage.check(THREE, Goal::DownTo(3), "at 3", "a[] b[] c[] @ 1 2 3");
    stage.check(
        THREE,
        Goal::DownTo(4),
        "unknown version 4",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(THREE, Goal::DownTo(1), "3 -> 1: down 3, down 2", "a[] @ 1");
    stage.check(THREE, Goal::DownTo(2), "at 1", "a[] @ 1");
    stage.check(THREE, Goal::DownTo(0), "1 -> 0: down 1", "@");
}

pub fn reset_takes_back_everything<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    stage.check(THREE, Goal::Reset, "3 -> 0: down 3, down 2, down 1", "@");
    stage.check(THREE, Goal::Reset, "at 0", "@");
}

pub fn nothing_to_take_back_on_a_fresh_database<D: TestDatabase>() {
    for goal in [
        Goal::Down(1),
        Goal::DownTo(0),
        Goal::DownTo(2),
        Goal::Reset,
        Goal::Redo,
    ] {
        let mut stage = Stage::<D>::new();
        let before = stage.database.snapshot();
        stage.check(THREE, goal, "at 0", "@");
        assert!(
            stage.database.snapshot() == before,
            "{goal:?} writes nothing"
        );
    }
}

pub fn down_restores_the_schema<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[
        A,
        A_DOWN,
        (
            "0002_b.up.sql",
            "ALTER TABLE a ADD COLUMN y INTEGER; CREATE INDEX i ON a (y);",
        ),
        (
            "0002_b.down.sql",
            "DROP INDEX i; ALTER TABLE a DROP COLUMN y;",
        ),
    ];
    let nothing = stage.schema();
    stage.check(files, Goal::UpTo(1), "0 -> 1: up 1", "a[] @ 1");
    let one = stage.schema();
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[] @ 1 2");
    assert_ne!(stage.schema(), one);
    stage.check(files, Goal::Down(1), "2 -> 1: down 2", "a[] @ 1");
    assert_eq!(stage.schema(), one);
    stage.check(files, Goal::Reset, "1 -> 0: down 1", "@");
    assert_eq!(stage.schema(), nothing);
}

pub fn redo_takes_the_last_one_back_and_up_again<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    stage.db.sql("INSERT INTO a VALUES (1)");
    stage.db.sql("INSERT INTO c VALUES (3)");
    stage.check(
        THREE,
        Goal::Redo,
        "3 -> 3: down 3, up 3",
        "a[1] b[] c[] @ 1 2 3",
    );
    stage.check(THREE, Goal::Down(1), "3 -> 2: down 3", "a[1] b[] @ 1 2");
    stage.check(THREE, Goal::Redo, "2 -> 2: down 2, up 2", "a[1] b[] @ 1 2");
    stage.check(ONE, Goal::Redo, "newer 2 > 1, way back", "a[1] b[] @ 1 2");
    stage.check(
        &[A, A_DOWN, B],
        Goal::Redo,
        "irreversible 2",
        "a[1] b[] @ 1 2",
    );
}

pub fn irreversible_ones_are_all_named_and_nothing_is_taken_back<D: TestDatabase>() {
    let files = &[
        A,
        B,
        (
            "0003_c.up.sql",
            "-- migrate: irreversible\nCREATE TABLE c (x INTEGER);",
        ),
    ];
    let mut stage = Stage::<D>::new();
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        files,
        Goal::Reset,
        "irreversible 3 2 1",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        files,
        Goal::DownTo(1),
        "irreversible 3 2",
        "a[] b[] c[] @ 1 2 3",
    );
    let mended = &[A, B, B_DOWN, C, C_DOWN];
    stage.check(mended, Goal::Reset, "irreversible 1", "a[] b[] c[] @ 1 2 3");
    stage.check(mended, Goal::DownTo(1), "3 -> 1: down 3, down 2", "a[] @ 1");
}

pub fn older_program_takes_a_newer_database_back<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    stage.check(
        ONE,
        Goal::Up,
        "newer 3 > 1, way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(ONE, Goal::DownTo(1), "3 -> 1: down 3, down 2", "a[] @ 1");
    stage.check(ONE, Goal::Up, "at 1", "a[] @ 1");
    let mut stage = at_three::<D>();
    stage.check(TWO, Goal::Down(1), "3 -> 2: down 3", "a[] b[] @ 1 2");
    let mut stage = at_three::<D>();
    stage.check(NONE, Goal::Reset, "3 -> 0: down 3, down 2, down 1", "@");
}

pub fn stored_downs_keep_their_directives<D: TestDatabase>() {
    let down = "-- migrate: no-transaction\nVACUUM;\nDROP TABLE b;\n";
    let one_file = "-- migrate:up\nCREATE TABLE b (x INTEGER);\n\
                    -- migrate:down transaction:false\nVACUUM;\nDROP TABLE b;\n";
    let sets: [&[(&str, &str)]; 2] = [
        &[A, A_DOWN, B, ("0002_b.down.sql", down)],
        &[
            ("0001_a.sql", "-- migrate:up\nCREATE TABLE a (x INTEGER);\n"),
            ("0002_b.sql", one_file),
        ],
    ];
    for files in sets {
        let mut stage = Stage::<D>::new();
        stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
        stage.check(ONE, Goal::DownTo(1), "2 -> 1: down 2", "a[] @ 1");
    }
}

pub fn no_way_back_without_every_down<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[A, A_DOWN, B, C, C_DOWN];
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        ONE,
        Goal::Up,
        "newer 3 > 1, no way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        ONE,
        Goal::DownTo(1),
        "irreversible 2",
        "a[] b[] c[] @ 1 2 3",
    );
    let two = &[A, A_DOWN, B];
    stage.check(
        two,
        Goal::Up,
        "newer 3 > 2, way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(two, Goal::DownTo(2), "3 -> 2: down 3", "a[] b[] @ 1 2");
}

pub fn own_down_counts_more_than_the_stored_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let broken = &[A, A_DOWN, B, ("0002_b.down.sql", "DROP TABLE nowhere;\n")];
    stage.check(broken, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    stage.check(
        &[A, A_DOWN, B],
        Goal::Down(1),
        "irreversible 2",
        "a[] b[] @ 1 2",
    );
    stage.check(TWO, Goal::Down(1), "2 -> 1: down 2", "a[] @ 1");
}

pub fn failing_down_keeps_what_was_taken_back_before<D: TestDatabase>() {
    let files = &[
        A,
        A_DOWN,
        B,
        ("0002_b.down.sql", "DROP TABLE b;\nDROP TABEL a;\n"),
        C,
        C_DOWN,
    ];
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        stage.check(
            files,
            Goal::Up,
            "0 -> 3: up 1, up 2, up 3",
            "a[] b[] c[] @ 1 2 3",
        );
        stage.check(
            files,
            Goal::Reset,
            "sql at 0002_b.down.sql:2, rolled back; kept 3 -> 2: down 3",
            "a[] b[] @ 1 2",
        );
        stage.check(THREE, Goal::Reset, "2 -> 0: down 2, down 1", "@");
    }
}

pub fn failing_stored_down_names_the_history<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[
        A,
        A_DOWN,
        B,
        ("0002_b.down.sql", "DROP TABLE b;\nDROP TABEL a;\n"),
    ];
    stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    stage.check(
        ONE,
        Goal::DownTo(1),
        "sql at 2.down:2, rolled back",
        "a[] b[] @ 1 2",
    );
}

pub fn missing_version_is_taken_back_by_its_stored_down<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    let without_b = &[A, A_DOWN, C, C_DOWN];
    stage.check(without_b, Goal::Up, "missing 2", "a[] b[] c[] @ 1 2 3");
    stage.check(
        without_b,
        Goal::DownTo(1),
        "3 -> 1: down 3, down 2",
        "a[] @ 1",
    );
    stage.check(without_b, Goal::Up, "1 -> 3: up 3", "a[] c[] @ 1 3");
}

/// What was applied is taken back as it was applied; what stays must fit.
pub fn changed_migrations_are_taken_back_as_they_were<D: TestDatabase>() {
    let mut stage = at_three::<D>();
    let edited = ("0002_b.up.sql", "CREATE TABLE d (x INTEGER);\n");
    let edited_down = ("0002_b.down.sql", "DROP TABLE d;\n");
    let files = &[A, A_DOWN, edited, edited_down, C, C_DOWN];
    let state = "a[] b[] c[] @ 1 2 3";
    for goal in [Goal::Up, Goal::Down(1), Goal::Redo] {
        stage.check(files, goal, "changed 2", state);
    }
    stage.check(files, Goal::Down(2), "3 -> 1: down 3, down 2", "a[] @ 1");
    stage.check(files, Goal::Up, "1 -> 3: up 2, up 3", "a[] c[] d[] @ 1 2 3");
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let files = &[A, A_DOWN, edited, edited_down];
    stage.check(files, Goal::Redo, "2 -> 2: down 2, up 2", "a[] d[] @ 1 2");
}

pub fn out_of_order_ones_are_taken_back_by_number<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        &[A, A_DOWN, C, C_DOWN],
        Goal::Up,
        "0 -> 3: up 1, up 3",
        "a[] c[] @ 1 3",
    );
    stage.set(|migrator| migrator.out_of_order(Policy::Accept));
    stage.check(THREE, Goal::Up, "3 -> 3: up 2", "a[] b[] c[] @ 1 2 3");
    stage.check(THREE, Goal::Down(2), "3 -> 1: down 3, down 2", "a[] @ 1");
}
