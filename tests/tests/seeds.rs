//! The systems that are built on the library: each point of what they need has its test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tests that `docs/seeds.md` names, as `path::function`.
fn named() -> BTreeSet<String> {
    let page = read(&root().join("docs/seeds.md"));
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let tests = quoted.filter(|text| text.starts_with("tests/seeds/") && text.contains("::"));
    tests.map(str::to_owned).collect()
}

/// The tests that stand in the folders `tests` of the systems.
fn written() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for system in fs::read_dir(root().join("tests/seeds")).expect("the systems") {
        let system = system.expect("a system").path();
        let Ok(files) = fs::read_dir(system.join("tests")) else {
            continue;
        };
        for file in files {
            let file = file.expect("a file").path();
            if file.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = |part: &Path| {
                part.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            let path = format!("tests/seeds/{}/tests/{}", name(&system), name(&file));
            let text = read(&file);
            let attributes = text.split("#[test]").skip(1);
            for after in attributes {
                let function = after.split_once("fn ").map_or("", |(_, rest)| rest);
                let function = function.split('(').next().unwrap_or_default();
                // A test may itself hold the text of a test.
                if function.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    tests.insert(format!("{path}::{function}"));
                }
            }
        }
    }
    tests
}

#[test]
fn every_point_has_its_test_and_every_test_its_point() {
    let (named, written) = (named(), written());
    let gone: Vec<_> = named.difference(&written).collect();
    let unnamed: Vec<_> = written.difference(&named).collect();
    assert!(
        gone.is_empty(),
        "docs/seeds.md names tests that are not there: {gone:#?}"
    );
    assert!(
        unnamed.is_empty(),
        "docs/seeds.md lacks these tests: {unnamed:#?}"
    );
    assert!(!named.is_empty());
}

#[test]
fn every_point_names_a_test() {
    let page = read(&root().join("docs/seeds.md"));
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let is_heading =
            cells[0].starts_with("**") || cells[1..] == ["test"] || cells[0].starts_with("---");
        let has_test = row.contains("::");
        assert!(is_heading || has_test, "no test for: {row}");
    }
}
