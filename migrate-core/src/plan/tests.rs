//! What is planned, as tables. The situations of the first three tests are those that goose,
//! golang-migrate and refinery test their own planning with.

use std::sync::Arc;

use migrate_source::{Chain, Checksum, Database, Mode};

use super::decide::{Situation, plan};
use super::*;
use crate::error::{Error, ErrorKind};
use crate::history::{Applied, History};
use crate::migration::Code;
use crate::migration::Run;
use crate::migration::Script;
use crate::report::Report;
use crate::settings::Policy;
use crate::settings::{Settings, Transactions};
use crate::units;

const UP: &str = "CREATE TABLE t (x);";

fn checksum(version: i64) -> Checksum {
    Checksum::of_code(version, 0)
}

/// Migrations with these versions, and downs for all but `without_down`.
fn set(versions: &[i64], without_down: &[i64]) -> Vec<Migration<'static>> {
    let migration = |version: &i64| {
        let up = Script::new(UP, "up.sql", 1);
        let migration = Migration::sql(
            *version,
            "a migration",
            Database::Sqlite,
            up,
            checksum(*version),
            Chain::START,
        );
        if without_down.contains(version) {
            migration
        } else {
            migration.with_down(Script::new("DROP TABLE t;", "down.sql", 1))
        }
    };
    versions.iter().map(migration).collect()
}

fn row(version: i64) -> Applied {
    Applied {
        version,
        description: "a migration".into(),
        checksum: checksum(version).to_string(),
        chain: Chain::START.to_string(),
        applied_at: String::new(),
        duration_ms: 0,
        down: Some("DROP TABLE t;".into()),
        resume_at: None,
    }
}

fn history(versions: &[i64]) -> History {
    History {
        rows: versions
            .iter()
            .map(|version| Arc::new(row(*version)))
            .collect(),
        ..History::default()
    }
}

fn edited_row(history: &mut History, at: usize) -> &mut Applied {
    Arc::make_mut(&mut history.rows[at])
}

fn planned(
    set: &[Migration<'_>],
    history: &History,
    settings: &Settings,
    goal: Goal,
) -> Result<Vec<String>, ErrorKind> {
    let situation = Situation {
        set,
        database: Database::Sqlite,
        is_async: false,
        history,
        settings,
        in_place: 0,
    };
    let plan = plan(situation, goal)?;
    let text = |step: &Step<'_>| match &step.id {
        Id::Version(version) => format!("{} {version}", step.action()),
        Id::Repeatable(name) => format!("{} {name}", step.action()),
    };
    Ok(plan.steps().iter().map(text).collect())
}

/// The steps planned, as one line, or the error.
fn check(
    versions: &[i64],
    applied: &[i64],
    settings: &Settings,
    goal: Goal,
    expected: Result<&str, ErrorKind>,
) {
    let steps = planned(&set(versions, &[]), &history(applied), settings, goal);
    let steps = steps.map(|steps| steps.join(", "));
    assert_eq!(
        steps,
        expected.map(str::to_owned),
        "{versions:?} on a database with {applied:?}, {goal:?}"
    );
}

fn out_of_order(versions: &[i64], database: i64) -> Result<&'static str, ErrorKind> {
    Err(ErrorKind::OutOfOrder {
        versions: versions.to_vec(),
        database,
    })
}

