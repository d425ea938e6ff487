//! Other runs on the same database: waiting for them, and what they did meanwhile.

use std::sync::Mutex;
use std::time::Duration;

use migrate_core::{ErrorKind, Event, Goal, Migrator};

use super::files::{A, A_DOWN, B, C, ONE, THREE, TWO};
use super::stage::{ALL, Files};
use super::{Stage, TestConnection, TestDatabase, told};

const BITES: (&str, &str) = (
    "0002_bites.sql",
    "-- migrate: repeat\nUPDATE a SET x = x - 1 WHERE x > 0;\n",
);
const STEPS: (&str, &str) = (
    "0002_steps.sql",
    "-- migrate: no-transaction\nINSERT INTO a VALUES (1);\nVACUUM;\nINSERT INTO a VALUES (2);\n",
);

pub fn lock_that_is_not_released_is_a_timeout<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    let mut other = stage.database.connect();
    other.lock();
    stage.set(|migrator| migrator.lock_timeout(Duration::from_millis(20)));
    for goal in [
        Goal::Up,
        Goal::Down(1),
        Goal::Reset,
        Goal::Redo,
        Goal::Mark(2),
    ] {
        stage.check(TWO, goal, "lock timeout", "a[] @ 1");
    }
    for pending in [BITES, STEPS] {
        stage.check(&[A, pending], Goal::Up, "lock timeout", "a[] @ 1");
    }
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let error = stage
        .check_set(&set, Goal::Up, "lock timeout", "a[] @ 1")
        .unwrap_err();
    let ErrorKind::LockTimeout { waited, .. } = error.kind() else {
        panic!("{error}");
    };
    assert!(*waited >= Duration::from_millis(20), "{waited:?}");
    stage.set(|migrator| migrator.lock_timeout(Duration::ZERO));
    stage.check(TWO, Goal::Up, "lock timeout", "a[] @ 1");
    other.release();
    stage.check(TWO, Goal::Up, "1 -> 2: up 2", "a[] b[] @ 1 2");
}

pub fn lock_that_is_released_in_time_is_taken<D: TestDatabase>() {
    for files in [TWO, &[A, BITES] as Files<'_>, &[A, STEPS]] {
        let mut stage = Stage::<D>::new();
        stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        let mut other = stage.database.connect();
        other.lock();
        let other = Mutex::new(other);
        let told_of_waiting = Mutex::new(0);
        let folder = stage.folder(files);
        let set = folder.migrations();
        let migrator = stage.migrator(&set).observe(|event| {
            if matches!(event, Event::Waiting { .. }) {
                let mut times = told_of_waiting.lock().unwrap();
                *times += 1;
                if *times == 3 {
                    other.lock().unwrap().release();
                }
            }
        });
        assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "1 -> 2: up 2");
        assert_eq!(*told_of_waiting.lock().unwrap(), 3);
    }
}

/// The longest time there is overflows nothing.
pub fn lock_timeout_may_be_endless<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.set(|migrator| migrator.lock_timeout(Duration::MAX));
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
}

/// Runs `goal` while another run does `meanwhile` behind its back: after it has planned, and before
/// it takes the lock.
fn overtaken<D: TestDatabase>(
    stage: &mut Stage<D>,
    files: Files<'_>,
    goal: Goal,
    meanwhile: impl Fn(&mut D::Connection, &Migrator<'_>) + Send + Sync,
) -> String {
    let other = Mutex::new(Some(stage.database.connect()));
    let folder = stage.folder(files);
    let set = folder.migrations();
    let plain = stage.migrator(&set);
    let migrator = stage.migrator(&set).observe(|event| {
        if let Event::Planned { .. } = event
            && let Some(mut other) = other.lock().unwrap().take()
        {
            meanwhile(&mut other, &plain);
        }
    });
    let words = told(&stage.db.bring(&migrator, goal));
    drop(migrator);
    let state = stage.look(&plain);
    format!("{words} | {state}")
}

pub fn nothing_is_done_twice<D: TestDatabase>() {
    let log: Files<'_> = &[
        A,
        ("0002_one.sql", "INSERT INTO a VALUES (1);"),
        ("0003_two.sql", "INSERT INTO a VALUES (2);"),
        ("R__log.sql", "INSERT INTO a VALUES (9);"),
    ];
    for settings in ALL {
        let new = || {
            let mut stage = Stage::<D>::new();
            stage.set(settings);
            stage
        };
        let mut stage = new();
        let all = overtaken(&mut stage, log, Goal::Up, |db, m| {
            drop(db.bring(m, Goal::Up).unwrap())
        });
        assert_eq!(all, "at 3 | a[1, 2, 9] @ 1 2 3");
        let mut stage = new();
        let part = overtaken(&mut stage, log, Goal::Up, |db, m| {
            drop(db.bring(m, Goal::UpTo(2)).unwrap())
        });
        assert_eq!(part, "0 -> 3: up 3, up log | a[1, 2, 9] @ 1 2 3");
    }
}

