//! A set of migrations that shows when one ran twice, half, or not at all.

use migrate_core::folder::Folder;
use migrate_core::postgres::Client;
use migrate_core::{Database, Migrator};

use crate::postgres::{Scratch, execute, rows};
use crate::set_for;

/// Every kind of migration is among them.
pub const FILES: &[(&str, &str)] = &[
    (
        "0001_create_accounts.up.sql",
        "CREATE TABLE account (id integer PRIMARY KEY, balance bigint NOT NULL);
         CREATE TABLE purchase (id integer PRIMARY KEY, checked integer NOT NULL DEFAULT 0);
         INSERT INTO account VALUES (1, 1);
         INSERT INTO purchase SELECT generate_series(1, 9);
         INSERT INTO log VALUES ('up 1');",
    ),
    (
        "0001_create_accounts.down.sql",
        "DROP TABLE purchase;
         DROP TABLE account;
         INSERT INTO log VALUES ('down 1');",
    ),
    (
        "0002_tenfold.up.sql",
        "UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('up 2');",
    ),
    (
        "0002_tenfold.down.sql",
        "UPDATE account SET balance = balance / 10;
         INSERT INTO log VALUES ('down 2');",
    ),
    (
        "0003_create_indexes.up.sql",
        "-- migrate: no-transaction
         INSERT INTO log VALUES ('up 3 first');
         CREATE UNIQUE INDEX CONCURRENTLY purchase_id ON purchase (id, checked);
         WITH tenfold AS (UPDATE account SET balance = balance * 10)
         INSERT INTO log VALUES ('up 3 second');
         CREATE INDEX CONCURRENTLY account_balance ON account (balance);
         INSERT INTO log VALUES ('up 3 third');",
    ),
    (
        "0003_create_indexes.down.sql",
        "-- migrate: no-transaction
         DROP INDEX CONCURRENTLY account_balance;
         WITH tenth AS (UPDATE account SET balance = balance / 10)
         INSERT INTO log VALUES ('down 3 first');
         DROP INDEX CONCURRENTLY purchase_id;
         INSERT INTO log VALUES ('down 3 second');",
    ),
    (
        "0004_check_purchases.up.sql",
        "-- migrate: repeat
         UPDATE purchase SET checked = checked + 1
         WHERE id IN (SELECT id FROM purchase WHERE checked = 0 LIMIT 5);",
    ),
    (
        "0004_check_purchases.down.sql",
        "UPDATE purchase SET checked = checked - 1;
         INSERT INTO log VALUES ('down 4');",
    ),
    (
        "0005_tenfold.up.sql",
        "UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('up 5');",
    ),
    (
        "0005_tenfold.down.sql",
        "UPDATE account SET balance = balance / 10;
         INSERT INTO log VALUES ('down 5');",
    ),
    (
        "R__release.sql",
        "CREATE VIEW release AS SELECT 1 AS number;
         INSERT INTO log VALUES ('up release');",
    ),
    (
        "R__release.down.sql",
        "DROP VIEW release;
         INSERT INTO log VALUES ('down release');",
    ),
];

/// What a starter reports when it brings a fresh database up alone.
pub const STEPS: &[&str] = &["1", "2", "3", "4", "5", "release"];

const UP: &[&str] = &[
    "up 1",
    "up 2",
    "up 3 first",
    "up 3 second",
    "up 3 third",
    "up 5",
    "up release",
];
const DOWN: &[&str] = &[
    "down release",
    "down 5",
    "down 4",
    "down 3 first",
    "down 3 second",
    "down 2",
    "down 1",
];

/// The set.
#[must_use]
pub fn folder() -> Folder {
    set_for(Database::Postgres, FILES)
}

/// A new database. Its log is not made by a migration, and outlives them.
#[must_use]
pub fn database() -> Scratch {
    let scratch = Scratch::fresh();
    execute(&mut scratch.connect(), LOG);
    scratch
}

/// Makes a database new again, which is less work for the server than another one.
pub fn clear(scratch: &Scratch) {
    let clear = format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public; {LOG}");
    execute(&mut scratch.connect(), &clear);
}

const LOG: &str = "CREATE TABLE log (what text NOT NULL, at bigserial);";

/// Checks that every migration has run, exactly once and in order, and that nothing is left of how.
///
/// # Panics
///
/// When it is not so.
pub fn check_complete(db: &mut Client, what: &str) {
    let found = Found::of(db);
    assert_eq!(found.log, UP, "{what}: {found:#?}");
    let history: Vec<_> = (1..=5).map(|version| (version, None)).collect();
    assert_eq!(found.history, history, "{what}: {found:#?}");
    assert_eq!(
        found.indexes,
        ["account_balance t", "purchase_id t"],
        "{what}"
    );
    assert_eq!(found.checked, [1; 9], "{what}: {found:#?}");
    found.check(what);
    let folder = folder();
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let verification = migrator.verify(db).expect("an answer");
    assert!(verification.is_clean(), "{what}: {verification:#?}");
    assert!(!migrator.needs_migration(db).expect("an answer"), "{what}");
}

/// Checks that every migration was taken back, exactly once and in order.
///
/// # Panics
///
/// When it is not so.
pub fn check_gone(db: &mut Client, what: &str) {
    let found = Found::of(db);
    assert_eq!(found.log, [UP, DOWN].concat(), "{what}: {found:#?}");
    assert_eq!(found.history, [], "{what}: {found:#?}");
    assert_eq!(found.indexes, [""; 0], "{what}: {found:#?}");
    found.check(what);
}

