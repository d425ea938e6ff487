//! Files that run statement by statement: they stop where they fail, and go on from there.

use migrate_core::{Goal, State};

use super::files::{A, A_DOWN, C, ONE};
use super::stage::Files;
use super::{Stage, TestConnection, TestDatabase};

const FAILING: &str = "-- migrate: no-transaction\n\
    CREATE TABLE s (x INTEGER);\n\
    INSERT INTO s VALUES (1);\n\
    INSERT INTO nowhere VALUES (2);\n\
    INSERT INTO s VALUES (3);\n";

/// What it should have said.
const MENDED: &str = "-- migrate: no-transaction\n\
    CREATE TABLE s (x INTEGER);\n\
    INSERT INTO s VALUES (1);\n\
    INSERT INTO s VALUES (2);\n\
    INSERT INTO s VALUES (3);\n";

/// A database on which the second migration has stopped.
fn stopped<D: TestDatabase>() -> Stage<D> {
    let mut stage = Stage::new();
    stage.check(
        &[A, ("0002_s.sql", FAILING), C],
        Goal::Up,
        "sql at 0002_s.sql:4, stopped after 2; kept 0 -> 1: up 1",
        "a[] s[1] @ 1 2~",
    );
    stage
}

pub fn failing_file_goes_on_where_it_stopped<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    let again = &[A, ("0002_s.sql", FAILING), C];
    let words = "sql at 0002_s.sql:4, stopped after 2";
    stage.check(again, Goal::Up, words, "a[] s[1] @ 1 2~");
    stage.db.sql("CREATE TABLE nowhere (x INTEGER)");
    let all = "a[] c[] nowhere[2] s[1, 3] @ 1 2 3";
    stage.check(again, Goal::Up, "1 -> 3: up 2, up 3", all);
}

pub fn statements_that_have_not_run_may_be_edited<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    let files = &[A, ("0002_s.sql", MENDED), C];
    let all = "a[] c[] s[1, 2, 3] @ 1 2 3";
    stage.check(files, Goal::Up, "1 -> 3: up 2, up 3", all);
    // Others who take it from the beginning have the same.
    let mut fresh = Stage::<D>::new();
    fresh.check(files, Goal::Up, "0 -> 3: up 1, up 2, up 3", all);
    let chains = "SELECT version, checksum, chain FROM _migrate_history ORDER BY version";
    assert_eq!(stage.db.rows(chains), fresh.db.rows(chains));
}

pub fn comments_before_the_stop_may_be_edited<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    let text = MENDED.replace("CREATE TABLE s", "-- of things\nCREATE  TABLE s");
    let files = &[A, ("0002_s.sql", text.as_str())];
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[] s[1, 2, 3] @ 1 2");
}

pub fn statements_that_have_run_may_not_be_edited<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    for edited in [
        MENDED.replace("VALUES (1)", "VALUES (9)"),
        MENDED.replace("INSERT INTO s VALUES (1);\n", ""),
        MENDED.replace("CREATE", "SELECT 1;\nCREATE"),
        "-- migrate: no-transaction\nCREATE TABLE s (x INTEGER);\n".to_owned(),
        "-- nothing any more\n".to_owned(),
    ] {
        let files = &[A, ("0002_s.sql", edited.as_str()), C];
        stage.check(
            files,
            Goal::Up,
            "resume changed 2 after 2",
            "a[] s[1] @ 1 2~",
        );
    }
    let files = &[A, ("0002_s.sql", MENDED)];
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[] s[1, 2, 3] @ 1 2");
}

pub fn rest_may_be_edited_away<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    let (done, _) = FAILING.split_once("INSERT INTO nowhere").unwrap();
    let files = &[A, ("0002_s.sql", done), C];
    stage.check(
        files,
        Goal::Up,
        "1 -> 3: up 2, up 3",
        "a[] c[] s[1] @ 1 2 3",
    );
}

pub fn what_has_run_does_not_run_again_in_a_transaction<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    // The directive is a comment: leaving it out edits nothing.
    let text = MENDED.replace("-- migrate: no-transaction\n", "");
    let files = &[A, ("0002_s.sql", text.as_str()), C];
    stage.check(
        files,
        Goal::Up,
        "1 -> 3: up 2, up 3",
        "a[] c[] s[1, 2, 3] @ 1 2 3",
    );
}

pub fn what_has_run_does_not_run_again_in_an_author_s_transaction<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let stop = "-- migrate: no-transaction\nCREATE TABLE s (x INTEGER);\nINSERT INTO nowhere VALUES (1);\n";
    let words = "sql at 0002_s.sql:3, stopped after 1; kept 0 -> 1: up 1";
    stage.check(
        &[A, ("0002_s.sql", stop)],
        Goal::Up,
        words,
        "a[] s[] @ 1 2~",
    );
    let mended = "-- migrate: no-transaction\nCREATE TABLE s (x INTEGER);\n\
                  BEGIN;\nINSERT INTO s VALUES (1);\nINSERT INTO s VALUES (2);\nCOMMIT;\n";
    stage.check(
        &[A, ("0002_s.sql", mended)],
        Goal::Up,
        "1 -> 2: up 2",
        "a[] s[1, 2] @ 1 2",
    );
}

