//! Scripts as people write them for PostgreSQL: each does the same with both drivers, in transactions of
//! their own and in one for all, on one connection and on a new one for each.

use migrate_core::folder::Options;
use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Error, Goal, Migrator, Transactions};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::{AsyncClient, Scratch, connect, execute, rows};
use migrate_tests::{read, set_for};

#[test]
fn lines_that_pg_dump_writes_for_psql() {
    let dump = "\\restrict abc\n\nSET row_security = off;\n\\unrestrict abc\n";
    let problems = read(Options::new(Database::Postgres), &[("0001_a.sql", dump)]).unwrap_err();
    let cure =
        "= help: delete both lines, `\\restrict` and `\\unrestrict`: pg_dump writes them for psql";
    assert!(
        problems.len() == 1 && problems[0].contains(cure),
        "{problems:?}"
    );
}

/// Checks what a question is answered once the files have run. Each is the text of a migration.
#[track_caller]
fn check(files: &[&str], question: &str, answer: &[&str]) {
    for transactions in [Transactions::Each, Transactions::Grouped] {
        check_with::<Client>(connect, transactions, files, question, answer);
        check_with::<AsyncClient>(AsyncClient::connect, transactions, files, question, answer);
    }
}

#[track_caller]
fn check_with<C: TestConnection>(
    connect: fn(&Config) -> C,
    transactions: Transactions,
    files: &[&str],
    question: &str,
    answer: &[&str],
) {
    let scratch = Scratch::fresh();
    let session = {
        let mut db = connect(&scratch.config());
        let before = db.session();
        let done = bring(&mut db, transactions, files, Goal::Up);
        done.unwrap_or_else(|error| panic!("{transactions:?}: {error}"));
        (before, db.session())
    };
    assert_eq!(session.0, session.1, "the connection is as it was");
    let got = rows(&mut scratch.connect(), question);
    assert_eq!(got, answer, "{transactions:?}");
    let again = bring(
        &mut connect(&scratch.config()),
        transactions,
        files,
        Goal::Up,
    );
    let again = again.unwrap_or_else(|error| panic!("{error}"));
    assert!(again.starts_with("up to date"), "{again}");
}

fn bring<C: TestConnection>(
    db: &mut C,
    transactions: Transactions,
    files: &[&str],
    goal: Goal,
) -> Result<String, Error> {
    let names: Vec<String> = (1..=files.len()).map(|n| format!("{n:04}_a.sql")).collect();
    let files: Vec<_> = names
        .iter()
        .map(String::as_str)
        .zip(files.iter().copied())
        .collect();
    let folder = set_for(Database::Postgres, &files);
    let set = folder.migrations();
    let report = db.bring(&Migrator::new(&set).transactions(transactions), goal)?;
    Ok(report.to_string())
}

