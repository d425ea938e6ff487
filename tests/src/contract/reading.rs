//! The verbs that only look.

use migrate_core::{Goal, Policy, State};

use super::files::{A, A_DOWN, B, C, C_DOWN, THREE, TWO};
use super::{Stage, TestConnection, TestDatabase};

const D: (&str, &str) = ("0004_d.sql", "CREATE TABLE d (x INTEGER);\n");

pub fn fresh_database_is_at_zero_and_stays_untouched<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let before = stage.database.snapshot();
    assert_eq!(stage.db.current_version(&migrator).unwrap(), 0);
    assert!(stage.db.needs_migration(&migrator).unwrap());
    assert_eq!(stage.db.applied(&migrator).unwrap(), []);
    assert_eq!(stage.db.pending(&migrator).unwrap(), [1, 2]);
    let status = stage.db.status(&migrator).unwrap();
    assert_eq!((status.current, status.latest), (0, 2));
    assert!(!status.is_current());
    assert!(stage.db.verify(&migrator).unwrap().is_clean());
    assert_eq!(stage.db.plan(&migrator, Goal::Up).unwrap().steps().len(), 2);
    assert!(stage.database.snapshot() == before);
    assert_eq!(stage.db.relations(), [""; 0]);
}

pub fn status_tells_how_each_migration_stands<D: TestDatabase>() {
    let check = |applied: &[_], files: &[_], expected: &str| {
        let mut stage = Stage::<D>::new();
        stage.set(|m| m.missing(Policy::Accept).out_of_order(Policy::Accept));
        let folder = stage.folder(applied);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        stage.db.bring(&migrator, Goal::Up).unwrap();
        let folder = stage.folder(files);
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let status = stage.db.status(&migrator).unwrap();
        let lines = status.migrations.iter().map(|line| {
            let known = if line.file.is_some() { "" } else { "?" };
            let row = if line.applied.is_some() { "!" } else { "" };
            assert_eq!(
                row == "!",
                !matches!(line.state, State::Pending | State::OutOfOrder)
            );
            format!("{} {}{known}", line.version, line.state.name())
        });
        assert_eq!(lines.collect::<Vec<_>>().join(", "), expected);
        let current = expected.split(", ").all(|line| line.ends_with(" applied"));
        assert_eq!(status.is_current(), current);
    };
    let edited_a = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
    check(&[A, B], &[A, B], "1 applied, 2 applied");
    check(&[A], &[A, B, C], "1 applied, 2 pending, 3 pending");
    check(
        &[A, C],
        &[A, B, C, D],
        "1 applied, 2 out of order, 3 applied, 4 pending",
    );
    check(
        &[A, B, C],
        &[edited_a, C],
        "1 changed, 2 missing?, 3 applied",
    );
    check(
        &[A, C, D],
        &[A, B],
        "1 applied, 2 out of order, 3 newer?, 4 newer?",
    );
}

pub fn verification_names_everything_that_does_not_fit<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        &[A, B, D],
        Goal::Up,
        "0 -> 4: up 1, up 2, up 4",
        "a[] b[] d[] @ 1 2 4",
    );
    let edited_a = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
    let folder = stage.folder(&[edited_a, C]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let found = stage.db.verify(&migrator).unwrap();
    assert!(!found.is_clean());
    assert_eq!(found.changed.len(), 1);
    assert_eq!(found.changed[0].version, 1);
    assert_eq!(found.changed[0].file, "migrations/0001_a.up.sql");
    assert_eq!((found.missing, found.newer), (vec![2], vec![4]));
    assert_eq!((found.out_of_order, found.unfinished), (vec![3], vec![]));
    // What is pending above all is no fault.
    let folder = stage.folder(&[A, B, D, ("0005_e.sql", "SELECT 1;")]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    assert!(stage.db.verify(&migrator).unwrap().is_clean());
}

pub fn plan_holds_the_exact_sql_and_its_file<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    let folder = stage.folder(&[
        A,
        A_DOWN,
        B,
        ("0002_b.down.sql", "-- b goes\nDROP TABLE b;\n"),
    ]);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let plan = stage.db.plan(&migrator, Goal::DownTo(1)).unwrap();
    let steps: Vec<_> = plan
        .steps()
        .iter()
        .map(|step| (step.sql(), step.file()))
        .collect();
    assert_eq!(
        steps,
        [
            (Some(C_DOWN.1), Some("_migrate_history/3.down")),
            (
                Some("-- b goes\nDROP TABLE b;\n"),
                Some("migrations/0002_b.down.sql")
            ),
        ]
    );
    assert_eq!((plan.from(), plan.to()), (3, 1));
    let plan = stage.db.plan(&migrator, Goal::Unmark(2)).unwrap();
    assert_eq!(
        (plan.steps()[0].sql(), plan.steps()[0].file()),
        (None, None)
    );
}

pub fn reading_does_not_wait_for_a_writer<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let folder = stage.folder(THREE);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let mut other = stage.database.connect();
    other.lock();
    assert_eq!(stage.db.current_version(&migrator).unwrap(), 2);
    assert!(stage.db.needs_migration(&migrator).unwrap());
    assert_eq!(stage.db.pending(&migrator).unwrap(), [3]);
    assert_eq!(stage.db.applied(&migrator).unwrap().len(), 2);
    assert!(stage.db.verify(&migrator).unwrap().is_clean());
    assert_eq!(stage.db.plan(&migrator, Goal::Up).unwrap().to(), 3);
    other.release();
}

pub fn reading_works_inside_a_transaction<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let two = stage.folder(TWO);
    let two = two.migrations();
    let of_two = stage.migrator(&two);
    let folder = stage.folder(THREE);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    stage.db.begin();
    assert!(stage.db.needs_migration(&migrator).unwrap());
    assert!(!stage.db.needs_migration(&of_two).unwrap());
    assert_eq!(stage.db.status(&migrator).unwrap().current, 2);
    assert_eq!(stage.db.plan(&migrator, Goal::Up).unwrap().to(), 3);
    stage.db.release();
}
