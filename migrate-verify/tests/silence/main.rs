//! What must give no finding. An alarm without a cause costs more than one that is missing.

#[path = "../support/mod.rs"]
mod support;

mod features;
mod histories;
mod rebuilds;
mod rows;
mod running;

use migrate_source::Problem;
use support::{run, run_ups, run_with, strict, told};

/// Ups that nothing is wrong with.
#[track_caller]
pub(crate) fn check(ups: &[&str]) {
    assert_eq!(told(&run_ups(ups).findings), "");
}

/// Files that nothing is wrong with.
#[track_caller]
pub(crate) fn check_files(files: &[(&str, &str)]) {
    assert_eq!(told(&run(files).findings), "");
}

/// Files that nothing is wrong with but what these problems stand for, which are allowed.
#[track_caller]
pub(crate) fn check_allowing(problems: &[Problem], files: &[(&str, &str)]) {
    let mut options = strict();
    options.allow.extend(problems.iter().copied());
    assert_eq!(told(&run_with(&options, files, |_| {}).findings), "");
}

pub(crate) const USERS: &str =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT);";

pub(crate) const NOTES: &str = "CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  body TEXT
);";
