//! Statements that a runner must know by name.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::sql::{
    Control, attaches, control, foreign_keys_pragma, outside_transaction, psql_command,
    waits_for_commit,
};

const BOTH: &[Database] = Database::ALL;

#[test]
fn control_of_transactions() {
    use Control::{Begin, Commit, Rollback};
    #[track_caller]
    fn check(databases: &[Database], expected: Option<Control>, statements: &[&str]) {
        for &database in databases {
            for statement in statements {
                let found = control(statement, database);
                assert_eq!(found, expected, "{database}: {statement}");
                let commented = format!("/* a */ {} -- b", statement.replace(' ', "\n-- c\n"));
                assert_eq!(
                    control(&commented, database),
                    expected,
                    "{database}: {commented}"
                );
            }
        }
    }
    check(
        BOTH,
        Some(Begin),
        &["BEGIN", "begin;", "BEGIN TRANSACTION;"],
    );
    check(
        &[Sqlite],
        Some(Begin),
        &[
            "BEGIN IMMEDIATE",
            "BEGIN DEFERRED TRANSACTION",
            "BEGIN EXCLUSIVE",
        ],
    );
    check(
        &[Postgres],
        Some(Begin),
        &[
            "BEGIN WORK",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "START TRANSACTION",
            "start transaction read only;",
        ],
    );
    check(
        BOTH,
        Some(Commit),
        &[
            "COMMIT",
            "commit;",
            "COMMIT TRANSACTION",
            "END",
            "END TRANSACTION;",
        ],
    );
    check(
        &[Postgres],
        Some(Commit),
        &[
            "COMMIT WORK",
            "COMMIT AND CHAIN",
            "COMMIT AND NO CHAIN",
            "END WORK AND CHAIN",
            "PREPARE TRANSACTION 'a'",
            "PREPARE TRANSACTION $$a$$;",
        ],
    );
    check(
        BOTH,
        Some(Rollback),
        &["ROLLBACK", "rollback;", "ROLLBACK TRANSACTION"],
    );
    check(
        &[Postgres],
        Some(Rollback),
        &["ABORT", "ROLLBACK WORK", "ROLLBACK AND CHAIN", "ABORT WORK"],
    );
    check(
        BOTH,
        None,
        &[
            "",
            ";",
            "ROLLBACK TO a",
            "ROLLBACK TRANSACTION TO SAVEPOINT a",
            "rollback to savepoint \"a\";",
            "SAVEPOINT a",
            "RELEASE a",
            "\"BEGIN\"",
            "'COMMIT'",
            "BEGINNING",
            "SELECT 1; COMMIT",
            "CREATE TABLE begin (x)",
            "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END;",
            "INSERT OR ROLLBACK INTO a VALUES (1)",
        ],
    );
    check(
        &[Sqlite],
        None,
        &["START TRANSACTION", "ABORT", "PREPARE TRANSACTION 'a'"],
    );
    check(
        &[Postgres],
        None,
        &[
            "ROLLBACK WORK TO a",
            "COMMIT PREPARED 'a'",
            "ROLLBACK PREPARED 'a'",
            "PREPARE transaction AS SELECT 1",
            "PREPARE transaction (text) AS SELECT 'a'",
            "SET TRANSACTION READ ONLY",
            "DO $$ BEGIN COMMIT; END $$",
        ],
    );
    check(&[Postgres], Some(Rollback), &["ROLLBACK; SELECT 1 TO"]);
}

#[track_caller]
fn check_outside(database: Database, expected: Option<&str>, statements: &[&str]) {
    for statement in statements {
        let found = outside_transaction(statement, database);
        assert_eq!(found, expected, "{database}: {statement}");
        let other = format!("-- a\n{};", statement.to_lowercase());
        assert_eq!(
            outside_transaction(&other, database),
            expected,
            "{database}: {other}"
        );
    }
}

