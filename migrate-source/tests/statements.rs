//! Where the statements of a script begin and end.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::sql::statements;

const BOTH: &[Database] = Database::ALL;

/// Checks the statements of `script`. One that has no end is marked by a trailing `…`.
#[track_caller]
fn check(databases: &[Database], script: &str, expected: &[&str]) {
    for &database in databases {
        let found = statements(script, database);
        for statement in &found {
            let end = statement.offset + statement.text.len();
            assert_eq!(
                &script[statement.offset..end],
                statement.text,
                "{database}: {script:?}"
            );
        }
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{}{}", one.text, if one.terminated { "" } else { "…" }))
            .collect();
        assert_eq!(found, expected, "{database}: {script:?}");
    }
}

/// Checks that `script` is one statement, also between two others.
#[track_caller]
fn check_one(databases: &[Database], script: &str) {
    check(databases, script, &[script]);
    check(
        databases,
        &format!("SELECT 0; {script}\nSELECT 1;"),
        &["SELECT 0;", script, "SELECT 1;"],
    );
}

#[test]
fn a_semicolon_ends_a_statement() {
    check(BOTH, "", &[]);
    check(BOTH, "SELECT 1;", &["SELECT 1;"]);
    check(BOTH, "SELECT 1;SELECT 2 ;\n", &["SELECT 1;", "SELECT 2 ;"]);
    check(BOTH, "\u{feff}SELECT 1;", &["SELECT 1;"]);
    check(BOTH, "SELECT (1; SELECT 2);", &["SELECT (1;", "SELECT 2);"]);
}

#[test]
fn the_last_one_may_lack_its_semicolon() {
    check(BOTH, "SELECT 1; SELECT 2", &["SELECT 1;", "SELECT 2…"]);
    check(BOTH, "SELECT 1 -- the end\n", &["SELECT 1…"]);
    check(BOTH, "SELECT 'a; b", &["SELECT 'a; b…"]);
    check(BOTH, "SELECT 1 /* ; ", &["SELECT 1…"]);
}

#[test]
fn empty_statements_are_none() {
    for script in [";", ";;", " ; -- a\n ; ", "-- a", "/* a; */;", "# a;\n;"] {
        check(BOTH, script, &[]);
    }
    check(BOTH, ";SELECT 1;;SELECT 2;;", &["SELECT 1;", "SELECT 2;"]);
}

#[test]
fn comments_inside_are_part_of_it_and_those_around_are_not() {
    let script = "-- one\nSELECT /* 1; */ 1 -- two;\n, 2 /* ; */; -- three\n# four;\nSELECT 3;";
    check(
        BOTH,
        script,
        &["SELECT /* 1; */ 1 -- two;\n, 2 /* ; */;", "SELECT 3;"],
    );
}

#[test]
fn quotes_protect_a_semicolon() {
    check_one(BOTH, "SELECT 'a;b', \"c;d\", 'it''s; e';");
    check_one(&[Sqlite], "SELECT [a;b], `c;d`;");
    check_one(
        &[Postgres],
        r"SELECT E'a\';b', U&'c;d', $$ ; $$, $a$ $$; $a$;",
    );
    check_one(&[Postgres], "DO $$ BEGIN PERFORM 1; END $$;");
}

#[test]
fn trigger_bodies_of_sqlite() {
    check_one(
        &[Sqlite],
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;",
    );
    check_one(
        &[Sqlite],
        "create temp trigger t after insert on a begin select 1; select 2; end;",
    );
    check_one(
        &[Sqlite],
        "CREATE TEMPORARY TRIGGER IF NOT EXISTS t DELETE ON a BEGIN SELECT 1; END ;",
    );
    check_one(
        &[Sqlite],
        "CREATE /* ; */ TRIGGER t INSERT ON a BEGIN -- ;\n SELECT 1; -- END;\n END -- ;\n;",
    );
    check_one(
        &[Sqlite],
        "EXPLAIN QUERY PLAN CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END;",
    );
    let two = "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END;";
    check(&[Sqlite], &two.repeat(2), &[two, two]);
}

#[test]
fn cases_in_a_trigger_body() {
    check_one(
        &[Sqlite],
        "CREATE TRIGGER t UPDATE ON a WHEN CASE new.x WHEN 1 THEN 0 ELSE 1 END
         BEGIN
             UPDATE b SET x = CASE WHEN y THEN CASE z WHEN 1 THEN 2 END ELSE 3 END;
             SELECT CASE 1 WHEN 1 THEN 2 END;
         END;",
    );
}

#[test]
fn names_that_look_like_the_ends_of_a_trigger() {
    check_one(
        &[Sqlite],
        "CREATE TRIGGER \"begin\" UPDATE OF \"end\" ON [case] BEGIN SELECT 1; END;",
    );
    check_one(
        &[Sqlite],
        "CREATE TRIGGER t UPDATE OF begin, end ON a BEGIN SELECT 1; SELECT 2; END;",
    );
    check_one(
        &[Sqlite],
        "CREATE TRIGGER t UPDATE ON a WHEN CASE 1 WHEN new.end THEN new.begin END
         BEGIN UPDATE a SET x = NEW.end; SELECT NEW.case, [end], \"end\", `end`; SELECT 'end'; END;",
    );
}

