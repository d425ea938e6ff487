//! What PostgreSQL refuses inside a transaction, beside what is found while a program is built.

use migrate_core::folder::Options;
use migrate_core::postgres::Client;
use migrate_core::{Database, Migrator};
use migrate_source::sql::outside_transaction;
use migrate_tests::postgres::{Scratch, execute, rows};
use migrate_tests::{read, set_for};

/// What the statements are about. The subscription never connects: nobody is told to.
const SETUP: &str = "
    CREATE TABLE a (x integer PRIMARY KEY);
    CREATE INDEX i ON a (x);
    CREATE TABLE p (x integer) PARTITION BY RANGE (x);
    CREATE INDEX p_x ON p (x);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
    CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;
    CREATE UNIQUE INDEX m_x ON m (x);
    CREATE TYPE mood AS ENUM ('sad');
    CREATE PUBLICATION pub;
    CREATE SUBSCRIPTION off CONNECTION '' PUBLICATION pub WITH (connect = false, slot_name = NONE);
    CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
    CREATE PROCEDURE does_not() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;";

/// Refused by the server, and found by their text.
const FOUND: &[&str] = &[
    "ALTER DATABASE nowhere SET TABLESPACE pg_default",
    "ALTER SYSTEM SET work_mem = '4MB'",
    "ALTER SYSTEM RESET ALL",
    "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "COMMIT PREPARED 'a'",
    "CREATE DATABASE nowhere",
    "CREATE INDEX CONCURRENTLY a_x ON a (x)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON a (x)",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION pub",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION pub WITH (create_slot)",
    "CREATE TABLESPACE nowhere LOCATION '/nowhere'",
    "DISCARD ALL",
    "DO $$ BEGIN COMMIT; END $$",
    "DO LANGUAGE plpgsql 'BEGIN ROLLBACK; END'",
    "DROP DATABASE nowhere",
    "DROP DATABASE IF EXISTS nowhere WITH (FORCE)",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "DROP TABLESPACE nowhere",
    "REINDEX DATABASE nowhere",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (CONCURRENTLY) TABLE a",
    "REINDEX (VERBOSE) SCHEMA public",
    "REINDEX SYSTEM nowhere",
    "ROLLBACK PREPARED 'a'",
    "VACUUM",
    "VACUUM (FULL, ANALYZE) a",
];

/// Refused by the server, which alone can know: by the tables and procedures they are about.
const ONLY_RUN: &[&str] = &["CALL commits()", "REINDEX INDEX p_x", "REINDEX TABLE p"];

/// Not refused, although their words are like those.
const ALLOWED: &[&str] = &[
    "ALTER DATABASE template1 SET work_mem = '4MB'",
    "ALTER SUBSCRIPTION off SET PUBLICATION pub WITH (refresh = false)",
    "ALTER SUBSCRIPTION off ADD PUBLICATION pub2 WITH (refresh = off)",
    "ALTER TABLE p DETACH PARTITION p1",
    "ALTER TABLE a SET TABLESPACE pg_default",
    "ALTER TYPE mood ADD VALUE 'ok'",
    "ANALYZE a",
    "CALL does_not()",
    "CHECKPOINT",
    "CLUSTER a USING i",
    "CREATE INDEX ON a (x)",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION pub WITH (connect = false)",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION pub WITH (create_slot = false, enabled = false, connect = false)",
    "DISCARD PLANS",
    "DISCARD TEMP",
    "DO $$ BEGIN RAISE NOTICE 'COMMIT;'; END $$",
    "DROP INDEX i",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "REINDEX TABLE a",
    "REINDEX (CONCURRENTLY FALSE) TABLE a",
];

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn what_the_server_refuses_is_found_by_its_text() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(&mut db, SETUP);
    let all = [
        (FOUND, true, true),
        (ONLY_RUN, true, false),
        (ALLOWED, false, false),
    ];
    let mut wrong = Vec::new();
    for (statements, refused, found) in all {
        for statement in statements {
            let (code, is_found) = (refusal(&mut db, statement), is_found(statement));
            // `active_sql_transaction`, `invalid_transaction_termination`
            let is_refused = matches!(code.as_deref(), Some("25001" | "2D000"));
            if (is_refused, is_found) != (refused, found) || code.is_some() != is_refused {
                wrong.push((statement, code, is_found));
            }
        }
    }
    // No database can be dropped that has one.
    execute(&mut db, "DROP SUBSCRIPTION off");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What only the server can know of is found by a run, which says what to do. In a file without a
/// transaction it runs alone.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn what_only_the_server_knows_runs_without_a_transaction() {
    const TABLES: &str = "CREATE TABLE a (x integer); \
        CREATE TABLE p (x integer) PARTITION BY RANGE (x); \
        CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN \
        FOR i IN 1..3 LOOP INSERT INTO a VALUES (i); COMMIT; END LOOP; END $$;";
    for statement in ["CALL fill();", "REINDEX TABLE p; CALL fill();"] {
        let scratch = Scratch::fresh();
        let mut db = scratch.connect();
        let up = |db: &mut Client, text: &str| {
            let folder = set_for(
                Database::Postgres,
                &[("0001_a.sql", TABLES), ("0002_b.sql", text)],
            );
            let set = folder.migrations();
            Migrator::new(&set).up(db).map(|report| report.to())
        };
        let error = up(&mut db, statement).unwrap_err();
        let cure = "  = help: move it to a migration of its own that begins with `-- migrate: no-transaction`";
        assert!(error.to_string().ends_with(cure), "{error}");
        let alone = format!("-- migrate: no-transaction\n{statement} INSERT INTO a VALUES (0);");
        assert_eq!(up(&mut db, &alone).unwrap(), 2);
        let ask = "SELECT count(*), sum(x) FROM a";
        assert_eq!(rows(&mut db, ask), ["4 6"]);
    }
}

/// The code of what the server says to it in a transaction, which is rolled back.
fn refusal(db: &mut Client, statement: &str) -> Option<String> {
    let answer = db.simple_query(&format!("BEGIN; SELECT 1; {statement}"));
    execute(db, "ROLLBACK");
    let code = answer.err()?.code().map(|code| code.code().to_owned());
    Some(code.unwrap_or_default())
}

/// Whether it is found in the text of a migration, and only in a transaction.
fn is_found(statement: &str) -> bool {
    let is_known = outside_transaction(statement, Database::Postgres).is_some();
    let read = |text: &str| read(Options::new(Database::Postgres), &[("0001_a.sql", text)]);
    let problems = read(statement).err().unwrap_or_default();
    let found = problems
        .iter()
        .any(|p| p.contains(" cannot run in a transaction\n"));
    let is_fine_alone = read(&format!("-- migrate: no-transaction\n{statement}")).is_ok();
    assert!(
        is_fine_alone && found == is_known,
        "{statement}: {problems:?}"
    );
    found
}