#[test]
fn outside_a_transaction_on_sqlite() {
    let check = |expected, statements| check_outside(Sqlite, expected, statements);
    check(
        Some("VACUUM"),
        &["VACUUM", "VACUUM main", "VACUUM INTO 'a.db'"],
    );
    check(Some("DETACH"), &["DETACH a", "DETACH DATABASE a"]);
    check(
        Some("PRAGMA journal_mode"),
        &[
            "PRAGMA journal_mode = WAL",
            "PRAGMA journal_mode(delete)",
            "PRAGMA main.journal_mode=OFF",
            "PRAGMA \"main\".[journal_mode] = WAL",
        ],
    );
    check(Some("PRAGMA synchronous"), &["PRAGMA synchronous = 1"]);
    check(Some("PRAGMA page_size"), &["PRAGMA page_size = 8192"]);
    check(Some("PRAGMA auto_vacuum"), &["PRAGMA auto_vacuum = FULL"]);
    check(
        Some("PRAGMA foreign_keys"),
        &["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys(1)"],
    );
    check(
        Some("PRAGMA wal_checkpoint"),
        &[
            "PRAGMA wal_checkpoint",
            "PRAGMA main.wal_checkpoint",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ],
    );
    check(
        None,
        &[
            "",
            "PRAGMA",
            "PRAGMA main.",
            "PRAGMA journal_mode",
            "PRAGMA main.synchronous",
            "PRAGMA foreign_keys",
            "PRAGMA foreign_key_check",
            "PRAGMA foreign_key_list(a)",
            "PRAGMA defer_foreign_keys = ON",
            "PRAGMA legacy_alter_table = ON",
            "PRAGMA user_version = 3",
            "PRAGMA cache_size = 100",
            "PRAGMA incremental_vacuum(10)",
            "PRAGMA optimize",
            "ATTACH 'a.db' AS a",
            "ANALYZE",
            "REINDEX",
            "CREATE TABLE vacuum (x)",
            "SELECT 'VACUUM'",
            "\"VACUUM\"",
            "SELECT 1; VACUUM",
        ],
    );
}

