//! What PostgreSQL does with code, through both drivers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use migrate_core::{Database, ErrorKind, Event, Goal, Migration};
use migrate_tests::contract::code::{ALL, behaving, check_behaviour};
use migrate_tests::contract::{CodeSet, EACH, GROUPED, Stage, TestConnection, TestDatabase, told};
use migrate_tests::postgres::{Asynchronous, Blocking};

/// Makes a test of a function over both drivers.
macro_rules! on_both {
    ($($(#[$about:meta])* $name:ident)*) => {
        $(
            $(#[$about])*
            #[test]
            #[cfg_attr(
                not(have_postgres),
                ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
            )]
            fn $name() {
                on::$name::<Blocking>();
                on::$name::<Asynchronous>();
            }
        )*
    };
}

on_both! {
    error_of_the_server_has_what_it_said
    error_that_the_code_goes_on_after_is_one
    transaction_is_known_by_more_than_a_savepoint
    lock_that_is_not_there_in_time_is_waited_for
    settings_are_put_back
    settings_that_were_committed_are_put_back
    deferred_foreign_keys_are_checked
    check_may_try_what_fails
    check_cannot_write_under_the_lock_either
    check_that_commits_is_found_out
    plan_that_asks_a_check_needs_no_transaction_of_the_callers
    connection_that_is_lost_is_nobody_s_fault
    code_for_the_other_driver_is_refused
    code_that_does_not_get_its_lock_is_tried_again
}

/// The cases, over a driver.
mod on {
    use super::*;

    fn misbehaving<D: TestDatabase>() -> &'static [Migration<'static>] {
        D::code(CodeSet::Misbehaving)
    }

    pub(super) fn error_of_the_server_has_what_it_said<D: TestDatabase>() {
        let sql = [
            "CREATE TABLE t (x integer UNIQUE)",
            "INSERT INTO t VALUES (1), (1)",
        ];
        let mut stage = behaving::<D>(&sql, EACH);
        let migrator = stage.migrator(misbehaving::<D>());
        let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
        let failed = error.failed().unwrap();
        assert_eq!(failed.sqlstate.as_deref(), Some("23505"));
        assert_eq!(
            failed.detail.as_deref(),
            Some("Key (x)=(1) already exists.")
        );
        let text = error.to_string();
        let first =
            "duplicate key value violates unique constraint \"t_x_key\" (SQLSTATE 23505)\n --> ";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("misbehaving/0002_misbehave.rs\n"), "{text}");
        let mut stage = behaving::<D>(&["SELECT lowerr(name) FROM behaviour"], EACH);
        let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
        let hint = error.failed().unwrap().hint.clone().unwrap_or_default();
        assert!(hint.starts_with("No function matches"), "{hint}");
    }

    /// As SQL is: all of it is rolled back before.
    pub(super) fn code_that_does_not_get_its_lock_is_tried_again<D: TestDatabase>() {
        for settings in [EACH, GROUPED] {
            let sql = ["INSERT INTO held VALUES (1)", "LOCK TABLE held"];
            let mut stage = behaving::<D>(&sql, settings);
            let mut other = stage.database.connect();
            other.sql("CREATE TABLE held (x integer)");
            other.begin();
            other.rows("SELECT x FROM held");
            let other = Mutex::new(other);
            let migrator = stage.migrator(misbehaving::<D>());
            let migrator = migrator.statement_lock_timeout(Duration::from_millis(20));
            let migrator = migrator.observe(|event| {
                if let Event::Retrying { step, tries: 2, .. } = event {
                    assert_eq!(step.version(), Some(2));
                    other.lock().unwrap().release();
                }
            });
            let result = told(&stage.db.bring(&migrator, Goal::Up));
            assert_eq!(result, ALL.0);
            assert_eq!(stage.db.rows("SELECT x FROM held"), ["1"]);
        }
    }

    /// PostgreSQL keeps nothing of a transaction in which a statement has failed, whatever the code makes
    /// of that.
    pub(super) fn error_that_the_code_goes_on_after_is_one<D: TestDatabase>() {
        let words = "code at 0002_misbehave.rs, rolled back: current transaction is aborted, commands ignored \
                     until end of transaction block; kept 0 -> 1: up 1";
        let failed = (words, "a[] @ 1");
        check_behaviour::<D>(&["perhaps SELECT x FROM nowhere"], failed, failed);
        let kept = &[
            "SAVEPOINT s",
            "perhaps SELECT x FROM nowhere",
            "ROLLBACK TO s",
        ];
        check_behaviour::<D>(kept, ALL, ALL);
        for settings in [EACH, GROUPED] {
            let mut stage = behaving::<D>(&[], settings);
            let migrator = stage.migrator(misbehaving::<D>());
            stage.db.bring(&migrator, Goal::Up).unwrap();
            // Its down ends with that, and says that all is well.
            let perhaps = "INSERT INTO behaviour VALUES ('perhaps SELECT x FROM nowhere')";
            stage.db.sql(perhaps);
            let error = stage.run(&migrator, Goal::Down(2), None).unwrap_err();
            let failed = error.failed().unwrap();
            assert!(
                failed
                    .message
                    .starts_with("the code went on after a statement of it had failed"),
                "{error}"
            );
            assert_eq!(failed.sqlstate.as_deref(), Some("25P02"));
            assert!(told(&Err(error)).ends_with("kept 3 -> 2: down 3"));
            assert_eq!(stage.db.rows("SELECT x FROM a"), ["1", "2"]);
        }
    }

    pub(super) fn transaction_is_known_by_more_than_a_savepoint<D: TestDatabase>() {
        let words = "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1";
        let kept = (words, "a[1] @ 1");
        let sql = "COMMIT; BEGIN; SAVEPOINT _migrate_core_step; SAVEPOINT _migrate_core_code";
        check_behaviour::<D>(&[sql], kept, kept);
        let words = "code at 0002_misbehave.rs, escaped: it is Tuesday the 13; kept 0 -> 1: up 1";
        let kept = (words, "a[1] @ 1");
        check_behaviour::<D>(&[sql, "fails"], kept, kept);
    }

    /// As a script that waits for a lock, code gives way and is tried again.
    pub(super) fn lock_that_is_not_there_in_time_is_waited_for<D: TestDatabase>() {
        for settings in [EACH, GROUPED] {
            let lock = "LOCK TABLE wanted NOWAIT";
            let mut stage = behaving::<D>(&[lock], settings);
            stage.db.sql("CREATE TABLE wanted (x integer)");
            let other = stage.database.connect();
            let other = Mutex::new(other);
            other.lock().unwrap().begin();
            other.lock().unwrap().sql("LOCK TABLE wanted");
            let tries = AtomicU32::new(0);
            let migrator = stage.migrator(misbehaving::<D>());
            let migrator = migrator.observe(|event| {
                if matches!(event, Event::Retrying { .. })
                    && tries.fetch_add(1, Ordering::Relaxed) == 0
                {
                    other.lock().unwrap().release();
                }
            });
            let up = told(&stage.db.bring(&migrator, Goal::Up));
            assert_eq!(up, ALL.0);
            assert_eq!(tries.load(Ordering::Relaxed), 1);
            assert_eq!(stage.db.rows("SELECT x FROM a"), ["1", "2"]);
        }
    }

    pub(super) fn settings_are_put_back<D: TestDatabase>() {
        // The stage sees that the session is as it was.
        for sql in [
            "SET search_path = nowhere, public",
            "SET LOCAL statement_timeout = 4321",
            "SET statement_timeout = 4321; SET work_mem = ''1MB''",
            "GRANT ALL ON a, behaviour TO pg_read_all_data; SET ROLE pg_read_all_data",
            "SET standard_conforming_strings = off",
            "RESET ALL",
        ] {
            check_behaviour::<D>(&[sql, "perhaps SELECT 1"], ALL, ALL);
            check_behaviour::<D>(&[sql, "fails"], FAILED, FAILED);
        }
    }

    const FAILED: (&str, &str) = (
        "code at 0002_misbehave.rs, rolled back: it is Tuesday the 13; kept 0 -> 1: up 1",
        "a[] @ 1",
    );

    /// The settings of a transaction that the code has committed are those of the connection.
    pub(super) fn settings_that_were_committed_are_put_back<D: TestDatabase>() {
        let words = "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1";
        let sql = "SET search_path = public, nowhere; SET statement_timeout = 4321; COMMIT";
        let kept = (words, "a[1, 2] @ 1");
        check_behaviour::<D>(&[sql], kept, kept);
        let mut stage = behaving::<D>(&[sql, "panics"], EACH);
        let session = stage.db.session();
        let migrator = stage.migrator(misbehaving::<D>());
        let run = AssertUnwindSafe(|| stage.db.bring(&migrator, Goal::Up));
        catch_unwind(run).unwrap_err();
        assert_eq!(stage.db.session(), session);
    }

    pub(super) fn deferred_foreign_keys_are_checked<D: TestDatabase>() {
        let sql = "CREATE TABLE t (id integer PRIMARY KEY); \
                   CREATE TABLE k (p integer REFERENCES t DEFERRABLE INITIALLY DEFERRED); \
                   INSERT INTO k VALUES (9)";
        let words = "code at 0002_misbehave.rs, rolled back: insert or update on table \"k\" violates foreign key \
                     constraint \"k_p_fkey\"; kept 0 -> 1: up 1";
        let failed = (words, "a[] @ 1");
        check_behaviour::<D>(&[sql], failed, failed);
    }

    /// What fails in a check is part of its answer.
    pub(super) fn check_may_try_what_fails<D: TestDatabase>() {
        let mut stage = behaving::<D>(&["perhaps SELECT x FROM nowhere"], EACH);
        let set = D::code(CodeSet::Asking);
        let state = "behaviour[perhaps SELECT x FROM nowhere] @ 1";
        let _ = stage.check_set(set, Goal::Up, "0 -> 1: adopt 1", state);
    }

    pub(super) fn check_cannot_write_under_the_lock_either<D: TestDatabase>() {
        let sql = "DO $$ BEGIN IF to_regclass(''_migrate_history'') IS NOT NULL \
                   THEN CREATE TABLE b (x integer); END IF; END $$";
        for settings in [EACH, GROUPED] {
            let mut stage = behaving::<D>(&[sql], settings);
            let migrator = stage.migrator(D::code(CodeSet::Asking));
            let words = "code at 0001_ask.rs, rolled back: cannot execute CREATE TABLE in a read-only transaction";
            let state = format!("behaviour[{}] @", sql.replace("''", "'"));
            let _ = stage.run(&migrator, Goal::Up, Some((words, &state)));
        }
    }

    pub(super) fn check_that_commits_is_found_out<D: TestDatabase>() {
        for sql in ["COMMIT", "ROLLBACK; BEGIN"] {
            let mut stage = behaving::<D>(&[sql], EACH);
            let migrator = stage.migrator(D::code(CodeSet::Asking));
            let error = stage.run(&migrator, Goal::Up, None).unwrap_err();
            let ErrorKind::TransactionEnded { failed } = error.kind() else {
                panic!("{error}");
            };
            assert_eq!(
                failed.message,
                "the check ended the transaction it was asked in"
            );
            assert_eq!(stage.db.relations(), ["behaviour"]);
        }
    }

    pub(super) fn plan_that_asks_a_check_needs_no_transaction_of_the_callers<D: TestDatabase>() {
        let mut stage = behaving::<D>(&["no"], EACH);
        let migrator = stage.migrator(D::code(CodeSet::Asking));
        stage.db.begin();
        stage.db.sql("CREATE TABLE mine (x integer)");
        let error = stage.db.plan(&migrator, Goal::Up).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InTransaction);
        assert_eq!(stage.db.relations(), ["behaviour", "mine"]);
        stage.db.release();
        assert_eq!(stage.db.relations(), ["behaviour"]);
    }

    pub(super) fn connection_that_is_lost_is_nobody_s_fault<D: TestDatabase>() {
        for settings in [EACH, GROUPED] {
            for last in ["perhaps SELECT 1", "fails"] {
                let end = "perhaps SELECT pg_terminate_backend(pg_backend_pid())";
                let mut stage = behaving::<D>(&[end, last], settings);
                let migrator = stage.migrator(misbehaving::<D>());
                let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
                let ErrorKind::Database { message, .. } = error.kind() else {
                    panic!("{error}");
                };
                assert!(message.starts_with("the connection was lost"), "{message}");
                stage.db = stage.database.connect();
                stage.db.sql("DELETE FROM behaviour");
                let up = told(&stage.db.bring(&migrator, Goal::Up));
                assert!(up.ends_with("up 2, up 3"), "{up}");
            }
        }
    }

    pub(super) fn code_for_the_other_driver_is_refused<D: TestDatabase>() {
        let is_async = D::CODE.contains("tokio");
        let (set, driver, cure) = match is_async {
            true => (
                Blocking::code(CodeSet::Written),
                "postgres",
                "without `_async`",
            ),
            false => (
                Asynchronous::code(CodeSet::Written),
                "tokio-postgres",
                "end in `_async`",
            ),
        };
        let mut stage = Stage::<D>::new();
        let words = format!("code 2 is for {driver}");
        for goal in [Goal::Up, Goal::UpTo(1), Goal::Reset, Goal::Mark(1)] {
            let error = stage.check_set(set, goal, &words, "@").unwrap_err();
            let text = error.to_string();
            assert!(text.contains("written/0002_split_names.rs\n"), "{text}");
            assert!(text.contains(cure), "{text}");
        }
        // Neither is its check asked.
        let set = match is_async {
            true => Blocking::code(CodeSet::Adopting),
            false => Asynchronous::code(CodeSet::Adopting),
        };
        let words = format!("code 1 is for {driver}");
        let _ = stage.check_set(set, Goal::Up, &words, "@");
        let mut stage = Stage::<migrate_tests::sqlite::SqliteFile>::new();
        let words = "postgres migrations on sqlite";
        let _ = stage.check_set(set, Goal::Up, words, "@");
        assert_eq!(D::DATABASE, Database::Postgres);
    }
}

