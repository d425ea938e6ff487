//! Sets with a lock: texts that were edited on purpose, and the databases that ran them before.

use migrate_core::Goal;
use migrate_source::folder::lock::{self, Lock};
use migrate_source::folder::{File, Folder, Options};

use super::files::{A, A_DOWN, B, B_DOWN, C, TWO};
use super::stage::Files;
use super::{Stage, TestConnection, TestDatabase, told};

const AS_TEXT: (&str, &str) = ("0001_a.up.sql", "CREATE TABLE a (x TEXT);\n");
const AS_BIGINT: (&str, &str) = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
const CHECKSUMS: &str = "SELECT version, checksum FROM _migrate_history ORDER BY version";
const CHAINS: &str = "SELECT version, chain FROM _migrate_history ORDER BY version";

/// A lock and the files that are read with it.
#[derive(Clone, Default)]
struct Folders(Option<Lock>);

impl Folders {
    /// Locks `files`, and accepts what of them was edited.
    fn lock<D: TestDatabase>(&mut self, files: Files<'_>, accept: &[i64]) {
        let text = self.text();
        let files = with(files, &text);
        let files = files.iter().map(|(path, text)| File {
            path: (*path).to_owned(),
            bytes: text.as_bytes().to_vec(),
        });
        let files: Vec<File> = files.collect();
        let folder = Folder::read(&files, &Options::new(D::DATABASE));
        self.0 = Some(lock::updated(&folder, self.0.as_ref(), accept).unwrap());
    }

    fn text(&self) -> String {
        self.0.as_ref().map_or_else(String::new, Lock::to_string)
    }

    /// As [`Stage::check`], with the lock beside the files.
    #[track_caller]
    fn check<D: TestDatabase>(
        &self,
        stage: &mut Stage<D>,
        files: Files<'_>,
        goal: Goal,
        result: &str,
        state: &str,
    ) {
        stage.check(&with(files, &self.text()), goal, result, state);
    }

    /// Checks of which versions the database is said to have run an earlier text, by every verb that
    /// says so; everything else fits.
    #[track_caller]
    fn check_accepted<D: TestDatabase>(
        &self,
        stage: &mut Stage<D>,
        files: Files<'_>,
        expected: &[i64],
    ) {
        let text = self.text();
        let folder = stage.folder(&with(files, &text));
        let set = folder.migrations();
        let migrator = stage.migrator(&set);
        let found = stage.db.verify(&migrator).unwrap();
        assert!(found.is_clean(), "{found:?}");
        let status = stage.db.status(&migrator).unwrap();
        assert!(status.is_current(), "{status:?}");
        let lines = status.migrations.iter().filter(|line| line.accepted);
        let lines: Vec<i64> = lines.map(|line| line.version).collect();
        assert_eq!(
            (found.accepted.as_slice(), lines.as_slice()),
            (expected, expected)
        );
    }
}

/// Files, and a lock file with this text.
fn with<'f>(files: Files<'f>, lock: &'f str) -> Vec<(&'f str, &'f str)> {
    let mut files = files.to_vec();
    if !lock.is_empty() {
        files.push((lock::FILE, lock));
    }
    files
}

pub fn database_that_ran_an_earlier_text_starts<D: TestDatabase>() {
    let mut folders = Folders::default();
    folders.lock::<D>(TWO, &[]);
    let mut stage = Stage::<D>::new();
    folders.check(
        &mut stage,
        TWO,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[] b[] @ 1 2",
    );
    let recorded = stage.db.rows(CHECKSUMS);
    let edited = &[AS_TEXT, A_DOWN, B, B_DOWN];
    folders.lock::<D>(edited, &[1]);
    for settings in [(|migrator| migrator) as super::Settings, |migrator| {
        migrator.every_checksum(true)
    }] {
        stage.set(settings);
        folders.check(&mut stage, edited, Goal::Up, "at 2", "a[] b[] @ 1 2");
    }
    folders.check_accepted(&mut stage, edited, &[1]);
    assert_eq!(stage.db.rows(CHECKSUMS), recorded);
    // It goes on from there.
    let more = &[AS_TEXT, A_DOWN, B, B_DOWN, C];
    folders.lock::<D>(more, &[]);
    folders.check(
        &mut stage,
        more,
        Goal::Up,
        "2 -> 3: up 3",
        "a[] b[] c[] @ 1 2 3",
    );
    folders.check_accepted(&mut stage, more, &[1]);
}

