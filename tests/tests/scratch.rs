//! That the databases which tests are given are fresh, apart, and looked at closely enough: other
//! tests rely on it when they say that nothing was written.

use migrate_tests::postgres::{Scratch, execute, rows};

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn each_test_has_a_database_of_its_own() {
    let (one, two) = (Scratch::fresh(), Scratch::fresh());
    execute(&mut one.connect(), "CREATE TABLE a (x INTEGER)");
    execute(&mut two.connect(), "CREATE TABLE a (x TEXT)");
    let there = "SELECT count(*) FROM pg_database WHERE datname = current_database()";
    assert_eq!(rows(&mut one.connect(), there), ["1"]);
    let name = one.config().get_dbname().unwrap().to_owned();
    let _still_open = one.connect();
    drop(one);
    let gone = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(rows(&mut two.connect(), &gone), ["0"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn snapshot_is_the_same_until_something_is_written() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(
        &mut db,
        "CREATE TABLE \"A b\" (x INTEGER, y TEXT); INSERT INTO \"A b\" VALUES (1, '<')",
    );
    let before = scratch.snapshot();
    for reading in [
        "SELECT * FROM \"A b\"",
        "SET search_path = pg_catalog; RESET search_path",
        "BEGIN; UPDATE \"A b\" SET x = 2; CREATE TABLE c (x INTEGER); ROLLBACK",
        "ANALYZE \"A b\"",
        "SELECT pg_advisory_lock(1)",
    ] {
        execute(&mut db, reading);
        assert!(scratch.snapshot() == before, "{reading}");
    }
    for writing in [
        "UPDATE \"A b\" SET x = x",
        "INSERT INTO \"A b\" VALUES (2, NULL)",
        "DELETE FROM \"A b\" WHERE x = 2",
        "CREATE INDEX i ON \"A b\" (x)",
        "DROP INDEX i",
        "ALTER TABLE \"A b\" ALTER x SET DEFAULT 1",
        "ALTER TABLE \"A b\" ALTER x SET DEFAULT 1",
        "ALTER TABLE \"A b\" ADD CHECK (x > 0)",
        "CREATE VIEW v AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS x",
        "DROP VIEW v",
        "CREATE SCHEMA s",
        "CREATE TABLE s.a (x INTEGER)",
        "INSERT INTO s.a VALUES (1)",
        "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION f() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE e AS ENUM ('one')",
        "CREATE SEQUENCE q",
        "CREATE EXTENSION \"uuid-ossp\"",
    ] {
        let before = scratch.snapshot();
        execute(&mut db, writing);
        assert!(scratch.snapshot() != before, "{writing}");
    }
}
