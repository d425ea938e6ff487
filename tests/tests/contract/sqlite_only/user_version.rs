//! `PRAGMA user_version`, kept equal to the version of the database.

use migrate_core::{Goal, Transactions};
use migrate_tests::contract::{
    A, A_DOWN, B, B_BROKEN, C, Files, NONE, ONE, Settings, Stage, THREE, TWO, TestConnection,
};
use migrate_tests::sqlite::SqliteFile;

const KEPT: Settings = |migrator| migrator.user_version(true);
const KEPT_EACH: Settings = |m| m.user_version(true).transactions(Transactions::Each);
const KEPT_GROUPED: Settings = |m| m.user_version(true).transactions(Transactions::Grouped);

fn stage(settings: Settings) -> Stage<SqliteFile> {
    let mut stage = Stage::new();
    stage.set(settings);
    stage
}

#[track_caller]
fn check(
    stage: &mut Stage<SqliteFile>,
    files: Files<'_>,
    goal: Goal,
    result: &str,
    state: &str,
    counter: &str,
) {
    stage.check(files, goal, result, state);
    assert_eq!(stage.db.rows("PRAGMA user_version"), [counter]);
    let folder = stage.folder(files);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    assert_eq!(stage.db.verify(&migrator).unwrap().counter, None);
}

#[test]
fn counter_follows_every_verb() {
    for settings in [KEPT_EACH, KEPT_GROUPED] {
        let mut stage = stage(settings);
        check(
            &mut stage,
            THREE,
            Goal::UpTo(2),
            "0 -> 2: up 1, up 2",
            "a[] b[] @ 1 2",
            "2",
        );
        check(
            &mut stage,
            THREE,
            Goal::Up,
            "2 -> 3: up 3",
            "a[] b[] c[] @ 1 2 3",
            "3",
        );
        check(
            &mut stage,
            THREE,
            Goal::Down(1),
            "3 -> 2: down 3",
            "a[] b[] @ 1 2",
            "2",
        );
        check(
            &mut stage,
            THREE,
            Goal::Redo,
            "2 -> 2: down 2, up 2",
            "a[] b[] @ 1 2",
            "2",
        );
        check(
            &mut stage,
            THREE,
            Goal::Mark(3),
            "2 -> 3: mark 3",
            "a[] b[] @ 1 2 3",
            "3",
        );
        check(
            &mut stage,
            THREE,
            Goal::Unmark(3),
            "3 -> 2: unmark 3",
            "a[] b[] @ 1 2",
            "2",
        );
        check(
            &mut stage,
            THREE,
            Goal::DownTo(1),
            "2 -> 1: down 2",
            "a[] @ 1",
            "1",
        );
        check(&mut stage, THREE, Goal::Reset, "1 -> 0: down 1", "@", "0");
        check(&mut stage, NONE, Goal::Up, "at 0", "@", "0");
    }
}

#[test]
fn counter_stops_where_the_run_stops() {
    for settings in [KEPT_EACH, KEPT_GROUPED, KEPT] {
        let mut stage = stage(settings);
        let files = &[A, B_BROKEN, C];
        let words = "sql at 0002_b.up.sql:3, rolled back; kept 0 -> 1: up 1";
        check(&mut stage, files, Goal::Up, words, "a[] @ 1", "1");
    }
    let mut stage = stage(KEPT);
    let words = "sql at 0001_b.sql:3, rolled back";
    check(
        &mut stage,
        &[("0001_b.sql", B_BROKEN.1)],
        Goal::Up,
        words,
        "@",
        "0",
    );
}

#[test]
fn unfinished_migration_is_not_counted() {
    let mut stage = stage(KEPT);
    let stops = (
        "0002_s.sql",
        "-- migrate: no-transaction\nINSERT INTO a VALUES (1);\nVACUUM;\nOOPS;\n",
    );
    let words = "sql at 0002_s.sql:4, stopped after 2; kept 0 -> 1: up 1";
    check(&mut stage, &[A, stops], Goal::Up, words, "a[1] @ 1 2~", "1");
    let mended = (
        "0002_s.sql",
        "-- migrate: no-transaction\nINSERT INTO a VALUES (1);\nVACUUM;\nVACUUM;\n",
    );
    check(
        &mut stage,
        &[A, mended],
        Goal::Up,
        "1 -> 2: up 2",
        "a[1] @ 1 2",
        "2",
    );
}