#[test]
fn a_trigger_without_a_body_ends_at_its_semicolon() {
    check(
        &[Sqlite],
        "CREATE TRIGGER t INSERT ON a; SELECT 1;",
        &["CREATE TRIGGER t INSERT ON a;", "SELECT 1;"],
    );
    check_one(
        &[Postgres],
        "CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f();",
    );
    check_one(
        &[Postgres],
        "CREATE OR REPLACE TRIGGER begin AFTER INSERT ON a EXECUTE FUNCTION f();",
    );
}

#[test]
fn other_statements_have_no_body() {
    let words = ["CREATE TABLE begin (x);", "BEGIN;", "SELECT 1;", "END;"];
    check(BOTH, &words.join(" "), &words);
    let words = [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;",
        "END;",
    ];
    check(&[Sqlite], &words.join(" "), &words);
    let words = ["CREATE TRIGGER t INSERT ON a BEGIN SELECT 1;", "END;"];
    check(&[Postgres], &words.join(" "), &words);
}

#[test]
fn atomic_bodies_of_postgres() {
    check_one(
        &[Postgres],
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
    );
    check_one(
        &[Postgres],
        "create or replace procedure p() begin atomic select 1; end;",
    );
    check_one(
        &[Postgres],
        "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC END;",
    );
    check_one(
        &[Postgres],
        "CREATE FUNCTION f() RETURNS int BEGIN /* ; */ ATOMIC SELECT 1; -- a\n END;",
    );
    check_one(
        &[Postgres],
        "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC
             SELECT CASE WHEN x > 0 THEN CASE x WHEN 1 THEN 2 END ELSE atomic END FROM a;
             SELECT $1.end, a.end, 1 AS \"end\", x end FROM b;
         END;",
    );
    check_one(&[Postgres], "CREATE FUNCTION begin() RETURNS int RETURN 1;");
    check_one(
        &[Postgres],
        "CREATE FUNCTION f() RETURNS int AS 'BEGIN ATOMIC; ' LANGUAGE sql;",
    );
}

#[test]
fn rules_of_postgres() {
    check_one(
        &[Postgres],
        "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c;);",
    );
    check_one(
        &[Postgres],
        "CREATE OR REPLACE RULE r AS ON UPDATE TO a WHERE f(1) DO (SELECT (1); SELECT f(2));",
    );
    check_one(
        &[Postgres],
        "CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING;",
    );
    check(
        &[Postgres],
        "CREATE RULE r AS ON DELETE TO a DO (SELECT 1)); SELECT 2;",
        &[
            "CREATE RULE r AS ON DELETE TO a DO (SELECT 1));",
            "SELECT 2;",
        ],
    );
}

#[test]
fn a_body_that_never_ends_takes_the_rest() {
    let script = "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; SELECT 2;";
    check(&[Sqlite], script, &[&format!("{script}…")]);
    let script = "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2;";
    check(&[Postgres], script, &[&format!("{script}…")]);
}

#[test]
fn a_goose_block_is_one_statement() {
    check(
        BOTH,
        "SELECT 0;
-- +goose StatementBegin

-- left out
SELECT 1; /* kept */ SELECT 2
-- kept, too

-- +goose StatementEnd
SELECT 3;",
        &[
            "SELECT 0;",
            "SELECT 1; /* kept */ SELECT 2\n-- kept, too",
            "SELECT 3;",
        ],
    );
    check(
        BOTH,
        "--+goose statementbegin\nA;B;\n--  +goose  STATEMENTEND\r\nC",
        &["A;B;", "C…"],
    );
}

#[test]
fn goose_blocks_that_are_odd() {
    let begin = "\n-- +goose StatementBegin\n";
    let end = "\n-- +goose StatementEnd\n";
    check(BOTH, &format!("{begin}{end}A;"), &["A;"]);
    check(BOTH, &format!("{begin};;{end}A;"), &["A;"]);
    check(BOTH, &format!("{begin}-- a{end}A;"), &["A;"]);
    check(BOTH, &format!("A{begin}B;{end}C"), &["A…", "B;", "C…"]);
    check(BOTH, &format!("{begin}A;B; -- c"), &["A;B; -- c…"]);
    check(BOTH, &format!("A;{end}B;"), &["A;", "B;"]);
    check(BOTH, &format!("A {end} B;"), &[&format!("A {end} B;")]);
    check(
        BOTH,
        &format!("{begin}A;{begin}B;{end}C;"),
        &[&format!("A;{begin}B;"), "C;"],
    );
    check(
        BOTH,
        &format!("SELECT '{begin}'; A;"),
        &[&format!("SELECT '{begin}';"), "A;"],
    );
    check(BOTH, "/*\n-- +goose StatementBegin\n*/A;B;", &["A;", "B;"]);
}
