//! What was there before a run, and looks like something of its own.

use migrate_core::{Database, ErrorKind, Goal, Migrator, Transactions};
use migrate_tests::contract::told;
use migrate_tests::postgres::{DRIVERS, Scratch, execute, rows};
use migrate_tests::set_for;

/// An index of that name is not the one that the statement would have made, nor will it be at the next start.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn index_that_was_there_before_is_refused_each_time() {
    let all = [
        ("CREATE INDEX CONCURRENTLY a_y ON a (y);", "42P07"),
        ("DROP INDEX CONCURRENTLY no_such;", "42704"),
    ];
    for (statement, code) in all {
        for driver in DRIVERS {
            let scratch = Scratch::fresh();
            let mut admin = scratch.connect();
            execute(
                &mut admin,
                "CREATE TABLE a (x integer, y integer); CREATE INDEX a_y ON a (x)",
            );
            let file = format!("-- migrate: no-transaction\n{statement}");
            let folder = set_for(Database::Postgres, &[("0001_a.sql", &file)]);
            for start in 1..=3 {
                let result =
                    driver(&scratch.config()).bring(&Migrator::new(&folder.migrations()), Goal::Up);
                let error = result.map(|report| report.to()).expect_err(statement);
                let ErrorKind::Sql { failed } = error.kind() else {
                    panic!("{error}");
                };
                assert_eq!(
                    failed.sqlstate.as_deref(),
                    Some(code),
                    "{statement} {start}"
                );
            }
        }
    }
}

/// Constraints of other tables may have the name of one that is deferred.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn constraints_of_one_name() {
    const FILES: &[(&str, &str)] = &[
        (
            "0001_a.sql",
            "CREATE TABLE p (id integer PRIMARY KEY); \
             CREATE TABLE a (x integer CONSTRAINT fk REFERENCES p DEFERRABLE INITIALLY DEFERRED); \
             CREATE TABLE b (x integer CONSTRAINT fk REFERENCES p); \
             CREATE TABLE c (x integer CONSTRAINT fk REFERENCES p DEFERRABLE);",
        ),
        (
            "0002_b.sql",
            "INSERT INTO a VALUES (1); INSERT INTO p VALUES (1);",
        ),
    ];
    for driver in DRIVERS {
        for transactions in [Transactions::Each, Transactions::Grouped] {
            let scratch = Scratch::fresh();
            let folder = set_for(Database::Postgres, FILES);
            let set = folder.migrations();
            let migrator = Migrator::new(&set).transactions(transactions);
            let result = driver(&scratch.config()).bring(&migrator, Goal::Up);
            assert_eq!(told(&result), "0 -> 2: up 1, up 2", "{transactions:?}");
        }
    }
}

/// PostgreSQL cuts names, and then two of them may be one.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn name_that_is_too_long_is_refused() {
    let repeatable: &[(&str, &str)] = &[
        ("0001_a.sql", "CREATE TABLE a (x integer);"),
        ("R__b.sql", "CREATE OR REPLACE VIEW b AS SELECT x FROM a;"),
    ];
    let check = |table: &str, schema: Option<&str>, expected: bool| {
        for driver in DRIVERS {
            let scratch = Scratch::fresh();
            let folder = set_for(Database::Postgres, repeatable);
            let set = folder.migrations();
            let mut migrator = Migrator::new(&set).table(table).create_schema(true);
            if let Some(schema) = schema {
                migrator = migrator.schema(schema);
            }
            let mut db = driver(&scratch.config());
            let result = db
                .bring(&migrator, Goal::UpTo(1))
                .and_then(|_| db.bring(&migrator, Goal::Redo).map(|_| ()));
            let taken = match &result {
                Err(error) if error.to_string().contains("63 bytes") => false,
                // There is no down.
                Err(error) => matches!(error.kind(), ErrorKind::Irreversible { .. }),
                Ok(()) => true,
            };
            assert_eq!(taken, expected, "{table} {schema:?} {result:?}");
            if !expected {
                assert_eq!(
                    rows(
                        &mut scratch.connect(),
                        "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'ä%'"
                    ),
                    ["0"]
                );
            }
        }
    };
    // With `_repeatable` behind it.
    check(&"ä".repeat(26), None, true);
    check(&"ä".repeat(27), None, false);
    check("a", Some(&"ä".repeat(31)), true);
    check("a", Some(&"ä".repeat(32)), false);
}

/// The history may keep a down from anywhere. Rows are for psql, and without them nothing goes on, nor is let go.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn down_that_asks_for_rows_is_refused() {
    for copy in ["COPY a FROM STDIN;", "COPY a TO STDOUT;"] {
        for driver in DRIVERS {
            let scratch = Scratch::fresh();
            let mut admin = scratch.connect();
            let mut db = driver(&scratch.config());
            let files = [
                ("0001_a.sql", "CREATE TABLE a (x integer);"),
                ("0002_b.up.sql", "CREATE TABLE b (x integer);"),
                ("0002_b.down.sql", "DROP TABLE b;"),
            ];
            let folder = set_for(Database::Postgres, &files);
            db.bring(&Migrator::new(&folder.migrations()), Goal::Up)
                .unwrap();
            let down = format!(
                "UPDATE _migrate_history SET down = 'DROP TABLE b;\n{copy}' WHERE version = 2"
            );
            execute(&mut admin, &down);
            let older = set_for(Database::Postgres, &files[..1]);
            let result = db.bring(&Migrator::new(&older.migrations()), Goal::DownTo(1));
            assert_eq!(told(&result), "sql at 2.down:2, rolled back", "{copy}");
            let open = "SELECT count(*) FROM pg_stat_activity \
                        WHERE datname = current_database() AND state LIKE 'idle in%'";
            assert_eq!(rows(&mut admin, open), ["0"], "{copy}");
            let left = "SELECT count(*), (SELECT count(*) FROM b) FROM _migrate_history";
            assert_eq!(rows(&mut admin, left), ["2 0"], "{copy}");
        }
    }
}

/// Who may not create schemas is given one.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn schema_that_is_there_need_not_be_created() {
    for driver in DRIVERS {
        let scratch = Scratch::fresh();
        let mut admin = scratch.connect();
        // Of the server's own, so that nothing is left.
        execute(
            &mut admin,
            "CREATE SCHEMA \"App's\" AUTHORIZATION pg_monitor",
        );
        let folder = set_for(Database::Postgres, &[("0001_a.sql", "SELECT 1;")]);
        let set = folder.migrations();
        let migrator = Migrator::new(&set).schema("App's").create_schema(true);
        let mut db = driver(&scratch.config());
        db.sql("SET ROLE pg_monitor");
        assert_eq!(told(&db.bring(&migrator, Goal::Up)), "0 -> 1: up 1");
        let other = migrator.schema("other");
        let error = db.bring(&other, Goal::Up).unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}