/// A future that is dropped while the code waits: nothing of it is left, and the connection can be used.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn future_that_is_dropped_in_the_code_rolls_back() {
    for (settings, kept) in [
        (GROUPED, "behaviour[SELECT 1 AS waiting, waits] @"),
        (EACH, "a[] behaviour[SELECT 1 AS waiting, waits] @ 1"),
    ] {
        let mut stage = behaving::<Asynchronous>(&["SELECT 1 AS waiting", "waits"], settings);
        let session = stage.db.session();
        let migrator = stage.migrator(Asynchronous::code(CodeSet::Misbehaving));
        let other = Mutex::new(stage.database.connect());
        {
            let mut run = pin!(stage.db.bring_later(&migrator, Goal::Up));
            let mut context = Context::from_waker(Waker::noop());
            let begun = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' \
                         AND query LIKE 'SELECT 1 AS waiting%' AND datname = current_database()";
            while other.lock().unwrap().rows(begun).is_empty() {
                assert!(run.as_mut().poll(&mut context).is_pending());
            }
            assert!(run.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(stage.db.session(), session);
        assert_eq!(stage.look(&migrator), kept);
        stage.db.sql("DELETE FROM behaviour");
        let up = told(&stage.db.bring(&migrator, Goal::Up));
        assert!(up.ends_with("up 2, up 3"), "{up}");
    }
}