// Nothing can use a new value before its transaction is committed.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn new_values_of_an_enum() {
    let created = "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE p (m mood);";
    let added = "ALTER TYPE mood ADD VALUE 'ok';";
    let used = "INSERT INTO p VALUES ('ok');";
    check(&[created, added, used], "SELECT m FROM p", &["ok"]);
    let in_block = "DO $$ BEGIN ALTER TYPE mood ADD VALUE 'ok'; END $$;";
    check(&[created, in_block, used], "SELECT m FROM p", &["ok"]);
    // Where no word of it tells.
    let hidden = "DO $$ BEGIN EXECUTE 'ALTER TYPE mood AD' || 'D VALUE ''ok'''; END $$;";
    check(&[created, hidden, used], "SELECT m FROM p", &["ok"]);
    let one = format!("-- migrate: no-transaction\n{added}\n{used}");
    check(&[created, &one], "SELECT m FROM p", &["ok"]);

    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    let files = [created, &format!("{added}\n{used}")];
    let error = bring(&mut db, Transactions::Auto, &files, Goal::Up).unwrap_err();
    let cure = "  = help: add the value in a migration of its own, before this one";
    assert!(error.to_string().ends_with(cure), "{error}");
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn what_ends_with_a_transaction() {
    let first = "CREATE TEMP TABLE tmp ON COMMIT DROP AS SELECT 1 AS x; CREATE TABLE t AS SELECT * FROM tmp;";
    let second =
        "CREATE TEMP TABLE tmp ON COMMIT DROP AS SELECT 2 AS x; INSERT INTO t SELECT * FROM tmp;";
    check(&[first, second], "SELECT sum(x) FROM t", &["3"]);
    let made = "CREATE TABLE p (id int PRIMARY KEY); \
                CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);";
    let filled = "INSERT INTO c VALUES (1); INSERT INTO p VALUES (1);";
    let altered = "ALTER TABLE c ADD y int; ALTER TABLE p ADD y int;";
    check(&[made, filled, altered], "SELECT count(y) FROM c", &["0"]);
    let set = "SET LOCAL search_path = pg_catalog; SET LOCAL lock_timeout = '5s'; SET TIME ZONE 'UTC'; \
               SET client_encoding = 'LATIN1'; SET DateStyle = 'German'; SET CONSTRAINTS ALL DEFERRED;";
    let text = "CREATE TABLE t (x text DEFAULT 'é');";
    let question = "SELECT schemaname FROM pg_tables WHERE tablename = 't'";
    check(&[set, text], question, &["public"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn dump_of_pg_dump_and_what_follows_it() {
    let dump = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nSET lock_timeout = 0;\n\
        SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
        SET xmloption = content;\nSET client_min_messages = warning;\nSET row_security = off;\n\
        CREATE FUNCTION public.f(a integer) RETURNS integer\n    LANGUAGE plpgsql\n    AS $_$\nbegin\n  \
        return $1 + 1; -- '\nend;\n$_$;\nSET default_tablespace = '';\nSET default_table_access_method = heap;\n\
        CREATE TABLE public.t (\n    id integer NOT NULL,\n    b bytea DEFAULT '\\x00'::bytea\n);\n\
        CREATE SEQUENCE public.t_id_seq\n    AS integer\n    START WITH 1\n    NO MAXVALUE\n    CACHE 1;\n\
        ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;\n\
        ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);\n\
        SELECT pg_catalog.setval('public.t_id_seq', 5, true);\n";
    let later = "INSERT INTO t DEFAULT VALUES; CREATE TABLE u AS SELECT f(id) AS id FROM t;";
    check(&[dump, later], "SELECT id FROM u", &["7"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn bodies_with_semicolons() {
    let quoted = "CREATE FUNCTION f() RETURNS trigger AS $body$ DECLARE q text := $q$ select ';' $q$; BEGIN \
        EXECUTE $x$ SELECT 1; $x$; RETURN NEW; END; $body$ LANGUAGE plpgsql;\nCREATE TABLE t (x int);\n\
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.x > 0) EXECUTE FUNCTION f();\n\
        DO $$ BEGIN IF true THEN INSERT INTO t VALUES (1); END IF; END $$;\n\
        DO LANGUAGE plpgsql 'BEGIN INSERT INTO t VALUES (2); END';";
    check(&[quoted], "SELECT sum(x) FROM t", &["3"]);
    let atomic = "CREATE TABLE t (x int);\nCREATE FUNCTION g(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC \
        INSERT INTO t VALUES (a); SELECT CASE WHEN a > 1 THEN 1 ELSE 2 END; END;\n\
        CREATE PROCEDURE pr(a int) BEGIN ATOMIC INSERT INTO t VALUES (a); END;\nCALL pr(3); SELECT g(4);";
    check(&[atomic], "SELECT sum(x) FROM t", &["7"]);
    let rule = "CREATE TABLE t (x int); CREATE TABLE l (x int);\n\
        CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO l VALUES (NEW.x); INSERT INTO l VALUES (0));\n\
        INSERT INTO t VALUES (1);";
    check(&[rule], "SELECT count(*) FROM l", &["2"]);
    let goose = "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE t (x int); INSERT INTO t VALUES (1);\n\
        -- +goose StatementEnd\nINSERT INTO t VALUES (2);\n-- +goose Down\nDROP TABLE t;";
    check(&[goose], "SELECT sum(x) FROM t", &["3"]);
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn indexes_that_are_built_concurrently() {
    let table = "-- migrate:up\nCREATE TABLE t (x int);\n-- migrate:down\nDROP TABLE t;";
    let dbmate = "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY a ON t (x);\n\
        CREATE INDEX CONCURRENTLY b ON t ((x + 1));\n-- migrate:down transaction:false\n\
        DROP INDEX CONCURRENTLY a;\nDROP INDEX CONCURRENTLY b;";
    let question = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid";
    check(&[table, dbmate], question, &["2"]);
    let own = "-- migrate: no-transaction\nBEGIN;\nCREATE TABLE t (x int);\nCOMMIT;\n\
        CREATE INDEX CONCURRENTLY a ON t (x);\nVACUUM (ANALYZE) t;\nREINDEX TABLE CONCURRENTLY t;";
    check(&[own], question, &["1"]);
}

// A history that is not found where the search path begins now must not be begun anew.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn search_path_that_changes_for_later_connections() {
    let files = [
        "CREATE SCHEMA app; CREATE TABLE a AS SELECT 1 AS x;",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$;",
        "UPDATE a SET x = x + 1;",
    ];
    let scratch = Scratch::fresh();
    let done = bring(
        &mut scratch.connect(),
        Transactions::Auto,
        &files[..2],
        Goal::Up,
    );
    assert_eq!(done.unwrap(), "migrated from version 0 to 2");
    let mut db = scratch.connect();
    for goal in [Goal::Up, Goal::DownTo(0), Goal::Mark(3)] {
        let error = bring(&mut db, Transactions::Auto, &files, goal).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the search path begins with the schema `app`, which has no history, but `public` has one: \
             name the schema of the history with the setting `schema`"
        );
    }
    assert_eq!(rows(&mut db, "SELECT x FROM a"), ["1"]);
    execute(&mut db, "SET search_path = public");
    let done = bring(&mut db, Transactions::Auto, &files, Goal::Up);
    assert_eq!(done.unwrap(), "migrated from version 2 to 3");
    // A table of that name that is none of ours does not count.
    execute(
        &mut db,
        "CREATE SCHEMA other; CREATE TABLE other._migrate_history (x int); \
         SET search_path = app, other",
    );
    let done = bring(&mut db, Transactions::Auto, &["SELECT 1;"], Goal::Up);
    assert_eq!(done.unwrap(), "migrated from version 0 to 1");
}
