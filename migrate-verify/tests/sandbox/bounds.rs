//! Everything comes to an end.

use migrate_source::Problem;
use migrate_verify::Script;

use crate::run_scripts;
use crate::support::{run_ups, told};

#[track_caller]
fn check_stops(sql: &str, problem: Problem) {
    let findings =
        run_scripts(&[Script::new("a.sql", sql), Script::new("b.sql", "SELEKT 1;")]).findings;
    let problems: Vec<Problem> = findings.iter().map(|finding| finding.problem).collect();
    assert_eq!(
        problems,
        [problem, Problem::FailingUp],
        "{}",
        told(&findings)
    );
}

#[test]
fn endless_statements() {
    const ENDLESS: &str = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";
    check_stops(
        &format!("{ENDLESS} SELECT max(x) FROM n;"),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!("CREATE TABLE t (x); {ENDLESS} INSERT INTO t SELECT x FROM n;"),
        Problem::EndlessStatement,
    );
}

#[test]
fn large_values_and_databases() {
    check_stops(
        "CREATE TABLE t (x);\nINSERT INTO t VALUES (zeroblob(900000000));",
        Problem::EndlessStatement,
    );
    check_stops(
        "CREATE TABLE t (x);\nINSERT INTO t VALUES (randomblob(100000000));",
        Problem::EndlessStatement,
    );
    let many = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100)";
    check_stops(
        &format!("CREATE TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!(
            "PRAGMA temp.max_page_count = 99999999;\nCREATE TEMP TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"
        ),
        Problem::EndlessStatement,
    );
    check_stops(
        &format!(
            "PRAGMA max_page_count = 99999999; PRAGMA page_size = 65536;\nCREATE TABLE t (x);\n{many} INSERT INTO t SELECT zeroblob(20000000) FROM n;"
        ),
        Problem::EndlessStatement,
    );
}

#[test]
fn triggers_without_end_are_passed_over() {
    // Rows that are made up fire it, and nothing can be said.
    let findings = run_ups(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INT);
         CREATE TRIGGER g AFTER INSERT ON t BEGIN
           UPDATE t SET x = (WITH RECURSIVE n (y) AS (SELECT 1 UNION ALL SELECT y + 1 FROM n) SELECT max(y) FROM n);
         END;",
        "ALTER TABLE t ADD COLUMN z INT NOT NULL;",
        "SELEKT 1;",
    ])
    .findings;
    assert_eq!(
        told(&findings),
        "failing_up 0003_m.sql:1:1 near \"SELEKT\": syntax error"
    );
}

#[test]
fn deep_and_wide() {
    let deep = |depth: usize| format!("SELECT {}1{};", "(".repeat(depth), ")".repeat(depth));
    run_scripts(&[Script::new("a.sql", &deep(50))]);
    run_scripts(&[Script::new("a.sql", &deep(100_000))]);
    let chain = format!("SELECT 1{};", " + 1".repeat(100_000));
    run_scripts(&[Script::new("a.sql", &chain)]);
    let columns = |count: usize| {
        let columns: Vec<String> = (0..count)
            .map(|at| format!("c{at} TEXT NOT NULL"))
            .collect();
        format!("CREATE TABLE t ({});", columns.join(", "))
    };
    let most = run_scripts(&[
        Script::new("a.sql", &columns(2000)),
        Script::new(
            "b.sql",
            "CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        ),
    ]);
    assert_eq!(told(&most.findings), "");
    let more = run_scripts(&[Script::new("a.sql", &columns(2001))]);
    assert_eq!(
        told(&more.findings),
        "failing_up a.sql:1:1 too many columns on t"
    );
    let views: String = (1..=200)
        .map(|at| format!("CREATE VIEW v{at} AS SELECT * FROM v{};\n", at - 1))
        .collect();
    run_scripts(&[Script::new(
        "a.sql",
        &format!("CREATE TABLE v0 (x);\n{views}"),
    )]);
}

#[test]
fn long_scripts() {
    let insert = format!("INSERT INTO t VALUES ('{}');\n", "x".repeat(1000));
    let sql = format!("CREATE TABLE t (x TEXT);\n{}", insert.repeat(10_000));
    assert_eq!(
        told(&run_scripts(&[Script::new("a.sql", &sql)]).findings),
        ""
    );
    let comment = format!("CREATE TABLE t (x); /* {} */", "x".repeat(1_000_000));
    assert_eq!(
        told(&run_scripts(&[Script::new("a.sql", &comment)]).findings),
        ""
    );
}
