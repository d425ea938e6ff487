//! Histories that do not fit the program: what is refused, and what can be accepted.

use migrate_core::{Database, ErrorKind, Goal, Policy};

use super::files::{A, A_DOWN, B, B_DOWN, C, C_DOWN, NONE, ONE, THREE, TWO};
use super::{Stage, TestConnection, TestDatabase};

pub fn comments_and_spacing_do_not_count<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    for same in [
        "CREATE TABLE a (x INTEGER)",
        "CREATE TABLE a (x INTEGER);\r\n",
        "\u{feff}CREATE TABLE a (x INTEGER);\n",
        "-- the first\nCREATE  TABLE\ta /* of all */ (\n\tx INTEGER\n);\n\n",
        "-- migrate: description \"In other words\"\nCREATE TABLE a (x INTEGER);",
    ] {
        stage.check(&[("0001_a.up.sql", same)], Goal::Up, "at 1", "a[] @ 1");
    }
    stage.check(&[("1_other_name.sql", A.1)], Goal::Up, "at 1", "a[] @ 1");
}

pub fn changed_ones_are_all_named<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let edited_a = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
    let edited_b = ("0002_b.up.sql", "CREATE TABLE b (x BIGINT);\n");
    stage.check(&[A, edited_b, C], Goal::Up, "changed 2", "a[] b[] @ 1 2");
    stage.check(
        &[edited_a, edited_b, C],
        Goal::Up,
        "changed 1 2",
        "a[] b[] @ 1 2",
    );
    let folder = stage.folder(&[edited_a, edited_b]);
    let set = folder.migrations();
    let error = stage
        .check_set(&set, Goal::Up, "changed 1 2", "a[] b[] @ 1 2")
        .unwrap_err();
    let text = error.to_string();
    let migrator = stage.migrator(&set);
    let applied = stage.db.applied(&migrator).unwrap();
    let now = set[1].checksum().to_string();
    for part in [
        "migrations/0001_a.up.sql",
        "migrations/0002_b.up.sql",
        applied[1].checksum(),
        &now,
    ] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
    let verified = stage.db.verify(&migrator).unwrap();
    let changed: Vec<i64> = verified
        .changed
        .iter()
        .map(|changed| changed.version)
        .collect();
    assert_eq!(changed, [1, 2]);
}

pub fn literals_count_to_the_byte<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text = "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('one  two');";
    stage.check(
        &[("1_a.sql", text)],
        Goal::Up,
        "0 -> 1: up 1",
        "a[one  two] @ 1",
    );
    let edited = &[(
        "1_a.sql",
        "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('one two');",
    )];
    stage.check(edited, Goal::Up, "changed 1", "a[one  two] @ 1");
}

/// The chain is over what was applied, so a mark of one change hides no other.
pub fn mark_of_one_change_hides_no_other<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    let edited = &[
        A,
        ("0002_b.sql", "CREATE TABLE b (x TEXT);"),
        ("0003_c.sql", "CREATE TABLE c (x TEXT);"),
    ];
    let state = "a[] b[] c[] @ 1 2 3";
    stage.check(edited, Goal::Up, "changed 2 3", state);
    stage.check(edited, Goal::Mark(2), "3 -> 3: mark 2", state);
    stage.check(edited, Goal::Up, "changed 3", state);
    stage.check(edited, Goal::Mark(3), "3 -> 3: mark 3", state);
    stage.check(edited, Goal::Up, "at 3", state);
}

