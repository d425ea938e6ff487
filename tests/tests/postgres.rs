//! What only PostgreSQL promises: how a connection is left, what a role may do, statements outside of
//! transactions, and where errors are found.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use migrate_core::folder::{File, Folder, Options, Problem};
use migrate_core::postgres::Client;
use migrate_core::{Database, Error, ErrorKind, Migrator, Transactions, tokio_postgres};
use migrate_tests::postgres::{Scratch, execute, rows};

/// A set of files for PostgreSQL.
fn folder(files: &[(&str, &str)]) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).into(),
        bytes: text.as_bytes().into(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    let folder = Folder::of_files("migrations", &files, Options::new(Database::Postgres));
    folder.unwrap_or_else(|problems| panic!("{}", problems.join("\n")))
}

fn up(db: &mut Client, files: &[(&str, &str)]) -> Result<String, Error> {
    let folder = folder(files);
    let set = folder.migrations();
    let report = Migrator::new(&set).up(db)?;
    Ok(report.to_string())
}

/// Runs an asynchronous verb to its end, on a connection of its own.
fn with_tokio<T>(scratch: &Scratch, verb: impl AsyncFnOnce(&mut tokio_postgres::Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let connected = scratch.config().connect(tokio_postgres::NoTls).await;
        let (mut client, connection) = connected.unwrap();
        tokio::spawn(connection);
        verb(&mut client).await
    })
}

const A: (&str, &str) = ("0001_a.sql", "CREATE TABLE a (x integer UNIQUE);\n");

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn what_a_migration_sets_is_put_back_and_what_the_caller_set_is_kept() {
    let ask = "SELECT current_setting('search_path'), current_setting('work_mem'), \
               current_setting('app.tenant'), coalesce(current_setting('app.user', true), ''), \
               coalesce(current_setting('app.day', true), ''), current_setting('role'), \
               current_setting('standard_conforming_strings'), current_setting('lock_timeout')";
    for mode in ["", "-- migrate: no-transaction\n"] {
        let scratch = Scratch::fresh();
        let mut db = scratch.connect();
        execute(
            &mut db,
            "SET work_mem = '7MB'; SET app.tenant = 'one'; SET standard_conforming_strings = off; \
             SET default_transaction_isolation = 'repeatable read'",
        );
        let before = rows(&mut db, ask);
        let sets = format!(
            "{mode}SET search_path = nowhere; SET work_mem = '9MB'; SET ROLE pg_monitor; \
             SELECT set_config('lock_timeout', '1h', false); SELECT 'a\\' AS \"'\"; \
             SET app.tenant = 'two'; SELECT set_config('app.user', 'me', false); \
             DO $$ BEGIN PERFORM set_config('app.day', 'x', false); END $$;"
        );
        let files = [
            A,
            ("0002_b.sql", sets.as_str()),
            ("0003_c.sql", "INSERT INTO a VALUES (1);"),
        ];
        let said = up(&mut db, &files).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(said, "migrated from version 0 to 3");
        assert_eq!(rows(&mut db, ask), before, "{mode}");
    }
}

