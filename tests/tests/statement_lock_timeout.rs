//! A run on PostgreSQL does not queue in front of the application's traffic: a statement that does not get
//! its lock gives way, and is tried again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Error, ErrorKind, Event, Goal, Migrator, Report, Transactions};
use migrate_tests::contract::{TestConnection, told};
use migrate_tests::postgres::{AsyncClient, Scratch, connect, execute, rows};
use migrate_tests::set_for;

/// How long a statement waits here.
const SHORT: Duration = Duration::from_millis(20);

/// A table that is in use, and a session in which nothing waits for ever.
const TABLE: &str = "CREATE TABLE a (x integer); INSERT INTO a VALUES (1), (2), (3), (4), (5)";
const PATIENCE: &str = "SET statement_timeout = '30s'";

const B: (&str, &str) = ("0001_b.sql", "CREATE TABLE b (x integer);");
const ALTER: (&str, &str) = (
    "0002_y.sql",
    "INSERT INTO b VALUES (1);\nALTER TABLE a ADD COLUMN y integer;\nINSERT INTO b VALUES (2);",
);
const ALTER_STEPWISE: (&str, &str) = (
    "0002_y.sql",
    "-- migrate: no-transaction\nINSERT INTO b VALUES (1);\nALTER TABLE a ADD COLUMN y integer;\n\
     INSERT INTO b VALUES (2);",
);

/// A database with [`TABLE`], a run on it, and two other connections.
struct Case<'c> {
    files: &'c [(&'c str, &'c str)],
    transactions: Transactions,
    /// What the session of the run sets.
    session: &'c str,
    /// What the run is set to.
    set: fn(Migrator<'_>) -> Migrator<'_>,
    /// What another connection does before the run, in a transaction.
    holds: &'c str,
    /// Whether that ends after some tries.
    ends_after: Option<u32>,
    /// What somebody does at each retry, and what he sees.
    serves: &'c str,
    served: &'c str,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Case {
            files: &[B, ALTER],
            transactions: Transactions::Each,
            session: "",
            set: |migrator| migrator.statement_lock_timeout(SHORT),
            holds: "SELECT x FROM a",
            ends_after: Some(2),
            serves: "SELECT count(*) FROM a",
            served: "5",
        }
    }
}

/// What came of it.
struct Came {
    result: Result<Report, Error>,
    /// The tries that were told.
    retries: Vec<u32>,
    scratch: Scratch,
    holder: String,
}