pub fn unfinished_migration_is_shown_and_stands_in_the_way<D: TestDatabase>() {
    let mut stage = stopped::<D>();
    let files: Files<'_> = &[A, A_DOWN, ("0002_s.sql", FAILING), C];
    let folder = stage.folder(files);
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    let status = stage.db.status(&migrator).unwrap();
    let states: Vec<State> = status.migrations.iter().map(|line| line.state).collect();
    assert_eq!(states, [State::Applied, State::Unfinished, State::Pending]);
    assert_eq!(stage.db.pending(&migrator).unwrap(), [2, 3]);
    assert_eq!(stage.db.verify(&migrator).unwrap().unfinished, [2]);
    for goal in [Goal::Down(1), Goal::DownTo(1), Goal::Reset, Goal::Redo] {
        stage.check(files, goal, "unfinished up 2", "a[] s[1] @ 1 2~");
    }
    stage.check(ONE, Goal::Up, "newer 2 > 1, no way back", "a[] s[1] @ 1 2~");
}

/// A chain is whole only where everything in it has run to its end.
pub fn mark_above_an_unfinished_migration_does_not_hide_it<D: TestDatabase>() {
    let files = &[A, ("0002_s.sql", FAILING), C];
    let mut stage = stopped::<D>();
    stage.check(files, Goal::Mark(3), "1 -> 3: mark 3", "a[] s[1] @ 1 2~ 3");
    let words = "sql at 0002_s.sql:4, stopped after 2";
    stage.check(files, Goal::Up, words, "a[] s[1] @ 1 2~ 3");
    let mended = &[A, ("0002_s.sql", MENDED), C];
    stage.check(mended, Goal::Up, "3 -> 3: up 2", "a[] s[1, 2, 3] @ 1 2 3");
}

pub fn unfinished_migration_can_be_settled_by_hand<D: TestDatabase>() {
    let files = &[A, ("0002_s.sql", FAILING), C];
    let mut stage = stopped::<D>();
    stage.db.sql("INSERT INTO s VALUES (2), (3)");
    stage.check(
        files,
        Goal::Mark(2),
        "1 -> 2: mark 2",
        "a[] s[1, 2, 3] @ 1 2",
    );
    stage.check(
        files,
        Goal::Up,
        "2 -> 3: up 3",
        "a[] c[] s[1, 2, 3] @ 1 2 3",
    );
    let mut stage = stopped::<D>();
    stage.db.sql("DROP TABLE s");
    stage.check(files, Goal::Unmark(2), "1 -> 1: unmark 2", "a[] @ 1");
    let mended = &[A, ("0002_s.sql", MENDED)];
    stage.check(mended, Goal::Up, "1 -> 2: up 2", "a[] s[1, 2, 3] @ 1 2");
}

pub fn stop_at_the_first_statement_leaves_no_trace<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text = "-- migrate: no-transaction\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE s (x INTEGER);\n";
    let words = "sql at 0001_s.sql:2, stopped after 0";
    stage.check(&[("0001_s.sql", text)], Goal::Up, words, "@");
}

pub fn statements_outside_of_transactions_run<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let vacuum = "-- migrate: no-transaction\nVACUUM;\nINSERT INTO a VALUES (1);\nVACUUM;\nVACUUM";
    let files = &[A, ("0002_vacuum.sql", vacuum), C];
    assert_eq!(
        stage.planned(files, Goal::Up),
        "group up 1, stepwise up 2, group up 3"
    );
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[1] c[] @ 1 2 3",
    );
    let mut stage = Stage::<D>::new();
    let files = &[("0001_vacuum.sql", "-- migrate: no-transaction\nVACUUM;\n")];
    stage.check(files, Goal::Up, "0 -> 1: up 1", "@ 1");
}

pub fn failing_statement_outside_of_a_transaction_runs_again<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text = "-- migrate: no-transaction\nVACUUM a b;\nINSERT INTO a VALUES (1);\n";
    let files = &[A, ("0002_vacuum.sql", text)];
    let words = "sql at 0002_vacuum.sql:2, stopped after 0; kept 0 -> 1: up 1";
    stage.check(files, Goal::Up, words, "a[] @ 1 2~");
    let files = &[A, ("0002_vacuum.sql", &text.replace(" a b", ""))];
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[1] @ 1 2");
}

pub fn author_s_transaction_is_one_step<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let text = "-- migrate: no-transaction\n\
        CREATE TABLE s (x INTEGER);\n\
        BEGIN;\n\
        INSERT INTO s VALUES (1);\n\
        INSERT INTO nowhere VALUES (2);\n\
        COMMIT;\n\
        INSERT INTO s VALUES (3);\n";
    let words = "sql at 0001_s.sql:5, stopped after 1";
    stage.check(&[("0001_s.sql", text)], Goal::Up, words, "s[] @ 1~");
    let mended = text.replace("nowhere", "s");
    stage.check(
        &[("0001_s.sql", &mended)],
        Goal::Up,
        "0 -> 1: up 1",
        "s[1, 2, 3] @ 1",
    );
}

