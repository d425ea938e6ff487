//! What goes wrong with other migration libraries on PostgreSQL, each as a test of ours, through both drivers
//! and both ways of transactions. `docs/defects.md` tells where each of them has its tests.

use std::time::Duration;

use migrate_core::folder::Folder;
use migrate_core::postgres::Client;
use migrate_core::{Database, Error, Goal, Migrator, Policy, Transactions};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::{AsyncClient, Scratch, execute, rows};
use migrate_tests::set_for;

const A: (&str, &str) = ("0001_a.sql", "CREATE TABLE a (x integer UNIQUE);");
const C: (&str, &str) = ("0003_c.sql", "CREATE TABLE c (x integer);");

/// Runs a check on a fresh database with each driver, and with each way of transactions.
fn everywhere(
    check: impl Fn(&Scratch, &mut dyn FnMut(&[(&str, &str)], Goal) -> Result<String, Error>),
) {
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let scratch = Scratch::fresh();
        let mut db = scratch.connect();
        check(&scratch, &mut |files, goal| {
            bring(&mut db, transactions, files, goal)
        });
        let scratch = Scratch::fresh();
        let mut db = AsyncClient::connect(&scratch.config());
        check(&scratch, &mut |files, goal| {
            bring(&mut db, transactions, files, goal)
        });
    }
}

/// Whoever has the lock is not waited for: nobody may have it.
fn bring<C: TestConnection>(
    db: &mut C,
    transactions: Transactions,
    files: &[(&str, &str)],
    goal: Goal,
) -> Result<String, Error> {
    let folder = set_for(Database::Postgres, files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).transactions(transactions);
    let report = db.bring(&migrator.lock_timeout(Duration::ZERO), goal)?;
    Ok(report.to_string())
}

fn tables(scratch: &Scratch) -> String {
    let ask = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'i') AND relname ~ '^[a-d](_|$)' ORDER BY 1";
    rows(&mut scratch.connect(), ask).join(" ")
}

// A migration that failed left its lock with the pooled connection, and every other program waited for ever.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e04_failure_leaves_no_lock() {
    for mode in ["", "-- migrate: no-transaction\n", "-- migrate: repeat\n"] {
        let failing = format!("{mode}UPDATE a SET x = 1 / x WHERE x = 0;");
        let mended = format!("{mode}UPDATE a SET x = 1 WHERE x = 0;");
        let down = ("0002_b.down.sql", "SELECT 1 / 0;");
        everywhere(|scratch, bring| {
            bring(&[A], Goal::Up).unwrap();
            execute(&mut scratch.connect(), "INSERT INTO a VALUES (0)");
            let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = \
                         (SELECT oid FROM pg_database WHERE datname = current_database())";
            let mut other = scratch.connect();
            bring(&[A, ("0002_b.up.sql", &failing), down], Goal::Up).unwrap_err();
            assert_eq!(rows(&mut other, locks), ["0"]);
            // The first connection is still there, and idle.
            let mended = [A, ("0002_b.up.sql", &mended), down];
            let done = other_up(&mut other, &mended);
            assert_eq!(done.unwrap(), "migrated from version 1 to 2");
            bring(&mended, Goal::Down(1)).unwrap_err();
            assert_eq!(rows(&mut other, locks), ["0"]);
            assert_eq!(
                other_up(&mut other, &mended).unwrap(),
                "up to date at version 2"
            );
        });
    }
}

fn other_up(db: &mut Client, files: &[(&str, &str)]) -> Result<String, Error> {
    bring(db, Transactions::Auto, files, Goal::Up)
}

// Two indexes in one file failed always, since it was sent as one; one that failed left an index that was not
// valid, at which every later run failed.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e17_indexes_are_built_concurrently_and_again_after_a_failure() {
    let text = "-- no-transaction\nCREATE INDEX CONCURRENTLY c_1 ON c (x);\n\
                CREATE UNIQUE INDEX CONCURRENTLY c_2 ON c (x);\n";
    let indexes = "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid \
                   WHERE relname LIKE 'c\\_%' ORDER BY 1";
    everywhere(|scratch, bring| {
        let files = [("0001_c.sql", C.1), ("0002_d.sql", text)];
        let mut db = scratch.connect();
        execute(
            &mut db,
            "CREATE TABLE c (x integer); INSERT INTO c VALUES (1), (1)",
        );
        bring(&files[..1], Goal::Mark(1)).unwrap();
        for _ in 0..2 {
            let error = bring(&files, Goal::Up).unwrap_err();
            let failed = error.failed().unwrap();
            let place = failed.place.as_ref().map(|place| place.line);
            assert_eq!(
                (failed.sqlstate.as_deref(), place),
                (Some("23505"), Some(3))
            );
            let found = rows(&mut db, indexes);
            assert!(!found.contains(&"c_2 t".to_owned()), "{found:?}");
        }
        execute(&mut db, "DELETE FROM c");
        bring(&files, Goal::Up).unwrap();
        assert_eq!(rows(&mut db, indexes), ["c_1 t", "c_2 t"]);
    });
}

