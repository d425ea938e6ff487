//! A set of migrations that shows when one ran twice, half, or not at all, in two releases.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Migrator};
use tempfile::TempDir;

/// What both releases have. Every kind of migration is among them.
const BOTH: &[(&str, &str)] = &[
    (
        "0001_create_accounts.sql",
        "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
         CREATE TABLE log (what TEXT NOT NULL);
         INSERT INTO account VALUES (1, 1);
         INSERT INTO log VALUES ('1');",
    ),
    (
        "0002_tenfold.sql",
        "UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('2');",
    ),
    (
        "0003_tenfold_twice.sql",
        "-- migrate: no-transaction
         UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('3 first');
         VACUUM;
         UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('3 second');",
    ),
    (
        "0004_create_purchases.sql",
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE purchase (
             id INTEGER PRIMARY KEY,
             customer INTEGER NOT NULL REFERENCES customer ON DELETE CASCADE,
             checked INTEGER NOT NULL DEFAULT 0
         );
         INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cyd');
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30)
         INSERT INTO purchase (customer) SELECT n % 3 + 1 FROM n;
         INSERT INTO log VALUES ('4');",
    ),
    (
        "0005_check_purchases.sql",
        "-- migrate: repeat
         UPDATE purchase SET checked = checked + 1
         WHERE id IN (SELECT id FROM purchase WHERE checked = 0 LIMIT 6);",
    ),
    (
        "0006_forget_customer.sql",
        "-- migrate: foreign-keys on
         DELETE FROM customer WHERE id = 3;
         INSERT INTO log VALUES ('6');",
    ),
    // With foreign keys enforced, `DROP TABLE` deletes all purchases.
    (
        "0007_rebuild_customers.sql",
        "CREATE TABLE customer_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
         INSERT INTO customer_new SELECT id, name FROM customer;
         DROP TABLE customer;
         ALTER TABLE customer_new RENAME TO customer;
         INSERT INTO log VALUES ('7');",
    ),
];
const OLDER: &[(&str, &str)] = &[(
    "R__release.sql",
    "DROP VIEW IF EXISTS release;
     CREATE VIEW release AS SELECT 'older' AS name;
     INSERT INTO log VALUES ('R older');",
)];
const NEWER: &[(&str, &str)] = &[
    (
        "0008_tenfold.sql",
        "UPDATE account SET balance = balance * 10;
         INSERT INTO log VALUES ('8');",
    ),
    (
        "R__release.sql",
        "DROP VIEW IF EXISTS release;
         CREATE VIEW release AS SELECT 'newer' AS name;
         INSERT INTO log VALUES ('R newer');",
    ),
];

/// What the newer release reports when it brings a fresh database up alone.
pub(crate) const STEPS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "release"];

/// The folders of the two releases, and a place for databases.
pub(crate) struct Ledger {
    home: TempDir,
    pub(crate) older: PathBuf,
    pub(crate) newer: PathBuf,
}

/// How a database keeps its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    Rollback,
    WriteAhead,
}

impl Journal {
    pub(crate) const BOTH: [Journal; 2] = [Journal::Rollback, Journal::WriteAhead];
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        let home = tempfile::tempdir().expect("a folder");
        let folder = |name: &str, own: &[(&str, &str)]| {
            let files: Vec<_> = [BOTH, own].concat();
            write_folder(&home.path().join(name), &files)
        };
        Ledger {
            older: folder("older", OLDER),
            newer: folder("newer", NEWER),
            home,
        }
    }

    /// A new database.
    pub(crate) fn database(&self, journal: Journal, name: impl std::fmt::Display) -> PathBuf {
        database(self.home.path(), journal, name)
    }
}

/// Writes the files of a folder of migrations.
pub(crate) fn write_folder(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
    fs::create_dir(folder).expect("a folder");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    folder.to_owned()
}

/// A new database; on a rollback journal there is not even a file before the first write.
pub(crate) fn database(home: &Path, journal: Journal, name: impl std::fmt::Display) -> PathBuf {
    let path = home.join(format!("{name}-{journal:?}.db"));
    assert!(!path.exists(), "{} is new", path.display());
    if journal == Journal::WriteAhead {
        let db = Connection::open(&path).expect("a database");
        db.pragma_update(None, "journal_mode", "wal").expect("WAL");
    }
    path
}

/// Checks that every migration of the newer release has run, exactly once.
pub(crate) fn check_complete(ledger: &Ledger, database: &Path) {
    let found = Found::of(database);
    let mut log = found.log.clone();
    log.retain(|what| what != "R older");
    let expected = [
        "1", "2", "3 first", "3 second", "4", "6", "7", "8", "R newer",
    ];
    assert_eq!(log, expected, "{found:#?}");
    assert!(found.log.len() <= log.len() + 1, "{found:#?}");
    assert_eq!(
        found.history,
        (1..=8).map(|v| (v, None)).collect::<Vec<_>>()
    );
    assert_eq!(found.balance, Some(10_000), "{found:#?}");
    assert_eq!(found.release.as_deref(), Some("newer"), "{found:#?}");
    check_honest(database);

    let folder = Folder::read(&ledger.newer, Options::new(Database::Sqlite)).expect("a set");
    let set = folder.migrations();
    let mut db = Connection::open(database).expect("the database");
    let migrator = Migrator::new(&set).user_version(true);
    let verification = migrator.verify(&mut db).expect("an answer");
    assert!(verification.is_clean(), "{verification:#?}");
    assert!(!migrator.needs_migration(&mut db).expect("an answer"));
}