/// goose: TestResolveVersions.
#[test]
fn versions_are_resolved_as_by_goose() {
    let refuse = Settings::default();
    let accept = Settings {
        out_of_order: Policy::Accept,
        ..Settings::default()
    };
    for settings in [&refuse, &accept] {
        let same = |versions: &[i64], applied: &[i64], goal, expected| {
            check(versions, applied, settings, goal, Ok(expected));
        };
        same(&[], &[], Goal::Up, "");
        same(&[1, 2, 3], &[1, 2, 3], Goal::Up, "");
        same(&[1, 2, 3], &[], Goal::Up, "up 1, up 2, up 3");
        same(&[3], &[3], Goal::Up, "");
        same(&[3, 4], &[3], Goal::Up, "up 4");
        same(&[1, 2, 3, 4, 5], &[1, 2], Goal::UpTo(4), "up 3, up 4");
        same(&[1, 2, 3, 4, 5], &[1, 2], Goal::UpTo(0), "");
        same(&[1, 2, 3], &[1, 3], Goal::UpTo(1), "");
    }
    let table: &[(&[i64], &[i64], Goal, _, &str)] = &[
        (
            &[1, 2, 3, 4],
            &[1, 3],
            Goal::Up,
            out_of_order(&[2], 3),
            "up 2, up 4",
        ),
        (
            &[1, 2, 3, 4, 5],
            &[2, 4, 5],
            Goal::Up,
            out_of_order(&[1, 3], 5),
            "up 1, up 3",
        ),
        (&[1, 2, 3], &[1, 3], Goal::Up, out_of_order(&[2], 3), "up 2"),
        (
            &[1, 2, 3, 4, 5],
            &[2, 4],
            Goal::Up,
            out_of_order(&[1, 3], 4),
            "up 1, up 3, up 5",
        ),
        (
            &[1, 2, 3],
            &[1, 3],
            Goal::UpTo(2),
            out_of_order(&[2], 3),
            "up 2",
        ),
        (
            &[1, 2, 3],
            &[1, 3],
            Goal::UpTo(3),
            out_of_order(&[2], 3),
            "up 2",
        ),
        (
            &[1, 2, 3, 4, 5, 6],
            &[1, 3, 4, 6],
            Goal::UpTo(4),
            out_of_order(&[2], 6),
            "up 2",
        ),
        (
            &[1, 2, 3, 4, 5, 6],
            &[1, 3, 4, 6],
            Goal::UpTo(6),
            out_of_order(&[2, 5], 6),
            "up 2, up 5",
        ),
    ];
    for (versions, applied, goal, refused, accepted) in table {
        check(versions, applied, &refuse, *goal, refused.clone());
        check(versions, applied, &accept, *goal, Ok(accepted));
    }
}