/// Whatever its text says, and however it runs.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn migration_does_not_write_to_the_history() {
    let forgets =
        "CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS $$ DELETE FROM _migrate_history $$";
    let writes = [
        "SELECT forget();",
        "DO $$ BEGIN EXECUTE 'UPDATE _migrate' || '_history SET description = NULL'; \
         EXCEPTION WHEN not_null_violation THEN NULL; END $$; SELECT forget();",
        "TRUNCATE _migrate_history;",
        "SET ROLE pg_monitor; RESET ROLE; SELECT forget();",
        "ALTER TABLE _migrate_history RENAME TO h; CREATE TABLE _migrate_history (LIKE h INCLUDING ALL);",
        "ALTER SCHEMA public RENAME TO p; CREATE SCHEMA public;",
    ];
    for (mode, outcome) in [
        ("", "rolled back: nothing of it was applied"),
        ("-- migrate: no-transaction\n", "stopped: "),
        ("-- migrate: repeat\n", "stopped: "),
    ] {
        for writes in writes {
            if mode.contains("repeat") && writes.matches(';').count() > 1 {
                continue;
            }
            let scratch = Scratch::fresh();
            let mut db = scratch.connect();
            let sql = format!("{mode}{writes}");
            let files = [("0001_f.sql", forgets), ("0002_b.sql", sql.as_str())];
            let folder = folder(&files);
            let set = folder.migrations();
            let each = Migrator::new(&set).transactions(Transactions::Each);
            let grouped = Migrator::new(&set);
            for migrator in [grouped, each] {
                let error = migrator.up(&mut db).unwrap_err().to_string();
                assert!(
                    error.contains("where the history is kept"),
                    "{sql}: {error}"
                );
                assert!(error.contains(outcome), "{sql}: {error}");
                let versions = "SELECT version, resume_at IS NULL FROM _migrate_history ORDER BY 1";
                assert_eq!(rows(&mut db, versions)[0], "1 t", "{sql}");
            }
        }
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn run_that_is_told_without_end_to_begin_anew_ends() {
    for mode in ["", "-- migrate: no-transaction\n"] {
        let scratch = Scratch::fresh();
        let raises = format!("{mode}DO $$ BEGIN RAISE 'x' USING ERRCODE = 'MGR02'; END $$;");
        let error = up(&mut scratch.connect(), &[("0001_a.sql", &raises)]).unwrap_err();
        assert!(error.to_string().contains("`MGR01` to `MGR03`"), "{error}");
    }
}

/// The database can be written; it is the migration that cannot.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn read_only_transaction_of_a_migrations_own_making_is_its_failure() {
    let scratch = Scratch::fresh();
    let reads = (
        "0002_b.sql",
        "SET TRANSACTION READ ONLY;\nCREATE TABLE b (x integer);",
    );
    let error = up(&mut scratch.connect(), &[A, reads]).unwrap_err();
    let failed = error.failed().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(failed.sqlstate.as_deref(), Some("25006"));
    assert_eq!(failed.place.as_ref().map(|place| place.line), Some(2));
    let error = with_tokio(&scratch, async |db| {
        let folder = folder(&[A, reads]);
        let set = folder.migrations();
        Migrator::new(&set).up_async(db).await.unwrap_err()
    });
    let place = error.failed().and_then(|failed| failed.place.as_ref());
    assert_eq!(place.map(|place| place.line), Some(2), "{error}");
}

