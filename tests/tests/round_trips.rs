//! What a run costs on a server that is far away: its round trips, counted by a proxy.

use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_core::{Goal, Migrator, Transactions};
use migrate_tests::contract::{CodeSet, TestConnection, TestDatabase};
use migrate_tests::postgres::trips::Trips;
use migrate_tests::postgres::{AsyncClient, Asynchronous, Blocking, Scratch, connect};

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn one_by_one_a_migration_is_one_round_trip() {
    check(Transactions::Each, &|pending| pending + 3);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn grouped_they_are_four_at_any_number() {
    check(Transactions::Grouped, &|_| 4);
}

fn check(transactions: Transactions, at_most: &dyn Fn(usize) -> usize) {
    for pending in [1, 2, 10, 100] {
        for used in [false, true] {
            let at_most = at_most(pending);
            check_on::<Client>(connect, transactions, pending, used, at_most);
            check_on::<AsyncClient>(AsyncClient::connect, transactions, pending, used, at_most);
        }
    }
}

/// Checks the round trips of bringing a database up by `pending` migrations, where it is used already or
/// fresh; and that it is one when there is nothing to do.
fn check_on<C: TestConnection>(
    connect: fn(&Config) -> C,
    transactions: Transactions,
    pending: usize,
    used: bool,
    at_most: usize,
) {
    let trips = Trips::of(connect, transactions, pending, used);
    let driver = std::any::type_name::<C>();
    let case = format!("{driver}, {transactions:?}, {pending} pending, used: {used}");
    assert!((1..=at_most).contains(&trips.up), "{trips:?}: {case}");
    assert_eq!((trips.again, trips.needs), (1, 1), "nothing to do: {case}");
}

/// Its own, one to see what it did and one for what comes behind it; in a group one more for the rest.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn code_is_two_round_trips_and_its_own() {
    for (transactions, at_most) in [
        (Transactions::Each, 3 + 3 + 2),
        (Transactions::Grouped, 4 + 3),
    ] {
        // Three statements, of which one is prepared by the driver and closed again.
        check_code::<Blocking, Client>(connect, transactions, at_most + 4);
        check_code::<Asynchronous, AsyncClient>(AsyncClient::connect, transactions, at_most + 4);
    }
}

fn check_code<D: TestDatabase, C: TestConnection>(
    connect: fn(&Config) -> C,
    transactions: Transactions,
    at_most: usize,
) {
    let scratch = Scratch::fresh();
    let mut own = scratch.connect();
    own.sql("CREATE TABLE behaviour (name text)");
    let (proxy, config) = scratch.proxy();
    let mut db = connect(&config);
    let migrator = Migrator::new(D::code(CodeSet::Misbehaving)).transactions(transactions);
    let (trips, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
    assert_eq!(report.unwrap().applied(), [1, 2, 3]);
    let case = format!("{}, {transactions:?}", D::CODE);
    assert!(
        (1..=at_most).contains(&trips),
        "{trips} round trips: {case}"
    );
    let (trips, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
    assert!(report.unwrap().is_empty());
    assert_eq!(trips, 1, "nothing to do after {case}");
}