/// Checks that the history tells the truth while nobody is at work: what it records has run exactly once, and
/// what it does not record has left nothing behind. Of an index it cannot know.
///
/// # Panics
///
/// When it is not so.
pub fn check_honest(db: &mut Client, what: &str) {
    let found = Found::of(db);
    let times = |line: &str| found.log.iter().filter(|found| *found == line).count();
    let row = |version| found.history.iter().find(|(found, _)| *found == version);
    let check = |up: &str, down: &str, is_there: bool| {
        let (up, down) = (times(up), times(down));
        assert!(up <= 1 && down <= 1, "{what}: {found:#?}");
        assert_eq!(up - down, usize::from(is_there), "{what}: {found:#?}");
    };
    for version in [1, 2, 5] {
        let finished = row(version).is_some_and(|(_, at)| at.is_none());
        check(
            &format!("up {version}"),
            &format!("down {version}"),
            finished,
        );
    }
    check("up release", "down release", found.repeated > 0);
    // Of the file that runs statement by statement, and of its way back, it tells how many have run.
    let (ups, downs) = match row(3) {
        None if times("down 3 second") > 0 => (5, 4),
        None => (0, 0),
        Some((_, None)) => (5, 0),
        Some((_, Some(at))) => {
            let done = at.trim_start_matches('-').split(':').next();
            let done = done.and_then(|done| done.parse().ok()).expect("a number");
            if at.starts_with('-') {
                (5, done)
            } else {
                (done, 0)
            }
        }
    };
    let ran = |line: &str, ran: bool| {
        assert_eq!(times(line), usize::from(ran), "{line}, {what}: {found:#?}");
    };
    ran("up 3 first", ups >= 1);
    ran("up 3 second", ups >= 3);
    ran("up 3 third", ups >= 5);
    ran("down 3 first", downs >= 2);
    ran("down 3 second", downs >= 4);
    let most = i32::from(row(4).is_some());
    let least = i32::from(row(4).is_some_and(|(_, at)| at.is_none()));
    let checked = found.checked.iter();
    assert!(
        checked
            .clone()
            .all(|checked| (least..=most).contains(checked)),
        "{what}: {found:#?}"
    );
    found.check_balance(what);
}

/// What is found in a database.
#[derive(Debug)]
struct Found {
    /// Versions, and how far those have come that are not finished.
    history: Vec<(i64, Option<String>)>,
    repeated: usize,
    log: Vec<String>,
    balance: Option<i64>,
    checked: Vec<i32>,
    /// Those of the migrations, and whether each is valid.
    indexes: Vec<String>,
    invalid: Vec<String>,
    locks: Vec<String>,
}

impl Found {
    fn of(db: &mut Client) -> Found {
        let mut all = |table: &str, sql: &str| -> Vec<String> {
            let there = format!("SELECT to_regclass('{table}') IS NOT NULL");
            if rows(db, &there) == ["t"] {
                rows(db, sql)
            } else {
                Vec::new()
            }
        };
        let number = |text: &String| text.parse().expect("a number");
        let history = all(
            "_migrate_history",
            "SELECT version || ' ' || coalesce(resume_at, '') FROM _migrate_history ORDER BY version",
        );
        let history = history.iter().filter_map(|row| row.split_once(' '));
        Found {
            history: history
                .map(|(version, at)| {
                    let at = (!at.is_empty()).then(|| at.to_owned());
                    (version.parse().expect("a version"), at)
                })
                .collect(),
            repeated: all(
                "_migrate_history_repeatable",
                "SELECT name FROM _migrate_history_repeatable",
            )
            .len(),
            log: all("log", "SELECT what FROM log ORDER BY at"),
            balance: all("account", "SELECT balance FROM account")
                .first()
                .map(number),
            checked: all("purchase", "SELECT checked FROM purchase")
                .iter()
                .map(|checked| checked.parse().expect("a number"))
                .collect(),
            indexes: all(
                "pg_index",
                "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid \
                 WHERE relname IN ('account_balance', 'purchase_id') ORDER BY relname",
            ),
            invalid: all(
                "pg_index",
                "SELECT indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)",
            ),
            locks: all(
                "pg_locks",
                "SELECT pid, mode FROM pg_locks WHERE locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())",
            ),
        }
    }

    /// Checks that nothing is left but what is to be there.
    fn check(&self, what: &str) {
        assert_eq!(self.invalid, [""; 0], "{what}: {self:#?}");
        assert_eq!(self.locks, [""; 0], "{what}: {self:#?}");
        self.check_balance(what);
    }

    fn check_balance(&self, what: &str) {
        let times = |lines: &[&str]| {
            let found = self
                .log
                .iter()
                .filter(|found| lines.contains(&found.as_str()));
            u32::try_from(found.count()).expect("not so many")
        };
        let created = times(&["up 1"]) > times(&["down 1"]);
        let tenfold = times(&["up 2", "up 3 second", "up 5"]);
        let tenth = times(&["down 2", "down 3 first", "down 5"]);
        let balance = created.then(|| 10_i64.pow(tenfold - tenth));
        assert_eq!(self.balance, balance, "{what}: {self:#?}");
    }
}
