//! What was verified is kept, and used as long as it holds.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use migrate_source::{Options, Problem};
use migrate_verify::{Body, Set, Verified, Work, verify};
use support::{read, strict, told};

type Files = Vec<(String, String)>;

/// Migrations that each make a table, with downs.
fn history(count: usize) -> Files {
    let migration = |number: usize| {
        [
            (
                format!("{number:04}_t.up.sql"),
                format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, x INT);"),
            ),
            (
                format!("{number:04}_t.down.sql"),
                format!("DROP TABLE t{number};"),
            ),
        ]
    };
    (1..=count).flat_map(migration).collect()
}

fn set_text(files: &mut Files, name: &str, text: &str) {
    match files.iter_mut().find(|(other, _)| other == name) {
        Some(file) => file.1 = text.to_owned(),
        None => files.push((name.to_owned(), text.to_owned())),
    }
}

/// A place for what is kept.
struct Store {
    folder: tempfile::TempDir,
}

impl Store {
    fn new() -> Store {
        Store {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("kept.verified")
    }

    fn verify(&self, files: &Files) -> Verified {
        verify_in(&self.path(), &strict(), files, |_| {})
    }

    /// Checks how many are run and known, that nothing is wrong, and that it is the same as without
    /// anything that was kept.
    #[track_caller]
    fn check(&self, files: &Files, run: usize, known: usize) {
        let verified = self.verify(files);
        let count = |work: Work| (work.run, work.known);
        assert_eq!(count(verified.work), (run, known));
        let anew = Store::new().verify(files);
        assert_eq!(told(&verified.findings), told(&anew.findings));
        assert_eq!(verified.steps, anew.steps);
        assert_eq!(verified.repeatables, anew.repeatables);
    }
}

fn verify_in(
    path: &Path,
    options: &Options,
    files: &Files,
    change: impl FnOnce(&mut Set<'_>),
) -> Verified {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = read(options, &files);
    assert_eq!(told(&folder.findings), "");
    let mut set = Set::of_folder(&folder, options);
    change(&mut set);
    verify(&set, Some(path)).expect("a set is never an error")
}

#[test]
fn unchanged() {
    let (store, files) = (Store::new(), history(5));
    store.check(&files, 5, 0);
    store.check(&files, 0, 5);
    store.check(&files, 0, 5);
}

#[test]
fn nothing_at_all() {
    let store = Store::new();
    let none = |files: &Files| {
        let change = |set: &mut Set<'_>| set.migrations.clear();
        verify_in(&store.path(), &strict(), files, change).work
    };
    assert_eq!(none(&history(1)), Work::default());
    assert_eq!(none(&history(1)), Work::default());
    store.check(&history(1), 1, 0);
}

#[test]
fn one_more() {
    let store = Store::new();
    store.check(&history(5), 5, 0);
    store.check(&history(6), 1, 5);
    store.check(&history(7), 1, 6);
    store.check(&history(9), 2, 7);
}

#[test]
fn one_less() {
    let store = Store::new();
    store.check(&history(5), 5, 0);
    store.check(&history(4), 0, 4);
    store.check(&history(2), 2, 0);
}

#[test]
fn last_edited() {
    let (store, mut files) = (Store::new(), history(5));
    store.check(&files, 5, 0);
    for edit in 0..3 {
        let text = format!("CREATE TABLE t5 (id INTEGER PRIMARY KEY, x{edit} INT);");
        set_text(&mut files, "0005_t.up.sql", &text);
        store.check(&files, 1, 4);
        store.check(&files, 0, 5);
    }
    set_text(&mut files, "0005_t.down.sql", "DROP TABLE IF EXISTS t5;");
    store.check(&files, 1, 4);
}

#[test]
fn an_older_one_edited() {
    let (store, mut files) = (Store::new(), history(5));
    store.check(&files, 5, 0);
    set_text(&mut files, "0002_t.down.sql", "DROP TABLE IF EXISTS t2;");
    store.check(&files, 5, 0);
    store.check(&files, 0, 5);
}

#[test]
fn repeatables_and_seed() {
    let (store, mut files) = (Store::new(), history(3));
    store.check(&files, 3, 0);
    set_text(
        &mut files,
        "R__v.sql",
        "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT x FROM t1;",
    );
    store.check(&files, 0, 3);
    store.check(&files, 0, 3);
    set_text(&mut files, "seed.sql", "INSERT INTO t1 VALUES (1, 1);");
    store.check(&files, 3, 0);
    store.check(&files, 0, 3);
    set_text(&mut files, "seed.sql", "INSERT INTO t1 VALUES (2, 1);");
    store.check(&files, 3, 0);
}

#[test]
fn options() {
    let (store, files) = (Store::new(), history(3));
    store.check(&files, 3, 0);
    let mut options = strict();
    options.allow.insert(Problem::IncompleteDown);
    let verified = verify_in(&store.path(), &options, &files, |_| {});
    assert_eq!(verified.work.run, 3);
    options.trust_through = 2;
    let verified = verify_in(&store.path(), &options, &files, |_| {});
    assert_eq!(verified.work.run, 3);
}

#[test]
fn directives_and_gaps() {
    let (store, mut files) = (Store::new(), history(3));
    store.check(&files, 3, 0);
    let text = format!("-- migrate: foreign-keys on\n{}", files[4].1);
    set_text(&mut files, "0003_t.up.sql", &text);
    store.check(&files, 1, 2);
    let text = text.replace("foreign-keys on", "no-transaction");
    set_text(&mut files, "0003_t.up.sql", &text);
    store.check(&files, 1, 2);
}

#[test]
fn an_incomplete_set_is_another_one() {
    let (store, files) = (Store::new(), history(3));
    let incomplete = |set: &mut Set<'_>| set.is_incomplete = true;
    assert_eq!(
        verify_in(&store.path(), &strict(), &files, incomplete)
            .work
            .run,
        3
    );
    store.check(&files, 3, 0);
}

#[test]
fn code_that_is_run_may_change_at_any_time() {
    const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";
    let (store, mut files) = (Store::new(), history(2));
    set_text(&mut files, "0003_c.rs", CODE);
    let run = |fails: bool| {
        let change = |set: &mut Set<'_>| {
            if let Body::Code(code) = &mut set.migrations[2].up {
                code.run = Some(if fails {
                    |_| Err("no".into())
                } else {
                    |_| Ok(())
                });
            }
        };
        told(&verify_in(&store.path(), &strict(), &files, change).findings)
    };
    assert_eq!(run(false), "");
    assert_eq!(run(true), "failing_up 0003_c.rs:1:1 no");
    // Where it is not run, it counts by its revision.
    store.check(&files, 3, 0);
    store.check(&files, 0, 3);
}

/// Files with a fault that is found in one way or another: it is found again and again, also when
/// migrations are added after it.
#[track_caller]
fn check_fault(change: &[(&str, &str)], expected: &str) {
    let (store, mut files) = (Store::new(), history(4));
    store.check(&files, 4, 0);
    for (name, text) in change {
        set_text(&mut files, name, text);
    }
    for _ in 0..3 {
        assert_eq!(told(&store.verify(&files).findings), expected);
    }
    let anew = Store::new().verify(&files);
    assert_eq!(told(&anew.findings), expected, "with nothing kept");
    for number in 6..9 {
        let name = format!("{number:04}_more.sql");
        set_text(
            &mut files,
            &name,
            &format!("CREATE TABLE more{number} (x);"),
        );
        assert_eq!(told(&store.verify(&files).findings), expected);
    }
}

#[test]
fn faults_are_found_again() {
    check_fault(
        &[("0005_t.up.sql", "SELEKT 1;")],
        "failing_up 0005_t.up.sql:1:1 near \"SELEKT\": syntax error",
    );
    check_fault(
        &[("0005_t.up.sql", "ALTER TABLE t1 ADD COLUMN y INT NOT NULL;")],
        "failing_on_rows 0005_t.up.sql:1:1 on tables with rows: Cannot add a NOT NULL column with default value NULL",
    );
    check_fault(
        &[("0005_t.up.sql", "CREATE VIEW v AS SELECT y FROM t1;")],
        "broken_view 0005_t.up.sql:1:25 the view `v` cannot be read: no such column: y",
    );
    check_fault(
        &[
            ("0005_t.up.sql", "SELECT 1;"),
            ("seed.sql", "INSERT INTO t9 VALUES (1);"),
        ],
        "failing_seed seed.sql:1:13 no such table: t9",
    );
    check_fault(
        &[
            ("0005_t.up.sql", "SELECT 1;"),
            ("R__v.sql", "CREATE VIEW v AS SELECT x FROM t1;"),
        ],
        "failing_again R__v.sql:1:13 run again: view v already exists",
    );
}

#[test]
fn what_fails_for_a_trusted_view_is_found_again() {
    let (store, mut files) = (Store::new(), Files::new());
    set_text(&mut files, "0001_a.sql", "CREATE TABLE t (x INT);");
    set_text(
        &mut files,
        "0002_b.sql",
        "CREATE VIEW v AS SELECT nowhere FROM t;",
    );
    set_text(&mut files, "0003_c.sql", "ALTER TABLE t RENAME TO u;");
    set_text(&mut files, "0004_d.sql", "CREATE TABLE d (x INT);");
    let mut options = strict();
    options.trust_through = 2;
    for more in 5..8 {
        let findings = verify_in(&store.path(), &options, &files, |_| {}).findings;
        assert_eq!(
            told(&findings),
            "failing_up 0003_c.sql:1:1 error in view v: no such column: nowhere"
        );
        set_text(&mut files, &format!("{more:04}_m.sql"), "SELECT 1;");
    }
}

#[test]
fn a_new_down_that_is_in_the_way_of_an_older_one() {
    let files = |last: bool| {
        let mut files: Files = Vec::new();
        set_text(&mut files, "0001_a.up.sql", "CREATE TABLE t (x INT);");
        set_text(&mut files, "0001_a.down.sql", "DROP TABLE t;");
        set_text(
            &mut files,
            "0002_b.up.sql",
            "ALTER TABLE t ADD COLUMN y INT;",
        );
        set_text(
            &mut files,
            "0002_b.down.sql",
            "CREATE TABLE n (x INT CHECK (x > 0)); INSERT INTO n SELECT x FROM t;
             DROP TABLE n; DROP TABLE t; CREATE TABLE t (x INT);",
        );
        set_text(&mut files, "0003_c.up.sql", "CREATE TABLE c (x);");
        set_text(&mut files, "0003_c.down.sql", "DROP TABLE c;");
        if last {
            set_text(
                &mut files,
                "0004_d.up.sql",
                "INSERT INTO t (x) VALUES (-1);",
            );
            set_text(&mut files, "0004_d.down.sql", "-- a row more does no harm");
        }
        files
    };
    let store = Store::new();
    store.check(&files(false), 3, 0);
    let expected = "failing_again 0002_b.down.sql:1:39 run again: CHECK constraint failed: x > 0";
    for _ in 0..3 {
        assert_eq!(told(&store.verify(&files(true)).findings), expected);
    }
    assert_eq!(told(&Store::new().verify(&files(true)).findings), expected);
}

#[test]
fn broken_files_count_as_none() {
    let (store, files) = (Store::new(), history(3));
    store.check(&files, 3, 0);
    let path = store.path();
    let images = path.with_extension("images");
    let whole = fs::read(&path).expect("kept");
    let whole_images = fs::read(&images).expect("kept");
    // Cut short, or with a byte changed.
    for at in [0, 1, 7, 8, 9, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..at]).expect("written");
        store.check(&files, 3, 0);
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).expect("written");
        store.check(&files, 3, 0);
    }
    for at in [0, 8, whole_images.len() / 2, whole_images.len() - 1] {
        fs::write(&images, &whole_images[..at]).expect("written");
        store.check(&history(4), 4, 0);
        fs::write(&path, &whole).expect("written");
    }
    fs::write(
        &path,
        "SQLite format 3\0 and something else of another tool",
    )
    .expect("written");
    store.check(&files, 3, 0);
    fs::remove_file(&images).expect("removed");
    store.check(&files, 0, 3);
    store.check(&history(4), 4, 0);
}