#[test]
fn without_the_setting_it_is_left_alone() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql("PRAGMA user_version = 77");
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    assert_eq!(stage.db.rows("PRAGMA user_version"), ["77"]);
}

#[test]
fn history_wins_where_they_differ() {
    let mut stage = stage(KEPT);
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.db.sql("PRAGMA user_version = 9");
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let found = stage.db.verify(&migrator).unwrap();
    assert_eq!(found.counter, Some(9));
    assert!(!found.is_clean());
    stage.check(ONE, Goal::Up, "at 1", "a[] @ 1");
    check(
        &mut stage,
        TWO,
        Goal::Up,
        "1 -> 2: up 2",
        "a[] b[] @ 1 2",
        "2",
    );
}

#[test]
fn counter_without_a_history_is_refused() {
    let mut stage = stage(KEPT);
    stage
        .db
        .sql("CREATE TABLE old (x); PRAGMA user_version = 3");
    let words = "counter 3 without history";
    stage.check(TWO, Goal::Up, words, "old[] @");
    stage.check(TWO, Goal::UpTo(1), words, "old[] @");
    assert_eq!(stage.db.rows("PRAGMA user_version"), ["3"]);
    // What was done by hand is recorded by hand.
    stage.check(TWO, Goal::Mark(1), "0 -> 1: mark 1", "old[] @ 1");
    check(
        &mut stage,
        TWO,
        Goal::Up,
        "1 -> 2: up 2",
        "b[] old[] @ 1 2",
        "2",
    );
}

#[test]
fn version_that_does_not_fit_is_refused_before_anything_runs() {
    let large = ("2147483648_l.up.sql", "CREATE TABLE l (x INTEGER);");
    let large_down = ("2147483648_l.down.sql", "DROP TABLE l;");
    let fits = ("2147483647_f.up.sql", "CREATE TABLE f (x INTEGER);");
    let mut stage = stage(KEPT);
    let words = "version too large 2147483648";
    stage.check(&[A, large], Goal::Up, words, "@");
    stage.check(&[A, large], Goal::Mark(2_147_483_648), words, "@");
    check(
        &mut stage,
        &[A, large],
        Goal::UpTo(1),
        "0 -> 1: up 1",
        "a[] @ 1",
        "1",
    );
    let files: Files<'_> = &[A, fits];
    check(
        &mut stage,
        files,
        Goal::Up,
        "1 -> 2147483647: up 2147483647",
        "a[] f[] @ 1 2147483647",
        "2147483647",
    );

    // A database that has such versions already cannot keep a counter on its way either.
    let mut stage = Stage::<SqliteFile>::new();
    let larger = ("2147483649_m.up.sql", "CREATE TABLE m (x INTEGER);");
    let larger_down = ("2147483649_m.down.sql", "DROP TABLE m;");
    let files: Files<'_> = &[A, A_DOWN, large, large_down, larger, larger_down];
    let all = "a[] l[] m[] @ 1 2147483648 2147483649";
    stage.check(
        files,
        Goal::Up,
        "0 -> 2147483649: up 1, up 2147483648, up 2147483649",
        all,
    );
    stage.set(KEPT);
    stage.check(files, Goal::Down(1), words, all);
    stage.check(files, Goal::Reset, words, all);
    stage.check(files, Goal::Unmark(2_147_483_649), words, all);
    stage.check(files, Goal::Unmark(1), "version too large 2147483649", all);
    stage.set(|migrator| migrator);
    stage.check(
        files,
        Goal::Down(1),
        "2147483649 -> 2147483648: down 2147483649",
        "a[] l[] @ 1 2147483648",
    );
    stage.set(KEPT);
    // From here every version on the way fits.
    check(
        &mut stage,
        files,
        Goal::Down(1),
        "2147483648 -> 1: down 2147483648",
        "a[] @ 1",
        "1",
    );
    check(
        &mut stage,
        &[A, A_DOWN, B],
        Goal::Reset,
        "1 -> 0: down 1",
        "@",
        "0",
    );
}