// The whole of an error was "db error", or it named a line of the server's own source.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e19_error_names_migration_file_place_and_what_the_server_says() {
    everywhere(|_, bring| {
        let broken = "CREATE TABLE b (x integer);\n\nCREATE TABEL d (x integer);\n";
        let error = bring(&[A, ("0002_create_b.sql", broken)], Goal::Up).unwrap_err();
        assert_eq!(
            error.to_string(),
            "syntax error at or near \"TABEL\" (SQLSTATE 42601)\n \
             --> migrations/0002_create_b.sql:3:8\n  \
             |\n\
             3 | CREATE TABEL d (x integer);\n  \
             |        ^^^^^\n  \
             = in migration 2 \"create b\"\n  \
             = rolled back: nothing of it was applied\n  \
             = kept: this run had migrated from version 0 to 1"
        );
        let twice = "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);\n";
        let error = bring(&[A, ("0002_b.sql", twice)], Goal::Up).unwrap_err();
        assert_eq!(
            error.to_string(),
            "duplicate key value violates unique constraint \"a_x_key\" (SQLSTATE 23505)\n \
             --> migrations/0002_b.sql:2:1\n  \
             |\n\
             2 | INSERT INTO a VALUES (1);\n  \
             | ^^^^^^^^^^^^^^^^^^^^^^^^^\n  \
             = in migration 2 \"b\"\n  \
             = Key (x)=(1) already exists.\n  \
             = rolled back: nothing of it was applied"
        );
        let hinted = "SELECT lowr('A');";
        let error = bring(&[A, ("0002_b.sql", hinted)], Goal::Up).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("\n  = hint: No function matches"),
            "{error}"
        );
    });
}

// A migration that failed left the first half of it, at which every later run failed.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e22_failing_migration_leaves_nothing_of_itself() {
    everywhere(|scratch, bring| {
        let half = (
            "0002_b.sql",
            "CREATE TABLE b (x integer); CREATE TABLE d (x nowhere);",
        );
        let whole = (
            "0002_b.sql",
            "CREATE TABLE b (x integer); CREATE TABLE d (x integer);",
        );
        for _ in 0..2 {
            bring(&[A, half, C], Goal::Up).unwrap_err();
            assert_eq!(tables(scratch), "a a_x_key");
        }
        bring(&[A, whole, C], Goal::Up).unwrap();
        assert_eq!(tables(scratch), "a a_x_key b c d");
    });
}

// After a migration that set the search path, as every dump does, the history was not found.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e23_migration_that_sets_the_search_path_is_recorded() {
    let sets = [
        "SELECT pg_catalog.set_config('search_path', '', false);",
        "SET search_path = nowhere;",
        "SET LOCAL search_path = pg_catalog;",
        "CREATE SCHEMA other; SET search_path = other; CREATE TABLE _migrate_history (x integer);",
    ];
    for mode in ["", "-- migrate: no-transaction\n"] {
        let migration = |(version, set): (i32, &&str)| {
            let text = format!("{mode}{set}\nCREATE TABLE public.b_{version} (x integer);");
            (format!("000{version}_b.sql"), text)
        };
        let files: Vec<_> = (1..).zip(&sets).map(migration).collect();
        let mut files: Vec<_> = files
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        files.push(("0005_c.sql", C.1));
        everywhere(|scratch, bring| {
            let done = bring(&files, Goal::Up);
            assert_eq!(done.unwrap(), "migrated from version 0 to 5");
            assert_eq!(tables(scratch), "b_1 b_2 b_3 b_4 c");
            assert_eq!(bring(&files, Goal::Up).unwrap(), "up to date at version 5");
        });
    }
}

// What a migration did was committed, and then its record: whoever died in between ran it twice.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn e24_migration_and_its_record_are_one_transaction() {
    // The server notes by whom a row was written: a savepoint counts for itself, and is released with both.
    let apart = "SELECT count(*) FROM _migrate_history h JOIN pg_class c ON c.relname = h.description \
                 WHERE c.xmin <> h.xmin";
    let together = apart.replace("<>", "=");
    everywhere(|scratch, bring| {
        let b = ("0002_b.sql", "CREATE TABLE b (x integer);");
        bring(&[A, b, C], Goal::Up).unwrap();
        let mut db = scratch.connect();
        assert_eq!(rows(&mut db, apart), ["0"]);
        assert_eq!(rows(&mut db, &together), ["3"]);
    });
}

// Where two releases started at once, balances were wrong under a history that looked right.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn starters_of_two_releases_do_everything_once() {
    let files = [
        (
            "0001_a.sql",
            "CREATE TABLE a (x integer); INSERT INTO a VALUES (10);",
        ),
        ("0002_b.sql", "UPDATE a SET x = x * 10;"),
        ("0003_c.sql", "UPDATE a SET x = x + 1;"),
        ("0004_d.sql", "UPDATE a SET x = x * 10;"),
    ];
    let folders = [2, 4].map(|count| set_for(Database::Postgres, &files[..count]));
    let sets = folders.each_ref().map(Folder::migrations);
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let scratch = Scratch::fresh();
        std::thread::scope(|scope| {
            for starter in 0..8 {
                let migrator = Migrator::new(&sets[starter % 2]).transactions(transactions);
                let migrator = migrator.newer(Policy::Accept);
                let scratch = &scratch;
                scope.spawn(move || {
                    let config = scratch.config();
                    let done = match starter / 2 % 2 {
                        0 => AsyncClient::connect(&config).bring(&migrator, Goal::Up),
                        _ => scratch.connect().bring(&migrator, Goal::Up),
                    };
                    done.unwrap_or_else(|error| panic!("{error}"));
                });
            }
        });
        let mut db = scratch.connect();
        assert_eq!(rows(&mut db, "SELECT x FROM a"), ["1010"]);
        assert_eq!(
            rows(&mut db, "SELECT count(*) FROM _migrate_history"),
            ["4"]
        );
    }
}
