//! Migrations that are Rust code, in the program that embeds them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use migrate_core::folder::{Folder, Options};
use migrate_core::{Database, Event, Goal, Migration};

use super::database::CodeSet;
use super::stage::{EACH, GROUPED, Settings, Stage};
use super::{TestConnection, TestDatabase, told};

const SPLIT: &str =
    "counted[2] people[1 ada lovelace ada lovelace, 2 grace hopper grace hopper] @ 1 2 3";

#[track_caller]
fn check<D: TestDatabase>(
    stage: &mut Stage<D>,
    set: &[Migration<'_>],
    goal: Goal,
    result: &str,
    state: &str,
) {
    let _ = stage.check_set(set, goal, result, state);
}

pub fn code_goes_up_and_down_like_sql<D: TestDatabase>() {
    let set = D::code(CodeSet::Written);
    for settings in [EACH, GROUPED] {
        let mut stage = Stage::<D>::new();
        stage.set(settings);
        check(&mut stage, set, Goal::Up, "0 -> 3: up 1, up 2, up 3", SPLIT);
        check(&mut stage, set, Goal::Redo, "3 -> 3: down 3, up 3", SPLIT);
        let plain = "people[1 ada lovelace, 2 grace hopper] @ 1";
        check(
            &mut stage,
            set,
            Goal::DownTo(1),
            "3 -> 1: down 3, down 2",
            plain,
        );
        check(&mut stage, set, Goal::Reset, "1 -> 0: down 1", "@");
    }
}

pub fn older_program_cannot_take_code_back<D: TestDatabase>() {
    let set = D::code(CodeSet::Written);
    let mut stage = Stage::<D>::new();
    check(&mut stage, set, Goal::Up, "0 -> 3: up 1, up 2, up 3", SPLIT);
    check(
        &mut stage,
        &set[..1],
        Goal::Up,
        "newer 3 > 1, no way back",
        SPLIT,
    );
    check(
        &mut stage,
        &set[..1],
        Goal::DownTo(1),
        "irreversible 2",
        SPLIT,
    );
}

/// A tool reads the folder, but does not contain the code.
pub fn code_that_is_not_compiled_in_is_not_run<D: TestDatabase>() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(D::CODE);
    let folder = Folder::read(path.join("written"), Options::new(D::DATABASE));
    let folder = folder.expect("a folder");
    let (set, whole) = (folder.migrations(), D::code(CodeSet::Written));
    for settings in [EACH, GROUPED] {
        let mut stage = Stage::<D>::new();
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
        check(&mut stage, whole, Goal::Up, "1 -> 3: up 2, up 3", SPLIT);
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

/// A stage on which the second migration of [`CodeSet::Misbehaving`] behaves like this.
#[must_use]
pub fn behaving<D: TestDatabase>(behaviour: &[&str], settings: Settings) -> Stage<D> {
    let mut stage = Stage::<D>::new();
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
pub fn check_behaviour<D: TestDatabase>(
    behaviour: &[&str],
    grouped: (&str, &str),
    each: (&str, &str),
) {
    let set = D::code(CodeSet::Misbehaving);
    for (settings, (result, state)) in [(GROUPED, grouped), (EACH, each)] {
        let mut stage = behaving::<D>(behaviour, settings);
        let table = format!("behaviour[{}]", {
            let mut names: Vec<String> = behaviour.iter().map(|b| b.replace("''", "'")).collect();
            names.sort_unstable();
            names.join(", ")
        });
        let state = match state.split_once("c[") {
            _ if state.starts_with('@') => format!("{table} {state}"),
            Some((before, after)) => format!("{before}{table} c[{after}"),
            None => state.replacen(" @", &format!(" {table} @"), 1),
        };
        check(&mut stage, set, Goal::Up, result, &state);
        // Whatever it was: once it is mended, everything goes on.
        if !result.contains("up 3") {
            stage
                .db
                .sql("DELETE FROM behaviour; DROP TABLE IF EXISTS t");
            let migrator = stage.migrator(set);
            let up = told(&stage.db.bring(&migrator, Goal::Up));
            assert!(
                up.ends_with(" 3: up 2, up 3") || up == "0 -> 3: up 1, up 2, up 3",
                "{up}"
            );
        }
    }
}

/// What is there once all of [`CodeSet::Misbehaving`] has run.
pub const ALL: (&str, &str) = ("0 -> 3: up 1, up 2, up 3", "a[1, 2] c[] @ 1 2 3");

pub fn code_may_use_savepoints<D: TestDatabase>() {
    check_behaviour::<D>(&[], ALL, ALL);
    check_behaviour::<D>(&["SAVEPOINT mine", "RELEASE mine"], ALL, ALL);
    check_behaviour::<D>(
        &["SAVEPOINT mine; DELETE FROM a", "ROLLBACK TO mine"],
        ALL,
        ALL,
    );
    check_behaviour::<D>(&["SAVEPOINT left_open"], ALL, ALL);
}

pub fn failing_code_is_rolled_back<D: TestDatabase>() {
    let words = "code at 0002_misbehave.rs, rolled back: it is Tuesday the 13; kept 0 -> 1: up 1";
    check_behaviour::<D>(&["fails"], (words, "a[] @ 1"), (words, "a[] @ 1"));
    let message = match D::DATABASE {
        Database::Sqlite => "no such table: nowhere",
        _ => "relation \"nowhere\" does not exist",
    };
    let words = format!("code at 0002_misbehave.rs, rolled back: {message}; kept 0 -> 1: up 1");
    let failed = (words.as_str(), "a[] @ 1");
    check_behaviour::<D>(&["INSERT INTO nowhere VALUES (1)"], failed, failed);
}

pub fn error_of_the_author_s_own_is_the_source<D: TestDatabase>() {
    let mut stage = behaving::<D>(&["fails"], EACH);
    let migrator = stage.migrator(D::code(CodeSet::Misbehaving));
    let error = stage.db.bring(&migrator, Goal::Up).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "it is Tuesday the 13");
    let failed = error.failed().unwrap();
    assert_eq!(
        (failed.version, failed.code, &failed.sqlstate, &failed.place),
        (Some(2), None, &None, &None)
    );
    let text = error.to_string();
    assert!(text.starts_with("it is Tuesday the 13\n --> "), "{text}");
    let file = format!("{}/misbehaving/0002_misbehave.rs\n", D::CODE);
    assert!(text.contains(&file), "{text}");
}

pub fn code_that_writes_to_the_history_is_refused<D: TestDatabase>() {
    let words = "code at 0002_misbehave.rs, rolled back: the migration writes to `_migrate_history`, \
                 where the history is kept; kept 0 -> 1: up 1";
    let refused = (words, "a[] @ 1");
    for sql in [
        "UPDATE _migrate_history SET description = ''''",
        "DELETE FROM _migrate_history",
        "INSERT INTO _migrate_history SELECT 7, description, checksum, chain, applied_at, 0, down, resume_at \
         FROM _migrate_history",
    ] {
        check_behaviour::<D>(&[sql], refused, refused);
    }
    check_behaviour::<D>(&["SELECT * FROM _migrate_history"], ALL, ALL);
}

pub fn code_that_commits_is_found_out<D: TestDatabase>() {
    let words = "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1";
    let after = (words, "a[1, 2] @ 1");
    check_behaviour::<D>(&["COMMIT"], after, after);
    let before = (words, "a[1] @ 1");
    check_behaviour::<D>(&["COMMIT; BEGIN"], before, before);
    check_behaviour::<D>(&["COMMIT", "BEGIN", "COMMIT; BEGIN"], before, before);
    check_behaviour::<D>(&["COMMIT; BEGIN; SAVEPOINT migration"], before, before);
}

pub fn code_that_commits_and_fails_is_not_called_rolled_back<D: TestDatabase>() {
    let words = "code at 0002_misbehave.rs, escaped: it is Tuesday the 13; kept 0 -> 1: up 1";
    let kept = (words, "a[1] @ 1");
    check_behaviour::<D>(&["COMMIT", "fails"], kept, kept);
    check_behaviour::<D>(&["COMMIT; BEGIN", "DELETE FROM a", "fails"], kept, kept);
}

pub fn code_that_rolls_back_is_found_out<D: TestDatabase>() {
    let grouped = (
        "transaction ended at 0002_misbehave.rs, group rolled back",
        "@",
    );
    let each = (
        "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    check_behaviour::<D>(
        &["ROLLBACK; BEGIN; CREATE TABLE IF NOT EXISTS a (x INTEGER)"],
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
    check_behaviour::<D>(&["ROLLBACK", "fails"], grouped, each);
    check_behaviour::<D>(&["ROLLBACK; BEGIN", "fails"], grouped, each);
}

pub fn code_that_meddles_with_the_runner_s_savepoint_is_found_out<D: TestDatabase>() {
    let grouped = (
        "transaction ended at 0002_misbehave.rs, group rolled back",
        "@",
    );
    let each = (
        "transaction ended at 0002_misbehave.rs, escaped; kept 0 -> 1: up 1",
        "a[] @ 1",
    );
    check_behaviour::<D>(&["RELEASE _migrate_core_code"], grouped, each);
}

/// What comes after code may fail for itself, also before any of it is run: then the code is kept.
pub fn failure_behind_code_keeps_the_code<D: TestDatabase>() {
    let broken = |text: &'static str| {
        [
            ("0004_d.sql", "CREATE TABLE d (x INTEGER);"),
            ("0005_e.sql", text),
        ]
    };
    for (text, words) in [
        (
            "CREATE TABEL e (x INTEGER);",
            "sql at 0005_e.sql:1, rolled back",
        ),
        (
            "INSERT INTO d VALUES (1);\nINSERT INTO nowhere VALUES (1);",
            "sql at 0005_e.sql:2, rolled back",
        ),
    ] {
        for settings in [EACH, GROUPED] {
            let mut stage = behaving::<D>(&[], settings);
            let files = broken(text);
            let folder = stage.folder(&files);
            let set = [D::code(CodeSet::Misbehaving), &folder.migrations()].concat();
            check(
                &mut stage,
                &set,
                Goal::Up,
                &format!("{words}; kept 0 -> 4: up 1, up 2, up 3, up 4"),
                "a[1, 2] behaviour[] c[] d[] @ 1 2 3 4",
            );
        }
    }
}

pub fn panic_goes_on_once_everything_is_rolled_back<D: TestDatabase>() {
    for (settings, kept) in [
        (GROUPED, "behaviour[panics] @"),
        (EACH, "a[] behaviour[panics] @ 1"),
    ] {
        let mut stage = behaving::<D>(&["panics"], settings);
        let session = stage.db.session();
        let migrator = stage.migrator(D::code(CodeSet::Misbehaving));
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

pub fn down_may_misbehave_too<D: TestDatabase>() {
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
    let set = D::code(CodeSet::Misbehaving);
    for settings in [EACH, GROUPED] {
        for (behaviour, words, a) in cases {
            let mut stage = behaving::<D>(&[], settings);
            check(
                &mut stage,
                set,
                Goal::Up,
                ALL.0,
                "a[1, 2] behaviour[] c[] @ 1 2 3",
            );
            stage
                .db
                .sql(&format!("INSERT INTO behaviour VALUES ('{behaviour}')"));
            let state = format!("{a} behaviour[{behaviour}] @ 1 2");
            check(&mut stage, set, Goal::Reset, words, &state);
        }
    }
}

pub fn what_is_in_place_is_adopted_without_running<D: TestDatabase>() {
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
            let mut stage = Stage::<D>::new();
            stage.set(settings);
            for table in there.chars() {
                stage.db.sql(&format!("CREATE TABLE {table} (x INTEGER)"));
            }
            let state = format!("{tables} @ 1 2 3 4 5");
            check(
                &mut stage,
                D::code(CodeSet::Adopting),
                Goal::Up,
                &format!("0 -> 5: {steps}"),
                &state,
            );
        }
    }
}

pub fn only_what_is_wanted_is_adopted<D: TestDatabase>() {
    let set = D::code(CodeSet::Adopting);
    let mut stage = Stage::<D>::new();
    for table in ["a", "b", "c"] {
        stage.db.sql(&format!("CREATE TABLE {table} (x INTEGER)"));
    }
    let steps = "0 -> 2: adopt 1, adopt 2";
    check(&mut stage, set, Goal::UpTo(2), steps, "a[] b[] c[] @ 1 2");
    // There is a history now: nobody is asked any more.
    let steps = "2 -> 5: up 3, up 4, up 5";
    check(
        &mut stage,
        set,
        Goal::Up,
        steps,
        "a[] b[] c[3] d[4] e[5] @ 1 2 3 4 5",
    );
}

pub fn nobody_is_asked_on_the_way_down_or_by_hand<D: TestDatabase>() {
    let set = D::code(CodeSet::Adopting);
    let mut stage = Stage::<D>::new();
    stage.db.sql("CREATE TABLE a (x INTEGER)");
    check(&mut stage, set, Goal::Reset, "at 0", "a[] @");
    check(&mut stage, set, Goal::Mark(1), "0 -> 1: mark 1", "a[] @ 1");
    check(&mut stage, set, Goal::Reset, "1 -> 0: down 1", "@");
}

pub fn what_is_adopted_is_asked_again_under_the_lock<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.db.sql("CREATE TABLE a (x INTEGER)");
    stage.db.sql("CREATE TABLE b (x INTEGER)");
    let other = Mutex::new(Some(stage.database.connect()));
    let migrator = stage.migrator(D::code(CodeSet::Adopting));
    let migrator = migrator.observe(|event| {
        let other = other.lock().unwrap().take();
        if let (Event::Planned { .. }, Some(mut other)) = (event, other) {
            other.sql("DROP TABLE b");
        }
    });
    let words = "0 -> 5: adopt 1, up 2, up 3, up 4, up 5";
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), words);
}