#[test]
fn outside_a_transaction_on_postgres() {
    let check = |expected, statements| check_outside(Postgres, expected, statements);
    check(
        Some("VACUUM"),
        &["VACUUM", "VACUUM (FULL, VERBOSE) a", "VACUUM ANALYZE a"],
    );
    check(
        Some("CREATE INDEX CONCURRENTLY"),
        &[
            "CREATE INDEX CONCURRENTLY i ON a (x)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (x)",
            "CREATE INDEX /* no lock */ CONCURRENTLY ON a (x)",
        ],
    );
    check(
        Some("DROP INDEX CONCURRENTLY"),
        &["DROP INDEX CONCURRENTLY IF EXISTS i"],
    );
    check(
        Some("REINDEX CONCURRENTLY"),
        &[
            "REINDEX TABLE CONCURRENTLY a",
            "REINDEX (CONCURRENTLY) INDEX i",
            "REINDEX (VERBOSE, CONCURRENTLY TRUE) TABLE a",
        ],
    );
    check(
        Some("REINDEX DATABASE"),
        &["REINDEX DATABASE a", "REINDEX (VERBOSE) DATABASE a"],
    );
    check(Some("REINDEX SCHEMA"), &["REINDEX SCHEMA a"]);
    check(
        Some("REINDEX SYSTEM"),
        &[
            "REINDEX SYSTEM a",
            "REINDEX (TABLESPACE (b), VERBOSE) SYSTEM a",
        ],
    );
    check(Some("CREATE DATABASE"), &["CREATE DATABASE a"]);
    check(Some("DROP DATABASE"), &["DROP DATABASE IF EXISTS a"]);
    check(
        Some("CREATE TABLESPACE"),
        &["CREATE TABLESPACE a LOCATION '/a'"],
    );
    check(Some("DROP TABLESPACE"), &["DROP TABLESPACE a"]);
    check(
        Some("ALTER SYSTEM"),
        &["ALTER SYSTEM SET a = 1", "ALTER SYSTEM RESET ALL"],
    );
    check(
        Some("ALTER DATABASE … SET TABLESPACE"),
        &["ALTER DATABASE \"a\" SET TABLESPACE b"],
    );
    check(
        Some("CLUSTER"),
        &["CLUSTER", "CLUSTER VERBOSE", "CLUSTER (VERBOSE)"],
    );
    check(
        Some("DETACH PARTITION … CONCURRENTLY"),
        &[
            "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
            "ALTER TABLE IF EXISTS s.detach DETACH PARTITION s.b CONCURRENTLY",
        ],
    );
    check(
        Some("CREATE SUBSCRIPTION"),
        &["CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c"],
    );
    check(Some("DROP SUBSCRIPTION"), &["DROP SUBSCRIPTION a"]);
    check(
        Some("ALTER SUBSCRIPTION … REFRESH PUBLICATION"),
        &["ALTER SUBSCRIPTION a REFRESH PUBLICATION"],
    );
    check(
        Some("ALTER SUBSCRIPTION … SET PUBLICATION"),
        &["ALTER SUBSCRIPTION a SET PUBLICATION b"],
    );
    check(
        Some("ALTER SUBSCRIPTION … ADD PUBLICATION"),
        &["ALTER SUBSCRIPTION a ADD PUBLICATION b"],
    );
    check(
        Some("ALTER SUBSCRIPTION … DROP PUBLICATION"),
        &["ALTER SUBSCRIPTION a DROP PUBLICATION b"],
    );
    check(
        Some("ALTER SUBSCRIPTION … SET (failover)"),
        &["ALTER SUBSCRIPTION a SET (failover = true)"],
    );
    check(
        Some("DO … COMMIT"),
        &[
            "DO $$ BEGIN DELETE FROM a; COMMIT; END $$",
            "DO LANGUAGE plpgsql 'BEGIN COMMIT AND CHAIN; END'",
            "DO $a$ BEGIN rollback ; END $a$ LANGUAGE plpgsql",
        ],
    );
    check(Some("DISCARD ALL"), &["DISCARD ALL"]);
    check(Some("COMMIT PREPARED"), &["COMMIT PREPARED 'a'"]);
    check(Some("ROLLBACK PREPARED"), &["ROLLBACK PREPARED 'a'"]);
    check(
        None,
        &[
            "",
            "CREATE INDEX i ON a (x)",
            "CREATE INDEX \"concurrently\" ON a (x)",
            "DROP INDEX i",
            "REINDEX TABLE a",
            "REINDEX (CONCURRENTLY FALSE) TABLE a",
            "REINDEX (VERBOSE, CONCURRENTLY OFF) INDEX i",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
            "CLUSTER a",
            "CLUSTER VERBOSE a USING i",
            "CLUSTER (VERBOSE) a",
            "ALTER TABLE a DETACH PARTITION b",
            "ALTER TABLE a DETACH PARTITION b FINALIZE",
            "ALTER DATABASE a SET work_mem = '1MB'",
            "ALTER DATABASE a RENAME TO b",
            "ALTER TABLE a SET TABLESPACE b",
            "ALTER TYPE a ADD VALUE 'b'",
            "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (connect = false)",
            "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (create_slot = false)",
            "ALTER SUBSCRIPTION a SET PUBLICATION b WITH (refresh = false)",
            "ALTER SUBSCRIPTION a ENABLE",
            "DISCARD PLANS",
            "DO $$ BEGIN RAISE 'COMMIT;'; UPDATE a SET commit = 1; END $$",
            "DO $$ BEGIN EXECUTE $f$ CREATE PROCEDURE p() AS 'BEGIN COMMIT; END' $f$; END $$",
            "DO",
            "CALL a()",
            "ANALYZE",
            "COMMIT",
            "CREATE TABLE database (x int)",
            "SELECT 'VACUUM'",
            "ALTER TABLE a ADD b int; DETACH PARTITION b CONCURRENTLY",
        ],
    );
}

