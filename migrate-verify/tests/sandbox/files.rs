//! Nothing gets into a file.

use std::fs;
use std::path::Path;

use migrate_verify::{Body, Code, Migration, Set, verify};

use crate::check_both;
use crate::support::{strict, told};

/// Checks that a statement with `FILE` in it makes no such file, and gives these findings.
#[track_caller]
fn check_no_file(sql: &str, in_transaction: &str, without: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("evil.db");
    let sql = sql.replace("FILE", file.to_str().expect("UTF-8"));
    check_both(&sql, in_transaction, without);
    let files: Vec<_> = fs::read_dir(folder.path()).expect("read").collect();
    assert!(files.is_empty(), "{files:?}");
}

#[test]
fn attached_files() {
    check_no_file("ATTACH 'FILE' AS e; CREATE TABLE e.t (x);", "", "");
    check_no_file(
        "ATTACH DATABASE 'file:FILE?mode=rwc' AS e; CREATE TABLE e.t (x);",
        "",
        "",
    );
    check_no_file("ATTACH 'FI' || 'LE' AS e; CREATE TABLE e.t (x);", "", "");
    check_no_file(
        "/* x */ ATTACH ('FILE') AS e; CREATE TABLE e.t (x);",
        "",
        "",
    );
    check_no_file("ATTACH (SELECT 'FILE') AS e;", "", "");
    check_no_file("ATTACH '' AS e; CREATE TABLE e.t (x);", "", "");
}

#[test]
fn files_attached_by_code() {
    let code = Code {
        path: "a.rs",
        revision: 0,
        changes_schema: true,
        run: Some(|db| {
            Ok(db.execute_batch("ATTACH 'attached_by' || '_code.db' AS e; CREATE TABLE e.t (x)")?)
        }),
    };
    let set = Set {
        migrations: vec![Migration {
            version: 1,
            up: Body::Code(code),
            down: None,
        }],
        repeatables: Vec::new(),
        seed: None,
        options: strict(),
        is_incomplete: false,
    };
    let findings = verify(&set, None)
        .expect("a set is never an error")
        .findings;
    let exists = Path::new("attached_by_code.db").exists();
    let _ = fs::remove_file("attached_by_code.db");
    assert_eq!(
        (told(&findings).as_str(), exists),
        ("failing_up a.rs:1:1 not authorized", false)
    );
}

#[test]
fn copies_of_the_database() {
    let inside = "failing_up a.sql:1:1 cannot VACUUM from within a transaction";
    check_no_file("VACUUM INTO 'FILE';", inside, "");
    check_no_file("VACUUM main INTO 'FI' || 'LE';", inside, "");
    check_no_file("VACUUM;", inside, "");
}

#[test]
fn extensions_and_functions_of_the_shell() {
    check_no_file("SELECT load_extension('FILE');", "", "");
    check_no_file(
        "SELECT writefile('FILE', 'x');",
        "failing_up a.sql:1:8 no such function: writefile",
        "failing_up a.sql:1:8 no such function: writefile",
    );
}

#[test]
fn settings_that_name_a_folder() {
    check_no_file("PRAGMA temp_store_directory = 'FILE';", "", "");
    check_no_file("PRAGMA data_store_directory = 'FILE';", "", "");
}

#[test]
fn temporary_tables_stay_in_memory() {
    check_both(
        "PRAGMA temp_store = FILE;
         PRAGMA journal_mode = DELETE;
         CREATE TEMP TABLE t AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000)
           SELECT randomblob(500) AS b FROM n;
         CREATE INDEX temp.i ON t (b);
         DROP TABLE t;",
        "",
        "",
    );
}