pub fn mark_takes_a_change_for_applied<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    let edited = &[A, ("0002_b.up.sql", "CREATE TABLE b (x BIGINT);\n"), C];
    stage.check(edited, Goal::Up, "changed 2", "a[] b[] c[] @ 1 2 3");
    stage.check(
        edited,
        Goal::Mark(2),
        "3 -> 3: mark 2",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(edited, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
    stage.check(THREE, Goal::Up, "changed 2", "a[] b[] c[] @ 1 2 3");
}

pub fn newer_database_is_refused<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        TWO,
        Goal::Up,
        "newer 3 > 2, way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(
        ONE,
        Goal::UpTo(1),
        "newer 3 > 1, way back",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.set(|migrator| migrator.newer(Policy::Accept));
    stage.check(TWO, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
    stage.check(NONE, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
}

pub fn accepting_a_newer_database_accepts_nothing_else<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(&[A, C], Goal::Up, "0 -> 3: up 1, up 3", "a[] c[] @ 1 3");
    stage.set(|migrator| migrator.newer(Policy::Accept));
    stage.check(TWO, Goal::Up, "out of order 2 < 3", "a[] c[] @ 1 3");
    stage.check(&[B], Goal::Up, "missing 1", "a[] c[] @ 1 3");
    stage.check(
        &[("1_a.sql", "SELECT 1;")],
        Goal::Up,
        "changed 1",
        "a[] c[] @ 1 3",
    );
}

pub fn missing_ones_are_all_named<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    stage.check(&[C], Goal::Up, "missing 1 2", "a[] b[] c[] @ 1 2 3");
    let d = ("0004_d.sql", "CREATE TABLE d (x INTEGER);");
    stage.check(&[B, d], Goal::Up, "missing 1 3", "a[] b[] c[] @ 1 2 3");
    stage.set(|migrator| migrator.missing(Policy::Accept));
    stage.check(
        &[B, d],
        Goal::Up,
        "3 -> 4: up 4",
        "a[] b[] c[] d[] @ 1 2 3 4",
    );
    stage.check(&[A, B, C, d], Goal::Up, "at 4", "a[] b[] c[] d[] @ 1 2 3 4");
}

pub fn out_of_order_ones_are_all_named<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let d = ("0004_d.sql", "CREATE TABLE d (x INTEGER);");
    stage.check(&[B], Goal::Up, "0 -> 2: up 2", "b[] @ 2");
    stage.check(TWO, Goal::Up, "out of order 1 < 2", "b[] @ 2");
    stage.check(TWO, Goal::UpTo(1), "out of order 1 < 2", "b[] @ 2");
    stage.check(&[B, d], Goal::Up, "2 -> 4: up 4", "b[] d[] @ 2 4");
    stage.check(
        &[A, B, C, d],
        Goal::Up,
        "out of order 1 3 < 4",
        "b[] d[] @ 2 4",
    );
    let five = ("0005_e.sql", "CREATE TABLE e (x INTEGER);");
    stage.check(
        &[A, B, C, d, five],
        Goal::Up,
        "out of order 1 3 < 4",
        "b[] d[] @ 2 4",
    );
}

pub fn out_of_order_heals_the_chain<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.set(|migrator| migrator.out_of_order(Policy::Accept));
    stage.check(&[B], Goal::Up, "0 -> 2: up 2", "b[] @ 2");
    stage.check(&[B, C], Goal::Up, "2 -> 3: up 3", "b[] c[] @ 2 3");
    stage.check(THREE, Goal::Up, "3 -> 3: up 1", "a[] b[] c[] @ 1 2 3");
    // A program that accepts nothing finds by the chain alone that all is there: a history that
    // needs a second look is refused or read in full, which the next line would not survive.
    stage.set(|migrator| migrator);
    stage.check(THREE, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
    let mut straight = Stage::<D>::new();
    straight.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    let chains = "SELECT version, chain FROM _migrate_history ORDER BY version";
    assert_eq!(stage.db.rows(chains), straight.db.rows(chains));
    // The gap in the middle heals as well, and the way down leaves a chain that goes on.
    stage.check(
        THREE,
        Goal::Unmark(2),
        "3 -> 3: unmark 2",
        "a[] b[] c[] @ 1 3",
    );
    stage.check(&[A, C], Goal::Up, "at 3", "a[] b[] c[] @ 1 3");
    stage.check(
        THREE,
        Goal::Mark(2),
        "3 -> 3: mark 2",
        "a[] b[] c[] @ 1 2 3",
    );
    assert_eq!(stage.db.rows(chains), straight.db.rows(chains));
    stage.check(THREE, Goal::Down(1), "3 -> 2: down 3", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::Up, "2 -> 3: up 3", "a[] b[] c[] @ 1 2 3");
    assert_eq!(stage.db.rows(chains), straight.db.rows(chains));
}

pub fn out_of_order_with_a_missing_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.set(|m| m.out_of_order(Policy::Accept).missing(Policy::Accept));
    stage.check(&[A, C], Goal::Up, "0 -> 3: up 1, up 3", "a[] c[] @ 1 3");
    stage.check(&[B, C], Goal::Up, "3 -> 3: up 2", "a[] b[] c[] @ 1 2 3");
    stage.check(THREE, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
    stage.set(|migrator| migrator);
    stage.check(THREE, Goal::Up, "at 3", "a[] b[] c[] @ 1 2 3");
}

