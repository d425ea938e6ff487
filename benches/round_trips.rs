//! What a run on PostgreSQL costs where the server is far away: round trips, counted by a proxy on the
//! loopback.
//!
//! ```text
//! scripts/with-postgres cargo bench -p migrate-benches --bench round_trips
//! ```
//!
//! It prints a table, with what is least and what other tools take. Nothing in it is a time.

use std::env;

use migrate_core::Transactions;
use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::trips::Trips;
use migrate_tests::postgres::{AsyncClient, connect};

/// How many migrations are pending.
const PENDING: [usize; 3] = [1, 10, 100];

/// Of other tools, and of programs written for nothing but to be the least: with nothing pending, and with
/// a hundred. Counted by a proxy of the same kind, on PostgreSQL 15.
const OTHERS: [(&str, usize, usize); 7] = [
    ("least: a message for each migration", 1, 101),
    ("least: one message for all", 1, 3),
    ("diesel", 3, 404),
    ("refinery, grouped", 9, 209),
    ("refinery, tokio-postgres", 7, 407),
    ("refinery, postgres", 7, 607),
    ("sqlx", 12, 514),
];

fn main() {
    if env::var_os("TEST_POSTGRES_URL").is_none_or(|url| url.is_empty()) {
        println!(
            "round_trips: there is no server; run it by `scripts/with-postgres`, or set TEST_POSTGRES_URL"
        );
        return;
    }
    println!("| round trips | nothing | 1 pending | 10 pending | 100 pending |");
    println!("|---|--:|--:|--:|--:|");
    for transactions in [Transactions::Each, Transactions::Grouped] {
        row::<Client>("postgres", connect, transactions);
        row::<AsyncClient>("tokio-postgres", AsyncClient::connect, transactions);
    }
    for (name, nothing, hundred) in OTHERS {
        println!("| {name} | {nothing} | | | {hundred} |");
    }
}

fn row<C: TestConnection>(driver: &str, connect: fn(&Config) -> C, transactions: Transactions) {
    let mut nothing = 0;
    let mut pending = Vec::new();
    for count in PENDING {
        let trips = Trips::of(connect, transactions, count, false);
        pending.push(trips.up.to_string());
        nothing = nothing.max(trips.again);
    }
    let pending = pending.join(" | ");
    println!("| {driver}, `{transactions:?}` | {nothing} | {pending} |");
}
