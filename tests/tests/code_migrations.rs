//! Migrations that are Rust code, in the program that embeds them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use migrate_core::folder::{Folder, Options};
use migrate_core::{Database, Event, Goal, Migration, Migrator, Transactions, embed_migrations};
use migrate_tests::contract::{Settings, Stage, TestConnection, TestDatabase, told};
use migrate_tests::sqlite::SqliteFile;

embed_migrations!(static WRITTEN = "migrations/written");
embed_migrations!(static EDITED = "migrations/edited");
embed_migrations!(static REVISED = "migrations/revised");
embed_migrations!(static ADOPTING = "migrations/adopting");
embed_migrations!(static ASKING = "migrations/asking");

/// Inside a function its generated test, which it would fail on purpose, is not run.
#[allow(unnameable_test_items)]
fn misbehaving() -> &'static [Migration<'static>] {
    embed_migrations!(static MISBEHAVING = "migrations/misbehaving");
    &MISBEHAVING
}

const EACH: Settings = |migrator| migrator.transactions(Transactions::Each);
const GROUPED: Settings = |migrator| migrator.transactions(Transactions::Grouped);

#[track_caller]
fn check(
    stage: &mut Stage<SqliteFile>,
    set: &[Migration<'_>],
    goal: Goal,
    result: &str,
    state: &str,
) {
    let _ = stage.check_set(set, goal, result, state);
}

const SPLIT: &str =
    "counted[2] people[1 ada lovelace ada lovelace, 2 grace hopper grace hopper] @ 1 2 3";

#[test]
fn code_goes_up_and_down_like_sql() {
    for settings in [EACH, GROUPED] {
        let mut stage = Stage::<SqliteFile>::new();
        stage.set(settings);
        check(
            &mut stage,
            &WRITTEN,
            Goal::Up,
            "0 -> 3: up 1, up 2, up 3",
            SPLIT,
        );
        check(
            &mut stage,
            &WRITTEN,
            Goal::Redo,
            "3 -> 3: down 3, up 3",
            SPLIT,
        );
        let plain = "people[1 ada lovelace, 2 grace hopper] @ 1";
        check(
            &mut stage,
            &WRITTEN,
            Goal::DownTo(1),
            "3 -> 1: down 3, down 2",
            plain,
        );
        check(&mut stage, &WRITTEN, Goal::Reset, "1 -> 0: down 1", "@");
    }
}

#[test]
fn code_is_described_by_its_constant_or_its_name() {
    let [create, split, count] = &WRITTEN;
    assert_eq!(split.description(), "Split the names of people");
    assert_eq!(count.description(), "count");
    let is_code = [create, split, count].map(Migration::is_code);
    assert_eq!(is_code, [false, true, true]);
    assert_eq!((split.up_sql(), split.down_sql()), (None, None));
    assert_eq!(count.down_sql(), Some("DROP TABLE counted;\n"));
    assert!(split.has_down() && count.has_down());
    assert!(
        split
            .file()
            .ends_with("migrations/written/0002_split_names.rs")
    );
    let mut stage = Stage::<SqliteFile>::new();
    let migrator = stage.migrator(&WRITTEN);
    stage.db.bring(&migrator, Goal::Up).unwrap();
    let applied = stage.db.applied(&migrator).unwrap();
    let rows: Vec<_> = applied
        .iter()
        .map(|row| (row.description(), row.down()))
        .collect();
    assert_eq!(
        rows[1..],
        [
            ("Split the names of people", None),
            ("count", Some("DROP TABLE counted;\n"))
        ]
    );
    let plan = stage.db.plan(&migrator, Goal::Down(2)).unwrap();
    let steps: Vec<_> = plan.steps().iter().map(|step| step.sql()).collect();
    assert_eq!(steps, [Some("DROP TABLE counted;\n"), None]);
}

#[test]
fn revision_counts_and_the_text_does_not() {
    let mut stage = Stage::<SqliteFile>::new();
    check(
        &mut stage,
        &WRITTEN,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        SPLIT,
    );
    check(&mut stage, &EDITED, Goal::Up, "at 3", SPLIT);
    check(&mut stage, &REVISED, Goal::Up, "changed 2", SPLIT);
    check(&mut stage, &REVISED, Goal::Mark(2), "3 -> 3: mark 2", SPLIT);
    check(&mut stage, &REVISED, Goal::Up, "at 3", SPLIT);
    check(&mut stage, &WRITTEN, Goal::Up, "changed 2", SPLIT);
}

#[test]
fn older_program_cannot_take_code_back() {
    let mut stage = Stage::<SqliteFile>::new();
    check(
        &mut stage,
        &WRITTEN,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        SPLIT,
    );
    check(
        &mut stage,
        &WRITTEN[..1],
        Goal::Up,
        "newer 3 > 1, no way back",
        SPLIT,
    );
    check(
        &mut stage,
        &WRITTEN[..1],
        Goal::DownTo(1),
        "irreversible 2",
        SPLIT,
    );
}

/// A tool reads the folder, but does not contain the code.
#[test]
fn code_that_is_not_compiled_in_is_not_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/written");
    let folder = Folder::read(path, Options::new(Database::Sqlite)).unwrap();
    let set = folder.migrations();
    for settings in [EACH, GROUPED] {
        let mut stage = Stage::<SqliteFile>::new();
        stage.set(settings);
        let state = "people[1 ada lovelace, 2 grace hopper] @ 1";
        check(
            &mut stage,
            &set,
            Goal::Up,
            "code 2 not compiled; kept 0 -> 1: up 1",
            state,
        );
        check(&mut stage, &set, Goal::Up, "code 2 not compiled", state);
        check(&mut stage, &WRITTEN, Goal::Up, "1 -> 3: up 2, up 3", SPLIT);
        check(&mut stage, &set, Goal::Up, "at 3", SPLIT);
        let state = SPLIT.replace("counted[2] ", "").replace(" 3", "");
        check(
            &mut stage,
            &set,
            Goal::DownTo(1),
            "code 2 not compiled; kept 3 -> 2: down 3",
            &state,
        );
    }
}