#[test]
fn scripts_whose_effect_waits_for_their_commit() {
    let check = |expected, scripts: &[&str]| {
        for script in scripts {
            assert_eq!(waits_for_commit(script, Postgres), expected, "{script}");
            assert!(!waits_for_commit(script, Sqlite), "{script}");
        }
    };
    check(
        true,
        &[
            "alter type s.mood add value if not exists 'ok' before 'sad';",
            "ALTER TABLE a ADD value int; ALTER TYPE \"mood\" ADD\n VALUE 'ok'",
            "DO $$ BEGIN EXECUTE 'ALTER TYPE mood ADD VALUE ''ok'''; END $$",
            "CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1",
            "CREATE TEMP TABLE a (x int) ON COMMIT\nDELETE ROWS",
        ],
    );
    check(
        false,
        &[
            "CREATE TYPE mood AS ENUM ('ok')",
            "ALTER TYPE mood RENAME VALUE 'ok' TO 'sad'",
            "ALTER TABLE a ADD value text, ALTER b TYPE text",
            "CREATE TEMP TABLE a (x int) ON COMMIT PRESERVE ROWS",
        ],
    );
}

#[test]
fn pragmas_that_switch_foreign_keys() {
    let check = |expected, statements: &[&str]| {
        for statement in statements {
            assert_eq!(
                foreign_keys_pragma(statement, Sqlite),
                expected,
                "{statement}"
            );
            assert!(!foreign_keys_pragma(statement, Postgres), "{statement}");
        }
    };
    check(
        true,
        &[
            "PRAGMA foreign_keys = OFF;",
            "pragma FOREIGN_KEYS=on",
            "PRAGMA foreign_keys(0)",
            "PRAGMA main.foreign_keys = 1",
            "PRAGMA 'foreign_keys' = off",
            "PRAGMA \"main\".`foreign_keys` = off",
            "/* a */ PRAGMA -- b\n foreign_keys /* c */ = OFF",
        ],
    );
    check(
        false,
        &[
            "PRAGMA foreign_keys;",
            "PRAGMA foreign_keys",
            "PRAGMA foreign_key_check(a)",
            "PRAGMA defer_foreign_keys = ON",
            "SELECT 1; PRAGMA foreign_keys = OFF",
            "SELECT foreign_keys FROM pragma_foreign_keys",
            "PRAGMA foreign_keys.journal_mode = WAL",
        ],
    );
}

#[test]
fn attaching() {
    for statement in [
        "ATTACH 'a.db' AS a",
        "attach database ? as a;",
        "/* */ATTACH\n'a' AS b",
    ] {
        assert!(attaches(statement, Sqlite), "{statement}");
        assert!(!attaches(statement, Postgres), "{statement}");
    }
    for statement in [
        "DETACH a",
        "SELECT 'ATTACH'",
        "CREATE TABLE attach (x)",
        "\"ATTACH\" x",
    ] {
        assert!(!attaches(statement, Sqlite), "{statement}");
    }
}

#[test]
fn commands_of_psql() {
    for (statement, expected) in [
        ("\\connect app\nSELECT 1;", Some("\\connect")),
        ("-- a\n  \\i b.sql", Some("\\i")),
        ("\\.\nSELECT 1;", Some("\\.")),
        ("SELECT 1 \\gexec", Some("\\gexec")),
        ("SELECT 1\\\\", Some("\\\\")),
        ("\\", Some("\\")),
        ("\\é\u{2003}x", Some("\\é\u{2003}x")),
        ("COPY a (b, c) FROM stdin;", Some("COPY … FROM STDIN")),
        (
            "COPY from FROM STDIN WITH (FORMAT csv)",
            Some("COPY … FROM STDIN"),
        ),
        ("copy (SELECT 1) to stdout", Some("COPY … TO STDOUT")),
        ("COPY a FROM '/stdin'", None),
        ("COPY a TO PROGRAM 'b'", None),
        ("SELECT '\\connect'", None),
        ("SELECT E'\\n', \"\\\", $$\\$$ -- \\\n /* \\ */", None),
        ("", None),
    ] {
        assert_eq!(psql_command(statement, Postgres), expected, "{statement}");
        assert_eq!(psql_command(statement, Sqlite), None, "{statement}");
    }
}
