//! Every problem, by its name: the smallest folder that shows it, under `fixtures/`, and its text.

#![cfg(feature = "folder")]

use std::fs;
use std::path::{Path, PathBuf};

use migrate_source::Database;
use migrate_source::folder::{File, Finding, Folder, Options, Problem, disk};

/// Checks what the fixture of `problem` gives: findings of that problem only, and their texts.
#[track_caller]
fn check(problem: Problem, expected: &str) {
    let listing = disk::list(&fixture(problem)).unwrap();
    check_folder(problem, &listing.read(&options(problem)), expected);
}

#[track_caller]
fn check_folder(problem: Problem, folder: &Folder, expected: &str) {
    let others = folder.findings.iter().filter(|f| f.problem != problem);
    assert_eq!(others.collect::<Vec<_>>(), [] as [&Finding; 0]);
    let findings = folder.findings.iter();
    let texts: Vec<_> = findings.map(|f| f.render("migrations")).collect();
    assert_eq!(texts.join("\n\n"), expected.trim_matches('\n'));
}

fn fixture(problem: Problem) -> PathBuf {
    let fixtures = match (problem.needs_running(), problem.needs_parsing()) {
        _ if problem.needs_server() => on_a_server().join("fixtures"),
        (true, _) => running().join("fixtures"),
        (_, true) => parsing().join("fixtures"),
        _ => fixtures(),
    };
    fixtures.join(problem.name())
}

/// The tests of the crate that parses the SQL of migrations.
fn parsing() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-syntax/tests")
}

/// The tests of the crate that runs migrations.
fn running() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-verify/tests")
}

/// The tests of the tool that runs migrations on a server.
fn on_a_server() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cargo-migrate/tests")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn options(problem: Problem) -> Options {
    let mut options = Options::new(match problem {
        Problem::UnterminatedDollarQuote
        | Problem::PsqlCommand
        | Problem::UnnamedIndex
        | Problem::PartlyAsync
        | Problem::MixedDrivers => Database::Postgres,
        _ => Database::Sqlite,
    });
    if problem == Problem::TrustBeyondNewest {
        options.trust_through = 57;
    }
    options
}

/// A copy of the fixture, for what not every file system can hold.
#[cfg(unix)]
fn copy_of(problem: Problem) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(problem.name());
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).unwrap();
    for file in disk::list(&fixture(problem)).unwrap().files {
        fs::write(copy.join(file.path), file.bytes).unwrap();
    }
    copy
}

#[test]
fn missing_folder() {
    let fixture = fixture(Problem::MissingFolder);
    let missing = fixture.join("migrations");
    let error = disk::list(&missing).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(disk::nearest(&missing), Some(fixture.join("migration")));
    assert_eq!(
        Finding::missing_folder("app/migrations", Some("app/migration")).render(""),
        "the folder `app/migrations` does not exist
  = help: there is a folder `app/migration`",
    );
    assert_eq!(
        Finding::missing_folder("app/migrations", None).render(""),
        "the folder `app/migrations` does not exist
  = help: the path is relative to the folder of the package's Cargo.toml",
    );
}

#[test]
fn absolute_path() {
    assert_eq!(
        Finding::absolute_path("/srv/app/migrations").render(""),
        "`/srv/app/migrations` is an absolute path
  = help: name the folder relative to the package's Cargo.toml: `migrations`",
    );
}

#[test]
fn outside_package() {
    assert_eq!(
        Finding::outside_package("../migrations").render(""),
        "the folder `../migrations` is outside the package
  = help: move it below the package's Cargo.toml: `cargo package` leaves it out where it is
  = help: a package that is never published may say `allow(outside_package)`",
    );
}

#[test]
fn empty_folder() {
    check(
        Problem::EmptyFolder,
        r#"
the folder holds no migration
  = help: add the first one: `0001_what_it_does.up.sql`
  = help: or allow it in the whole folder: `allow(empty_folder)`
"#,
    );
}