pub fn bites_and_steps_are_not_done_twice<D: TestDatabase>() {
    for (pending, state) in [(BITES, "a[0, 0] @ 1 2"), (STEPS, "a[1, 2, 2, 5] @ 1 2")] {
        let mut stage = Stage::<D>::new();
        stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        stage.db.sql("INSERT INTO a VALUES (2), (5)");
        let all = overtaken(&mut stage, &[A, pending], Goal::Up, |db, m| {
            drop(db.bring(m, Goal::Up).unwrap())
        });
        assert_eq!(all, format!("at 2 | {state}"));
    }
}

pub fn way_down_ends_where_it_was_planned<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    let down = overtaken(&mut stage, THREE, Goal::Down(2), |db, m| {
        drop(db.bring(m, Goal::Down(1)).unwrap())
    });
    assert_eq!(down, "3 -> 1: down 2 | a[] @ 1");
    let down = overtaken(&mut stage, THREE, Goal::Reset, |db, m| {
        drop(db.bring(m, Goal::Up).unwrap())
    });
    assert_eq!(down, "1 -> 0: down 3, down 2, down 1 | @");
}

/// A number of versions is about those that were there when it was asked for.
pub fn way_down_that_is_overtaken_ends<D: TestDatabase>() {
    for goal in [Goal::Down(1), Goal::Redo] {
        let mut stage = Stage::<D>::new();
        stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
        let newer = crate::set_for(D::DATABASE, THREE);
        let newer = newer.migrations();
        let down = overtaken(&mut stage, THREE, goal, |db, _| {
            db.bring(&Migrator::new(&newer), Goal::Up).unwrap();
        });
        assert_eq!(down, "overtaken 2 3 | a[] b[] c[] @ 1 2 3", "{goal:?}");
    }
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let redo = overtaken(&mut stage, TWO, Goal::Redo, |db, m| {
        drop(db.bring(m, Goal::Down(1)).unwrap())
    });
    assert_eq!(redo, "overtaken 2 1 | a[] @ 1");
}

pub fn refusal_that_comes_up_meanwhile_is_one<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    let newer = crate::set_for(D::DATABASE, &[A, A_DOWN, B, C]);
    let newer = newer.migrations();
    let up = overtaken(&mut stage, TWO, Goal::Up, |db, _| {
        db.bring(&Migrator::new(&newer), Goal::Up).unwrap();
    });
    assert_eq!(up, "newer 3 > 2, no way back | a[] b[] c[] @ 1 2 3");
}

pub fn history_that_appears_meanwhile_is_read<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let mark = overtaken(&mut stage, TWO, Goal::Mark(2), |db, m| {
        drop(db.bring(m, Goal::Up).unwrap())
    });
    assert_eq!(mark, "at 2 | a[] b[] @ 1 2");
    let mut stage = Stage::<D>::new();
    let up = overtaken(&mut stage, TWO, Goal::Up, |db, _| {
        db.sql("CREATE TABLE _migrate_history (version INTEGER)");
    });
    let words = "foreign history _migrate_history, lacking description checksum chain applied_at \
                 duration_ms down resume_at";
    assert_eq!(up, format!("{words} | _migrate_history[] @ {words}"));
}
