//! Bringing a database up.

use std::fmt::Write;

use migrate_core::{Goal, Transactions};

use super::files::{A, A_DOWN, B, NONE, ONE, THREE, TWO};
use super::{Stage, TestConnection, TestDatabase};

pub fn fresh_database_takes_everything<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(
        THREE,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[] b[] c[] @ 1 2 3",
    );
}

pub fn used_database_takes_what_is_new<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.db.sql("INSERT INTO a VALUES (7)");
    stage.check(TWO, Goal::Up, "1 -> 2: up 2", "a[7] b[] @ 1 2");
    stage.check(THREE, Goal::Up, "2 -> 3: up 3", "a[7] b[] c[] @ 1 2 3");
    stage.check(THREE, Goal::Up, "at 3", "a[7] b[] c[] @ 1 2 3");
}

pub fn another_connection_finds_nothing_to_do<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    stage.db = stage.database.connect();
    stage.check(TWO, Goal::Up, "at 2", "a[] b[] @ 1 2");
}

pub fn up_to_stops_at_the_version<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(THREE, Goal::UpTo(0), "at 0", "@");
    stage.check(THREE, Goal::UpTo(2), "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::UpTo(1), "at 2", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::UpTo(4), "unknown version 4", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::UpTo(-1), "unknown version -1", "a[] b[] @ 1 2");
    stage.check(THREE, Goal::UpTo(3), "2 -> 3: up 3", "a[] b[] c[] @ 1 2 3");
}

pub fn empty_set_does_nothing<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    for goal in [Goal::Up, Goal::Down(1), Goal::Reset, Goal::Redo] {
        stage.check(NONE, goal, "at 0", "@");
    }
    stage.check(NONE, Goal::UpTo(1), "unknown version 1", "@");
    stage.check(ONE, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    stage.check(NONE, Goal::Up, "newer 1 > 0, way back", "a[] @ 1");
    stage.check(NONE, Goal::Reset, "1 -> 0: down 1", "@");
    stage.check(NONE, Goal::Up, "at 0", "@");
}

pub fn file_that_does_nothing_is_recorded<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[
        (
            "0001_nothing.up.sql",
            "-- the other database needs this one\n",
        ),
        B,
    ];
    stage.check(files, Goal::Up, "0 -> 2: up 1, up 2", "b[] @ 1 2");
}

pub fn every_statement_of_a_file_runs<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text = "CREATE TABLE a (x INTEGER, y TEXT);;\n\
                INSERT INTO a VALUES (1, 'one; -- no comment');\n\
                SELECT * FROM a; /* ; */ SELECT 2 UNION SELECT 3;\n\
                UPDATE a SET x = x + 1 -- the last one has no end";
    stage.check(
        &[("0001_a.sql", text)],
        Goal::Up,
        "0 -> 1: up 1",
        "a[2 one; -- no comment] @ 1",
    );
}

pub fn numbers_count_not_letters<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let files = &[
        ("10_last.sql", "INSERT INTO a VALUES (10);"),
        ("2_second.sql", "INSERT INTO a VALUES (2);"),
        ("1_first.sql", "CREATE TABLE a (x INTEGER);"),
    ];
    stage.check(
        files,
        Goal::Up,
        "0 -> 10: up 1, up 2, up 10",
        "a[10, 2] @ 1 2 10",
    );
}

pub fn versions_reach_to_the_greatest_number<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let up = (
        "9223372036854775807_z.up.sql",
        "CREATE TABLE z (x INTEGER);",
    );
    let down = ("9223372036854775807_z.down.sql", "DROP TABLE z;");
    let almost = (
        "9223372036854775806_y.up.sql",
        "CREATE TABLE y (x INTEGER);",
    );
    const Y: i64 = i64::MAX - 1;
    const Z: i64 = i64::MAX;
    let both = format!("0 -> {Z}: up {Y}, up {Z}");
    let at_both = format!("y[] z[] @ {Y} {Z}");
    stage.check(&[almost, up, down], Goal::Up, &both, &at_both);
    let back = format!("{Z} -> {Y}: down {Z}");
    stage.check(&[almost], Goal::DownTo(Y), &back, &format!("y[] @ {Y}"));
    let again = format!("{Y} -> {Z}: up {Z}");
    stage.check(&[almost, up, down], Goal::UpTo(Z), &again, &at_both);
}

pub fn thousand_migrations<D: TestDatabase>() {
    let name = |version: usize| format!("{version:04}_row.up.sql");
    let text = |version: usize| match version {
        1 => "CREATE TABLE a (x INTEGER);".to_owned(),
        version => format!("INSERT INTO a VALUES ({version});"),
    };
    let files: Vec<(String, String)> = (1..=1000).map(|v| (name(v), text(v))).collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let mut steps = String::new();
    let mut versions = String::new();
    for version in 1..=1000 {
        let comma = if version == 1 { "" } else { ", " };
        write!(steps, "{comma}up {version}").unwrap();
        write!(versions, " {version}").unwrap();
    }
    let mut rows: Vec<String> = (2..=1000).map(|version| version.to_string()).collect();
    rows.sort();
    let state = format!("a[{}] @{versions}", rows.join(", "));
    let mut stage = Stage::<D>::new();
    stage.check(&files, Goal::Up, &format!("0 -> 1000: {steps}"), &state);
    let mut stage = Stage::<D>::new();
    stage.set(|migrator| migrator.transactions(Transactions::Each));
    stage.check(&files, Goal::Up, &format!("0 -> 1000: {steps}"), &state);
}

pub fn history_holds_what_was_applied<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(&[
        ("0001_create_users.up.sql", A.1),
        ("0001_create_users.down.sql", A_DOWN.1),
        (
            "0002_b.up.sql",
            "-- migrate: description \"The second table\"\nCREATE TABLE b (x INTEGER);",
        ),
    ]);
    let set = folder.migrations();
    stage
        .check_set(&set, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2")
        .unwrap();
    let migrator = stage.migrator(&set);
    let applied = stage.db.applied(&migrator).unwrap();
    let [first, second] = applied.as_slice() else {
        panic!("{applied:?}");
    };
    assert_eq!(first.description(), "create users");
    assert_eq!(second.description(), "The second table");
    assert_eq!(first.checksum(), set[0].checksum().to_string());
    assert!(first.checksum().starts_with("t1:"));
    assert_eq!(first.down(), Some(A_DOWN.1));
    assert_eq!(second.down(), None);
    assert!(first.is_finished());
    let at = first.applied_at();
    let form: String = at
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z", "RFC 3339 in UTC: {at}");
    assert!(at > "2025", "{at}");
}
