//! The table of the history: its name, and migrations that lay hands on it.

use migrate_core::{Goal, Migrator};

use super::files::{A, B, C, ONE, THREE, TWO};
use super::stage::{ALL, Files};
use super::{Stage, TestConnection, TestDatabase, told};

const NAMES: &[&str] = &[
    "schema_version",
    "with some space",
    "Mixed_Case",
    "quoted \"twice\"",
    "it's `odd`",
    "select",
    "dotted.name",
    "naïve 歴史 🦀",
    "'; DROP TABLE a; --",
    "%s {} $1 ?1 :x",
];

pub fn table_may_have_any_name<D: TestDatabase>() {
    let v = ("R__v.sql", "CREATE VIEW v AS SELECT x FROM a;\n");
    let v_down = ("R__v.down.sql", "DROP VIEW v;\n");
    for name in NAMES {
        let mut stage = Stage::<D>::new();
        stage.table(name);
        stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
        let files: Files<'_> = &[ONE[0], ONE[1], B, v, v_down];
        stage.check(files, Goal::Up, "1 -> 2: up 2, up v", "a[] b[] v[] @ 1 2");
        stage.check(
            files,
            Goal::Unmark(2),
            "2 -> 1: unmark 2",
            "a[] b[] v[] @ 1",
        );
        stage.check(files, Goal::Mark(2), "1 -> 2: mark 2", "a[] b[] v[] @ 1 2");
        stage.check(files, Goal::Reset, "irreversible 2", "a[] b[] v[] @ 1 2");
        stage.check(THREE, Goal::Up, "2 -> 3: up 3", "a[] b[] c[] v[] @ 1 2 3");
        stage.check(
            ONE,
            Goal::DownTo(1),
            "irreversible 2",
            "a[] b[] c[] v[] @ 1 2 3",
        );
        let relations = stage.db.relations();
        assert!(relations.contains(&(*name).to_owned()), "{relations:?}");
    }
}

pub fn two_histories_live_beside_each_other<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let (one, two) = (
        stage.folder(&[A]),
        stage.folder(&[("0001_b.sql", B.1), ("0002_c.sql", C.1)]),
    );
    let (one, two) = (one.migrations(), two.migrations());
    let first = Migrator::new(&one).table("first");
    let second = Migrator::new(&two).table("second");
    assert_eq!(told(&stage.db.bring(&first, Goal::Up)), "0 -> 1: up 1");
    assert_eq!(
        told(&stage.db.bring(&second, Goal::Up)),
        "0 -> 2: up 1, up 2"
    );
    assert_eq!(told(&stage.db.bring(&first, Goal::Up)), "at 1");
    assert_eq!(told(&stage.db.bring(&second, Goal::Up)), "at 2");
    assert_eq!(stage.db.relations(), ["a", "b", "c", "first", "second"]);
}

pub fn foreign_table_is_refused_and_left_untouched<D: TestDatabase>() {
    let all = "version description checksum chain applied_at duration_ms down resume_at";
    let cases = [
        (
            "CREATE TABLE _migrate_history (id INTEGER)",
            "_migrate_history",
            all,
        ),
        (
            "CREATE TABLE _migrate_history (version INTEGER, name TEXT, checksum TEXT)",
            "_migrate_history",
            "description chain applied_at duration_ms down resume_at",
        ),
        (
            "CREATE TABLE _migrate_history_repeatable (name TEXT, checksum TEXT)",
            "_migrate_history_repeatable",
            "applied_at duration_ms down",
        ),
        (
            "CREATE VIEW _migrate_history AS SELECT 1 AS version",
            "_migrate_history",
            &all[8..],
        ),
    ];
    for (sql, table, lacking) in cases {
        let mut stage = Stage::<D>::new();
        stage.db.sql(sql);
        let rows = if sql.contains("VIEW") { "1" } else { "" };
        let words = format!("foreign history {table}, lacking {lacking}");
        let state = format!("{table}[{rows}] @ {words}");
        for goal in [
            Goal::Up,
            Goal::UpTo(1),
            Goal::Down(1),
            Goal::Reset,
            Goal::Redo,
            Goal::Mark(1),
            Goal::Unmark(1),
        ] {
            stage.check(TWO, goal, &words, &state);
        }
        stage.table("another");
        let state = format!("{table}[{rows}] a[] b[] @ 1 2");
        stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", &state);
    }
}

/// Runs a set whose second migration does `sql`, in each way of grouping.
fn each_way<D: TestDatabase>(sql: &str, check: impl Fn(&mut Stage<D>, Files<'_>)) {
    for settings in ALL {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        check(&mut stage, &[A, ("0002_b.sql", sql), C]);
    }
}

pub fn migration_that_drops_the_history_fails<D: TestDatabase>() {
    for sql in [
        "ALTER TABLE _migrate_history RENAME TO elsewhere;",
        "ALTER TABLE _migrate_history RENAME COLUMN checksum TO digest;",
        "ALTER TABLE _migrate_history DROP COLUMN resume_at;",
    ] {
        each_way::<D>(sql, |stage, files| {
            let folder = stage.folder(files);
            let set = folder.migrations();
            let migrator = stage.migrator(&set);
            let told = told(&stage.db.bring(&migrator, Goal::Up));
            // PostgreSQL tells that the table has gone before the record is written.
            let expected = [
                "database: the history of migration 2 cannot be written",
                "sql at 0002_b.sql, rolled back",
            ];
            assert!(expected.iter().any(|e| told.starts_with(e)), "{told}");
            assert!(told.ends_with("; kept 0 -> 1: up 1"), "{told}");
            stage.check(TWO, Goal::Up, "1 -> 2: up 2", "a[] b[] @ 1 2");
        });
    }
}

/// Its rows are what every run relies on.
pub fn migration_that_writes_to_the_history_is_refused<D: TestDatabase>() {
    for sql in [
        "DROP TABLE _migrate_history;",
        "DELETE FROM _migrate_history WHERE version = 1;",
        "UPDATE _migrate_history SET description = 'else';",
        "INSERT INTO _migrate_history SELECT 9, description, checksum, chain, applied_at, duration_ms, down, resume_at FROM _migrate_history;",
    ] {
        each_way::<D>(sql, |stage, files| {
            let words = "sql at 0002_b.sql, rolled back; kept 0 -> 1: up 1";
            stage.check(files, Goal::Up, words, "a[] @ 1");
            stage.check(TWO, Goal::Up, "1 -> 2: up 2", "a[] b[] @ 1 2");
        });
    }
}

pub fn migration_may_add_to_the_history<D: TestDatabase>() {
    for sql in [
        "ALTER TABLE _migrate_history ADD COLUMN note TEXT;",
        "CREATE INDEX by_time ON _migrate_history (applied_at);",
    ] {
        each_way::<D>(sql, |stage, files| {
            stage.check(
                files,
                Goal::Up,
                "0 -> 3: up 1, up 2, up 3",
                "a[] c[] @ 1 2 3",
            );
            stage.check(files, Goal::Unmark(3), "3 -> 2: unmark 3", "a[] c[] @ 1 2");
            stage.check(files, Goal::Mark(3), "2 -> 3: mark 3", "a[] c[] @ 1 2 3");
        });
    }
}
