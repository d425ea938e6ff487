//! What version control makes of the lock file when branches are merged: real `git` merges.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use migrate_source::Database;
use migrate_source::folder::lock::{self, Lock};
use migrate_source::folder::{Folder, Options, disk};
use tempfile::TempDir;

/// A repository whose root is a migrations folder, and what happens to it on its branches.
struct Repository(TempDir);

/// What an author does on a branch.
type Work = fn(&Repository);

impl Repository {
    /// With one migration.
    fn new(locked: bool) -> Repository {
        let repository = Repository(TempDir::new().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.write(
            "0001_create_users.sql",
            "-- Users\nCREATE TABLE users (id);\n",
        );
        if locked {
            repository.lock();
        }
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self) -> Folder {
        let listing = disk::list(self.path()).unwrap();
        listing.read(&Options::new(Database::Sqlite))
    }

    /// Locks everything.
    fn lock(&self) {
        let folder = self.read();
        let lock = lock::updated(&folder, folder.lock.as_ref(), &[]).unwrap();
        self.write(lock::FILE, &lock.to_string());
    }

    /// Begins a migration: its number is taken, its text may still change.
    fn begin(&self, version: i64, name: &str) {
        let mut lock = self.read().lock.unwrap();
        lock.reserve(version, name).unwrap();
        self.write(lock::FILE, &lock.to_string());
        self.write(
            &format!("{version:04}_{name}.sql"),
            &format!("SELECT '{name}';\n"),
        );
    }

    fn git(&self, arguments: &[&str]) -> Output {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "user.name=author",
            "-c",
            "user.email=author@example.org",
        ]);
        git.args(arguments).current_dir(self.path());
        // Nothing that is set up on this machine.
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        git.env("HOME", self.path()).env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            let repository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"];
            if repository.iter().any(|other| name == *other) {
                git.env_remove(name);
            }
        }
        git.output().unwrap()
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        let output = self.git(&["commit", "--quiet", "--message=work"]);
        assert!(output.status.success(), "{output:?}");
    }

    /// Two branches with some work each, the second merged into the first.
    fn merge(&self, ours: Work, theirs: Work) {
        for (branch, work) in [("theirs", theirs), ("ours", ours)] {
            self.git(&["checkout", "--quiet", "-b", branch, "main"]);
            work(self);
            self.commit();
        }
        self.git(&["merge", "--quiet", "--no-edit", "theirs"]);
    }
}

/// Checks which files conflict when two branches are merged, and what is found in the folder then.
#[track_caller]
fn check(
    locked: bool,
    ours: Work,
    theirs: Work,
    conflicts: &[&str],
    problems: &[&str],
) -> Repository {
    let repository = Repository::new(locked);
    repository.merge(ours, theirs);
    let unmerged = repository
        .git(&["diff", "--name-only", "--diff-filter=U"])
        .stdout;
    let unmerged = String::from_utf8(unmerged).unwrap();
    assert_eq!(unmerged.lines().collect::<Vec<_>>(), conflicts);
    let folder = repository.read();
    let found: Vec<_> = folder.findings.iter().map(|f| f.problem.name()).collect();
    assert_eq!(found, problems, "{:?}", folder.findings);
    repository
}

#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn the_same_number_on_two_branches_conflicts() {
    let number = "duplicate_version";
    check(
        true,
        |ours| ours.begin(2, "add_phone"),
        |theirs| theirs.begin(2, "add_fax"),
        &["migrations.lock"],
        &[number, "lock_conflict"],
    );
    let locked: (Work, Work) = (
        |ours| {
            ours.begin(2, "add_phone");
            ours.lock();
        },
        |theirs| {
            theirs.begin(2, "add_fax");
            theirs.lock();
        },
    );
    check(
        true,
        locked.0,
        locked.1,
        &["migrations.lock"],
        &[number, "lock_conflict"],
    );
    // Without a lock nobody notices before the program is compiled.
    check(
        false,
        |ours| ours.write("0002_add_phone.sql", "SELECT 1;"),
        |theirs| theirs.write("0002_add_fax.sql", "SELECT 2;"),
        &[],
        &[number],
    );
}

#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn a_comment_conflicts_with_nothing() {
    let repository = check(
        true,
        |ours| {
            ours.begin(2, "add_phone");
            ours.lock();
        },
        |theirs| {
            let text = "-- All users\nCREATE TABLE users (\n  id\n);\n";
            theirs.write("0001_create_users.sql", text);
            theirs.lock();
        },
        &[],
        &[],
    );
    let lock = repository.read().lock.unwrap();
    let versions: Vec<i64> = lock.lines.iter().map(|line| line.version).collect();
    assert_eq!(versions, [1, 2]);
}

#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn both_lines_are_there_to_be_kept() {
    let repository = check(
        true,
        |ours| ours.begin(2, "add_phone"),
        |theirs| {
            theirs.begin(2, "add_fax");
            theirs.lock();
        },
        &["migrations.lock"],
        &["duplicate_version", "lock_conflict"],
    );
    // What came second gets the next number.
    let conflicting: Lock = repository.read().lock.unwrap();
    let mut lock = conflicting;
    lock.lines.retain(|line| line.side != lock::Side::Ours);
    lock.reserve(3, "add_phone").unwrap();
    repository.write(lock::FILE, &lock.to_string());
    let (before, after) = ("0002_add_phone.sql", "0003_add_phone.sql");
    fs::rename(
        repository.path().join(before),
        repository.path().join(after),
    )
    .unwrap();
    let folder = repository.read();
    assert_eq!(folder.findings, []);
    let states: Vec<_> = folder.migrations.iter().map(|m| m.lock).collect();
    assert_eq!(
        states,
        [lock::State::Locked, lock::State::Locked, lock::State::Open]
    );
}
