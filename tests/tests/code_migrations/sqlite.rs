//! What SQLite does with code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use migrate_core::{Goal, Migration};
use migrate_tests::contract::code::{ALL, behaving, check_behaviour};
use migrate_tests::contract::{CodeSet, EACH, GROUPED, TestConnection, TestDatabase, told};
use migrate_tests::sqlite::SqliteFile;

fn misbehaving() -> &'static [Migration<'static>] {
    SqliteFile::code(CodeSet::Misbehaving)
}

#[test]
fn code_may_change_settings() {
    check_behaviour::<SqliteFile>(
        &["PRAGMA busy_timeout = 1", "PRAGMA recursive_triggers = ON"],
        ALL,
        ALL,
    );
}

#[test]
fn code_that_begins_a_transaction_fails() {
    let words = "code at 0002_misbehave.rs, rolled back: cannot start a transaction within a transaction; \
                 kept 0 -> 1: up 1";
    check_behaviour::<SqliteFile>(&["BEGIN"], (words, "a[] @ 1"), (words, "a[] @ 1"));
}

/// A savepoint outside of a transaction begins one.
#[test]
fn code_that_commits_and_begins_by_a_savepoint_is_found_out() {
    let words = "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1";
    let before = (words, "a[1] @ 1");
    check_behaviour::<SqliteFile>(&["COMMIT", "SAVEPOINT migration"], before, before);
}

#[test]
fn trigger_that_rolls_back_is_found_out() {
    let raise = "CREATE TABLE t (x); CREATE TRIGGER r INSERT ON t BEGIN SELECT RAISE(ROLLBACK, ''no t''); END";
    let grouped = "code at 0002_misbehave.rs, group rolled back: no t";
    let each = "code at 0002_misbehave.rs, escaped: no t; kept 0 -> 1: up 1";
    let insert = "INSERT INTO t VALUES (1)";
    check_behaviour::<SqliteFile>(&[raise, insert], (grouped, "@"), (each, "a[] @ 1"));
}

#[test]
fn settings_are_put_back_after_a_panic() {
    for settings in [GROUPED, EACH] {
        let mut stage = behaving::<SqliteFile>(&["panics"], settings);
        stage.db.sql(
            "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 4321; PRAGMA legacy_alter_table = ON",
        );
        let session = stage.db.session();
        let migrator = stage.migrator(misbehaving());
        let run = || stage.db.bring(&migrator, Goal::Up);
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(stage.db.session(), session);
    }
}

#[test]
fn code_that_leaves_rows_without_a_parent_is_rolled_back() {
    let words =
        "foreign keys at 0002_misbehave.rs, rolled back: 1 of k(p) without t; kept 0 -> 1: up 1";
    let orphan = "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE k (p REFERENCES t); \
                  INSERT INTO k VALUES (9)";
    check_behaviour::<SqliteFile>(&[orphan], (words, "a[] @ 1"), (words, "a[] @ 1"));
}

#[test]
fn error_of_sqlite_has_its_code() {
    let mut stage = behaving::<SqliteFile>(
        &["CREATE TABLE t (x UNIQUE)", "INSERT INTO t VALUES (1), (1)"],
        EACH,
    );
    let migrator = stage.migrator(misbehaving());
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    let failed = error.failed().unwrap();
    assert_eq!(failed.message, "UNIQUE constraint failed: t.x");
    assert_eq!(failed.code, Some(2067));
    let mut stage = behaving::<SqliteFile>(&["SELEC 1"], EACH);
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    assert_eq!(error.failed().unwrap().code, Some(1));
}

#[test]
fn code_that_leaves_a_query_open_has_done_its_work() {
    check_behaviour::<SqliteFile>(&["leaves a query open"], ALL, ALL);
}

/// SQLite's rule: such a connection can never commit again.
#[test]
fn code_that_leaves_a_write_open_is_rolled_back() {
    let message = "cannot release savepoint - SQL statements in progress";
    for (settings, outcome, kept) in [
        (GROUPED, "group rolled back", ""),
        (EACH, "rolled back", "; kept 0 -> 1: up 1"),
    ] {
        let mut stage = behaving::<SqliteFile>(&["leaves a write open"], settings);
        let migrator = stage.migrator(misbehaving());
        let words = format!("code at 0002_misbehave.rs, {outcome}: {message}{kept}");
        assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), words);
        let a = if kept.is_empty() { "" } else { "a[] " };
        let applied = if kept.is_empty() { "" } else { " 1" };
        let state = format!("{a}behaviour[leaves a write open] @{applied}");
        assert_eq!(stage.look(&migrator), state);
    }
}
