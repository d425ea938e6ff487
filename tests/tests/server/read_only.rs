//! Where nothing can be written: a role with SELECT alone, and a hot standby. A start that has nothing to do
//! works there, and costs one question; one that has is refused.

use std::env;
use std::net::SocketAddr;
use std::str::FromStr;

use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, ErrorKind, Goal, Migrator, State};
use migrate_tests::postgres::interrupted::wait_until;
use migrate_tests::postgres::{DRIVERS, Scratch, address_of, connect, execute, rows};
use migrate_tests::proxy::Proxy;
use migrate_tests::set_for;

const FILES: &[(&str, &str)] = &[
    ("0001_a.up.sql", "CREATE TABLE a (x integer);"),
    ("0001_a.down.sql", "DROP TABLE a;"),
    (
        "0002_b.sql",
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x);",
    ),
    ("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT x FROM a;"),
];

/// Each of them is pending for itself.
const PENDING: &[(&str, &str)] = &[
    ("0003_c.sql", "CREATE TABLE c (x integer);"),
    ("0003_c.sql", "UPDATE a SET x = 1;"),
    (
        "0003_c.sql",
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY a_y ON a ((x + 1));",
    ),
    ("0003_c.sql", "-- migrate: repeat\nDELETE FROM a;"),
    ("R__w.sql", "CREATE OR REPLACE VIEW w AS SELECT x FROM a;"),
];

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn role_that_may_only_read() {
    let scratch = migrated();
    let role = scratch.name();
    let mut owner = scratch.connect();
    execute(
        &mut owner,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ),
    );
    let mut config = Config::new();
    config.user(role).password("secret").dbname(scratch.name());
    check(&scratch, scratch.address(), &config, &|error| {
        error.failed().and_then(|failed| failed.sqlstate.as_deref()) == Some("42501")
            || error.to_string().contains("permission denied")
    });
    execute(
        &mut owner,
        &format!("DROP OWNED BY {role}; DROP ROLE {role}"),
    );
}

#[test]
#[cfg_attr(
    not(have_postgres_standby),
    ignore = "needs a hot standby: scripts/with-postgres, or TEST_POSTGRES_STANDBY_URL"
)]
fn hot_standby() {
    let scratch = migrated();
    let url = env::var("TEST_POSTGRES_STANDBY_URL").expect("a standby");
    let mut standby = Config::from_str(&url).expect("TEST_POSTGRES_STANDBY_URL names a server");
    let written = &rows(&mut scratch.connect(), "SELECT pg_current_wal_lsn()")[0];
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
    wait_until(&mut connect(&standby), &replayed);
    let address = address_of(&standby);
    check(
        &scratch,
        address,
        standby.dbname(scratch.name()),
        &|error| matches!(error.kind(), ErrorKind::ReadOnly),
    );
}

fn migrated() -> Scratch {
    let scratch = Scratch::fresh();
    let folder = set_for(Database::Postgres, FILES);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let report = migrator.up(&mut scratch.connect());
    report.unwrap_or_else(|error| panic!("{error}"));
    scratch
}

/// Checks what works on a connection that cannot write, to the server at this address, and that nothing is
/// written.
fn check(
    scratch: &Scratch,
    server: SocketAddr,
    config: &Config,
    is_refusal: &dyn Fn(&migrate_core::Error) -> bool,
) {
    let before = scratch.snapshot();
    for connect in DRIVERS {
        let proxy = Proxy::to(server).expect("a proxy");
        let mut through = Config::new();
        through.host("127.0.0.1").port(proxy.address().port());
        through.user(config.get_user().expect("a user"));
        through.password(config.get_password().unwrap_or_default());
        through.dbname(config.get_dbname().expect("a database"));
        let mut db = connect(&through);
        let folder = set_for(Database::Postgres, FILES);
        let set = folder.migrations();
        let migrator = Migrator::new(&set);
        let (trips, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
        assert!(report.unwrap_or_else(|error| panic!("{error}")).is_empty());
        assert_eq!(trips, 1);
        let status = db.status(&migrator).unwrap();
        assert!(status.migrations.iter().all(|m| m.state == State::Applied));
        assert_eq!(db.applied(&migrator).unwrap().len(), 2);
        assert_eq!(db.pending(&migrator).unwrap(), [0; 0]);
        assert_eq!(db.current_version(&migrator).unwrap(), 2);
        assert!(!db.needs_migration(&migrator).unwrap());
        assert!(db.plan(&migrator, Goal::Up).unwrap().is_empty());
        assert!(db.verify(&migrator).unwrap().is_clean());
        for pending in PENDING {
            let folder = set_for(Database::Postgres, &[FILES, &[*pending]].concat());
            let set = folder.migrations();
            let migrator = Migrator::new(&set);
            assert!(db.needs_migration(&migrator).unwrap(), "{pending:?}");
            assert_eq!(db.plan(&migrator, Goal::Up).unwrap().steps().len(), 1);
            let error = db.bring(&migrator, Goal::Up).unwrap_err();
            assert!(is_refusal(&error), "{pending:?}: {error}");
            assert!(error.report().is_empty(), "{pending:?}: {error}");
            assert_eq!(db.current_version(&migrator).unwrap(), 2);
        }
        let error = db.bring(&migrator, Goal::Reset).unwrap_err();
        assert!(!error.to_string().is_empty());
        // A database without a history, which would have to be made.
        let migrator = migrator.clone().table("other_history");
        assert_eq!(db.current_version(&migrator).unwrap(), 0);
        let error = db.bring(&migrator, Goal::Up).unwrap_err();
        assert!(is_refusal(&error), "{error}");
    }
    assert!(scratch.snapshot() == before, "something was written");
}
