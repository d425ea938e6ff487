//! `lint`: what it says, and how it ends.

use crate::desk::{Desk, MAIN};

const POSTGRES: &str =
    "migrate_core::embed_migrations!(\"migrations\", database = \"postgres\");\n\nfn main() {}\n";

const INDEX: &str = "CREATE INDEX users_by_name ON users (name);\n";

#[test]
fn fine() {
    let desk = Desk::package(
        POSTGRES,
        &[("migrations/0001_a.sql", "CREATE TABLE a (x int);\n")],
    );
    desk.check("lint", 0, "migrations: nobody has to wait\n", "");
    desk.check("lint --json", 0, "", "");
}

#[test]
fn locks() {
    let desk = Desk::package(POSTGRES, &[("migrations/0001_index.sql", INDEX)]);
    desk.check_in(
        "src",
        "lint",
        1,
        "",
        "
error: building an index blocks writes to its table
 --> ../migrations/0001_index.sql:1:1
  |
1 | CREATE INDEX users_by_name ON users (name);
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: `CREATE INDEX CONCURRENTLY`, in a migration of its own that begins with `-- migrate: no-transaction`
  = help: where nobody waits, say so on the line before: `-- squawk-ignore require-concurrent-index-creation`

error: 1 problem
",
    );
    let said = desk.says("", "lint --json");
    let lint: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(lint["problem"], "require-concurrent-index-creation");
    assert_eq!(lint["file"], "migrations/0001_index.sql");
    assert_eq!(lint["folder"], "migrations");
    assert_eq!(
        (&lint["line"], &lint["column"], &lint["width"]),
        (&1.into(), &1.into(), &43.into())
    );
    assert_eq!(lint["help"].as_array().map(Vec::len), Some(2));
    assert_eq!((said.code, said.err.as_str()), (1, ""));
}

#[test]
fn what_has_shipped() {
    let desk = Desk::package(POSTGRES, &[("migrations/0001_index.sql", INDEX)]);
    assert_eq!(desk.says("", "lock").code, 0);
    desk.check("lint", 0, "migrations: nobody has to wait\n", "");
    assert_eq!(desk.says("", "lint --all").code, 1);
    let desk = Desk::with(&[("m/0001_index.sql", INDEX)]);
    let says = |options: &str| {
        let words = ["lint", "m", "--options", options];
        desk.says_words("", &words).code
    };
    assert_eq!(says("database = \"postgres\", trust_through = 1"), 0);
    assert_eq!(says("database = \"postgres\""), 1);
}

#[test]
fn what_cannot_be_read() {
    let desk = Desk::package(POSTGRES, &[("migrations/0001_a.sql", "DROP INDEX 'a;\n")]);
    desk.check(
        "lint",
        0,
        "migrations: nobody has to wait\n",
        "
warning: `migrations` has 1 problem, what is wrong may not have been read
  = help: `cargo migrate check` tells what is wrong
",
    );
}

#[test]
fn other_databases() {
    let desk = Desk::package(MAIN, &[("migrations/0001_index.sql", INDEX)]);
    desk.check(
        "lint",
        1,
        "",
        "
error: there is no set of migrations for PostgreSQL here
  = help: a set is one by its `embed_migrations!`, or `--options 'database = \"postgres\"'`
",
    );
}
