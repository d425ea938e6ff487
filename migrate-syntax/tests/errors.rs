//! What PostgreSQL would not understand: in which words it is told, and what must not be told.

use migrate_source::folder::{File, Folder};
use migrate_source::{Database, Finding, Options};
use migrate_syntax::syntax_errors;

fn found(sql: &str, database: Database) -> Vec<Finding> {
    let file = File {
        path: "0001_a.sql".into(),
        bytes: sql.as_bytes().to_vec(),
    };
    let options = Options::new(database);
    syntax_errors(&Folder::read(&[file], &options), &options)
}

/// Checks the only error of a script: `column message`, and the first cure.
#[track_caller]
fn check(sql: &str, message: &str, help: &str) {
    let findings = found(sql, Database::Postgres);
    assert_eq!(findings.len(), 1, "{sql}");
    let column = findings[0].place.as_ref().unwrap().column;
    assert_eq!(
        format!("{column} {}", findings[0].message),
        message,
        "{sql}"
    );
    assert_eq!(findings[0].help[0], help, "{sql}");
}

/// Checks that nothing is wrong with a script.
#[track_caller]
fn fine(sql: &str) {
    let texts = found(sql, Database::Postgres);
    let texts: Vec<String> = texts.iter().map(|finding| finding.render("")).collect();
    assert_eq!(texts, [] as [&str; 0], "{sql}");
}

const CORRECT: &str = "correct it: PostgreSQL would refuse the whole script";

#[test]
fn in_words() {
    check(
        "CREATE TABLE t (a text NOT NUL);",
        "28 syntax error at or near \"NUL\"",
        "expected here, for instance: `NULL`",
    );
    check(
        "ALTER TABEL t ADD a int;",
        "7 syntax error at or near \"TABEL\"",
        CORRECT,
    );
    check(
        "CREAT TABLE t (a int);",
        "1 syntax error at or near \"CREAT\"",
        CORRECT,
    );
    check(
        "DELETE t WHERE a = 1;",
        "8 syntax error at or near \"t\"",
        "expected here, for instance: `FROM`",
    );
    check(
        "SELECT a FROM t WHERE",
        "22 syntax error at end of input",
        "expected here, for instance: expression",
    );
    check(
        "SELECT a FROM t WHERE;",
        "22 syntax error at or near \";\"",
        "expected here, for instance: expression",
    );
    check(
        "CREATE TABLE `t` (a int);",
        "14 syntax error at or near \"`\"",
        "expected here, for instance: name",
    );
    check(
        "INSERT OR IGNORE INTO t VALUES (1);",
        "8 syntax error at or near \"OR\"",
        "expected here, for instance: `INTO`",
    );
    check("SELECT :a;", "8 syntax error at or near \":\"", CORRECT);
    check(
        "DECLARE c CURSOR FOR SELECT 1 INTO t;",
        "22 SELECT ... INTO is not allowed here",
        CORRECT,
    );
    check(
        "SELECT 'é', 1 AS a b FROM t;",
        "20 syntax error at or near \"b\"",
        CORRECT,
    );
}

#[test]
fn names_that_are_reserved() {
    for (sql, quoted) in [
        (
            "CREATE TABLE user (id int);",
            "if `user` is meant as a name, quote it: `\"user\"`",
        ),
        (
            "CREATE TABLE t (Order int);",
            "if `Order` is meant as a name, quote it: `\"order\"`",
        ),
        (
            "SELECT * FROM left;",
            "if `left` is meant as a name, quote it: `\"left\"`",
        ),
        ("CREATE TABLE `t` (a int);", "names are quoted by `\"`"),
    ] {
        assert_eq!(found(sql, Database::Postgres)[0].help[1], quoted, "{sql}");
    }
}

#[test]
fn one_of_each_statement_and_five_of_a_file() {
    let sql = "SELECT FROM WHERE a b c;\nSELECT 1;\n\nDROP x;\n";
    let lines = found(sql, Database::Postgres);
    let lines: Vec<u32> = lines
        .iter()
        .map(|f| f.place.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [1, 4]);
    let findings = found(&"DROP x;\n".repeat(7), Database::Postgres);
    assert_eq!(findings.len(), 5);
    assert_eq!(
        findings[4].help.last().unwrap(),
        "2 more statements of this file cannot be read either"
    );
}

#[test]
fn what_is_not_parsed() {
    fine("DO $$ BEGIN this is no SQL; END $$;");
    fine("DO 'this is no SQL';");
    fine("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELEC 1 $$;");
    fine("CREATE FUNCTION f() RETURNS int AS $f$ BEGIN RETRUN 1; END $f$ LANGUAGE plpgsql;");
    fine("-- migrate: unverified \"newer than the parser\"\nFROBNICATE t;");
    assert_eq!(found("CREAT TABLE t (a);", Database::Sqlite), []);
}

/// Each has a problem of its own.
#[test]
fn what_is_told_already() {
    fine("SELECT 'a;");
    fine("SELECT 1; /* a");
    fine("\\connect a\nSELECT 1;");
    fine("# a comment\nSELECT 1;");
}

/// What a server was seen to take.
#[test]
fn what_the_parser_takes_for_wrong() {
    fine("SET ROLE TO DEFAULT;");
    fine("SET LOCAL ROLE TO bob;");
    fine("ALTER STATISTICS IF EXISTS s SET STATISTICS 0;");
    fine("ALTER USER MAPPING FOR user SERVER s OPTIONS (SET a '1');");
}

#[test]
fn what_is_hard() {
    fine("CREATE TABLE p PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2024-01-01');");
    fine("ALTER TABLE t ATTACH PARTITION p DEFAULT;");
    fine("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;");
    fine("CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO l VALUES (1); NOTIFY t);");
    fine("CREATE INDEX i ON t USING hnsw (v vector_cosine_ops) WITH (m = 16);");
    fine("INSERT INTO t VALUES (E'it\\'s', U&'\\0061', B'1', X'F', $a$ ' $a$);");
    fine(
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING;",
    );
    fine("SELECT a -> 'b' #>> '{c,d}' @> '{}', a[1:2], (r).f, x IS NOT DISTINCT FROM y FROM t;");
    fine("CREATE TYPE mood AS ENUM (); ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok' BEFORE 'sad';");
    fine("GRANT SELECT ON ALL TABLES IN SCHEMA public TO bob WITH GRANT OPTION;");
}