/// `CREATE TABLE IF NOT EXISTS` passes over whatever has the name.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn what_is_no_table_of_the_history_is_told() {
    for (makes, table) in [
        ("CREATE SEQUENCE _migrate_history", "_migrate_history"),
        ("CREATE TABLE _migrate_history ()", "_migrate_history"),
        (
            "CREATE TYPE _migrate_history AS (x integer)",
            "_migrate_history",
        ),
        (
            "CREATE TABLE t (x integer); CREATE INDEX _migrate_history ON t (x)",
            "_migrate_history",
        ),
        (
            "CREATE SEQUENCE _migrate_history_repeatable",
            "_migrate_history_repeatable",
        ),
    ] {
        let scratch = Scratch::fresh();
        let mut db = scratch.connect();
        execute(&mut db, makes);
        let repeatable = ("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT 1;");
        let error = up(&mut db, &[A, repeatable]).unwrap_err();
        let foreign =
            matches!(error.kind(), ErrorKind::ForeignHistory { table: t, .. } if t == table);
        assert!(foreign, "{makes}: {error}");
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn role_that_may_only_read_starts_when_nothing_is_pending() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    up(&mut db, &[A]).unwrap_or_else(|error| panic!("{error}"));
    execute(
        &mut db,
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor",
    );
    execute(
        &mut db,
        "SET ROLE pg_monitor; SET default_transaction_read_only = on",
    );
    assert_eq!(
        up(&mut db, &[A]).unwrap().as_str(),
        "up to date at version 1"
    );
    let pending = [A, ("0002_b.sql", "CREATE TABLE b (x integer);")];
    assert!(up(&mut db, &pending).is_err());
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn place_is_found_whatever_the_server_tells() {
    let place = |sql: &str, expected: (u32, u32, &str)| {
        let files = [A, ("0002_b.sql", sql)];
        let folder = folder(&files);
        let set = folder.migrations();
        for transactions in [Transactions::Each, Transactions::Grouped] {
            let migrator = Migrator::new(&set).transactions(transactions);
            let check = |result: Result<_, Error>| {
                let error = result.map(|_: migrate_core::Report| ()).unwrap_err();
                let failed = error.failed().unwrap();
                let at = failed.place.as_ref().unwrap();
                let found = (at.line, at.column, failed.sqlstate.as_deref().unwrap());
                assert_eq!(found, expected, "{error}");
                assert_eq!(error.report().to(), 1, "{error}");
            };
            let scratch = Scratch::fresh();
            check(migrator.up(&mut scratch.connect()));
            let scratch = Scratch::fresh();
            check(with_tokio(&scratch, async |db| migrator.up_async(db).await));
        }
    };
    place("SELECT 'é';\n  CREATE TABEL b ();", (2, 10, "42601"));
    place("SELECT 'é';\n  SELECT 'é', nme FROM a;", (2, 15, "42703"));
    place(
        "INSERT INTO a VALUES (1);\n  INSERT INTO a VALUES (1);\nSELECT 1;",
        (2, 3, "23505"),
    );
    place("SELECT 1;\n DO $$BEGIN RAISE 'no'; END$$;", (2, 2, "P0001"));
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn invalid_index_that_a_failure_left_is_dropped_before_the_next_try() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(
        &mut db,
        "CREATE TABLE b (x integer); INSERT INTO b VALUES (1), (1)",
    );
    let index = "-- migrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY b_x ON b (x);\n\
                 CREATE INDEX CONCURRENTLY b_y ON b ((x + 1));";
    let files = [A, ("0002_b.sql", index)];
    let error = up(&mut db, &files).unwrap_err();
    assert_eq!(
        error.failed().unwrap().place.as_ref().unwrap().line,
        2,
        "{error}"
    );
    let indexes = "SELECT indexrelid::regclass, indisvalid FROM pg_index \
                   WHERE indrelid = 'b'::regclass ORDER BY 1";
    assert_eq!(rows(&mut db, indexes), ["b_x f"]);
    execute(&mut db, "DELETE FROM b");
    up(&mut db, &files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rows(&mut db, indexes), ["b_x t", "b_y t"]);
}

/// A starter that stands still after its claim is taken for gone. It is not, and finds that another has
/// done its work.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn slow_starter_goes_on_with_what_another_did_for_it() {
    let index = "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x, x);\n\
                 CREATE INDEX CONCURRENTLY a_y ON a ((x + 1));";
    let files = [
        A,
        ("0002_b.sql", index),
        ("0003_c.sql", "INSERT INTO a VALUES (1);"),
    ];
    let folder = folder(&files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let scratch = Scratch::fresh();
    let (stepping, through) = scratch.stepping(|statement| {
        statement.is_some_and(|s| s.contains("CREATE INDEX CONCURRENTLY a_x"))
    });
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| migrator.up(&mut migrate_tests::postgres::connect(&through)));
        let stop = stepping.stop().unwrap();
        let quick = migrator.up(&mut scratch.connect()).unwrap();
        assert_eq!(quick.to(), 3);
        stop.go_on();
        let slow = slow.join().unwrap();
        let slow = slow.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(slow.to(), 3);
    });
    let indexes = "SELECT count(*), bool_and(indisvalid), (SELECT count(*) FROM a) FROM pg_index \
                   WHERE indrelid = 'a'::regclass";
    assert_eq!(rows(&mut scratch.connect(), indexes), ["3 t 1"]);
}

/// The history keeps the text of downs, for older programs. What comes behind one in a message is not to
/// be part of a quote that it leaves open.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn script_that_ends_in_a_quote_is_not_sent() {
    let down = ("0002_b.down.sql", "DROP TABLE b;");
    let b = ("0002_b.up.sql", "CREATE TABLE b (x integer);");
    for mode in ["", "-- migrate: no-transaction\n"] {
        for open in ["'it''s", "$$ a", "/* a", "\"a"] {
            let scratch = Scratch::fresh();
            let mut db = scratch.connect();
            up(&mut db, &[A, b, down]).unwrap_or_else(|error| panic!("{error}"));
            let stored = format!("{mode}DROP TABLE b;\nSELECT {open}");
            let stored = stored.replace('\'', "''");
            execute(
                &mut db,
                &format!("UPDATE _migrate_history SET down = '{stored}' WHERE version = 2"),
            );
            let folder = folder(&[A]);
            let set = folder.migrations();
            let error = Migrator::new(&set).down_to(&mut db, 1).unwrap_err();
            let place = error.failed().unwrap().place.as_ref().unwrap();
            let line = if mode.is_empty() { 2 } else { 3 };
            assert_eq!((place.line, place.column), (line, 8), "{error}");
            assert!(
                error.to_string().contains("ends inside of a quote"),
                "{error}"
            );
            let left = "SELECT count(*) FROM _migrate_history, pg_class WHERE relname = 'b'";
            assert_eq!(rows(&mut db, left), ["2"]);
        }
    }
}