/// A stage on which the second migration behaves like this.
fn behaving(behaviour: &[&str], settings: Settings) -> Stage<SqliteFile> {
    let mut stage = Stage::<SqliteFile>::new();
    stage.set(settings);
    stage.db.sql("CREATE TABLE behaviour (name TEXT)");
    for behaviour in behaviour {
        stage
            .db
            .sql(&format!("INSERT INTO behaviour VALUES ('{behaviour}')"));
    }
    stage
}

/// Brings a database up on which the second migration behaves like this: in one transaction with
/// the others, and in one of its own. What is there is given without the table of behaviours.
#[track_caller]
fn check_behaviour(behaviour: &[&str], grouped: (&str, &str), each: (&str, &str)) {
    for (settings, (result, state)) in [(GROUPED, grouped), (EACH, each)] {
        let mut stage = behaving(behaviour, settings);
        let table = format!("behaviour[{}]", {
            let mut names = behaviour.to_vec();
            names.sort_unstable();
            names.join(", ")
        });
        let state = match state.split_once("c[") {
            _ if state.starts_with('@') => format!("{table} {state}"),
            Some((before, after)) => format!("{before}{table} c[{after}"),
            None => state.replacen(" @", &format!(" {table} @"), 1),
        };
        check(&mut stage, misbehaving(), Goal::Up, result, &state);
        // Whatever it was: once it is mended, everything goes on.
        if !result.contains("up 3") {
            stage
                .db
                .sql("DELETE FROM behaviour; DROP TABLE IF EXISTS t");
            let up = told(&stage.db.bring(&stage.migrator(misbehaving()), Goal::Up));
            assert!(
                up.ends_with(" 3: up 2, up 3") || up == "0 -> 3: up 1, up 2, up 3",
                "{up}"
            );
        }
    }
}

const ALL: (&str, &str) = ("0 -> 3: up 1, up 2, up 3", "a[1, 2] c[] @ 1 2 3");

#[test]
fn code_may_use_savepoints_and_settings() {
    check_behaviour(&[], ALL, ALL);
    check_behaviour(&["SAVEPOINT mine", "RELEASE mine"], ALL, ALL);
    check_behaviour(
        &["SAVEPOINT mine; DELETE FROM a", "ROLLBACK TO mine"],
        ALL,
        ALL,
    );
    check_behaviour(&["SAVEPOINT left_open"], ALL, ALL);
    check_behaviour(
        &["PRAGMA busy_timeout = 1", "PRAGMA recursive_triggers = ON"],
        ALL,
        ALL,
    );
}