#[test]
fn results_and_images_of_different_sets() {
    let (one, other) = (Store::new(), Store::new());
    one.check(&history(3), 3, 0);
    let mut files = history(3);
    set_text(&mut files, "0001_t.up.sql", "CREATE TABLE t1 (a INT);");
    other.check(&files, 3, 0);
    fs::copy(
        other.path().with_extension("images"),
        one.path().with_extension("images"),
    )
    .expect("copied");
    one.check(&history(4), 4, 0);
}

#[test]
fn several_at_once() {
    let store = Store::new();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for round in 0..8 {
                    let files = history(2 + (thread + round) % 3);
                    assert_eq!(told(&store.verify(&files).findings), "");
                }
            });
        }
    });
    let left: Vec<_> = fs::read_dir(store.folder.path())
        .expect("read")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{left:?}");
    store.verify(&history(4));
    store.check(&history(4), 0, 4);
}

#[test]
fn folders_that_cannot_be_written() {
    let files = history(3);
    let in_place = |path: &Path| {
        for _ in 0..2 {
            let verified = verify_in(path, &strict(), &files, |_| {});
            assert_eq!(
                (told(&verified.findings).as_str(), verified.work.run),
                ("", 3)
            );
        }
    };
    let store = Store::new();
    in_place(&store.folder.path().join("missing/kept.verified"));
    // A folder stands where the file should.
    fs::create_dir(store.path()).expect("made");
    in_place(&store.path());
    fs::write(store.folder.path().join("file"), "").expect("written");
    in_place(&store.folder.path().join("file/kept.verified"));
    in_place(Path::new(""));
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (store, files) = (Store::new(), history(3));
    store.check(&files, 3, 0);
    let folder = store.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).expect("changed");
    store.check(&files, 0, 3);
    assert_eq!(told(&store.verify(&history(4)).findings), "");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("changed");
}
