//! The file of a database: when it is written, and when not at all.

use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use migrate_core::rusqlite::{Connection, OpenFlags};
use migrate_core::{ErrorKind, Event, Goal, Migrator, Transactions};
use migrate_tests::contract::{
    A, B, B_BROKEN, C, Files, ONE, Stage, THREE, TWO, TestConnection, TestDatabase, of_kind, told,
};
use migrate_tests::set;
use migrate_tests::sqlite::SqliteFile;

const GOALS: &[Goal] = &[
    Goal::Up,
    Goal::UpTo(1),
    Goal::Down(1),
    Goal::DownTo(0),
    Goal::Reset,
    Goal::Redo,
    Goal::Mark(1),
    Goal::Unmark(1),
];

#[test]
fn reading_leaves_a_new_file_empty() {
    let mut stage = Stage::<SqliteFile>::new();
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    for goal in GOALS {
        let _ = stage.db.plan(&migrator, *goal);
    }
    stage.db.current_version(&migrator).unwrap();
    stage.db.needs_migration(&migrator).unwrap();
    stage.db.applied(&migrator).unwrap();
    stage.db.pending(&migrator).unwrap();
    stage.db.status(&migrator).unwrap();
    stage.db.verify(&migrator).unwrap();
    assert_eq!(fs::metadata(stage.database.path()).unwrap().len(), 0);
}

#[test]
fn what_fails_or_has_nothing_to_do_leaves_a_new_file_empty() {
    let broken = ("0001_b.sql", B_BROKEN.1);
    let stops = ("0001_s.sql", "-- migrate: no-transaction\nOOPS;\n");
    let bites = ("0001_s.sql", "-- migrate: repeat\nOOPS;\n");
    let cases: &[(Files<'_>, Goal, &str)] = &[
        (&[], Goal::Up, "at 0"),
        (ONE, Goal::Reset, "at 0"),
        (ONE, Goal::Redo, "at 0"),
        (ONE, Goal::UpTo(7), "unknown version 7"),
        (
            &[broken, B, C],
            Goal::Up,
            "sql at 0001_b.sql:3, rolled back",
        ),
        (&[stops], Goal::Up, "sql at 0001_s.sql:2, stopped after 0"),
        (&[bites], Goal::Up, "sql at 0001_s.sql:2, repeated 0"),
    ];
    for (files, goal, words) in cases {
        let mut stage = Stage::<SqliteFile>::new();
        stage.check(files, *goal, words, "@");
        assert_eq!(
            fs::metadata(stage.database.path()).unwrap().len(),
            0,
            "{words}"
        );
    }
}

/// How often a file was written to: bytes 24 to 27 of its header
/// (<https://www.sqlite.org/fileformat.html#file_change_counter>).
fn commits(database: &SqliteFile) -> u32 {
    let bytes = database.snapshot();
    let counter = bytes.get(24..28).map(|bytes| bytes.try_into().unwrap());
    counter.map_or(0, u32::from_be_bytes)
}

#[test]
fn one_commit_makes_a_fresh_database_and_each_step_of_a_used_one_has_its_own() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    assert_eq!(commits(&stage.database), 1);
    stage.check(THREE, Goal::Reset, "3 -> 0: down 3, down 2, down 1", "@");
    assert_eq!(commits(&stage.database), 4);
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.check(THREE, Goal::Up, "1 -> 3: up 2, up 3", "a[] b[] c[] @ 1 2 3");
    assert_eq!(commits(&stage.database), 7);
    stage.set(|migrator| migrator.transactions(Transactions::Grouped));
    stage.check(THREE, Goal::Reset, "3 -> 0: down 3, down 2, down 1", "@");
    assert_eq!(commits(&stage.database), 8);
    stage.set(|migrator| migrator.transactions(Transactions::Each));
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    assert_eq!(commits(&stage.database), 10);
    // Redo takes back and brings up: two steps.
    stage.check(TWO, Goal::Redo, "2 -> 2: down 2, up 2", "a[] b[] @ 1 2");
    assert_eq!(commits(&stage.database), 12);
}

#[test]
fn nothing_to_do_writes_nothing() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let mut other = stage.database.connect();
    let version = other.rows("PRAGMA data_version");
    let changes = stage.db.total_changes();
    let commits_before = commits(&stage.database);
    for goal in [
        Goal::Up,
        Goal::UpTo(2),
        Goal::DownTo(2),
        Goal::Down(0),
        Goal::Mark(1),
    ] {
        assert_eq!(told(&stage.db.bring(&migrator, goal)), "at 2");
    }
    assert_eq!(stage.db.total_changes(), changes);
    assert_eq!(other.rows("PRAGMA data_version"), version);
    assert_eq!(commits(&stage.database), commits_before);
}