#[test]
fn failing_code_is_rolled_back() {
    let words = "code at 0002_misbehave.rs, rolled back: it is Tuesday the 13; kept 0 -> 1: up 1";
    check_behaviour(&["fails"], (words, "a[] @ 1"), (words, "a[] @ 1"));
    let words = "code at 0002_misbehave.rs, rolled back: no such table: nowhere; kept 0 -> 1: up 1";
    let sql = "INSERT INTO nowhere VALUES (1)";
    check_behaviour(&[sql], (words, "a[] @ 1"), (words, "a[] @ 1"));
    let words = "code at 0002_misbehave.rs, rolled back: cannot start a transaction within a transaction; \
                 kept 0 -> 1: up 1";
    check_behaviour(&["BEGIN"], (words, "a[] @ 1"), (words, "a[] @ 1"));
}

#[test]
fn code_that_leaves_rows_without_a_parent_is_rolled_back() {
    let words =
        "foreign keys at 0002_misbehave.rs, rolled back: 1 of k(p) without t; kept 0 -> 1: up 1";
    let orphan = "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE k (p REFERENCES t); \
                  INSERT INTO k VALUES (9)";
    check_behaviour(&[orphan], (words, "a[] @ 1"), (words, "a[] @ 1"));
}

#[test]
fn error_of_the_author_s_own_is_the_source() {
    let mut stage = behaving(&["fails"], EACH);
    let migrator = stage.migrator(misbehaving());
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "it is Tuesday the 13");
    let failed = error.failed().unwrap();
    assert_eq!(
        (failed.version, failed.code, &failed.place),
        (Some(2), None, &None)
    );
    let text = error.to_string();
    assert!(text.starts_with("it is Tuesday the 13\n --> "), "{text}");
    assert!(
        text.contains("migrations/misbehaving/0002_misbehave.rs\n"),
        "{text}"
    );
}

#[test]
fn error_of_sqlite_has_its_code() {
    let mut stage = behaving(
        &["CREATE TABLE t (x UNIQUE)", "INSERT INTO t VALUES (1), (1)"],
        EACH,
    );
    let migrator = stage.migrator(misbehaving());
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    let failed = error.failed().unwrap();
    assert_eq!(failed.message, "UNIQUE constraint failed: t.x");
    assert_eq!(failed.code, Some(2067));
    let mut stage = behaving(&["SELEC 1"], EACH);
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    assert_eq!(error.failed().unwrap().code, Some(1));
}

#[test]
fn code_that_commits_is_found_out() {
    let words = "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1";
    let after = (words, "a[1, 2] @ 1");
    check_behaviour(&["COMMIT"], after, after);
    let before = (words, "a[1] @ 1");
    check_behaviour(&["COMMIT; BEGIN"], before, before);
    check_behaviour(
        &["COMMIT", "BEGIN IMMEDIATE", "COMMIT; BEGIN"],
        before,
        before,
    );
    check_behaviour(&["COMMIT", "SAVEPOINT migration"], before, before);
}

#[test]
fn code_that_commits_and_fails_is_not_called_rolled_back() {
    let words = "code at 0002_misbehave.rs, escaped: it is Tuesday the 13; kept 0 -> 1: up 1";
    let kept = (words, "a[1] @ 1");
    check_behaviour(&["COMMIT", "fails"], kept, kept);
    check_behaviour(&["COMMIT; BEGIN", "DELETE FROM a", "fails"], kept, kept);
}

#[test]
fn code_that_rolls_back_is_found_out() {
    let grouped = (
        "transaction ended at 0002_misbehave.rs, group rolled back",
        "@",
    );
    let each = (
        "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    check_behaviour(
        &["ROLLBACK; BEGIN; CREATE TABLE IF NOT EXISTS a (x)"],
        grouped,
        each,
    );
    let grouped = (
        "code at 0002_misbehave.rs, group rolled back: it is Tuesday the 13",
        "@",
    );
    let each = (
        "code at 0002_misbehave.rs, escaped: it is Tuesday the 13; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    check_behaviour(&["ROLLBACK", "fails"], grouped, each);
    check_behaviour(&["ROLLBACK; BEGIN", "fails"], grouped, each);
    let raise = "CREATE TABLE t (x); CREATE TRIGGER r INSERT ON t BEGIN SELECT RAISE(ROLLBACK, ''no t''); END";
    let grouped = ("code at 0002_misbehave.rs, group rolled back: no t", "@");
    let each = (
        "code at 0002_misbehave.rs, escaped: no t; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    let mut stage = behaving(&[raise, "INSERT INTO t VALUES (1)"], GROUPED);
    let migrator = stage.migrator(misbehaving());
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), grouped.0);
    assert_eq!(
        stage.db.rows("SELECT name FROM sqlite_schema"),
        ["behaviour"]
    );
    let mut stage = behaving(&[raise, "INSERT INTO t VALUES (1)"], EACH);
    let migrator = stage.migrator(misbehaving());
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), each.0);
    assert_eq!(stage.db.rows("SELECT count(*) FROM a"), ["0"]);
}