/// golang-migrate: TestMigrate, TestSteps and TestUpAndDown, on versions 1, 3, 4, 5 and 7.
///
/// Where that tool goes over a version without a down in silence, ours refuses.
#[test]
fn steps_are_taken_as_by_golang_migrate() {
    let versions = [1, 3, 4, 5, 7];
    let unknown = |version| {
        Err(ErrorKind::UnknownVersion {
            version,
            known: versions.to_vec(),
        })
    };
    let table: &[(&[i64], Goal, Result<&str, ErrorKind>)] = &[
        // Up, one version at a time.
        (&[], Goal::UpTo(1), Ok("up 1")),
        (&[1], Goal::UpTo(2), unknown(2)),
        (&[1], Goal::UpTo(3), Ok("up 3")),
        (&[1, 3], Goal::UpTo(4), Ok("up 4")),
        (&[1, 3, 4], Goal::UpTo(5), Ok("up 5")),
        (&[1, 3, 4, 5], Goal::UpTo(6), unknown(6)),
        (&[1, 3, 4, 5], Goal::UpTo(7), Ok("up 7")),
        (&[1, 3, 4, 5, 7], Goal::UpTo(8), unknown(8)),
        // Down, one version at a time.
        (&[1, 3, 4, 5, 7], Goal::DownTo(6), unknown(6)),
        (&[1, 3, 4, 5, 7], Goal::DownTo(5), Ok("down 7")),
        (&[1, 3, 4, 5], Goal::DownTo(4), Ok("down 5")),
        (&[1, 3, 4], Goal::DownTo(3), Ok("down 4")),
        (&[1, 3], Goal::DownTo(2), unknown(2)),
        (&[1, 3], Goal::DownTo(1), Ok("down 3")),
        (&[1], Goal::DownTo(0), Ok("down 1")),
        // All at once, and once more.
        (&[1], Goal::UpTo(7), Ok("up 3, up 4, up 5, up 7")),
        (
            &[1, 3, 4, 5, 7],
            Goal::DownTo(1),
            Ok("down 7, down 5, down 4, down 3"),
        ),
        (&[1], Goal::DownTo(1), Ok("")),
        (&[1], Goal::UpTo(1), Ok("")),
        // By steps.
        (&[1, 3], Goal::Down(0), Ok("")),
        (&[], Goal::Down(1), Ok("")),
        (&[1, 3, 4, 5, 7], Goal::Down(1), Ok("down 7")),
        (
            &[1, 3, 4, 5, 7],
            Goal::Down(4),
            Ok("down 7, down 5, down 4, down 3"),
        ),
        (&[1], Goal::Down(2), Ok("down 1")),
        // Up and down.
        (&[], Goal::Up, Ok("up 1, up 3, up 4, up 5, up 7")),
        (&[1, 3, 4, 5, 7], Goal::Up, Ok("")),
        (
            &[1, 3, 4, 5, 7],
            Goal::Reset,
            Ok("down 7, down 5, down 4, down 3, down 1"),
        ),
        (&[], Goal::Reset, Ok("")),
    ];
    for (applied, goal, expected) in table {
        check(
            &versions,
            applied,
            &Settings::default(),
            *goal,
            expected.clone(),
        );
    }
    let without = set(&versions, &[3, 5]);
    let steps = planned(
        &without,
        &history(&versions),
        &Settings::default(),
        Goal::DownTo(1),
    );
    assert_eq!(
        steps,
        Err(ErrorKind::Irreversible {
            unknown: vec![],
            versions: vec![5, 3],
            files: vec!["down.sql".into(), "down.sql".into()],
        })
    );
    let steps = planned(
        &without,
        &history(&versions),
        &Settings::default(),
        Goal::Down(1),
    );
    assert_eq!(steps, Ok(vec!["down 7".to_owned()]));
}