/// Checks that the history tells the truth: what it records has run exactly once, what it does not
/// record has left nothing behind.
pub(crate) fn check_honest(database: &Path) {
    let found = Found::of(database);
    let finished = |version| found.history.contains(&(version, None));
    let times = |what: &str| found.log.iter().filter(|found| *found == what).count();
    let check = |what: &str, expected: usize, is: usize| {
        assert_eq!(is, expected, "{what}: {found:#?}");
    };

    for version in [1, 2, 4, 6, 7, 8] {
        let ran = usize::from(finished(version));
        check("the log of a transaction", ran, times(&version.to_string()));
    }
    // Of the file that runs statement by statement the history tells how many have run.
    let third = found.history.iter().find(|(version, _)| *version == 3);
    let statements = match third {
        None => 0,
        Some((_, None)) => 5,
        Some((_, Some(at))) => at.split(':').next().and_then(|k| k.parse().ok()).unwrap(),
    };
    check(
        "its 2nd statement",
        (statements >= 2).into(),
        times("3 first"),
    );
    check(
        "its 5th statement",
        (statements >= 5).into(),
        times("3 second"),
    );

    let tenfold = [finished(2), statements >= 1, statements >= 4, finished(8)];
    let tenfold = tenfold.into_iter().filter(|ran| *ran).count();
    let balance = finished(1).then(|| 10_i64.pow(tenfold.try_into().unwrap()));
    assert_eq!(found.balance, balance, "{found:#?}");

    let customers = match (finished(4), finished(6)) {
        (false, _) => None,
        (true, false) => Some(3),
        (true, true) => Some(2),
    };
    assert_eq!(found.customers, customers, "{found:#?}");
    let purchases = customers.map_or(0, |customers| 10 * customers);
    check("purchases", purchases, found.checked.len());
    let most = usize::from(found.history.iter().any(|(version, _)| *version == 5));
    let least = usize::from(finished(5));
    for checked in &found.checked {
        assert!((least..=most).contains(checked), "{found:#?}");
    }

    check(
        "repeatables",
        found.repeated,
        usize::from(found.release.is_some()),
    );
    let version = found.history.iter().rev().find(|(_, at)| at.is_none());
    let version = version.map_or(0, |(version, _)| *version);
    assert_eq!(found.counter, version, "{found:#?}");
    assert_eq!(found.integrity, "ok");
    check("rows without a parent", 0, found.orphans);
}

/// What is found in a database.
#[derive(Debug)]
struct Found {
    /// Versions, and how far those have come that are not finished.
    history: Vec<(i64, Option<String>)>,
    repeated: usize,
    counter: i64,
    log: Vec<String>,
    balance: Option<i64>,
    customers: Option<usize>,
    checked: Vec<usize>,
    release: Option<String>,
    integrity: String,
    orphans: usize,
}

impl Found {
    fn of(database: &Path) -> Found {
        let db = Connection::open(database).expect("the database");
        let all = |table: &str, sql: &str| -> Vec<String> {
            let exists: bool = db
                .query_row(
                    "SELECT count(*) FROM sqlite_schema WHERE name = ?1",
                    [table],
                    |row| row.get(0),
                )
                .expect("a schema");
            if !exists {
                return Vec::new();
            }
            let mut statement = db.prepare(sql).expect("it is known");
            let rows = statement.query_map([], |row| row.get(0)).expect("rows");
            rows.collect::<Result<_, _>>().expect("texts")
        };
        let number = |text: &String| text.parse().expect("a number");
        let one = |sql: &str| -> String { db.query_row(sql, [], |row| row.get(0)).expect(sql) };
        let history = all(
            "_migrate_history",
            "SELECT version || ' ' || coalesce(resume_at, '') FROM _migrate_history ORDER BY version",
        );
        Found {
            history: history
                .iter()
                .filter_map(|row| row.split_once(' '))
                .map(|(version, at)| {
                    (
                        version.parse().unwrap(),
                        (!at.is_empty()).then(|| at.to_owned()),
                    )
                })
                .collect(),
            repeated: all(
                "_migrate_history_repeatable",
                "SELECT name FROM _migrate_history_repeatable",
            )
            .len(),
            counter: number(&one(
                "SELECT CAST(user_version AS TEXT) FROM pragma_user_version",
            )),
            log: all("log", "SELECT what FROM log ORDER BY rowid"),
            balance: all("account", "SELECT CAST(balance AS TEXT) FROM account")
                .first()
                .map(number),
            customers: Some(all("customer", "SELECT name FROM customer").len()).filter(|n| *n > 0),
            checked: all("purchase", "SELECT CAST(checked AS TEXT) FROM purchase")
                .iter()
                .map(|checked| checked.parse().unwrap())
                .collect(),
            release: all("release", "SELECT name FROM release").pop(),
            integrity: one("SELECT integrity_check FROM pragma_integrity_check"),
            orphans: one("SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_check")
                .parse()
                .unwrap(),
        }
    }
}
