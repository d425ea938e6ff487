//! Cases that other projects wrote: what atlas and goose make of a script, we make of it, too.
//!
//! They are not part of this repository. `MIGRATE_SHARED` names the folder that holds their folder
//! `conformance`; it is `../shared` beside the repository otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_source::Database::{self, Postgres};
use migrate_source::Mode;
use migrate_source::directive::Directives;
use migrate_source::sql::{Goose, Statement, TokenKind, statements, tokens};

fn folder(name: &str) -> PathBuf {
    let shared = std::env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    shared.join("conformance").join(name)
}

/// The files in a folder whose names end with `end`, in order. There must be `count` of them.
fn files(folder: &Path, end: &str, count: usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(end)))
        .collect();
    files.sort();
    assert_eq!(files.len(), count, "{folder:?}: {files:?}");
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// What stands between `-- +goose Up` and `-- +goose Down`.
fn up_part(script: &str) -> &str {
    let marker = |searched| {
        tokens(script, Postgres)
            .find(|one| one.kind == TokenKind::LineComment && Goose::of(one.text) == Some(searched))
    };
    let up = marker(Goose::Up).expect("an up marker");
    let end = marker(Goose::Down).map_or(script.len(), |down| down.offset);
    &script[up.end()..end]
}

fn texts<'a>(statements: &[Statement<'a>]) -> Vec<&'a str> {
    statements.iter().map(|statement| statement.text).collect()
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn atlas_splits_alike() {
    for path in files(&folder("atlas"), ".sql", 5) {
        let golden = read(&path.with_extension("sql.golden"));
        let expected: Vec<_> = golden.split("\n-- end --\n").collect();
        let script = read(&path);
        assert_eq!(texts(&statements(&script, Postgres)), expected, "{path:?}");
    }
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn goose_splits_alike() {
    let cases = files(&folder("goose/valid-up"), "", 6);
    for (case, count) in cases.iter().zip([3, 1, 1, 3, 2, 5]) {
        let golden: Vec<_> = files(case, ".up.golden.sql", count)
            .iter()
            .map(|path| read(path))
            .collect();
        let script = read(&case.join("input.sql"));
        let found = statements(up_part(&script), Postgres);
        assert_eq!(texts(&found), golden, "{case:?}");
        assert!(
            found.iter().all(|statement| statement.terminated),
            "{case:?}"
        );
    }
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn what_goose_refuses_is_not_terminated() {
    for path in files(&folder("goose/invalid/up"), ".sql", 4) {
        let script = read(&path);
        let found = statements(up_part(&script), Postgres);
        assert!(
            found.iter().any(|statement| !statement.terminated),
            "{path:?}"
        );
    }
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn goose_transactions_are_read_alike() {
    let paths = files(&folder("goose/valid-txn"), ".sql", 3);
    let expected = [
        (2, Mode::Transaction),
        (1, Mode::Transaction),
        (1, Mode::NoTransaction),
    ];
    for (path, expected) in paths.iter().zip(expected) {
        for &database in Database::ALL {
            let script = read(path);
            let (directives, misread) = Directives::read(&script, database);
            let found = statements(up_part(&script), database);
            assert_eq!((found.len(), directives.mode), expected, "{path:?}");
            assert_eq!(misread, [], "{path:?}");
        }
    }
}