#[test]
fn code_that_meddles_with_the_runner_s_savepoint_is_found_out() {
    let grouped = (
        "transaction ended at 0002_misbehave.rs, group rolled back",
        "@",
    );
    let each = (
        "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    check_behaviour(&["RELEASE _migrate_core_code"], grouped, each);
}

#[test]
fn code_that_leaves_a_query_open_has_done_its_work() {
    check_behaviour(&["leaves a query open"], ALL, ALL);
}

/// SQLite's rule: such a connection can never commit again.
#[test]
fn code_that_leaves_a_write_open_is_rolled_back() {
    let message = "cannot release savepoint - SQL statements in progress";
    for (settings, outcome, kept) in [
        (GROUPED, "group rolled back", ""),
        (EACH, "rolled back", "; kept 0 -> 1: up 1"),
    ] {
        let mut stage = behaving(&["leaves a write open"], settings);
        let migrator = stage.migrator(misbehaving());
        let words = format!("code at 0002_misbehave.rs, {outcome}: {message}{kept}");
        assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), words);
        let a = if kept.is_empty() { "" } else { "a[] " };
        let applied = if kept.is_empty() { "" } else { " 1" };
        let state = format!("{a}behaviour[leaves a write open] @{applied}");
        assert_eq!(stage.look(&migrator), state);
    }
}

#[test]
fn panic_goes_on_once_everything_is_rolled_back() {
    for (settings, kept) in [
        (GROUPED, "behaviour[panics] @"),
        (EACH, "a[] behaviour[panics] @ 1"),
    ] {
        let mut stage = behaving(&["panics"], settings);
        stage.db.sql(
            "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 4321; PRAGMA legacy_alter_table = ON",
        );
        let session = stage.db.session();
        let migrator = stage.migrator(misbehaving());
        let run = || stage.db.bring(&migrator, Goal::Up);
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the code gives up"));
        assert_eq!(stage.db.session(), session);
        assert_eq!(stage.look(&migrator), kept);
        // The connection is as good as new.
        stage.db.sql("DELETE FROM behaviour");
        let up = told(&stage.db.bring(&migrator, Goal::Up));
        assert!(up.ends_with("up 2, up 3"), "{up}");
    }
}

#[test]
fn down_may_misbehave_too() {
    let cases = [
        (
            "fails",
            "code at 0002_misbehave.rs, rolled back: it is Tuesday the 13; kept 3 -> 2: down 3",
            "a[1, 2]",
        ),
        (
            "COMMIT",
            "transaction ended at 0002_misbehave.rs, escaped; kept 3 -> 2: down 3",
            "a[]",
        ),
        (
            "COMMIT; BEGIN",
            "transaction ended at 0002_misbehave.rs, escaped; kept 3 -> 2: down 3",
            "a[]",
        ),
    ];
    for settings in [EACH, GROUPED] {
        for (behaviour, words, a) in cases {
            let mut stage = behaving(&[], settings);
            check(
                &mut stage,
                misbehaving(),
                Goal::Up,
                ALL.0,
                "a[1, 2] behaviour[] c[] @ 1 2 3",
            );
            stage
                .db
                .sql(&format!("INSERT INTO behaviour VALUES ('{behaviour}')"));
            let state = format!("{a} behaviour[{behaviour}] @ 1 2");
            check(&mut stage, misbehaving(), Goal::Reset, words, &state);
        }
    }
}

#[test]
fn what_is_in_place_is_adopted_without_running() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "",
            "up 1, up 2, up 3, up 4, up 5",
            "a[1] b[2] c[3] d[4] e[5]",
        ),
        (
            "a",
            "adopt 1, up 2, up 3, up 4, up 5",
            "a[] b[2] c[3] d[4] e[5]",
        ),
        (
            "ab",
            "adopt 1, adopt 2, up 3, up 4, up 5",
            "a[] b[] c[3] d[4] e[5]",
        ),
        // From the first on, until one is false.
        (
            "bc",
            "up 1, up 2, up 3, up 4, up 5",
            "a[1] b[2] c[3] d[4] e[5]",
        ),
        (
            "ac",
            "adopt 1, up 2, up 3, up 4, up 5",
            "a[] b[2] c[3] d[4] e[5]",
        ),
        // The fourth cannot tell, so the fifth is not asked.
        (
            "abcde",
            "adopt 1, adopt 2, adopt 3, up 4, up 5",
            "a[] b[] c[] d[4] e[5]",
        ),
    ];
    for settings in [EACH, GROUPED] {
        for (there, steps, tables) in cases {
            let mut stage = Stage::<SqliteFile>::new();
            stage.set(settings);
            for table in there.chars() {
                stage.db.sql(&format!("CREATE TABLE {table} (x INTEGER)"));
            }
            let state = format!("{tables} @ 1 2 3 4 5");
            check(
                &mut stage,
                &ADOPTING,
                Goal::Up,
                &format!("0 -> 5: {steps}"),
                &state,
            );
        }
    }
}