/// To find out which statement has failed, a driver may have to run them again. That, too, is rolled back, but
/// for what no transaction rolls back.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn search_for_what_has_failed_leaves_nothing() {
    let fails = "INSERT INTO a VALUES (1);\nSELECT nextval('s');\nSELECT pg_notify('a', 'b');\n\
                 INSERT INTO a VALUES (1);";
    let files = [
        A,
        ("0002_s.sql", "CREATE SEQUENCE s;"),
        ("0003_b.sql", fails),
    ];
    let folder = folder(&files);
    let set = folder.migrations();
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let migrator = Migrator::new(&set).transactions(transactions);
        let check = |scratch: &Scratch, error: Error, runs: &str| {
            let place = error.failed().unwrap().place.as_ref().unwrap();
            assert_eq!((place.line, error.report().to()), (4, 2), "{error}");
            let left =
                "SELECT last_value, (SELECT count(*) FROM a), pg_notification_queue_usage() FROM s";
            let left = rows(&mut scratch.connect(), left);
            assert_eq!(left, [format!("{runs} 0 0")], "{transactions:?}");
        };
        let scratch = Scratch::fresh();
        let error = migrator.up(&mut scratch.connect()).unwrap_err();
        check(&scratch, error, "2");
        let scratch = Scratch::fresh();
        let up = with_tokio(&scratch, async |db| migrator.up_async(db).await);
        check(&scratch, up.unwrap_err(), "1");
    }
}

/// Where the finding is relaxed, nothing is built twice, and nothing invalid is left in silence.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn index_without_a_name_that_a_failure_left_is_for_a_person_to_judge() {
    let index = "-- migrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY ON b (x);";
    let file = |(path, text): (&str, &str)| File {
        path: path.into(),
        bytes: text.as_bytes().into(),
    };
    let mut options = Options::new(Database::Postgres);
    options.allow.insert(Problem::UnnamedIndex);
    let files = [A, ("0002_b.sql", index)].map(file);
    let folder = Folder::of_files("migrations", &files, options).unwrap();
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(
        &mut db,
        "CREATE TABLE b (x integer); INSERT INTO b VALUES (1), (1)",
    );
    migrator.up(&mut db).unwrap_err();
    execute(&mut db, "DELETE FROM b");
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.to_string().contains("`Migrator::mark`"), "{error}");
    let indexes = "SELECT indexrelid::regclass, indisvalid FROM pg_index \
                   WHERE indrelid = 'b'::regclass";
    assert_eq!(rows(&mut db, indexes), ["b_x_idx f"]);
    migrator
        .mark(&mut db, 2)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(migrator.up(&mut db).unwrap().is_empty());
}