#[test]
fn mixed_layouts() {
    check(
        Problem::MixedLayouts,
        r#"
this file has the layout `one file`, but `0001_create_users.up.sql` has `plain`
 --> migrations/0003_add_email.sql:1:1
  = help: keep to one layout in a folder; the versions can stay
"#,
    );
}

#[test]
#[cfg(unix)]
fn unreadable_file() {
    let dir = copy_of(Problem::UnreadableFile);
    std::os::unix::fs::symlink("nowhere.sql", dir.join("0002_create_posts.sql")).unwrap();
    let listing = disk::list(&dir).unwrap();
    check_folder(
        Problem::UnreadableFile,
        &listing.read(&options(Problem::UnreadableFile)),
        r#"
`0002_create_posts.sql` cannot be read: the link leads nowhere
 --> migrations/0002_create_posts.sql:1:1
  = help: put a file in its place, or remove it
"#,
    );
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn name_not_utf8() {
    use std::os::unix::ffi::OsStrExt;

    let dir = copy_of(Problem::NameNotUtf8);
    let name = std::ffi::OsStr::from_bytes(b"0002_caf\xe9.sql");
    fs::write(dir.join(name), "SELECT 1;").unwrap();
    let listing = disk::list(&dir).unwrap();
    check_folder(
        Problem::NameNotUtf8,
        &listing.read(&options(Problem::NameNotUtf8)),
        r#"
the name `0002_caf�.sql` is not UTF-8
 --> migrations/0002_caf�.sql:1:1
  = help: rename the file
"#,
    );
}

#[test]
fn trust_beyond_newest() {
    check(
        Problem::TrustBeyondNewest,
        r#"
`trust_through = 57` is above the newest version, 1
  = help: name the last version that is in production, at most `trust_through = 1`
"#,
    );
}

#[test]
fn unknown_file() {
    check(
        Problem::UnknownFile,
        r#"
`schema.txt` is no migration
 --> migrations/schema.txt:1:1
  = help: move it out of the folder, or begin its name with a dot; notes may end in `.md`
  = help: or allow it in the whole folder: `allow(unknown_file)`
"#,
    );
}

#[test]
fn near_miss() {
    check(
        Problem::NearMiss,
        r#"
`0002-add_email.SQL` is not quite the name of a migration
 --> migrations/0002-add_email.SQL:1:1
  = help: rename it to `0002_add_email.sql`
"#,
    );
}

#[test]
fn no_number() {
    check(
        Problem::NoNumber,
        r#"
`create_users.sql` does not begin with a number
 --> migrations/create_users.sql:1:1
  = help: begin with its version: `0001_create_users.sql`
"#,
    );
}

#[test]
fn version_zero() {
    check(
        Problem::VersionZero,
        r#"
`0000_create_users.sql` has version 0, which means a database without any migration
 --> migrations/0000_create_users.sql:1:1
  = help: number the migrations from 0001 on
"#,
    );
}

#[test]
fn version_overflow() {
    check(
        Problem::VersionOverflow,
        r#"
the version of `99999999999999999999_create_users.sql` is greater than 9223372036854775807, the greatest there is
 --> migrations/99999999999999999999_create_users.sql:1:1
  = help: shorten the number; a timestamp has 14 digits: `20240131120000`
"#,
    );
}

#[test]
fn duplicate_version() {
    check(
        Problem::DuplicateVersion,
        r#"
version 2 has two ups: `0002_add_email.sql` and `0002_create_posts.sql`
 --> migrations/0002_create_posts.sql:1:1
  = help: give the newer one the next number: 3
  = help: if `0002_create_posts.sql` is the newer one: `cargo migrate renumber 0002_create_posts.sql`
"#,
    );
}

#[test]
fn duplicate_repeatable() {
    let fixture = fixture(Problem::DuplicateRepeatable);
    let mut files = disk::list(&fixture).unwrap().files;
    files.push(File {
        path: "R__Views.sql".into(),
        bytes: b"DROP VIEW IF EXISTS two;".into(),
    });
    check_folder(
        Problem::DuplicateRepeatable,
        &Folder::read(&files, &options(Problem::DuplicateRepeatable)),
        r#"
`R__Views.sql` and `R__views.sql` have the same name
 --> migrations/R__views.sql:1:1
  = help: rename one of them: upper and lower case make no difference
"#,
    );
}

#[test]
fn gap() {
    check(
        Problem::Gap,
        r#"
version 2 is missing between `0001_create_users.sql` and `0003_create_posts.sql`
 --> migrations/0003_create_posts.sql:1:1
  = help: bring the missing file back, or renumber this one to 2
  = help: a history that has gaps for good says `allow(gap)`
"#,
    );
}

#[test]
fn orphan_down() {
    check(
        Problem::OrphanDown,
        r#"
there is no up of version 2
 --> migrations/0002_create_posts.down.sql:1:1
  = help: bring the up back, or delete this down
  = help: or allow it in the whole folder: `allow(orphan_down)`
"#,
    );
}

#[test]
fn name_mismatch() {
    check(
        Problem::NameMismatch,
        r#"
the up of version 1 is called `create_users`, not `create_user`
 --> migrations/0001_create_user.down.sql:1:1
  = help: give both the same name
  = help: or allow it in the whole folder: `allow(name_mismatch)`
"#,
    );
}

#[test]
fn invalid_metadata() {
    check(
        Problem::InvalidMetadata,
        r#"
`run_in_transacton` is not understood here
 --> migrations/2024-01-31-120000_create_users/metadata.toml:2:1
  |
2 | run_in_transacton = true
  | ^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write `run_in_transaction = false` or `run_in_transaction = true`
"#,
    );
}

#[test]
fn not_utf8() {
    check(
        Problem::NotUtf8,
        r#"
the byte 0xE9 is not UTF-8 here
 --> migrations/0001_create_users.sql:2:39
  |
2 | INSERT INTO users (name) VALUES ('Andr�');
  |                                       ^
  = help: save the file as UTF-8
"#,
    );
}

#[test]
fn nul_byte() {
    check(
        Problem::NulByte,
        r#"
there is a NUL byte here
 --> migrations/0001_create_users.sql:1:36
  |
1 | INSERT INTO users (name) VALUES ('a�b');
  |                                    ^
  = help: remove it: no database reads beyond it
  = help: a file full of them is UTF-16: save it as UTF-8
"#,
    );
}

#[test]
fn empty_up() {
    check(
        Problem::EmptyUp,
        r#"
this up does nothing
 --> migrations/0001_create_users.sql:1:1
  = help: write its SQL here
  = help: if it does nothing on purpose, say why in a comment
  = help: or allow it in the whole folder: `allow(empty_up)`
"#,
    );
}

#[test]
fn empty_down() {
    check(
        Problem::EmptyDown,
        r#"
this down does nothing
 --> migrations/0001_create_users.down.sql:1:1
  = help: write its SQL here
  = help: if it does nothing on purpose, say why in a comment
  = help: without a down, leave it out, or write `-- migrate: irreversible` in the up
  = help: or allow it in the whole folder: `allow(empty_down)`
"#,
    );
}

#[test]
fn unterminated_string() {
    check(
        Problem::UnterminatedString,
        r#"
this string is not closed
 --> migrations/0001_create_users.sql:2:34
  |
2 | INSERT INTO users (name) VALUES ('Andrea);
  |                                  ^^^^^^^^^
  = help: close it with `'`; a `'` inside a string is written twice
"#,
    );
}

#[test]
fn unterminated_name() {
    check(
        Problem::UnterminatedName,
        r#"
this quoted name is not closed
 --> migrations/0001_create_users.sql:1:14
  |
1 | CREATE TABLE "users (id INTEGER PRIMARY KEY);
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: close it with the quote that opens it
"#,
    );
}

#[test]
fn unterminated_comment() {
    check(
        Problem::UnterminatedComment,
        r#"
this comment is not closed
 --> migrations/0001_create_users.sql:1:1
  |
1 | /* Users of the shop
  | ^^^^^^^^^^^^^^^^^^^^
  = help: close it with `*/`
"#,
    );
}

#[test]
fn unterminated_dollar_quote() {
    check(
        Problem::UnterminatedDollarQuote,
        r#"
this dollar-quoted string is not closed
 --> migrations/0001_create_users.sql:1:4
  |
1 | DO $body$
  |    ^^^^^^
  = help: close it with the tag that opens it
"#,
    );
}

#[test]
fn hash_comment() {
    check(
        Problem::HashComment,
        r#"
a comment does not begin with `#` in SQL
 --> migrations/0001_create_users.sql:1:1
  |
1 | # Users of the shop
  | ^^^^^^^^^^^^^^^^^^^
  = help: begin it with `--`
"#,
    );
}

#[test]
fn psql_command() {
    check(
        Problem::PsqlCommand,
        r#"
`\connect` is a command of psql, not SQL
 --> migrations/0001_create_users.sql:1:1
  |
1 | \connect shop
  | ^^^^^^^^
  = help: write it in SQL, data as `INSERT`; for a dump use `pg_dump --inserts`
"#,
    );
}

#[test]
fn unknown_marker() {
    check(
        Problem::UnknownMarker,
        r#"
the marker `-- migrate:dwon` is not understood
 --> migrations/0001_create_users.sql:4:1
  |
4 | -- migrate:dwon
  | ^^^^^^^^^^^^^^^
  = help: write `-- migrate:down`
"#,
    );
}

#[test]
fn misplaced_marker() {
    check(
        Problem::MisplacedMarker,
        r#"
`-- migrate:down` marks nothing here
 --> migrations/0001_create_users.sql:3:1
  |
3 | -- migrate:down
  | ^^^^^^^^^^^^^^^
  = help: a file with markers has one for its up, before all SQL, and one for its down
  = help: if it is no marker, write the comment differently
"#,
    );
}

#[test]
fn unfinished_statement() {
    check(
        Problem::UnfinishedStatement,
        r#"
this statement is not finished
 --> migrations/0001_create_users.sql:3:1
  |
3 | CREATE INDEX users_name ON users (name)
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: end it with `;`
"#,
    );
}

#[test]
fn unknown_directive() {
    check(
        Problem::UnknownDirective,
        r#"
the directive `-- migrate: no-transation` is not understood
 --> migrations/0001_create_users.sql:1:1
  |
1 | -- migrate: no-transation
  | ^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write `-- migrate: no-transaction`
"#,
    );
}

#[test]
fn misplaced_directive() {
    check(
        Problem::MisplacedDirective,
        r#"
the directive `-- migrate: no-transaction` stands behind the first statement
 --> migrations/0001_create_users.sql:2:1
  |
2 | -- migrate: no-transaction
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: move it to the head of the file
"#,
    );
}

#[test]
fn contradicting_directives() {
    check(
        Problem::ContradictingDirectives,
        r#"
the directive `-- migrate: no-transaction` contradicts one before it
 --> migrations/0001_trim_names.sql:2:1
  |
2 | -- migrate: no-transaction
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: remove one of them
"#,
    );
}

#[test]
fn irreversible_with_down() {
    check(
        Problem::IrreversibleWithDown,
        r#"
version 1 is irreversible, but has a down: `0001_drop_users.down.sql`
 --> migrations/0001_drop_users.up.sql:1:1
  |
1 | -- migrate: irreversible
  | ^^^^^^^^^^^^^^^^^^^^^^^^
  = help: remove the directive, or the down
"#,
    );
}

#[test]
fn repeat_not_single() {
    check(
        Problem::RepeatNotSingle,
        r#"
a script that is repeated holds one statement, this is a second one
 --> migrations/0001_trim_names.sql:3:1
  |
3 | DELETE FROM users WHERE name = '';
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: move it to a migration of its own
"#,
    );
}

#[test]
fn endless_repeat() {
    check(
        Problem::EndlessRepeat,
        r#"
this statement changes every row each time, so it is repeated without an end
 --> migrations/0001_count_users.sql:2:1
  |
2 | UPDATE users SET visits = visits + 1;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: add a `WHERE` that the rows which are done do not meet
  = help: or allow it in the whole folder: `allow(endless_repeat)`
"#,
    );
}

#[test]
fn drop_with_foreign_keys() {
    check(
        Problem::DropWithForeignKeys,
        r#"
with foreign keys enforced, dropping a table deletes the rows that refer to it
 --> migrations/0001_rebuild_users.sql:3:1
  |
3 | DROP TABLE users;
  | ^^^^^^^^^^^^^^^^^
  = help: remove `-- migrate: foreign-keys on`: a table is rebuilt with them off
  = help: delete the rows with them on in a migration before this one
  = help: or allow it in the whole folder: `allow(drop_with_foreign_keys)`
"#,
    );
}

#[test]
fn transaction_statement() {
    check(
        Problem::TransactionStatement,
        r#"
the runner begins and ends the transaction of a migration
 --> migrations/0001_create_users.sql:1:1
  |
1 | BEGIN;
  | ^^^^^^
  = help: remove it: every migration runs in a transaction of its own
  = help: or run the file statement by statement: `-- migrate: no-transaction`
  = help: or allow it in the whole folder: `allow(transaction_statement)`
"#,
    );
}

#[test]
fn rollback_statement() {
    check(
        Problem::RollbackStatement,
        r#"
a migration cannot roll back what it does
 --> migrations/0001_create_users.sql:2:1
  |
2 | ROLLBACK;
  | ^^^^^^^^^
  = help: remove it: a migration that fails is rolled back by the runner
"#,
    );
}

#[test]
fn not_in_transaction() {
    check(
        Problem::NotInTransaction,
        r#"
`VACUUM` cannot run in a transaction
 --> migrations/0001_create_users.sql:2:1
  |
2 | VACUUM;
  | ^^^^^^^
  = help: move it to a migration of its own that begins with `-- migrate: no-transaction`
  = help: or allow it in the whole folder: `allow(not_in_transaction)`
"#,
    );
}

#[test]
fn unnamed_index() {
    check(
        Problem::UnnamedIndex,
        r#"
this index has no name, by which a run could find out how far another came with it
 --> migrations/0001_index_users.sql:3:1
  |
3 | CREATE UNIQUE INDEX CONCURRENTLY ON users (email);
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: name it: `CREATE INDEX CONCURRENTLY name ON …`
  = help: or allow it in the whole folder: `allow(unnamed_index)`
"#,
    );
}

#[test]
fn foreign_keys_pragma() {
    check(
        Problem::ForeignKeysPragma,
        r#"
the runner takes care of foreign keys
 --> migrations/0001_create_users.sql:1:1
  |
1 | PRAGMA foreign_keys = OFF;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: remove it: they are off while migrations run, and checked before each commit
  = help: to run a script with them enforced: `-- migrate: foreign-keys on`
  = help: or allow it in the whole folder: `allow(foreign_keys_pragma)`
"#,
    );
}

#[test]
fn attach() {
    check(
        Problem::Attach,
        r#"
a migration changes its own database only
 --> migrations/0001_create_users.sql:1:1
  |
1 | ATTACH 'shop.db' AS shop;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: give the other database a migrations folder of its own
  = help: or allow it in the whole folder: `allow(attach)`
"#,
    );
}

#[test]
fn not_rust() {
    check(
        Problem::NotRust,
        r#"
this file is not Rust
 --> migrations/0001_import_users.rs:1:1
  = help: look for a string, a comment or a bracket that is not closed
"#,
    );
}

#[test]
fn missing_up() {
    check(
        Problem::MissingUp,
        r#"
there is no `pub fn up` in this file
 --> migrations/0001_import_users.rs:1:1
  = help: write `pub fn up(db: …) -> Result<…>` at the top level of the file
"#,
    );
}

#[test]
fn not_public() {
    check(
        Problem::NotPublic,
        r#"
`fn down` is not `pub`
 --> migrations/0001_import_users.rs:5:4
  |
5 | fn down(db: &rusqlite::Connection) -> rusqlite::Result<()> {
  |    ^^^^
  = help: write `pub fn down`, or give it another name
"#,
    );
}

#[test]
fn constant_not_literal() {
    check(
        Problem::ConstantNotLiteral,
        r#"
the value of `REVISION` is not a literal
 --> migrations/0001_import_users.rs:1:11
  |
1 | pub const REVISION: u32 = 1 + 1;
  |           ^^^^^^^^
  = help: it is read before the file is compiled: `pub const REVISION: u32 = 1;`
"#,
    );
}

#[test]
fn inner_attribute() {
    check(
        Problem::InnerAttribute,
        r#"
a code migration becomes a module, which cannot begin with this
 --> migrations/0001_import_users.rs:1:1
  |
1 | //! Imports the users.
  | ^^^^^^^^^^^^^^^^^^^^^^
  = help: begin comments with `//`, and put attributes on the items: `#[allow(…)]`
"#,
    );
}

#[test]
fn async_without_driver() {
    check(
        Problem::AsyncWithoutDriver,
        r#"
`async fn up` cannot run on SQLite, whose driver is not asynchronous
 --> migrations/0002_import_users.rs:3:14
  |
3 | pub async fn up(db: &Connection) -> Result<usize> {
  |              ^^
  = help: write `pub fn up`
  = help: or name the database that it is for: `database = "postgres"`
"#,
    );
}

#[test]
fn partly_async() {
    check(
        Problem::PartlyAsync,
        r#"
`fn down` is not `async`, but `fn up` is `async`
 --> migrations/0002_import_users.rs:7:8
  |
7 | pub fn down(db: &mut Client) -> Result<u64, Error> {
  |        ^^^^
  = help: one connection runs them all: write `pub async fn down`, or `up` otherwise
"#,
    );
}

#[test]
fn mixed_drivers() {
    check(
        Problem::MixedDrivers,
        r#"
this code is for tokio-postgres, but `0002_import_users.rs` is for postgres
 --> migrations/0003_import_posts.rs:1:1
  = help: no connection runs both: write `pub fn up(db: &mut postgres::Client)` here
  = help: `async fn up` is for tokio-postgres, any other for postgres
"#,
    );
}

#[test]
fn lock_edited() {
    check(
        Problem::LockEdited,
        r#"
version 2 is locked, but the text of `0002_add_email.sql` has changed
 --> migrations/migrations.lock:3:1
  |
3 | 2 add_email t1:5c5d15034c7e863825064c6a5920bf7b3e688cc7eeb36080c2b019a1d35a0171 …
  | ^^^^^^^^^^^
  = help: put the text back: databases have run it; what is new belongs into a new migration
  = help: if the databases that have run it need no change, accept it: `cargo migrate lock --accept 2`
"#,
    );
}

#[test]
fn lock_missing() {
    check(
        Problem::LockMissing,
        r#"
version 2, `add_email`, is locked, but its file is gone
 --> migrations/migrations.lock:3:1
  |
3 | 2 add_email t1:5c5d15034c7e863825064c6a5920bf7b3e688cc7eeb36080c2b019a1d35a0171 …
  | ^^^^^^^^^^^
  = help: bring the file back
  = help: databases have run it: what undoes it belongs into a new migration
"#,
    );
}

#[test]
fn lock_extra() {
    check(
        Problem::LockExtra,
        r#"
version 3, `0003_create_posts.sql`, is not in `migrations.lock`
 --> migrations/0003_create_posts.sql:1:1
  = help: lock it as it is: `cargo migrate lock`
  = help: to go on editing it, add the line `3 create_posts open`
"#,
    );
}

#[test]
fn lock_renumbered() {
    check(
        Problem::LockRenumbered,
        r#"
version 20240201120000, `add_email`, is locked, but its file is `20240301120000_add_email.sql`
 --> migrations/migrations.lock:3:1
  |
3 | 20240201120000 add_email t1:5c5d15034c7e863825064c6a5920bf7b3e688cc7eeb36080c2b0…
  | ^^^^^^^^^^^^^^^^^^^^^^^^
  = help: give the file its number back, 20240201120000: databases have run it under that
"#,
    );
}

#[test]
fn lock_below() {
    check(
        Problem::LockBelow,
        r#"
version 20240215120000 is not above version 20240301120000, the last one that is locked
 --> migrations/20240215120000_create_posts.sql:1:1
  = help: give it the next number: `cargo migrate renumber 20240215120000`
"#,
    );
}

#[test]
fn lock_malformed() {
    check(
        Problem::LockMalformed,
        r#"
`5c5d15034c7e863825064c6a5920bf7b3e688cc7eeb36080c2b019a1d35a0171` is neither a checksum (`t1:…`) nor `open`
 --> migrations/migrations.lock:3:13
  |
3 | 2 add_email 5c5d15034c7e863825064c6a5920bf7b3e688cc7eeb36080c2b019a1d35a0171 chain:97d3ba382…
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: bring the line back as version control has it: it is written by `cargo migrate lock`
"#,
    );
}

#[test]
fn lock_conflict() {
    check(
        Problem::LockConflict,
        r#"
version control has left a conflict here
 --> migrations/migrations.lock:3:1
  |
3 | <<<<<<< HEAD
  | ^^^^^^^^^^^^
  = help: keep the lines of both sides, those that are shipped first
  = help: then give the migrations of the other side the next numbers: `cargo migrate renumber`
"#,
    );
}

#[test]
fn every_problem_has_a_name_a_fixture_and_a_test() {
    let read = include_str!("problems.rs").to_owned();
    let run = fs::read_to_string(running().join("problems.rs")).unwrap();
    let parsed = fs::read_to_string(parsing().join("problems.rs")).unwrap();
    let on_server = fs::read_to_string(on_a_server().join("tool/verify.rs")).unwrap();
    for &problem in Problem::ALL {
        let name = problem.name();
        let tests = match (problem.needs_running(), problem.needs_parsing()) {
            _ if problem.needs_server() => &on_server,
            (true, _) => &run,
            (_, true) => &parsed,
            _ => &read,
        };
        assert_eq!(Problem::from_name(name), Some(problem));
        let variant = name.replace('_', "");
        assert_eq!(format!("{problem:?}").to_lowercase(), variant);
        assert!(fixture(problem).is_dir(), "no fixture {name}");
        let test = format!("\nfn {name}() {{");
        assert!(tests.contains(&test), "no test {name}");
    }
    let folders = [
        fixtures(),
        running().join("fixtures"),
        parsing().join("fixtures"),
        on_a_server().join("fixtures"),
    ];
    let folders = folders.map(|f| fs::read_dir(f).unwrap());
    for entry in folders.into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(Problem::from_name(&name).is_some(), "{name} is no problem");
    }
}

#[test]
fn every_problem_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/problems.md");
    let text = fs::read_to_string(path).unwrap();
    let sections = text.split("\n### `").skip(1);
    let sections: Vec<_> = sections.map(|s| s.split_once("`\n").unwrap()).collect();
    let documented: Vec<_> = sections.iter().map(|(name, _)| *name).collect();
    let names: Vec<_> = Problem::ALL.iter().map(|p| p.name()).collect();
    assert_eq!(documented, names);
    for (problem, (name, section)) in Problem::ALL.iter().zip(sections) {
        let relaxed = match (problem.can_be_allowed(), problem.can_be_trusted()) {
            (false, false) if problem.can_be_trusted_in_down() => "in a down, if trusted",
            (false, false) => "never",
            (true, false) => "by name",
            (false, true) => "if trusted",
            (true, true) => "by name, if trusted",
        };
        let about = format!("\n{}\n", problem.about());
        assert!(section.starts_with(&about), "{name}");
        let relaxed = format!("\n- Relaxed: {relaxed}.\n");
        for item in ["\n- Why: ", "\n- Cure: ", &relaxed] {
            assert!(section.contains(item), "{name}: {item}");
        }
    }
}