#[test]
fn file_that_is_no_database_is_left_untouched() {
    let long = "Dear diary,\n".repeat(1000);
    for text in [
        "no",
        "Dear diary, this is a text of no more than a hundred bytes.\n",
        &long,
    ] {
        let database = SqliteFile::fresh();
        fs::write(database.path(), text).unwrap();
        let mut db = Connection::open(database.path()).unwrap();
        let folder = set(TWO);
        let set = folder.migrations();
        let migrator = Migrator::new(&set);
        for goal in GOALS {
            let error = migrator.bring(&mut db, *goal).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::NotADatabase, "{goal:?}");
            let error = migrator.plan(&mut db, *goal).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::NotADatabase, "{goal:?}");
        }
        let error = migrator.status(&mut db).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotADatabase);
        assert_eq!(fs::read_to_string(database.path()).unwrap(), text);
    }
}

#[test]
fn read_only_connection_is_enough_when_nothing_is_pending() {
    let mut stage = Stage::<SqliteFile>::new();
    let v = ("R__v.sql", "CREATE VIEW v AS SELECT x FROM a;\n");
    let now: Files<'_> = &[A, B, v];
    stage.check(
        now,
        Goal::Up,
        "0 -> 2: up 1, up 2, up v",
        "a[] b[] v[] @ 1 2",
    );
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    stage.db = Connection::open_with_flags(stage.database.path(), flags).unwrap();
    let state = "a[] b[] v[] @ 1 2";
    stage.check(now, Goal::Up, "at 2", state);
    stage.check(now, Goal::DownTo(2), "at 2", state);
    stage.check(&[A, B, v, C], Goal::Up, "read only", state);
    stage.check(
        &[A, B, ("R__v.sql", "SELECT 1;")],
        Goal::Up,
        "read only",
        state,
    );
    stage.check(&[A, B, v, C], Goal::Mark(3), "read only", state);
    stage.check(TWO, Goal::Down(1), "read only", state);
    let bites = ("0003_s.sql", "-- migrate: repeat\nDELETE FROM a;\n");
    let steps = ("0003_s.sql", "-- migrate: no-transaction\nVACUUM;\n");
    for pending in [bites, steps] {
        stage.check(&[A, B, v, pending], Goal::Up, "read only", state);
    }
}

#[test]
fn read_only_connection_to_a_fresh_database() {
    let mut stage = Stage::<SqliteFile>::new();
    fs::write(stage.database.path(), "").unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    stage.db = Connection::open_with_flags(stage.database.path(), flags).unwrap();
    stage.check(TWO, Goal::Up, "read only", "@");
    stage.check(&[], Goal::Up, "at 0", "@");
    assert_eq!(fs::metadata(stage.database.path()).unwrap().len(), 0);
}

#[test]
fn connection_that_is_told_to_only_read() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.db.sql("PRAGMA query_only = ON");
    stage.check(ONE, Goal::Up, "at 1", "a[] @ 1");
    stage.check(TWO, Goal::Up, "read only", "a[] @ 1");
}

/// A reader keeps a rollback-journal database from committing.
#[test]
fn reader_that_does_not_end_is_a_lock_timeout() {
    for settings in [Transactions::Each, Transactions::Grouped] {
        let mut stage = Stage::<SqliteFile>::new();
        stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        match settings {
            Transactions::Each => stage.set(|m| {
                m.lock_timeout(Duration::from_millis(10))
                    .transactions(Transactions::Each)
            }),
            _ => stage.set(|m| {
                m.lock_timeout(Duration::from_millis(10))
                    .transactions(Transactions::Grouped)
            }),
        }
        let mut other = stage.database.connect();
        other.sql("BEGIN; SELECT * FROM a;");
        stage.check(THREE, Goal::Up, "lock timeout", "a[] @ 1");
        let stepwise = ("0002_s.sql", "-- migrate: no-transaction\nVACUUM;\n");
        stage.check(&[A, stepwise], Goal::Up, "lock timeout", "a[] @ 1");
        other.release();
        stage.check(THREE, Goal::Up, "1 -> 3: up 2, up 3", "a[] b[] c[] @ 1 2 3");
    }
}

