//! Every problem that only a parser finds, by its name: the smallest folder that shows it, under
//! `fixtures/`, and its text.

use std::path::Path;

use migrate_source::folder::disk;
use migrate_source::{Database, Options, Problem};
use migrate_syntax::syntax_errors;

/// Checks what the fixture of `problem` gives: findings of that problem only, and their texts.
#[track_caller]
fn check(problem: Problem, expected: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let listing = disk::list(&fixtures.join(problem.name())).unwrap();
    let options = Options::new(Database::Postgres);
    let folder = listing.read(&options);
    assert_eq!(folder.findings, []);
    let findings = syntax_errors(&folder, &options);
    assert!(findings.iter().all(|finding| finding.problem == problem));
    let texts: Vec<_> = findings.iter().map(|f| f.render("migrations")).collect();
    assert_eq!(texts.join("\n\n"), expected.trim_matches('\n'));
}

#[test]
fn syntax_error() {
    check(
        Problem::SyntaxError,
        r#"
syntax error at or near "user"
 --> migrations/0001_create_users.down.sql:1:12
  |
1 | DROP TABLE user;
  |            ^^^^
  = help: if `user` is meant as a name, quote it: `"user"`
  = help: if version 1 is in production already: `trust_through = 1` takes it as it is

syntax error at or near "NUL"
 --> migrations/0001_create_users.up.sql:1:58
  |
1 | CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NUL);
  |                                                          ^^^
  = help: expected here, for instance: `NULL`
  = help: if version 1 is in production already: `trust_through = 1` takes it as it is

syntax error at or near "TABEL"
 --> migrations/0001_create_users.up.sql:3:7
  |
3 | ALTER TABEL users ADD COLUMN email text;
  |       ^^^^^
  = help: correct it: PostgreSQL would refuse the whole script
  = help: if version 1 is in production already: `trust_through = 1` takes it as it is

syntax error at or near "name"
 --> migrations/0002_index.up.sql:3:23
  |
3 | CREATE INDEX ON users name);
  |                       ^^^^
  = help: expected here, for instance: `(`
"#,
    );
}