pub fn down_runs_statement_by_statement_too<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let down = "-- migrate: no-transaction\nDELETE FROM a;\nVACUUM;\nDROP TABLE s;\n";
    let files = &[
        A,
        A_DOWN,
        ("0002_s.up.sql", MENDED),
        ("0002_s.down.sql", down),
    ];
    stage.check(
        files,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[] s[1, 2, 3] @ 1 2",
    );
    stage.db.sql("INSERT INTO a VALUES (1)");
    stage.check(files, Goal::Down(1), "2 -> 1: down 2", "a[] @ 1");
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[] s[1, 2, 3] @ 1 2");
    stage.check(
        files,
        Goal::Redo,
        "2 -> 2: down 2, up 2",
        "a[] s[1, 2, 3] @ 1 2",
    );
}

/// What has been taken back is not taken back again, and nothing goes up before all of it is.
pub fn failing_down_goes_on_where_it_stopped<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let down = "-- migrate: no-transaction\nDELETE FROM s WHERE x = 1;\nVACUUM;\nDROP TABLE nowhere;\nDROP TABLE s;\n";
    let files = &[
        A,
        A_DOWN,
        ("0002_s.up.sql", MENDED),
        ("0002_s.down.sql", down),
    ];
    stage.check(
        files,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[] s[1, 2, 3] @ 1 2",
    );
    let words = "sql at 0002_s.down.sql:4, stopped after 2";
    stage.check(files, Goal::Down(1), words, "a[] s[2, 3] @ 1 2~");
    stage.db.sql("INSERT INTO s VALUES (1)");
    for goal in [Goal::Up, Goal::UpTo(2)] {
        stage.check(files, goal, "unfinished down 2", "a[] s[1, 2, 3] @ 1 2~");
    }
    for goal in [Goal::Down(1), Goal::DownTo(1), Goal::Reset] {
        stage.check(files, goal, words, "a[] s[1, 2, 3] @ 1 2~");
    }
    let edited = &[
        A,
        A_DOWN,
        ("0002_s.up.sql", MENDED),
        (
            "0002_s.down.sql",
            "-- migrate: no-transaction\nDELETE FROM s;\nDROP TABLE s;\n",
        ),
    ];
    let refused = "resume changed 2 after 2";
    stage.check(edited, Goal::Down(1), refused, "a[] s[1, 2, 3] @ 1 2~");
    stage.db.sql("CREATE TABLE nowhere (x INTEGER)");
    stage.check(files, Goal::Down(1), "1 -> 1: down 2", "a[] @ 1");
    stage.check(files, Goal::Up, "1 -> 2: up 2", "a[] s[1, 2, 3] @ 1 2");
}

/// An older program goes on with what the history keeps.
pub fn failing_stored_down_goes_on_where_it_stopped<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    let down = "-- migrate: no-transaction\nDELETE FROM s WHERE x = 1;\nDROP TABLE nowhere;\nDROP TABLE s;\n";
    let newer = &[
        A,
        A_DOWN,
        ("0002_s.up.sql", MENDED),
        ("0002_s.down.sql", down),
    ];
    let older = &[A, A_DOWN];
    stage.check(
        newer,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[] s[1, 2, 3] @ 1 2",
    );
    let words = "sql at 2.down:3, stopped after 1";
    stage.check(older, Goal::DownTo(1), words, "a[] s[2, 3] @ 1 2~");
    stage.db.sql("CREATE TABLE nowhere (x INTEGER)");
    stage.check(older, Goal::DownTo(1), "1 -> 1: down 2", "a[] @ 1");
    stage.check(older, Goal::Up, "at 1", "a[] @ 1");
}

/// As files look that were written for a tool which wraps each in a transaction, and which commit
/// that to get out of it.
pub fn file_that_commits_for_itself_runs_as_it_did<D: TestDatabase>() {
    let text = "INSERT INTO a VALUES (1);\n\
        COMMIT;\n\
        VACUUM;\n\
        BEGIN;\n\
        INSERT INTO a VALUES (2);\n\
        INSERT INTO a VALUES (3);\n\
        COMMIT;\n\
        VACUUM;\n\
        BEGIN;\n";
    let mut stage = Stage::<D>::new();
    stage.trust_through(2);
    let files = &[A, ("0002_own.sql", text), C];
    assert_eq!(
        stage.planned(files, Goal::Up),
        "group up 1, stepwise up 2, group up 3"
    );
    stage.check(
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        "a[1, 2, 3] c[] @ 1 2 3",
    );

    let mut stage = Stage::<D>::new();
    stage.trust_through(2);
    let broken = text.replace("a VALUES (3)", "nowhere VALUES (3)");
    let words = "sql at 0002_own.sql:6, stopped after 3; kept 0 -> 1: up 1";
    stage.check(
        &[A, ("0002_own.sql", &broken), C],
        Goal::Up,
        words,
        "a[1] @ 1 2~",
    );
    stage.check(
        files,
        Goal::Up,
        "1 -> 3: up 2, up 3",
        "a[1, 2, 3] c[] @ 1 2 3",
    );
}