/// refinery: the tests called `verify_migrations_…`.
#[test]
fn histories_are_verified_as_by_refinery() {
    let refuse = Settings::default();
    let accept_missing = Settings {
        missing: Policy::Accept,
        ..Settings::default()
    };
    let accept_order = Settings {
        out_of_order: Policy::Accept,
        ..Settings::default()
    };
    let all = &[1, 2, 3, 4];
    // returns_all_migrations_if_applied_are_empty, returns_unapplied
    check(all, &[], &refuse, Goal::Up, Ok("up 1, up 2, up 3, up 4"));
    check(all, &[1, 2, 3], &refuse, Goal::Up, Ok("up 4"));
    // fails_on_missing_on_applied; where refinery then leaves 2 out for ever, ours runs it
    check(all, &[1, 3], &refuse, Goal::Up, out_of_order(&[2], 3));
    check(all, &[1, 3], &accept_order, Goal::Up, Ok("up 2, up 4"));
    // fails_on_missing_on_filesystem and doesnt_fail_on_missing_on_filesystem
    let missing = Err(ErrorKind::Missing { versions: vec![2] });
    check(&[1, 3, 4], &[1, 2, 3], &refuse, Goal::Up, missing);
    check(
        &[1, 3, 4],
        &[1, 2, 3],
        &accept_missing,
        Goal::Up,
        Ok("up 4"),
    );
    // fails_on_repeated_migration
    let twice = ErrorKind::InvalidSet {
        reason: "version 1 is in it twice".into(),
    };
    check(&[1, 1, 2], &[], &refuse, Goal::Up, Err(twice));
    let mixed = ErrorKind::InvalidSet {
        reason: "version 2 stands before version 1".into(),
    };
    check(&[2, 1], &[], &refuse, Goal::Up, Err(mixed));

    // fails_on_divergent: there is no setting that makes an edited migration pass
    let mut edited = history(&[1, 2, 3]);
    edited_row(&mut edited, 1).checksum = checksum(99).to_string();
    edited_row(&mut edited, 2).checksum = checksum(99).to_string();
    for settings in [&refuse, &accept_missing, &accept_order] {
        for goal in [Goal::Up, Goal::UpTo(3)] {
            match planned(&set(all, &[]), &edited, settings, goal) {
                Err(ErrorKind::Changed { changed }) => {
                    let versions: Vec<i64> = changed.iter().map(|c| c.version).collect();
                    assert_eq!(versions, [2, 3]);
                }
                other => panic!("{goal:?}: {other:?}"),
            }
        }
    }
    // What was applied is taken back as it was applied; what stays must fit.
    let own = set(all, &[]);
    for (goal, steps) in [
        (Goal::Down(1), None),
        (Goal::Redo, None),
        (Goal::Down(2), Some("down 3, down 2")),
        (Goal::DownTo(1), Some("down 3, down 2")),
    ] {
        let planned = planned(&own, &edited, &refuse, goal).ok();
        assert_eq!(planned.map(|steps| steps.join(", ")).as_deref(), steps);
    }
    edited_row(&mut edited, 1).checksum = checksum(2).to_string();
    let redo = planned(&own, &edited, &refuse, Goal::Redo).expect("nothing refuses");
    assert_eq!(redo, ["down 3", "up 3"]);
    edited_row(&mut edited, 1).checksum = checksum(99).to_string();
    let situation = Situation {
        set: &own,
        database: Database::Sqlite,
        is_async: false,
        history: &edited,
        settings: &refuse,
        in_place: 0,
    };
    let back = plan(situation, Goal::DownTo(0)).expect("nothing refuses");
    let files: Vec<_> = back.steps().iter().filter_map(Step::file).collect();
    assert_eq!(
        files,
        [
            "_migrate_history/3.down",
            "_migrate_history/2.down",
            "down.sql"
        ]
    );
}

#[test]
fn a_newer_database_is_refused_with_the_way_back() {
    let newer = |way_back| {
        Err(ErrorKind::Newer {
            database: 5,
            program: 3,
            way_back,
        })
    };
    let accept = Settings {
        newer: Policy::Accept,
        ..Settings::default()
    };
    let mut database = history(&[1, 2, 3, 4, 5]);
    let own = set(&[1, 2, 3], &[]);
    let plan_of =
        |history: &History, settings: &Settings, goal| planned(&own, history, settings, goal);
    assert_eq!(
        plan_of(&database, &Settings::default(), Goal::Up),
        newer(true)
    );
    assert_eq!(plan_of(&database, &accept, Goal::Up), Ok(vec![]));
    let back = plan_of(&database, &Settings::default(), Goal::DownTo(3));
    assert_eq!(back, Ok(vec!["down 5".into(), "down 4".into()]));
    edited_row(&mut database, 3).down = None;
    assert_eq!(
        plan_of(&database, &Settings::default(), Goal::Up),
        newer(false)
    );
    let back = plan_of(&database, &Settings::default(), Goal::DownTo(3));
    assert_eq!(
        back,
        Err(ErrorKind::Irreversible {
            versions: vec![4],
            unknown: vec![4],
            files: vec![]
        })
    );
}

