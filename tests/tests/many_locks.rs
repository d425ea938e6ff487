//! A group that holds more locks than the server has room for: it is committed, and the run goes on. Alone in
//! a program of its own, since nobody else on the server gets a lock meanwhile.

use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Goal, Migrator, Transactions};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::{AsyncClient, Scratch, connect, rows};
use migrate_tests::set_for;

#[test]
#[cfg_attr(
    not(have_postgres_restart),
    ignore = "needs a PostgreSQL of its own: scripts/with-postgres"
)]
fn group_that_needs_too_many_locks() {
    check::<Client>(connect);
    check::<AsyncClient>(AsyncClient::connect);
}

fn check<C: TestConnection>(connect: fn(&Config) -> C) {
    let room = "SELECT current_setting('max_locks_per_transaction')::int \
                * current_setting('max_connections')::int";
    let scratch = Scratch::fresh();
    let room: usize = rows(&mut scratch.connect(), room)[0].parse().unwrap();
    let texts: Vec<_> = (0..6)
        .map(|n| {
            let (first, last) = (n * room / 2, (n + 1) * room / 2);
            let name = format!("{:04}_t.sql", n + 1);
            let text = format!(
                "CREATE TABLE t{n} (x integer);\n\
                 SELECT count(pg_advisory_xact_lock(i)) FROM generate_series({first}, {last}) i;"
            );
            (name, text)
        })
        .collect();
    let files: Vec<_> = texts
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let folder = set_for(Database::Postgres, &files);
    let set = folder.migrations();
    for transactions in [Transactions::Auto, Transactions::Grouped] {
        let scratch = Scratch::fresh();
        let migrator = Migrator::new(&set).transactions(transactions);
        let report = connect(&scratch.config()).bring(&migrator, Goal::Up);
        let report = report.unwrap_or_else(|error| panic!("{transactions:?}: {error}"));
        assert_eq!(report.applied(), [1, 2, 3, 4, 5, 6]);
    }
}
