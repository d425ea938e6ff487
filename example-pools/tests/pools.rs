//! Each program brings a fresh database up when it starts, and finds nothing to do at its next start.

use std::process::Command;

use migrate_core::tokio_postgres::config::Host;
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
    let url = url(&scratch);
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

/// The database as a text of keywords and values.
fn url(scratch: &Scratch) -> String {
    let config = scratch.config();
    let mut parts = Vec::new();
    let mut part = |name: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('\'', "\\'");
        parts.push(format!("{name}='{value}'"));
    };
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => part("host", host),
        #[cfg(unix)]
        Some(Host::Unix(path)) => part("host", &path.to_string_lossy()),
        None => {}
    }
    if let Some(port) = config.get_ports().first() {
        part("port", &port.to_string());
    }
    part("user", config.get_user().unwrap_or_default());
    if let Some(password) = config.get_password() {
        part("password", &String::from_utf8_lossy(password));
    }
    part("dbname", config.get_dbname().unwrap_or_default());
    parts.join(" ")
}