pub fn mark_and_unmark_write_history_only<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(THREE, Goal::Mark(1), "0 -> 1: mark 1", "@ 1");
    stage.check(THREE, Goal::Mark(1), "at 1", "@ 1");
    stage.check(THREE, Goal::Mark(3), "1 -> 3: mark 3", "@ 1 3");
    stage.check(THREE, Goal::Mark(4), "unknown version 4", "@ 1 3");
    stage.check(THREE, Goal::Up, "out of order 2 < 3", "@ 1 3");
    stage.check(THREE, Goal::Unmark(3), "3 -> 1: unmark 3", "@ 1");
    stage.check(THREE, Goal::Unmark(3), "at 1", "@ 1");
    stage.check(THREE, Goal::Unmark(4), "unknown version 4", "@ 1");
    stage.check(THREE, Goal::Up, "1 -> 3: up 2, up 3", "b[] c[] @ 1 2 3");
    // What only the database knows can be forgotten, but not made up.
    stage.check(ONE, Goal::Mark(3), "unknown version 3", "b[] c[] @ 1 2 3");
    stage.check(ONE, Goal::Unmark(3), "3 -> 2: unmark 3", "b[] c[] @ 1 2");
}

pub fn marked_migration_can_be_taken_back<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.db.sql("CREATE TABLE a (x INTEGER)");
    stage.check(ONE, Goal::Mark(1), "0 -> 1: mark 1", "a[] @ 1");
    stage.check(NONE, Goal::Reset, "1 -> 0: down 1", "@");
}

pub fn set_for_another_database_is_refused<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let other = Database::ALL
        .iter()
        .find(|database| **database != D::DATABASE);
    let other = *other.expect("another kind of database");
    let folder = crate::set_for(other, &[A, A_DOWN]);
    let set = folder.migrations();
    let words = format!("{other} migrations on {}", D::DATABASE);
    for goal in [Goal::Up, Goal::Reset, Goal::Mark(1)] {
        let error = stage.check_set(&set, goal, &words, "@").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WrongDatabase { .. }));
    }
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage
        .check_set(&set, Goal::Up, &words, "a[] @ 1")
        .unwrap_err();
}

pub fn set_that_is_in_disorder_is_refused<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(&[A, B, ("R__v.sql", "CREATE VIEW v AS SELECT 1;")]);
    let set = folder.migrations();
    let [a, b, v] = set.as_slice() else {
        panic!("{set:?}");
    };
    let cases = [
        (vec![b, a], "invalid set: version 2 stands before version 1"),
        (vec![a, a, b], "invalid set: version 1 is in it twice"),
        (
            vec![v, a],
            "invalid set: `v` is repeatable, but version 1 follows it",
        ),
        (vec![a, v, v], "invalid set: `v` is in it twice"),
    ];
    for (set, words) in cases {
        let set: Vec<_> = set.into_iter().cloned().collect();
        stage.check_set(&set, Goal::Up, words, "@").unwrap_err();
    }
}

pub fn connection_inside_a_transaction_is_refused<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    stage.db.begin();
    stage.db.sql("INSERT INTO a VALUES (1)");
    for goal in [Goal::Up, Goal::Reset, Goal::Mark(2)] {
        let error = stage.db.bring(&migrator, goal).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InTransaction);
    }
    assert_eq!(
        stage.db.rows("SELECT x FROM a"),
        ["1"],
        "the caller's transaction is still open"
    );
    assert_eq!(
        stage.db.status(&migrator).unwrap().current,
        1,
        "looking is allowed"
    );
    stage.db.release();
    stage.check(TWO, Goal::Up, "1 -> 2: up 2", "a[] b[] @ 1 2");
}

pub fn first_refusal_is_the_one_that_explains<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        &[A, C, C_DOWN],
        Goal::Up,
        "0 -> 3: up 1, up 3",
        "a[] c[] @ 1 3",
    );
    let edited = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
    // Newer than the program, and its own first migration was edited, and the second is late.
    stage.check(
        &[edited, B, B_DOWN],
        Goal::Up,
        "newer 3 > 2, way back",
        "a[] c[] @ 1 3",
    );
    stage.check(
        &[edited, B, A_DOWN, C],
        Goal::Up,
        "changed 1",
        "a[] c[] @ 1 3",
    );
}