#[test]
fn database_that_cannot_even_be_read_is_a_lock_timeout() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    let mut other = stage.database.connect();
    other.sql("BEGIN EXCLUSIVE");
    stage.db.busy_timeout(Duration::from_millis(1)).unwrap();
    stage.set(|migrator| migrator.lock_timeout(Duration::from_millis(10)));
    let folder = stage.folder(TWO);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let session = stage.db.session();
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "lock timeout");
    let error = stage.db.status(&migrator).unwrap_err();
    assert_eq!(of_kind(error.kind()), "lock timeout");
    let error = stage.db.plan(&migrator, Goal::Up).unwrap_err();
    assert_eq!(of_kind(error.kind()), "lock timeout");
    assert_eq!(stage.db.session(), session);
    other.release();
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "1 -> 2: up 2");
}

#[test]
fn database_in_wal_mode_is_like_any_other() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql("PRAGMA journal_mode = WAL");
    let mut reader = stage.database.connect();
    reader.sql("BEGIN; SELECT * FROM sqlite_schema;");
    let folder = stage.folder(THREE);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    // Readers and a writer do not wait for each other there.
    assert_eq!(
        told(&stage.db.bring(&migrator, Goal::UpTo(2))),
        "0 -> 2: up 1, up 2"
    );
    assert_eq!(reader.current_version(&migrator).unwrap(), 0);
    reader.release();
    assert_eq!(reader.current_version(&migrator).unwrap(), 2);
    assert_eq!(told(&reader.bring(&migrator, Goal::Up)), "2 -> 3: up 3");
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "at 3");
    assert_eq!(stage.look(&migrator), "a[] b[] c[] @ 1 2 3");
}

#[test]
fn database_in_memory_is_like_any_other() {
    let mut db = Connection::open_in_memory().unwrap();
    let folder = set(THREE);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    assert_eq!(
        told(&db.bring(&migrator, Goal::Up)),
        "0 -> 3: up 1, up 2, up 3"
    );
    assert_eq!(told(&db.bring(&migrator, Goal::Up)), "at 3");
    assert_eq!(
        told(&db.bring(&migrator, Goal::Reset)),
        "3 -> 0: down 3, down 2, down 1"
    );
}

/// Whether the history has changed meanwhile is told by a number that each way of sharing a database
/// keeps in its own way.
#[test]
fn run_that_is_overtaken_does_nothing_twice_however_the_database_is_shared() {
    let log: Files<'_> = &[
        A,
        ("0002_one.sql", "INSERT INTO a VALUES (1);"),
        ("0003_c.sql", "INSERT INTO a VALUES (2);"),
    ];
    let folder = set(log);
    let set = folder.migrations();
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let database = SqliteFile::fresh();
        database.connect().sql("PRAGMA journal_mode = WAL");
        let shared = format!("file:overtaken{transactions:?}?mode=memory&cache=shared");
        let open = || Connection::open_with_flags(&shared, OpenFlags::default()).unwrap();
        for (mut db, other) in [(database.connect(), database.connect()), (open(), open())] {
            let plain = Migrator::new(&set).transactions(transactions);
            plain.up_to(&mut db, 1).unwrap();
            let other = Mutex::new(Some(other));
            let migrator = plain.clone().observe(|event| {
                let other = other.lock().unwrap().take();
                if let (Event::Planned { .. }, Some(mut other)) = (event, other) {
                    plain.up_to(&mut other, 2).unwrap();
                }
            });
            assert_eq!(told(&db.bring(&migrator, Goal::Up)), "1 -> 3: up 3");
            assert_eq!(db.rows("SELECT x FROM a ORDER BY x"), ["1", "2"]);
        }
    }
}

/// There the lock of another connection is no `SQLITE_BUSY`, but `SQLITE_LOCKED_SHAREDCACHE`.
#[test]
fn lock_in_a_shared_cache_is_waited_for() {
    let flags = OpenFlags::default();
    let open =
        || Connection::open_with_flags("file:shared?mode=memory&cache=shared", flags).unwrap();
    let (mut db, mut other) = (open(), open());
    let folder = set(TWO);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(10));
    other.sql("CREATE TABLE other (x)");
    other.lock();
    assert_eq!(told(&db.bring(&migrator, Goal::Up)), "lock timeout");
    other.sql("INSERT INTO other VALUES (1); CREATE TABLE more (x)");
    assert_eq!(told(&db.bring(&migrator, Goal::Up)), "lock timeout");
    other.release();
    assert_eq!(told(&db.bring(&migrator, Goal::Up)), "0 -> 2: up 1, up 2");
    other.lock();
    assert_eq!(told(&db.bring(&migrator, Goal::Up)), "at 2");
    other.release();
}
