//! Folders written as pairs of names and texts, and what running them tells as one text.

#![allow(dead_code, reason = "each test file uses some of it")]

use migrate_source::folder::{File, Folder};
use migrate_source::{Database, Finding, Options};
use migrate_verify::{Set, Verified, verify};

/// Reads files for SQLite.
pub(crate) fn read(options: &Options, files: &[(&str, &str)]) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().into(),
    };
    Folder::read(&files.iter().map(file).collect::<Vec<_>>(), options)
}

/// Nothing relaxed.
pub(crate) fn strict() -> Options {
    Options::new(Database::Sqlite)
}

/// Runs files that nothing is wrong with as long as they are only read.
#[track_caller]
pub(crate) fn run(files: &[(&str, &str)]) -> Verified {
    run_with(&strict(), files, |_| {})
}

/// The same, with options, and with a set that is changed by hand.
#[track_caller]
pub(crate) fn run_with(
    options: &Options,
    files: &[(&str, &str)],
    change: impl FnOnce(&mut Set<'_>),
) -> Verified {
    let folder = read(options, files);
    assert_eq!(told(&folder.findings), "", "found by reading");
    let mut set = Set::of_folder(&folder, options);
    change(&mut set);
    verify(&set, None).expect("a set is never an error")
}

/// Ups alone, as files `0001_m.sql`, `0002_m.sql`, …
#[track_caller]
pub(crate) fn run_ups(ups: &[&str]) -> Verified {
    let names: Vec<String> = (1..=ups.len())
        .map(|number| format!("{number:04}_m.sql"))
        .collect();
    let names = names.iter().map(String::as_str);
    run(&names.zip(ups.iter().copied()).collect::<Vec<_>>())
}

/// A line for each finding: `failing_up 0002_m.sql:1:7 near "TABEL": syntax error`.
pub(crate) fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let place = finding.place.as_ref();
        let place = place.map(|p| format!(" {}:{}:{}", p.path, p.line, p.column));
        let place = place.unwrap_or_default();
        format!("{}{place} {}", finding.problem, finding.message)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
