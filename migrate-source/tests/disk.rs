//! What is found on disk.
#![cfg(all(unix, feature = "folder"))]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use migrate_source::Database;
use migrate_source::folder::disk::{list, nearest};
use migrate_source::folder::{Options, Problem};

/// An empty folder of its own for the test called `name`.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("disk")
        .join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn write(dir: &Path, paths: &[&str]) {
    for path in paths {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "SELECT 1;").unwrap();
    }
}

/// The paths and the findings of a folder.
fn listed(dir: &Path) -> (Vec<String>, Vec<String>) {
    let listing = list(dir).unwrap();
    let files = listing.files.into_iter().map(|file| file.path);
    let findings = listing.findings.into_iter().map(|f| f.message);
    (files.collect(), findings.collect())
}

#[test]
fn files_come_sorted_and_one_level_deep() {
    let dir = folder("sorted");
    write(
        &dir,
        &[
            "2_b.sql",
            "10_j.sql",
            "1_a/up.sql",
            "1_a/down.sql",
            "1_a-b/up.sql",
        ],
    );
    let (files, findings) = listed(&dir);
    let expected = [
        "10_j.sql",
        "1_a-b/up.sql",
        "1_a/down.sql",
        "1_a/up.sql",
        "2_b.sql",
    ];
    assert_eq!(
        (files.as_slice(), findings.len()),
        (&expected.map(String::from)[..], 0)
    );
    assert_eq!(list(&dir).unwrap().files[0].bytes, b"SELECT 1;");
}

#[test]
fn hidden_names_are_passed_over() {
    let dir = folder("hidden");
    write(&dir, &["1_a.sql", ".git/config", ".2_b.sql"]);
    symlink("nowhere", dir.join(".link")).unwrap();
    assert_eq!(listed(&dir), (vec!["1_a.sql".to_owned()], vec![]));
}

#[test]
fn links_are_followed() {
    let dir = folder("links");
    write(
        &dir,
        &["elsewhere/1.sql", "elsewhere/2/up.sql", "migrations/.keep"],
    );
    let migrations = dir.join("migrations");
    symlink("../elsewhere/1.sql", migrations.join("1_a.sql")).unwrap();
    symlink("../elsewhere/2", migrations.join("2_b")).unwrap();
    let files = ["1_a.sql", "2_b/up.sql"].map(String::from);
    assert_eq!(listed(&migrations), (files.to_vec(), vec![]));
}

#[test]
fn what_is_no_file_is_reported_and_never_waited_for() {
    let dir = folder("special");
    write(&dir, &["1_a.sql", "2_b/deeper/notes.txt"]);
    symlink("nowhere", dir.join("3_c.sql")).unwrap();
    symlink("4_d.sql", dir.join("4_d.sql")).unwrap();
    symlink("/dev/zero", dir.join("5_e.sql")).unwrap();
    fs::create_dir(dir.join("6_f")).unwrap();
    let pipe = dir.join("7_g.sql");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "no pipe");
    let (files, findings) = listed(&dir);
    assert_eq!(files, ["1_a.sql"]);
    let loops = &findings[2];
    assert!(loops.starts_with("`4_d.sql` cannot be read: ") && !loops.contains("os error"));
    assert_eq!(
        [&findings[..2], &findings[3..]].concat(),
        [
            "`2_b/deeper` is a directory in a migration",
            "`3_c.sql` cannot be read: the link leads nowhere",
            "`5_e.sql` cannot be read: it is neither a file nor a directory",
            "`6_f` is an empty directory",
            "`7_g.sql` cannot be read: it is neither a file nor a directory",
        ]
    );
}

#[test]
fn a_folder_in_itself_ends() {
    let dir = folder("itself");
    write(&dir, &["1_a.sql"]);
    symlink(".", dir.join("2_b")).unwrap();
    let (files, findings) = listed(&dir);
    assert_eq!(files, ["1_a.sql", "2_b/1_a.sql"]);
    assert_eq!(
        findings,
        ["`2_b/2_b/1_a.sql` is in a directory of a directory"]
    );
}

#[test]
fn migrations_too_deep_are_noticed() {
    let dir = folder("deep");
    write(&dir, &["1_a.sql", "2024/2_b/up.sql", "old/more/3_c.sql"]);
    let listing = list(&dir).unwrap();
    let problems: Vec<_> = listing.findings.iter().map(|f| f.problem).collect();
    assert_eq!(problems, [Problem::NearMiss; 2]);
    let (_, findings) = listed(&dir);
    assert_eq!(
        findings,
        [
            "`2024/2_b/up.sql` is in a directory of a directory",
            "`old/more/3_c.sql` is in a directory of a directory",
        ]
    );
}

#[test]
fn what_was_not_read_is_among_the_findings() {
    let dir = folder("findings");
    write(&dir, &["1_a.sql", "3_c.txt"]);
    fs::create_dir(dir.join("2_b")).unwrap();
    let mut options = Options::new(Database::Sqlite);
    let listing = list(&dir).unwrap();
    let paths = |options: &Options| {
        let findings = listing.read(options).findings.into_iter();
        findings.map(|f| f.place.unwrap().path).collect::<Vec<_>>()
    };
    assert_eq!(paths(&options), ["2_b", "3_c.txt"]);
    options.allow = [Problem::UnknownFile].into();
    assert_eq!(paths(&options), [] as [&str; 0]);
}

#[test]
fn what_cannot_be_listed_is_an_error() {
    let dir = folder("errors");
    write(&dir, &["file"]);
    let kind = |name| list(&dir.join(name)).unwrap_err().kind();
    assert_eq!(kind("missing"), std::io::ErrorKind::NotFound);
    assert_eq!(kind("file"), std::io::ErrorKind::NotADirectory);
}

#[test]
fn the_nearest_folder() {
    let dir = folder("nearest");
    write(
        &dir,
        &[
            "a/migration/1_a.sql",
            "b/db/migrations/1_a.sql",
            "c/migrations/1_a.sql",
            "d/src/lib.rs",
        ],
    );
    for (missing, expected) in [
        ("a/migrations", Some("a/migration")),
        ("b/migrations", Some("b/db/migrations")),
        ("b/database", Some("b/db/migrations")),
        ("b/bd/migrations", Some("b/db/migrations")),
        ("c/db/schema", Some("c/migrations")),
        ("c/Migrations/tenant", Some("c/migrations")),
        ("d/migrations", None),
    ] {
        // A file system may take both cases of a name for one.
        if !dir.join(missing).exists() {
            let found = nearest(&dir.join(missing));
            assert_eq!(found, expected.map(|path| dir.join(path)), "{missing}");
        }
    }
}