#[test]
fn redo_marks_and_unmarks() {
    let settings = Settings::default();
    check(&[1, 2], &[1, 2], &settings, Goal::Redo, Ok("down 2, up 2"));
    check(&[1, 2], &[], &settings, Goal::Redo, Ok(""));
    let newer = Err(ErrorKind::Newer {
        database: 2,
        program: 1,
        way_back: true,
    });
    check(&[1], &[1, 2], &settings, Goal::Redo, newer);
    check(&[1, 2], &[1], &settings, Goal::Mark(2), Ok("mark 2"));
    check(&[1, 2], &[1], &settings, Goal::Mark(1), Ok(""));
    check(&[1, 2], &[1], &settings, Goal::Unmark(1), Ok("unmark 1"));
    check(&[1, 2], &[1], &settings, Goal::Unmark(2), Ok(""));
    check(&[1], &[1, 2], &settings, Goal::Unmark(2), Ok("unmark 2"));
    let unknown = |version| {
        Err(ErrorKind::UnknownVersion {
            version,
            known: vec![1, 2],
        })
    };
    check(&[1, 2], &[1], &settings, Goal::Mark(3), unknown(3));
    check(&[1, 2], &[1], &settings, Goal::Unmark(3), unknown(3));
}

#[test]
fn what_is_unfinished_is_pending_and_cannot_be_taken_back() {
    let up = "CREATE TABLE a (x); CREATE TABLE b (x);";
    let script = Script::new(up, "up.sql", 1).mode(Mode::NoTransaction);
    let set = [Migration::sql(
        1,
        "",
        Database::Sqlite,
        script.clone(),
        checksum(1),
        Chain::START,
    )];
    let mut database = history(&[1]);
    let mark = units::Mark::new(&script, Database::Sqlite, Action::Up).at(1);
    edited_row(&mut database, 0).resume_at = Some(mark);
    let settings = Settings::default();
    assert_eq!(database.version(), 0);
    assert_eq!(
        planned(&set, &database, &settings, Goal::Up),
        Ok(vec!["up 1".into()])
    );
    let refused = Err(ErrorKind::Unfinished {
        version: 1,
        action: Action::Up,
    });
    assert_eq!(planned(&set, &database, &settings, Goal::Down(1)), refused);
    assert_eq!(
        planned(&set, &database, &settings, Goal::Mark(1)),
        Ok(vec!["mark 1".into()])
    );

    let changed = |statements| {
        Err(ErrorKind::ResumeChanged {
            version: 1,
            file: "up.sql".into(),
            statements,
        })
    };
    let edited = |up: &'static str| {
        let script = Script::new(up, "up.sql", 1).mode(Mode::NoTransaction);
        [Migration::sql(
            1,
            "",
            Database::Sqlite,
            script,
            checksum(2),
            Chain::START,
        )]
    };
    let after = edited("CREATE TABLE a (x);\n-- now with y\nCREATE TABLE b (x, y);");
    assert_eq!(
        planned(&after, &database, &settings, Goal::Up),
        Ok(vec!["up 1".into()])
    );
    let before = edited("CREATE TABLE a (x, y); CREATE TABLE b (x);");
    assert_eq!(planned(&before, &database, &settings, Goal::Up), changed(1));
    assert_eq!(
        planned(&edited(""), &database, &settings, Goal::Up),
        changed(1)
    );
}

