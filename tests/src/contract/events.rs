//! What an observer is told, and in which order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use migrate_core::{Event, Goal, Migrator, Transactions};

use super::files::{A, A_DOWN, B, B_BROKEN, B_DOWN, ONE, THREE, TWO};
use super::stage::{ALL, Files};
use super::{Stage, TestConnection, TestDatabase, told};

fn word(event: &Event<'_>) -> String {
    match event {
        Event::OlderDatabase { verified, .. } => format!("older than {verified}"),
        Event::Planned { plan } => format!("planned {}-{}", plan.from(), plan.to()),
        Event::Started { step } => format!("{} {}", step.action(), step.description()),
        Event::Repeated { count, rows, .. } => format!("bite {count} of {rows}"),
        Event::Finished { done } => format!("{} {} done", done.action, done.description),
        Event::Waiting { .. } => "waiting".to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Runs `goal` and checks what is told meanwhile.
#[track_caller]
fn check<D: TestDatabase>(stage: &mut Stage<D>, files: Files<'_>, goal: Goal, expected: &str) {
    let folder = stage.folder(files);
    let set = folder.migrations();
    let events = Mutex::new(Vec::new());
    let migrator = stage
        .migrator(&set)
        .observe(|event| events.lock().unwrap().push(word(event)));
    let _ = stage.db.bring(&migrator, goal);
    drop(migrator);
    assert_eq!(events.into_inner().unwrap().join(", "), expected);
}

pub fn every_step_is_told_from_its_start_to_its_end<D: TestDatabase>() {
    let bites = ("0003_bites.sql", "-- migrate: repeat\nDELETE FROM a;\n");
    let steps = (
        "0004_steps.sql",
        "-- migrate: no-transaction\nVACUUM;\nSELECT 1;\n",
    );
    let v = ("R__v.sql", "CREATE VIEW v AS SELECT 1 AS x;\n");
    let rows = ("0002_rows.sql", "INSERT INTO a VALUES (1), (2);");
    let files = &[A, rows, bites, steps, v];
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        check(
            &mut stage,
            files,
            Goal::Up,
            "planned 0-4, up a, up a done, up rows, up rows done, up bites, bite 1 of 2, up bites done, \
             up steps, up steps done, up v, up v done",
        );
        check(&mut stage, files, Goal::Up, "");
    }
}

pub fn failing_step_is_told_without_an_end<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let expected = "planned 0-2, up a, up a done, up b";
    check(&mut stage, &[A, B_BROKEN], Goal::Up, expected);
    check(&mut stage, &[A, B_BROKEN], Goal::Up, "planned 1-2, up b");
    check(&mut stage, &[], Goal::Up, "");
}

pub fn other_ways_are_told_too<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    check(
        &mut stage,
        TWO,
        Goal::Mark(1),
        "planned 0-1, mark a, mark a done",
    );
    check(
        &mut stage,
        TWO,
        Goal::Unmark(1),
        "planned 1-0, unmark a, unmark a done",
    );
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let redo = "planned 2-2, down b, down b done, up b, up b done";
    check(&mut stage, TWO, Goal::Redo, redo);
    // One that only the history knows, by the description it was applied with.
    check(
        &mut stage,
        ONE,
        Goal::Reset,
        "planned 2-0, down b, down b done, down a, down a done",
    );
    check(&mut stage, ONE, Goal::Reset, "");
}

pub fn planning_and_reading_tell_nothing<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(THREE);
    let set = folder.migrations();
    let migrator = stage.migrator(&set).observe(|event| panic!("{event:?}"));
    stage.db.plan(&migrator, Goal::Up).unwrap();
    stage.db.status(&migrator).unwrap();
    stage.db.verify(&migrator).unwrap();
}

