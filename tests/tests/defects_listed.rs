//! The page of what goes wrong elsewhere: each row names tests that are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rows() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/defects.md")).expect("docs/defects.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    // The first row of each table names its columns.
    rows.filter(|row| !row.ends_with("| on SQLite | on PostgreSQL |") && !row.ends_with("| test |"))
        .map(str::to_owned)
        .collect()
}

/// The tests that a row names, as `path::function`.
fn tests_of(row: &str) -> BTreeSet<String> {
    let quoted = row.split('`').skip(1).step_by(2);
    let tests = quoted.filter(|text| text.contains(".rs::"));
    tests.map(str::to_owned).collect()
}

/// Whether a file has this test: a function behind `#[test]`, or a case of the contract.
fn is_there(test: &str) -> bool {
    let (path, function) = test.split_once("::").expect("`path::function`");
    let text = fs::read_to_string(root().join(path)).unwrap_or_default();
    let case = format!("pub fn {function}<D: TestDatabase>()");
    let is_case = path.starts_with("tests/src/contract/") && text.contains(&case);
    let mut functions = text.split("#[test]").skip(1);
    let begins = format!("fn {function}(");
    // Other attributes may stand in between.
    is_case
        || functions.any(|rest| {
            rest.split_once("fn ")
                .is_some_and(|(head, _)| rest[head.len()..].starts_with(&begins))
        })
}

#[test]
fn every_row_names_a_test_and_every_test_is_there() {
    let mut wrong = Vec::new();
    for row in rows() {
        let tests = tests_of(&row);
        if tests.is_empty() {
            wrong.push(row.clone());
        }
        wrong.extend(tests.into_iter().filter(|test| !is_there(test)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_number_has_its_row() {
    let rows = rows();
    let number = |row: &String| row.strip_prefix("| E")?.split(' ').next()?.parse().ok();
    let numbers: Vec<u32> = rows.iter().filter_map(number).collect();
    assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
}

/// A test that has a number is in the row of that number.
#[test]
fn every_test_with_a_number_is_named() {
    let rows = rows();
    let files = [
        "tests/defects.rs",
        "tests/defects_postgres.rs",
        "tests/rebuild.rs",
    ];
    let processes = ["crashes.rs", "races.rs", "server_races.rs"];
    let processes = processes.map(|file| format!("tests/processes/{file}"));
    let mut missing = Vec::new();
    for file in files.into_iter().map(str::to_owned).chain(processes) {
        let path = format!("tests/{file}");
        let text = fs::read_to_string(root().join(&path)).expect("a file of tests");
        for function in text.split("\nfn e").skip(1) {
            let function = format!("e{}", function.split('(').next().unwrap_or_default());
            let digits: String = function[1..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let Ok(number) = digits.parse::<u32>() else {
                continue;
            };
            let row = rows
                .iter()
                .find(|row| row.starts_with(&format!("| E{number} |")));
            let test = format!("{path}::{function}");
            if !row.is_some_and(|row| tests_of(row).contains(&test)) {
                missing.push(test);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
