//! What a migration's statements return is not kept in memory. It is a test of its own: what else the process
//! holds would count.

use std::fs;

use migrate_core::Goal;
use migrate_core::{Database, Migrator};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::{AsyncClient, Scratch};
use migrate_tests::set_for;

#[test]
#[cfg_attr(
    not(all(have_postgres, target_os = "linux")),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL; and Linux"
)]
fn rows_of_a_migration_are_let_go() {
    let scratch = Scratch::fresh();
    let folder = set_for(
        Database::Postgres,
        &[("0001_a.sql", "SELECT generate_series(1, 500000);")],
    );
    let set = folder.migrations();
    let mut db = AsyncClient::connect(&scratch.config());
    let before = peak();
    db.bring(&Migrator::new(&set), Goal::Up).unwrap();
    // All of them would take about 100 MB.
    let more = peak() - before;
    assert!(more < 20_000, "{more} kB");
}

/// The most memory that the process has had, in kB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