pub fn older_database_is_told_once_when_there_is_something_to_do<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(TWO);
    let mut check = |release: i32, goal: Goal, expected: &str| {
        let set: Vec<_> = folder
            .migrations()
            .into_iter()
            .map(|migration| migration.with_verified(release))
            .collect();
        let events = Mutex::new(Vec::new());
        let migrator = stage
            .migrator(&set)
            .observe(|event| events.lock().unwrap().push(word(event)));
        let _ = stage.db.bring(&migrator, goal);
        drop(migrator);
        assert_eq!(events.into_inner().unwrap().join(", "), expected);
    };
    let newest = i32::MAX;
    check(
        newest,
        Goal::Up,
        "older than 2147483647, planned 0-2, up a, up a done, up b, up b done",
    );
    check(newest, Goal::Up, "");
    check(1, Goal::Down(1), "planned 2-1, down b, down b done");
    check(1, Goal::Up, "planned 1-2, up b, up b done");
    // It is told once, however often the run is planned.
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(TWO);
    let set: Vec<_> = folder
        .migrations()
        .into_iter()
        .map(|migration| migration.with_verified(newest))
        .collect();
    let other = Mutex::new(Some(stage.database.connect()));
    let events = Mutex::new(Vec::new());
    let plain = stage.migrator(&set);
    let migrator = stage.migrator(&set).observe(|event| {
        events.lock().unwrap().push(word(event));
        if let Event::Planned { .. } = event
            && let Some(mut other) = other.lock().unwrap().take()
        {
            other.bring(&plain, Goal::UpTo(1)).unwrap();
        }
    });
    stage.db.bring(&migrator, Goal::Up).unwrap();
    drop(migrator);
    // What is sent at once is begun before it is known that another was faster.
    let begun = if D::TOLD_AFTERWARDS { "up a, " } else { "" };
    assert_eq!(
        events.into_inner().unwrap().join(", "),
        format!("older than 2147483647, planned 0-2, {begun}planned 1-2, up b, up b done")
    );
}

pub fn every_observer_is_told<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(ONE);
    let set = folder.migrations();
    let heard = Mutex::new(String::new());
    let migrator = stage
        .migrator(&set)
        .observe(|_| heard.lock().unwrap().push('1'))
        .observe(|_| heard.lock().unwrap().push('2'));
    stage.db.bring(&migrator, Goal::Up).unwrap();
    assert_eq!(*heard.lock().unwrap(), "121212");
}

/// Whatever the observer does: what is not committed is rolled back, and the connection as it was.
pub fn observer_that_panics_leaves_nothing_half_done<D: TestDatabase>() {
    let files: Files<'_> = &[A, A_DOWN, B, B_DOWN];
    let both = "a[] b[] @ 1 2";
    let cases = match D::TOLD_AFTERWARDS {
        false => [
            ("planned 0-2", "@", "@"),
            ("up a", "@", "@"),
            ("up b", "@", "a[] @ 1"),
            ("up b done", "@", "a[] @ 1"),
        ],
        true => [
            ("planned 0-2", "@", "@"),
            ("up a", "@", "@"),
            ("up b", both, "a[] @ 1"),
            ("up b done", both, both),
        ],
    };
    for (moment, grouped, each) in cases {
        for (transactions, state) in [(Transactions::Auto, grouped), (Transactions::Each, each)] {
            let mut stage = Stage::<D>::new();
            let session = stage.db.session();
            let folder = stage.folder(files);
            let set = folder.migrations();
            let migrator = Migrator::new(&set)
                .transactions(transactions)
                .observe(|event| assert_ne!(word(event), moment));
            let run = || stage.db.bring(&migrator, Goal::Up);
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            assert_eq!(stage.db.session(), session);
            let migrator = Migrator::new(&set);
            assert_eq!(stage.look(&migrator), state, "{moment}, {transactions:?}");
            let up = told(&stage.db.bring(&migrator, Goal::Up));
            assert!(up.ends_with("up 2") || state == both, "{up}");
            assert_eq!(stage.look(&migrator), both);
        }
    }
}