/// What a run that was killed leaves: a claim, and an index that is finished or not.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn index_that_was_finished_counts_as_done() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    let files = [
        A,
        (
            "0002_b.sql",
            "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x, x);",
        ),
    ];
    execute(
        &mut db,
        "CREATE TABLE a (x integer UNIQUE); INSERT INTO a SELECT generate_series(1, 9)",
    );
    let folder = folder(&files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    migrator
        .mark(&mut db, 1)
        .unwrap_or_else(|error| panic!("{error}"));
    execute(
        &mut db,
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$; \
         CREATE TRIGGER stop BEFORE UPDATE ON _migrate_history FOR EACH ROW \
         WHEN (NEW.resume_at IS NULL OR NEW.resume_at LIKE '%@-%') EXECUTE FUNCTION stop()",
    );
    assert!(migrator.up(&mut db).is_err());
    execute(&mut db, "DROP TRIGGER stop ON _migrate_history");
    let unfinished = "SELECT count(*) FROM _migrate_history WHERE resume_at LIKE '0:%@%'";
    assert_eq!(rows(&mut db, unfinished), ["1"]);
    migrator
        .up(&mut db)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(migrator.current_version(&mut db).unwrap(), 2);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn many_starters_do_everything_once() {
    let files = [
        (
            "0001_a.sql",
            "CREATE TABLE a (x integer); INSERT INTO a SELECT generate_series(1, 999);",
        ),
        (
            "0002_b.sql",
            "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x);\n\
             INSERT INTO a VALUES (0);\nCREATE INDEX CONCURRENTLY a_y ON a ((x + 1));",
        ),
        ("0003_c.sql", "UPDATE a SET x = x + 1;"),
    ];
    let folder = folder(&files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let scratch = Scratch::fresh();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let result = migrator.up(&mut scratch.connect());
                result.unwrap_or_else(|error| panic!("{error}"));
            });
            scope.spawn(|| {
                let result = with_tokio(&scratch, async |db| migrator.up_async(db).await);
                result.unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    let mut db = scratch.connect();
    let sums = "SELECT count(*), sum(x), (SELECT count(*) FROM pg_index WHERE indisvalid \
                AND indrelid = 'a'::regclass), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) FROM a";
    assert_eq!(rows(&mut db, sums), ["1000 500500 2 0"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn timeout_names_who_has_the_lock() {
    let scratch = Scratch::fresh();
    let mut holder = scratch.config();
    holder.application_name("the other");
    let mut holder = migrate_core::postgres::Config::from(holder)
        .connect(tokio_postgres::NoTls)
        .unwrap();
    execute(
        &mut holder,
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('migrate-core ' || current_database() \
         || ' \"public\".\"_migrate_history\"', 0))",
    );
    let pid = rows(&mut holder, "SELECT pg_backend_pid()");
    let folder = folder(&[A]);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(50));
    let error = migrator.up(&mut scratch.connect()).unwrap_err();
    let ErrorKind::LockTimeout {
        holder: Some(told), ..
    } = error.kind()
    else {
        panic!("{error}");
    };
    assert_eq!(
        (vec![told.pid.to_string()], told.application.as_deref()),
        (pid, Some("the other"))
    );
    assert!(told.since.is_some());
}

/// A future that was polled has sent its message; what is left open by it is rolled back before the
/// connection does anything else.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn dropped_future_leaves_nothing_half_done() {
    let files = [
        A,
        (
            "0002_b.sql",
            "INSERT INTO a VALUES (1); SELECT pg_sleep(0.2); SELECT 1 / 0;",
        ),
    ];
    let folder = folder(&files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).transactions(Transactions::Each);
    let scratch = Scratch::fresh();
    with_tokio(&scratch, async |db| {
        let mut verb = Box::pin(migrator.up_async(db));
        let ask = "SELECT count(*) FROM pg_class WHERE relname = 'a'";
        let is_there =
            || tokio::task::block_in_place(|| rows(&mut scratch.connect(), ask) == ["1"]);
        while !is_there() {
            let _ = pin!(verb.as_mut()).poll(&mut Context::from_waker(Waker::noop()));
        }
        let _ = pin!(verb.as_mut()).poll(&mut Context::from_waker(Waker::noop()));
        drop(verb);
        let version = migrator.current_version_async(db).await;
        assert_eq!(version.unwrap_or_else(|error| panic!("{error}")), 1);
        assert!(db.batch_execute("BEGIN; SELECT 1; COMMIT").await.is_ok());
    });
}

/// A constraint that one migration makes is deferred for it, whatever others of the group have made.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn deferred_constraints_are_deferred_in_a_group_too() {
    let deferred = "DEFERRABLE INITIALLY DEFERRED";
    let b = format!(
        "CREATE TABLE b (x integer REFERENCES a (x) {deferred});\n\
         INSERT INTO b VALUES (1);\nINSERT INTO a VALUES (1);\n"
    );
    let c = format!(
        "CREATE TABLE c (x integer REFERENCES a (x) {deferred});\n\
         INSERT INTO b VALUES (2);\nINSERT INTO c VALUES (2);\nINSERT INTO a VALUES (2);\n"
    );
    let orphan = ("0004_d.sql", "INSERT INTO b VALUES (3);\n");
    let files = [A, ("0002_b.sql", &*b), ("0003_c.sql", &*c)];
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let scratch = Scratch::fresh();
        let mut db = scratch.connect();
        let folder = folder(&[&files[..], &[orphan]].concat());
        let set = folder.migrations();
        let error = Migrator::new(&set).transactions(transactions).up(&mut db);
        let error = error.unwrap_err();
        assert_eq!(error.report().applied(), [1, 2, 3], "{error}");
        let failed = error.failed().unwrap();
        assert_eq!(
            (failed.version, failed.sqlstate.as_deref()),
            (Some(4), Some("23503"))
        );
        assert_eq!(rows(&mut db, "SELECT x FROM c"), ["2"]);
    }
}