#[test]
fn only_what_is_wanted_is_adopted() {
    let mut stage = Stage::<SqliteFile>::new();
    stage
        .db
        .sql("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)");
    let steps = "0 -> 2: adopt 1, adopt 2";
    check(
        &mut stage,
        &ADOPTING,
        Goal::UpTo(2),
        steps,
        "a[] b[] c[] @ 1 2",
    );
    // There is a history now: nobody is asked any more.
    let steps = "2 -> 5: up 3, up 4, up 5";
    check(
        &mut stage,
        &ADOPTING,
        Goal::Up,
        steps,
        "a[] b[] c[3] d[4] e[5] @ 1 2 3 4 5",
    );
}

#[test]
fn nobody_is_asked_on_the_way_down_or_by_hand() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql("CREATE TABLE a (x)");
    check(&mut stage, &ADOPTING, Goal::Reset, "at 0", "a[] @");
    check(
        &mut stage,
        &ADOPTING,
        Goal::Mark(1),
        "0 -> 1: mark 1",
        "a[] @ 1",
    );
    check(&mut stage, &ADOPTING, Goal::Reset, "1 -> 0: down 1", "@");
}

#[test]
fn what_is_adopted_is_asked_again_under_the_lock() {
    let mut stage = Stage::<SqliteFile>::new();
    stage.db.sql("CREATE TABLE a (x); CREATE TABLE b (x)");
    let other = Mutex::new(Some(stage.database.connect()));
    let migrator = stage.migrator(&ADOPTING).observe(|event| {
        let other = other.lock().unwrap().take();
        if let (Event::Planned { .. }, Some(mut other)) = (event, other) {
            other.sql("DROP TABLE b");
        }
    });
    let words = "0 -> 5: adopt 1, up 2, up 3, up 4, up 5";
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), words);
}

#[test]
fn check_can_say_yes_and_no() {
    let mut stage = behaving(&["yes"], EACH);
    check(
        &mut stage,
        &ASKING,
        Goal::Up,
        "0 -> 1: adopt 1",
        "behaviour[yes] @ 1",
    );
    let mut stage = behaving(&["no"], EACH);
    check(
        &mut stage,
        &ASKING,
        Goal::Up,
        "0 -> 1: up 1",
        "a[] behaviour[no] @ 1",
    );
}

#[test]
fn check_that_writes_or_fails_stops_the_run() {
    let cases = [
        ("CREATE TABLE b (x)", "attempt to write a readonly database"),
        (
            "DELETE FROM behaviour",
            "attempt to write a readonly database",
        ),
        ("SELECT x FROM nowhere", "no such table: nowhere"),
    ];
    for settings in [EACH, GROUPED] {
        for (sql, message) in cases {
            let mut stage = behaving(&[sql], settings);
            let words = format!("code at 0001_ask.rs, rolled back: {message}");
            let state = format!("behaviour[{sql}] @");
            check(&mut stage, &ASKING, Goal::Up, &words, &state);
            // Who has no use for its answer does not ask.
            check(
                &mut stage,
                &ASKING,
                Goal::Mark(1),
                "0 -> 1: mark 1",
                &format!("{state} 1"),
            );
        }
    }
}

#[test]
fn check_that_panics_leaves_the_connection_as_it_was() {
    let mut stage = behaving(&["panics"], EACH);
    let session = stage.db.session();
    let migrator = stage.migrator(&ASKING);
    for planning in [true, false] {
        let ask = || match planning {
            true => drop(stage.db.plan(&migrator, Goal::Up)),
            false => drop(stage.db.bring(&migrator, Goal::Up)),
        };
        let payload = catch_unwind(AssertUnwindSafe(ask)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the check gives up"));
        assert_eq!(stage.db.session(), session);
    }
    stage.db.sql("UPDATE behaviour SET name = 'no'");
    assert_eq!(
        told(&stage.db.bring(&Migrator::new(&ASKING), Goal::Up)),
        "0 -> 1: up 1"
    );
}
