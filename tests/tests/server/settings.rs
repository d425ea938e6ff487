//! What a file without a transaction sets for the statements behind, and what of it is left on the connection.

use std::sync::Mutex;
use std::time::Duration;

use migrate_core::{Database, Error, Event, Goal, Migrator, Report};
use migrate_tests::contract::told;
use migrate_tests::postgres::{Connect, DRIVERS, Scratch, execute, rows};
use migrate_tests::set_for;

const TABLES: (&str, &str) = (
    "0001_tables.sql",
    "CREATE SCHEMA app; CREATE TABLE app.t (x integer); CREATE TABLE t (x integer);",
);

/// Where the tables of a file with a `y` or an index on it are, and where a history is.
const WHERE: &str = "SELECT string_agg(table_schema, ' ' ORDER BY 1), (SELECT string_agg(schemaname, ' ') \
     FROM pg_tables WHERE tablename = '_migrate_history') FROM information_schema.columns WHERE column_name = 'y'";

/// The ways in which a file says where its tables are.
const PATHS: [&str; 3] = [
    "SET search_path TO app;",
    "SELECT pg_catalog.set_config('search_path', 'app', false);",
    "BEGIN; SET search_path = app; COMMIT;",
];

/// A statement gives way to others, and the history is read again: where it was.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn statement_that_gives_way_finds_what_was_set() {
    for (driver, path) in each() {
        let scratch = Scratch::fresh();
        let mut db = driver(&scratch.config());
        let file =
            format!("-- migrate: no-transaction\n{path}\nALTER TABLE t ADD COLUMN y integer;");
        let folder = set_for(Database::Postgres, &[TABLES, ("0002_y.sql", &file)]);
        let set = folder.migrations();
        db.bring(&Migrator::new(&set), Goal::UpTo(1)).unwrap();
        let mut holder = scratch.connect();
        execute(&mut holder, "BEGIN; LOCK TABLE app.t IN ACCESS SHARE MODE");
        let holder = Mutex::new(holder);
        let migrator = Migrator::new(&set)
            .statement_lock_timeout(Duration::from_millis(20))
            .observe(|event| {
                if let Event::Retrying { .. } = event {
                    execute(&mut holder.lock().unwrap(), "ROLLBACK");
                }
            });
        let result = db.bring(&migrator, Goal::Up);
        check_was_in_app(&result, &scratch, path);
    }
}

/// The next program goes on behind the statement that set it.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn file_that_is_gone_on_with_finds_what_was_set() {
    for (driver, path) in each() {
        let scratch = Scratch::fresh();
        let up = |last: &str| {
            let file = format!("-- migrate: no-transaction\n{path}\n{last}");
            let folder = set_for(Database::Postgres, &[TABLES, ("0002_y.sql", &file)]);
            let set = folder.migrations();
            let mut db = driver(&scratch.config());
            let before = db.session();
            let result = db.bring(&Migrator::new(&set), Goal::Up);
            assert_eq!(db.session(), before, "{path}");
            result
        };
        up("ALTER TABLE no_such ADD COLUMN y integer;").unwrap_err();
        let result = up("ALTER TABLE t ADD COLUMN y integer;");
        check_was_in_app(&result, &scratch, path);
    }
}

/// A library that is loaded meanwhile knows its settings, and which values they can have.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn setting_of_a_library_is_put_back() {
    const FILE: (&str, &str) = (
        "0001_a.sql",
        "SET plpgsql.variable_conflict = 'use_column'; SET hnsw.ef_search = 50; \
         CREATE EXTENSION vector; SELECT '[1]'::vector; DO 'BEGIN END';",
    );
    for driver in DRIVERS {
        for (set, expected) in [("", "error 40"), ("SET hnsw.ef_search = 60", "error 60")] {
            let scratch = Scratch::fresh();
            let mut db = driver(&scratch.config());
            db.sql(set);
            let folder = set_for(Database::Postgres, &[FILE]);
            let result = db.bring(&Migrator::new(&folder.migrations()), Goal::Up);
            assert_eq!(told(&result), "0 -> 1: up 1");
            let now = "SELECT current_setting('plpgsql.variable_conflict') || ' ' || current_setting('hnsw.ef_search')";
            assert_eq!(db.rows(now), [expected]);
        }
    }
}

/// Also what a statement has set that fails in the end.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn connection_is_as_it_was_after_a_failure() {
    let all = ["SET search_path TO app; SELECT 1 / 0;", "CALL sets();"];
    for (driver, text) in DRIVERS.into_iter().flat_map(|d| all.map(|text| (d, text))) {
        for strings in ["on", "off"] {
            let scratch = Scratch::fresh();
            let name = scratch.name();
            let mut admin = scratch.connect();
            let set = format!("ALTER DATABASE {name} SET standard_conforming_strings = {strings}");
            execute(&mut admin, &set);
            execute(
                &mut admin,
                "CREATE PROCEDURE sets() LANGUAGE plpgsql AS $$ BEGIN \
                 PERFORM set_config('search_path', 'app', false); COMMIT; RAISE 'no'; END $$",
            );
            let mut db = driver(&scratch.config());
            let before = db.session();
            let file = format!("-- migrate: no-transaction\n{text}");
            let folder = set_for(Database::Postgres, &[("0001_a.sql", &file)]);
            db.bring(&Migrator::new(&folder.migrations()), Goal::Up)
                .unwrap_err();
            assert_eq!(db.session(), before, "{strings}, {text}");
        }
    }
}

/// Checks that the second migration was applied to the tables of `app`, and the history is where it was.
fn check_was_in_app(result: &Result<Report, Error>, scratch: &Scratch, path: &str) {
    assert_eq!(told(result), "1 -> 2: up 2", "{path}");
    let found = rows(&mut scratch.connect(), WHERE);
    assert_eq!(found, ["app public"], "{path}");
}

fn each() -> impl Iterator<Item = (Connect, &'static str)> {
    DRIVERS
        .into_iter()
        .flat_map(|driver| PATHS.map(|path| (driver, path)))
}