pub fn fresh_database_runs_the_text_as_it_is<D: TestDatabase>() {
    let mut folders = Folders::default();
    folders.lock::<D>(TWO, &[]);
    let mut old = Stage::<D>::new();
    folders.check(
        &mut old,
        TWO,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[] b[] @ 1 2",
    );
    let seeded = (
        "0001_a.up.sql",
        "CREATE TABLE a (x INTEGER);\nINSERT INTO a VALUES (1);\n",
    );
    let edited = &[seeded, A_DOWN, B, B_DOWN];
    folders.lock::<D>(edited, &[1]);
    let mut fresh = Stage::<D>::new();
    folders.check(
        &mut fresh,
        edited,
        Goal::Up,
        "0 -> 2: up 1, up 2",
        "a[1] b[] @ 1 2",
    );
    folders.check_accepted(&mut fresh, edited, &[]);
    // It has recorded what it ran, and both end with the same chain.
    assert_ne!(fresh.db.rows(CHECKSUMS)[0], old.db.rows(CHECKSUMS)[0]);
    assert_eq!(fresh.db.rows(CHAINS), old.db.rows(CHAINS));
}

pub fn text_that_was_never_accepted_is_refused<D: TestDatabase>() {
    let mut folders = Folders::default();
    folders.lock::<D>(TWO, &[]);
    let edited = &[AS_TEXT, A_DOWN, B, B_DOWN];
    // Such a folder is not even read.
    let text = folders.text();
    let problems = crate::read(Options::new(D::DATABASE), &with(edited, &text)).unwrap_err();
    assert!(problems[0].contains("version 1 is locked"), "{problems:?}");
    // A database that ran something else.
    folders.lock::<D>(edited, &[1]);
    let mut stage = Stage::<D>::new();
    let other = &[AS_BIGINT, A_DOWN, B, B_DOWN];
    stage.check(other, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    folders.check(&mut stage, edited, Goal::Up, "changed 1", "a[] b[] @ 1 2");
    // Only of the version that accepts it.
    let mut stage = Stage::<D>::new();
    let swapped = &[A, ("0002_b.up.sql", AS_TEXT.1.replace(" a ", " b ").leak())];
    stage.check(swapped, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    folders.check(&mut stage, edited, Goal::Up, "changed 2", "a[] b[] @ 1 2");
}

pub fn lock_that_comes_later_changes_nothing<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check(TWO, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    let mut folders = Folders::default();
    folders.lock::<D>(TWO, &[]);
    folders.check(&mut stage, TWO, Goal::Up, "at 2", "a[] b[] @ 1 2");
    folders.check_accepted(&mut stage, TWO, &[]);
    // Nor does one that is removed.
    stage.check(TWO, Goal::Up, "at 2", "a[] b[] @ 1 2");
    // What ran before there was a lock can be accepted as well, though its chain is another.
    let mut stage = Stage::<D>::new();
    let edited = &[AS_TEXT, A_DOWN, B, B_DOWN];
    stage.check(edited, Goal::Up, "0 -> 2: up 1, up 2", "a[] b[] @ 1 2");
    folders.check(&mut stage, TWO, Goal::Up, "changed 1", "a[] b[] @ 1 2");
    folders.lock::<D>(edited, &[1]);
    folders.check(&mut stage, edited, Goal::Up, "at 2", "a[] b[] @ 1 2");
    folders.check_accepted(&mut stage, edited, &[]);
    folders.lock::<D>(TWO, &[]);
    folders.check(&mut stage, TWO, Goal::Up, "at 2", "a[] b[] @ 1 2");
    folders.check_accepted(&mut stage, TWO, &[1]);
}

pub fn several_texts_are_accepted_one_after_the_other<D: TestDatabase>() {
    let mut folders = Folders::default();
    let mut stages = Vec::new();
    for a in [A, AS_TEXT, AS_BIGINT] {
        let files = &[a, A_DOWN, B, B_DOWN];
        folders.lock::<D>(files, if stages.is_empty() { &[] } else { &[1] });
        let mut stage = Stage::<D>::new();
        folders.check(
            &mut stage,
            files,
            Goal::Up,
            "0 -> 2: up 1, up 2",
            "a[] b[] @ 1 2",
        );
        stages.push(stage);
    }
    let files = &[AS_BIGINT, A_DOWN, B, B_DOWN, C];
    folders.lock::<D>(files, &[]);
    let chains: Vec<_> = stages
        .iter_mut()
        .zip([&[1][..], &[1], &[]])
        .map(|(stage, accepted)| {
            folders.check(
                stage,
                files,
                Goal::Up,
                "2 -> 3: up 3",
                "a[] b[] c[] @ 1 2 3",
            );
            folders.check_accepted(stage, files, accepted);
            stage.db.rows(CHAINS)
        })
        .collect();
    assert_eq!(chains[0], chains[1]);
    assert_eq!(chains[0], chains[2]);
}

/// Also where chains are written anew, an accepted text counts as the one that was locked first.
pub fn chain_heals_over_accepted_texts<D: TestDatabase>() {
    let mut folders = Folders::default();
    let edited_b = ("0002_b.up.sql", "CREATE TABLE b (x TEXT);\n");
    folders.lock::<D>(&[A, A_DOWN, B, B_DOWN, C], &[]);
    let files = &[A, A_DOWN, edited_b, B_DOWN, C];
    folders.lock::<D>(files, &[2]);
    let mut stage = Stage::<D>::new();
    let state = "a[] b[] c[] @ 1 2 3";
    folders.check(
        &mut stage,
        files,
        Goal::Up,
        "0 -> 3: up 1, up 2, up 3",
        state,
    );
    let chains = stage.db.rows(CHAINS);
    folders.check(
        &mut stage,
        files,
        Goal::Unmark(1),
        "3 -> 3: unmark 1",
        "a[] b[] c[] @ 2 3",
    );
    assert_ne!(stage.db.rows(CHAINS)[1..], chains[1..]);
    folders.check(&mut stage, files, Goal::Mark(1), "3 -> 3: mark 1", state);
    assert_eq!(stage.db.rows(CHAINS), chains);
}

pub fn earlier_text_is_taken_back_by_its_own_down<D: TestDatabase>() {
    let mut folders = Folders::default();
    let files = &[
        A,
        (
            "0001_a.down.sql",
            "DROP TABLE a;\nCREATE TABLE was (x INTEGER);\n",
        ),
    ];
    folders.lock::<D>(files, &[]);
    let mut stage = Stage::<D>::new();
    folders.check(&mut stage, files, Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    let edited = &[AS_TEXT, A_DOWN];
    folders.lock::<D>(edited, &[1]);
    folders.check(&mut stage, edited, Goal::Reset, "1 -> 0: down 1", "was[] @");
    // Where it had none, that of the program serves.
    let mut folders = Folders::default();
    folders.lock::<D>(&[A], &[]);
    let mut stage = Stage::<D>::new();
    folders.check(&mut stage, &[A], Goal::Up, "0 -> 1: up 1", "a[] @ 1");
    folders.lock::<D>(edited, &[1]);
    folders.check(&mut stage, edited, Goal::Reset, "1 -> 0: down 1", "@");
}

/// A program that does not know the later text finds by the chain that there is nothing to do, and
/// so goes on beside the new one; where it compares, it says what it sees.
pub fn program_from_before_starts_on_a_newer_text<D: TestDatabase>() {
    let mut folders = Folders::default();
    folders.lock::<D>(TWO, &[]);
    let before = folders.text();
    let edited = &[AS_TEXT, A_DOWN, B, B_DOWN];
    folders.lock::<D>(edited, &[1]);
    let mut stage = Stage::<D>::new();
    let state = "a[] b[] @ 1 2";
    folders.check(&mut stage, edited, Goal::Up, "0 -> 2: up 1, up 2", state);
    let folder = stage.folder(&with(TWO, &before));
    let set = folder.migrations();
    let migrator = stage.migrator(&set);
    assert_eq!(told(&stage.db.bring(&migrator, Goal::Up)), "at 2");
    let every = migrator.every_checksum(true);
    assert_eq!(told(&stage.db.bring(&every, Goal::Up)), "changed 1");
    assert_eq!(stage.db.verify(&every).unwrap().changed.len(), 1);
}
