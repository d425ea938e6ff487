//! A pooler in transaction mode before a PostgreSQL. Nothing of a run depends on the session, so that every
//! transaction may have another connection.

use std::time::Duration;

use migrate_core::{Database, ErrorKind, Goal, Migrator, State};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::interrupted::{Case, in_threads};
use migrate_tests::postgres::ledger::{check_complete, check_gone, database, folder};
use migrate_tests::postgres::pooler::Pooler;
use migrate_tests::postgres::{DRIVERS, Scratch, connect, execute, rows};
use migrate_tests::proxy::Proxy;
use migrate_tests::set_for;

use crate::races::race;
use crate::server_deaths::killed_in_the_middle_of_an_index;
use crate::server_races::{check_ends, home, mixed};

/// How many rounds of starters.
const ROUNDS: usize = 10;

#[test]
#[cfg_attr(not(have_pgbouncer), ignore = "needs PostgreSQL and pgbouncer")]
fn up_status_and_down_through_a_pooler() {
    let folder = folder();
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    for connections_to_server in [1, 3] {
        for driver in DRIVERS {
            let pooler = Pooler::of(connections_to_server);
            let scratch = database();
            let mut looker = scratch.connect();
            let proxy = Proxy::to(pooler.address()).expect("a proxy");
            let mut db = driver(&scratch.config_at(proxy.address()));
            assert_eq!(db.pending(&migrator).unwrap(), [1, 2, 3, 4, 5]);
            db.bring(&migrator, Goal::Up).unwrap();
            check_complete(&mut looker, "through a pooler");
            let status = db.status(&migrator).unwrap();
            assert!(status.migrations.iter().all(|m| m.state == State::Applied));
            let (trips, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
            assert!(report.unwrap().is_empty());
            assert_eq!(trips, 1, "nothing to do");
            db.bring(&migrator, Goal::Reset).unwrap();
            check_gone(&mut looker, "through a pooler");
            assert_eq!(db.current_version(&migrator).unwrap(), 0);
            let left = "SELECT (SELECT count(*) FROM pg_prepared_statements), \
                        (SELECT count(*) FROM pg_settings WHERE source = 'session')";
            // With one connection to the server it is that which the run had.
            let others = rows(&mut connect(&pooler.config(&scratch)), left);
            assert_eq!(others[0].split(' ').next(), Some("0"), "{others:?}");
        }
    }
}

/// The pooler gives the one connection to the next client as the run has left it.
#[test]
#[cfg_attr(not(have_pgbouncer), ignore = "needs PostgreSQL and pgbouncer")]
fn what_a_migration_sets_does_not_reach_another_client() {
    let ask = "SELECT current_setting('search_path'), current_setting('work_mem'), \
               current_setting('role'), current_setting('lock_timeout'), \
               current_setting('standard_conforming_strings'), current_setting('statement_timeout')";
    let sets = "SET search_path = nowhere; SET work_mem = '9MB'; SET ROLE pg_monitor; \
                SELECT set_config('lock_timeout', '1h', false); SET statement_timeout = '2h'; \
                SELECT 'a\\' AS \"'\";";
    let alone = format!("-- migrate: no-transaction\n{sets}");
    let fails = format!("{sets} SELECT 1 / 0;");
    for driver in DRIVERS {
        for text in [sets, &alone, &fails] {
            let set = set_for(Database::Postgres, &[("0001_set.sql", text)]);
            let set = set.migrations();
            let migrator = Migrator::new(&set);
            let pooler = Pooler::of(1);
            let scratch = Scratch::fresh();
            let off = format!(
                "ALTER DATABASE {} SET standard_conforming_strings = off",
                scratch.name()
            );
            execute(&mut scratch.connect(), &off);
            let config = pooler.config(&scratch);
            let mut other = connect(&config);
            let before = rows(&mut other, ask);
            let ran = driver(&config).bring(&migrator, Goal::Up);
            assert_eq!(ran.is_ok(), text != fails, "{ran:?}: {text}");
            assert_eq!(rows(&mut other, ask), before, "{text}");
        }
    }
}

#[test]
#[cfg_attr(not(have_pgbouncer), ignore = "needs PostgreSQL and pgbouncer")]
fn lock_is_waited_for_through_a_pooler() {
    let folder = folder();
    let set = folder.migrations();
    let pooler = Pooler::of(2);
    for driver in DRIVERS {
        let scratch = database();
        let config = pooler.config(&scratch);
        let mut db = driver(&config);
        let mut holder = scratch.connect();
        holder.lock();
        let pid: i32 = rows(&mut holder, "SELECT pg_backend_pid()")[0]
            .parse()
            .unwrap();
        let impatient = Migrator::new(&set).lock_timeout(Duration::from_millis(100));
        let error = db.bring(&impatient, Goal::Up).unwrap_err();
        let ErrorKind::LockTimeout {
            holder: Some(told), ..
        } = error.kind()
        else {
            panic!("{error}");
        };
        assert_eq!(told.pid, pid);
        // While it waits it has no connection of the pooler's.
        let mut others = [connect(&config), connect(&config)];
        std::thread::scope(|scope| {
            let (waits, waited) = std::sync::mpsc::channel();
            let set = &set;
            let run = scope.spawn(move || {
                let patient = Migrator::new(set).observe(move |event| {
                    if let migrate_core::Event::Waiting { .. } = event {
                        let _ = waits.send(());
                    }
                });
                db.bring(&patient, Goal::Up)
            });
            waited.recv().expect("it waits");
            for other in &mut others {
                execute(other, "BEGIN; SELECT 1");
            }
            for other in &mut others {
                execute(other, "COMMIT");
            }
            holder.release();
            run.join().unwrap().unwrap();
        });
        check_complete(&mut holder, "through a pooler");
    }
}

#[test]
#[cfg_attr(not(have_pgbouncer), ignore = "needs PostgreSQL and pgbouncer")]
fn claim_of_a_killed_client_is_kept_through_a_pooler() {
    let pooler = Pooler::of(3);
    let all = Case::UP.into_iter().flat_map(|case| [(case, 1), (case, 2)]);
    in_threads(all.collect(), |(case, number)| {
        killed_in_the_middle_of_an_index(case, &database(), number, pooler.address());
    });
}

#[test]
#[cfg_attr(not(have_pgbouncer), ignore = "needs PostgreSQL and pgbouncer")]
fn eight_starters_through_a_pooler_with_fewer_connections() {
    let (_home, folder) = home();
    let mut failures = Vec::new();
    for connections in [1, 3] {
        let pooler = Pooler::of(connections);
        for round in 0..ROUNDS / 2 {
            let scratch = database();
            let ends = race(scratch.url_at(pooler.address()), &mixed(&folder, false));
            failures.extend(check_ends(ends, round));
            check_complete(&mut scratch.connect(), &format!("round {round}"));
        }
    }
    assert_eq!(failures, [""; 0], "{} failures", failures.len());
}
