//! Each program brings a fresh database up when it starts, and finds nothing to do at its next start.

use std::process::Command;

use migrate_tests::postgres::Scratch;

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn deadpool() {
    check(env!("CARGO_BIN_EXE_deadpool"));
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn r2d2() {
    check(env!("CARGO_BIN_EXE_r2d2"));
}

fn check(program: &str) {
    let scratch = Scratch::fresh();
    let url = scratch.url_at(scratch.address());
    let starts = [
        "migrated from version 0 to 2\n0 visits\n",
        "up to date at version 2\n0 visits\n",
    ];
    for said in starts {
        let output = Command::new(program).env("DATABASE_URL", &url).output();
        let output = output.expect("the program runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{output:?}");
        assert!(output.status.success(), "{output:?}");
    }
}