#[test]
fn steps_are_grouped_on_a_fresh_database() {
    use Transaction::{Group, Own, Stepwise};
    let sql = |version, up: Script<'static>| {
        Migration::sql(
            version,
            "",
            Database::Sqlite,
            up,
            checksum(version),
            Chain::START,
        )
    };
    let code = Code::new("up.rs", Run::NotCompiled);
    let set = [
        sql(1, Script::new(UP, "", 1)),
        sql(2, Script::new(UP, "", 1).with_foreign_keys()),
        Migration::code(3, "", Database::Sqlite, code, checksum(3), Chain::START),
        sql(4, Script::new(UP, "", 1).mode(Mode::NoTransaction)),
        sql(5, Script::new("DELETE FROM t;", "", 1).mode(Mode::Repeat)),
        sql(
            6,
            Script::new("COMMIT; PRAGMA foreign_keys = OFF; BEGIN;", "", 1),
        ),
        sql(7, Script::new(UP, "", 1)),
    ];
    let transactions = |applied: &[i64], transactions| {
        let settings = Settings {
            transactions,
            ..Settings::default()
        };
        let history = &history(applied);
        let settings = &settings;
        let set = &set[..];
        let situation = Situation {
            set,
            database: Database::Sqlite,
            is_async: false,
            history,
            settings,
            in_place: 0,
        };
        let plan = plan(situation, Goal::Up).expect("nothing refuses");
        plan.steps()
            .iter()
            .map(Step::transaction)
            .collect::<Vec<_>>()
    };
    let grouped = [Group, Own, Group, Stepwise, Stepwise, Stepwise, Group];
    let each = [Own, Own, Own, Stepwise, Stepwise, Stepwise, Own];
    assert_eq!(transactions(&[], Transactions::Auto), grouped);
    assert_eq!(transactions(&[], Transactions::Each), each);
    assert_eq!(transactions(&[], Transactions::Grouped), grouped);
    assert_eq!(transactions(&[1], Transactions::Auto), each[1..]);
    assert_eq!(transactions(&[1], Transactions::Grouped), grouped[1..]);
}

#[test]
fn what_waits_for_a_commit_is_in_no_group_on_postgres() {
    use Transaction::{Group, Own};
    let steps = |database| {
        let texts = [
            UP,
            "ALTER TYPE mood ADD VALUE 'ok';",
            UP,
            "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1;",
            UP,
        ];
        let sql = |(version, up)| {
            let (up, sum) = (Script::new(up, "", 1), checksum(version));
            Migration::sql(version, "", database, up, sum, Chain::START)
        };
        let set: Vec<_> = (1..).zip(texts).map(sql).collect();
        let situation = Situation {
            set: &set,
            database,
            is_async: false,
            history: &history(&[]),
            settings: &Settings::default(),
            in_place: 0,
        };
        let plan = plan(situation, Goal::Up).expect("nothing refuses");
        let steps = plan.steps().iter().map(Step::transaction);
        steps.collect::<Vec<_>>()
    };
    assert_eq!(steps(Database::Postgres), [Group, Own, Group, Own, Group]);
    assert_eq!(steps(Database::Sqlite), [Group; 5]);
}

#[test]
fn a_set_for_another_database_is_refused() {
    let up = Script::new(UP, "", 1);
    let other = [Migration::sql(
        1,
        "",
        Database::Postgres,
        up,
        checksum(1),
        Chain::START,
    )];
    let refused = ErrorKind::WrongDatabase {
        migrations: Database::Postgres,
        connection: Database::Sqlite,
    };
    let history = History::default();
    for goal in [Goal::Up, Goal::Down(1), Goal::Mark(1)] {
        assert_eq!(
            planned(&other, &history, &Settings::default(), goal),
            Err(refused.clone())
        );
    }
    says(
        refused,
        &["`embed_migrations!(\"…\", database = \"sqlite\")`"],
    );
}