pub fn check_can_say_yes_and_no<D: TestDatabase>() {
    let set = D::code(CodeSet::Asking);
    let mut stage = behaving::<D>(&["yes"], EACH);
    check(
        &mut stage,
        set,
        Goal::Up,
        "0 -> 1: adopt 1",
        "behaviour[yes] @ 1",
    );
    let mut stage = behaving::<D>(&["no"], EACH);
    check(
        &mut stage,
        set,
        Goal::Up,
        "0 -> 1: up 1",
        "a[] behaviour[no] @ 1",
    );
}

pub fn check_that_writes_or_fails_stops_the_run<D: TestDatabase>() {
    let set = D::code(CodeSet::Asking);
    let is_sqlite = D::DATABASE == Database::Sqlite;
    let read_only = "attempt to write a readonly database";
    let cases = [
        (
            "CREATE TABLE b (x INTEGER)",
            [
                read_only,
                "cannot execute CREATE TABLE in a read-only transaction",
            ],
        ),
        (
            "DELETE FROM behaviour",
            [
                read_only,
                "cannot execute DELETE in a read-only transaction",
            ],
        ),
        (
            "SELECT x FROM nowhere",
            [
                "no such table: nowhere",
                "relation \"nowhere\" does not exist",
            ],
        ),
    ];
    for settings in [EACH, GROUPED] {
        for (sql, [on_sqlite, on_postgres]) in cases {
            let message = if is_sqlite { on_sqlite } else { on_postgres };
            let mut stage = behaving::<D>(&[sql], settings);
            let words = format!("code at 0001_ask.rs, rolled back: {message}");
            let state = format!("behaviour[{sql}] @");
            check(&mut stage, set, Goal::Up, &words, &state);
            // Who has no use for its answer does not ask.
            check(
                &mut stage,
                set,
                Goal::Mark(1),
                "0 -> 1: mark 1",
                &format!("{state} 1"),
            );
        }
    }
}

pub fn check_that_panics_leaves_the_connection_as_it_was<D: TestDatabase>() {
    let mut stage = behaving::<D>(&["panics"], EACH);
    let session = stage.db.session();
    let migrator = stage.migrator(D::code(CodeSet::Asking));
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
    let up = told(&stage.db.bring(&migrator, Goal::Up));
    assert_eq!(up, "0 -> 1: up 1");
}