impl Case<'_> {
    fn run<C: TestConnection>(&self, connect: fn(&Config) -> C) -> Came {
        let scratch = Scratch::fresh();
        let mut other = scratch.config();
        other.application_name("the other");
        let mut holder = migrate_tests::postgres::connect(&other);
        execute(&mut holder, TABLE);
        execute(&mut holder, "BEGIN");
        execute(&mut holder, self.holds);
        let pid = rows(&mut holder, "SELECT pg_backend_pid()").remove(0);
        let mut passer = scratch.connect();
        execute(&mut passer, PATIENCE);
        let others = Mutex::new((holder, passer));
        let retries = Mutex::new(Vec::new());
        let folder = set_for(Database::Postgres, self.files);
        let set = folder.migrations();
        let migrator = Migrator::new(&set).transactions(self.transactions);
        let migrator = (self.set)(migrator).observe(|event| {
            let Event::Retrying {
                tries, holder: of, ..
            } = event
            else {
                return;
            };
            retries.lock().unwrap().push(*tries);
            let (holder, passer) = &mut *others.lock().unwrap();
            if of.is_some_and(|of| of.application.as_deref() == Some("the other")) {
                assert_eq!(of.unwrap().pid.to_string(), pid);
            }
            // Who comes meanwhile is served.
            assert_eq!(rows(passer, self.serves), [self.served]);
            if self.ends_after == Some(*tries) {
                execute(holder, "COMMIT");
            }
        });
        let mut db = connect(&scratch.config());
        db.sql(PATIENCE);
        db.sql(self.session);
        let session =
            "SELECT name, setting FROM pg_settings WHERE category NOT LIKE 'Custom%' ORDER BY name";
        let before = db.rows(session);
        let result = db.bring(&migrator, Goal::Up);
        assert_eq!(db.rows(session), before);
        drop(migrator);
        Came {
            result,
            retries: retries.into_inner().unwrap(),
            scratch,
            holder: pid,
        }
    }

    /// Checks what both drivers come to, and what is in the database then.
    #[track_caller]
    fn check(&self, expected: &str, ask: &str, answer: &[&str]) {
        self.check_on(connect, expected, ask, answer);
        self.check_on(AsyncClient::connect, expected, ask, answer);
    }

    #[track_caller]
    fn check_on<C: TestConnection>(
        &self,
        connect: fn(&Config) -> C,
        expected: &str,
        ask: &str,
        answer: &[&str],
    ) {
        let came = self.run(connect);
        assert_eq!(told(&came.result), expected);
        if let Some(tries) = self.ends_after {
            let all: Vec<u32> = (1..=tries).collect();
            assert_eq!(came.retries, all);
        }
        assert_eq!(rows(&mut came.scratch.connect(), ask), answer);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn who_comes_while_a_run_waits_is_served() {
    let altered = "SELECT count(*), sum(x), (SELECT count(y) FROM a) FROM b";
    for transactions in [Transactions::Each, Transactions::Grouped] {
        let case = Case {
            transactions,
            ..Case::default()
        };
        case.check("0 -> 2: up 1, up 2", altered, &["2 3 0"]);
    }
    let stepwise = Case {
        files: &[B, ALTER_STEPWISE],
        serves: "SELECT resume_at LIKE '1:%' FROM _migrate_history WHERE version = 2",
        served: "t",
        ..Case::default()
    };
    stepwise.check("0 -> 2: up 1, up 2", altered, &["2 3 0"]);
}

/// What a group has done is kept while it waits, and nothing of it is done twice.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn group_keeps_what_came_before() {
    let case = Case {
        transactions: Transactions::Grouped,
        serves: "SELECT max(version), (SELECT count(*) FROM b) FROM _migrate_history",
        served: "1 0",
        ..Case::default()
    };
    case.check("0 -> 2: up 1, up 2", "SELECT x FROM b", &["1", "2"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn run_gives_up_and_tells_who_is_in_the_way() {
    check_on(connect, ALTER, Transactions::Each);
    check_on(connect, ALTER, Transactions::Grouped);
    check_on(AsyncClient::connect, ALTER, Transactions::Each);
    check_on(AsyncClient::connect, ALTER, Transactions::Grouped);
    check_on(connect, ALTER_STEPWISE, Transactions::Each);
    check_on(AsyncClient::connect, ALTER_STEPWISE, Transactions::Each);

    fn check_on<C: TestConnection>(
        connect: fn(&Config) -> C,
        alter: (&str, &str),
        transactions: Transactions,
    ) {
        let case = Case {
            files: &[B, alter],
            transactions,
            set: |migrator| {
                let migrator = migrator.statement_lock_timeout(SHORT);
                migrator.lock_timeout(Duration::from_millis(300))
            },
            ends_after: None,
            ..Case::default()
        };
        let came = case.run(connect);
        let error = came.result.unwrap_err();
        let ErrorKind::LockNotAvailable {
            failed,
            tries,
            waited,
            holder: Some(holder),
            ..
        } = error.kind()
        else {
            panic!("{error}");
        };
        assert_eq!(failed.sqlstate.as_deref(), Some("55P03"));
        let place = failed.place.as_ref().unwrap();
        let line = alter.1.lines().position(|line| line.starts_with("ALTER"));
        assert_eq!(
            Some(place.line as usize),
            line.map(|line| line + 1),
            "{error}"
        );
        assert_eq!(*tries, u32::try_from(came.retries.len()).unwrap() + 1);
        assert!(*tries > 1 && *waited > SHORT, "{error}");
        assert_eq!(holder.pid.to_string(), came.holder);
        assert_eq!(holder.application.as_deref(), Some("the other"));
        assert_eq!(error.report().to(), 1);
        let text = error.to_string();
        for part in [
            "0002_y.sql:",
            "in migration 2 \"y\"",
            "times in",
            "a table that it names is held by process",
            "kept: this run had",
            "statement_lock_timeout",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let mut db = came.scratch.connect();
        let done = if alter == ALTER { "0" } else { "1" };
        assert_eq!(rows(&mut db, "SELECT count(*) FROM b"), [done]);
        let locks = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                     WHERE l.locktype = 'advisory' AND d.datname = current_database()";
        assert_eq!(rows(&mut db, locks), ["0"]);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn timeout_that_counts_is_the_shorter_one_or_that_of_the_migration() {
    // A script that says the name of the setting may be taken for one that sets it.
    const SEES: &str = "INSERT INTO seen SELECT sees() WHERE NOT EXISTS (SELECT FROM seen);";
    check("", |m| m, SEES, "2s");
    check(
        "",
        |m| m.statement_lock_timeout(Duration::from_millis(1)),
        SEES,
        "1ms",
    );
    check(
        "",
        |m| m.statement_lock_timeout(Duration::MAX),
        SEES,
        "2147483647ms",
    );
    check("", |m| m.statement_lock_timeout(Duration::ZERO), SEES, "0");
    check("SET lock_timeout = 70", |m| m, SEES, "70ms");
    check("SET lock_timeout = '1h'", |m| m, SEES, "2s");
    check(
        "SET lock_timeout = '1h'",
        |m| m.statement_lock_timeout(Duration::ZERO),
        SEES,
        "1h",
    );
    let own = format!("SET lock_timeout = '7s'; {SEES}");
    check("", |m| m, &own, "7s");
    check(
        "",
        |m| m,
        &format!("-- migrate: no-transaction\n{own}"),
        "7s",
    );
    check(
        "",
        |m| m,
        &format!("-- migrate: no-transaction\n{SEES}"),
        "2s",
    );
    check("", |m| m, &format!("-- migrate: repeat\n{SEES}"), "2s");

    fn check(session: &str, set: fn(Migrator<'_>) -> Migrator<'_>, sees: &str, expected: &str) {
        let before = "CREATE TABLE seen (x text); CREATE FUNCTION sees() RETURNS text LANGUAGE sql \
                      AS $$ SELECT current_setting('lock_timeout') $$; SET lock_timeout = '9s';";
        let files = [("0001_b.sql", before), ("0002_s.sql", sees)];
        let case = |transactions| Case {
            files: &files,
            transactions,
            session,
            set,
            ends_after: None,
            ..Case::default()
        };
        let (told, ask) = ("0 -> 2: up 1, up 2", "SELECT x FROM seen");
        case(Transactions::Each).check_on(connect, told, ask, &[expected]);
        let grouped = case(Transactions::Grouped);
        grouped.check_on(AsyncClient::connect, told, ask, &[expected]);
    }
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn shorter_timeout_of_the_session_is_tried_again() {
    let case = Case {
        session: "SET lock_timeout = 20",
        set: |migrator| migrator.statement_lock_timeout(Duration::MAX),
        ..Case::default()
    };
    case.check("0 -> 2: up 1, up 2", "SELECT x FROM b", &["1", "2"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn switched_off_nothing_is_tried_again() {
    let case = Case {
        session: "SET lock_timeout = 20",
        set: |migrator| migrator.statement_lock_timeout(Duration::ZERO),
        ends_after: Some(0),
        ..Case::default()
    };
    let expected = "sql at 0002_y.sql:2, rolled back; kept 0 -> 1: up 1";
    case.check(expected, "SELECT x FROM b", &[]);
}

/// One who does not wait at all, and one who is ended for a deadlock.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn refusal_to_wait_and_a_deadlock_are_tried_again() {
    let nowait = Case {
        files: &[
            B,
            (
                "0002_y.sql",
                "INSERT INTO b VALUES (1);\nLOCK TABLE a NOWAIT;",
            ),
        ],
        ..Case::default()
    };
    nowait.check("0 -> 2: up 1, up 2", "SELECT x FROM b", &["1"]);
    let deadlock = "CREATE FUNCTION once() RETURNS void LANGUAGE plpgsql AS $$ BEGIN \
                    IF nextval('tries') < 3 THEN RAISE 'a circle' USING ERRCODE = '40P01'; END IF; END $$; \
                    CREATE SEQUENCE tries;";
    let deadlock = Case {
        files: &[
            ("0001_b.sql", deadlock),
            (
                "0002_y.sql",
                "CREATE TABLE b AS SELECT 1 AS x;\nSELECT once();",
            ),
        ],
        ends_after: None,
        ..Case::default()
    };
    deadlock.check("0 -> 2: up 1, up 2", "SELECT x FROM b", &["1"]);
}

/// What waits for old transactions waits for them as for locks, and leaves an invalid index when it is ended.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn statement_outside_of_a_transaction_has_no_timeout() {
    let immutable = "CREATE FUNCTION f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN \
                     IF current_setting('lock_timeout') <> '0' THEN RAISE 'a timeout'; END IF; RETURN 1; END $$;";
    let index = "-- migrate: no-transaction\nINSERT INTO a VALUES (6);\nCREATE INDEX CONCURRENTLY a_f ON a (f(x));";
    let case = Case {
        files: &[("0001_f.sql", immutable), ("0002_i.sql", index)],
        holds: "SELECT 1",
        ends_after: None,
        ..Case::default()
    };
    let valid = "SELECT indisvalid FROM pg_index WHERE indrelid = 'a'::regclass";
    case.check("0 -> 2: up 1, up 2", valid, &["t"]);
}

/// A backfill in small bites lets writers in between, and gives way to one who is at work on its rows.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn backfill_lets_writers_in_between() {
    let bites = "-- migrate: repeat\nUPDATE a SET x = x + 100 WHERE x IN \
                 (SELECT x FROM a WHERE x < 100 ORDER BY x LIMIT 2);";
    let case = Case {
        files: &[B, ("0002_x.sql", bites)],
        holds: "UPDATE a SET x = 13 WHERE x = 3",
        // The first bite is kept, and who comes may write to what it has changed.
        serves: "UPDATE a SET x = x + 1000 WHERE x IN (101, 1101) RETURNING x > 1000",
        served: "t",
        ..Case::default()
    };
    let all = "SELECT x FROM a ORDER BY x";
    case.check(
        "0 -> 2: up 1, up 2",
        all,
        &["102", "104", "105", "113", "2101"],
    );
}

/// The tries of several runs would fill the pauses of one another.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn nobody_else_tries_in_a_pause() {
    let scratch = Scratch::fresh();
    let mut holder = scratch.connect();
    execute(&mut holder, TABLE);
    execute(&mut holder, "BEGIN; SELECT x FROM a");
    let folder = set_for(Database::Postgres, &[B, ALTER]);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).statement_lock_timeout(SHORT);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            // The other driver looks for what has failed in a transaction that is idle at times.
            let mut db = AsyncClient::connect(&scratch.config());
            db.sql(PATIENCE);
            let result = db.bring(&migrator, Goal::Up);
            is_over.store(true, Ordering::SeqCst);
            result
        });
        let paused = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                      WHERE l.locktype = 'advisory' AND a.datname = current_database() AND a.state = 'idle in transaction' \
                      AND NOT EXISTS (SELECT FROM pg_locks o WHERE o.pid = l.pid AND o.locktype = 'relation')";
        let mut looker = scratch.connect();
        while rows(&mut looker, paused) != ["1"] && !is_over.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        execute(&mut holder, "COMMIT");
        let result = run.join().unwrap();
        assert_eq!(told(&result), "0 -> 2: up 1, up 2");
    });
}