/// What is said names only what works: `redo` needs a down that takes back what was applied.
#[test]
fn way_back_of_an_edited_migration_is_one_that_works() {
    let edited = |versions: &[i64], lacking: &[i64]| {
        let mut history = history(&[1, 2, 3]);
        for version in versions {
            let row = edited_row(&mut history, usize::try_from(*version).unwrap() - 1);
            row.checksum = checksum(99).to_string();
            if lacking.contains(version) {
                row.down = None;
            }
        }
        history
    };
    let check = |versions: &[i64], lacking: &[i64], words: &[&str]| {
        let history = edited(versions, lacking);
        let set = files(&[1, 2, 3]);
        let refused = planned(&set, &history, &Settings::default(), Goal::Up);
        let text = says(refused.unwrap_err(), words);
        assert_eq!(
            text.contains("`redo`"),
            words[0].contains("`redo`"),
            "{text}"
        );
    };
    check(&[3], &[], &["writing it: `redo` takes back"]);
    check(&[2], &[], &["writing it: `down_to(1)` takes back"]);
    check(&[2, 3], &[], &["writing it: `down_to(1)` takes back"]);
    check(
        &[3],
        &[3],
        &["write the down (`m/3_a.down.sql`)", "`Migrator::unmark`"],
    );
    check(&[2, 3], &[3], &["write the down (`m/3_a.down.sql`)"]);
    // An edited one has no down that serves, wherever it is written.
    let refused = planned(
        &files(&[1, 2, 3]),
        &edited(&[3], &[3]),
        &Settings::default(),
        Goal::Redo,
    );
    let text = says(refused.unwrap_err(), &["migration 3 has no down"]);
    assert!(!text.contains("write its down"), "{text}");
    let refused = planned(
        &files(&[1, 2, 3]),
        &edited(&[], &[]),
        &Settings::default(),
        Goal::Reset,
    );
    let words = "or write the downs: `m/3_a.down.sql`, `m/2_a.down.sql`, `m/1_a.down.sql`";
    says(refused.unwrap_err(), &[words]);
}

#[test]
fn file_of_a_down_is_named_where_the_layout_has_one() {
    let check = |file: &'static str, line, expected: Option<&str>| {
        let up = Script::new(UP, file, line);
        let migration = Migration::sql(1, "", Database::Sqlite, up, checksum(1), Chain::START);
        assert_eq!(migration.down_file().as_deref(), expected, "{file}");
    };
    check("m/0001_a.sql", 1, Some("m/0001_a.down.sql"));
    check("m/0001_a.up.sql", 1, Some("m/0001_a.down.sql"));
    check("m/2024_a/up.sql", 1, Some("m/2024_a/down.sql"));
    check("m/0001_a.sql", 2, None);
    check("m/V1__a.sql", 1, None);
}

/// Migrations without downs, in files of their own.
fn files(versions: &[i64]) -> Vec<Migration<'static>> {
    const FILES: [&str; 4] = ["", "m/1_a.sql", "m/2_a.sql", "m/3_a.sql"];
    let migration = |version: &i64| {
        let up = Script::new(UP, FILES[usize::try_from(*version).unwrap()], 1);
        let (sum, start) = (checksum(*version), Chain::START);
        Migration::sql(*version, "a migration", Database::Sqlite, up, sum, start)
    };
    versions.iter().map(migration).collect()
}

#[track_caller]
fn says(kind: ErrorKind, words: &[&str]) -> String {
    let text = Error::new(kind, Report::default(), None).to_string();
    for words in words {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    text
}

#[test]
fn a_counter_that_cannot_be_kept_is_refused_before_anything_runs() {
    let keep = Settings {
        user_version: true,
        ..Settings::default()
    };
    let large = i64::from(i32::MAX) + 1;
    check(
        &[1, large - 1],
        &[],
        &keep,
        Goal::Up,
        Ok("up 1, up 2147483647"),
    );
    let refused = Err(ErrorKind::VersionTooLarge { version: large });
    check(&[1, large], &[], &keep, Goal::Up, refused);
    check(&[1, large], &[], &keep, Goal::UpTo(1), Ok("up 1"));
    check(
        &[1, large],
        &[],
        &Settings::default(),
        Goal::Up,
        Ok("up 1, up 2147483648"),
    );

    let counted = History {
        counter: Some(3),
        ..History::default()
    };
    let own = set(&[1, 2, 3], &[]);
    let refused = Err(ErrorKind::CounterWithoutHistory { counter: 3 });
    assert_eq!(planned(&own, &counted, &keep, Goal::Up), refused);
    assert!(planned(&own, &counted, &Settings::default(), Goal::Up).is_ok());
    let known = History {
        counter: Some(9),
        ..history(&[1])
    };
    let steps = planned(&own, &known, &keep, Goal::Up);
    assert_eq!(steps, Ok(vec!["up 2".into(), "up 3".into()]));
}
