//! The names of files: which are understood, and what is proposed instead of the others.

#![cfg(feature = "folder")]

use migrate_source::Database;
use migrate_source::folder::{File, Folder, Options, Problem};

/// What is read from a folder with one file: version and description, or the problem, and the
/// backquoted part of its last help.
fn read(path: &str) -> String {
    let text = match path.ends_with(".rs") {
        true => "pub fn up() {}",
        false => "SELECT 1;",
    };
    let mut options = Options::new(Database::Sqlite);
    options.allow = [Problem::Gap].into();
    let file = File {
        path: path.into(),
        bytes: text.into(),
    };
    let folder = Folder::read(&[file], &options);
    match (folder.findings.as_slice(), folder.migrations.as_slice()) {
        ([], [migration]) => format!("{} {}", migration.version, migration.description),
        ([], _) => folder.repeatables[0].name.clone(),
        ([finding], _) => {
            let help = finding.help.last().unwrap();
            let better = help.split('`').nth(1);
            better.map_or(finding.problem.to_string(), |better| {
                format!("{}: {better}", finding.problem)
            })
        }
        (findings, _) => panic!("{path}: {findings:?}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (path, expected) in cases {
        assert_eq!((*path, read(path).as_str()), (*path, *expected));
    }
}

#[test]
fn understood() {
    check(&[
        ("1_a.sql", "1 a"),
        ("0001_create_users.sql", "1 create users"),
        ("0001_create_users.up.sql", "1 create users"),
        ("0001_create-users.sql", "1 create users"),
        ("0001__create__users_.sql", "1 create users"),
        (
            "20250131120000_permissions copy.sql",
            "20250131120000 permissions copy",
        ),
        (
            "202408050005_ V2__create_index.sql",
            "202408050005 V2 create index",
        ),
        ("30_ignore_autotag.up..sql", "30 ignore autotag"),
        ("1_a..up.sql", "1 a"),
        ("1_version_1.2.sql", "1 version 1.2"),
        ("1_scale_down.sql", "1 scale down"),
        ("1_größe_ändern.sql", "1 größe ändern"),
        ("1_2.sql", "1 2"),
        ("9223372036854775807_a.sql", "9223372036854775807 a"),
        ("00000000000000_initial.sql", "1 initial"),
        ("00000000_initial.sql", "1 initial"),
        ("0003_backfill.rs", "3 backfill"),
        ("V1__create_users.sql", "1 create users"),
        ("V20240131120000__a.sql", "20240131120000 a"),
        ("V3__a.rs", "3 a"),
        ("R__views.sql", "views"),
        ("R__all views.sql", "all views"),
        ("1_a/up.sql", "1 a"),
        ("1-a/up.sql", "1 a"),
        ("01-2_a/up.sql", "12 a"),
        ("20240131-create/up.sql", "202401310000000000 create"),
    ]);
}

#[test]
fn near_misses() {
    check(&[
        ("0002-add.SQL", "near_miss: 0002_add.sql"),
        ("0002-add.sql", "near_miss: 0002_add.sql"),
        ("0002 add.sql", "near_miss: 0002_add.sql"),
        ("0002.add.sql", "near_miss: 0002_add.sql"),
        ("0002add.sql", "near_miss: 0002_add.sql"),
        (" 0002_add.sql", "near_miss: 0002_add.sql"),
        ("0002_add.Sql", "near_miss: 0002_add.sql"),
        ("0002_add.RS", "near_miss: 0002_add.rs"),
        ("2_x.sq", "near_miss: 2_x.sql"),
        ("2_x.sqll", "near_miss: 2_x.sql"),
        ("2_x.slq", "near_miss: 2_x.sql"),
        ("0003_x.psql", "near_miss: 0003_x.sql"),
        ("0003_x.pgsql", "near_miss: 0003_x.sql"),
        ("1_a.UP.sql", "near_miss: 1_a.up.sql"),
        ("1_a.Down.sql", "near_miss: 1_a.down.sql"),
        ("1_a.dwon.sql", "near_miss: 1_a.down.sql"),
        ("1_a.dow.sql", "near_miss: 1_a.down.sql"),
        ("1_a.undo.sql", "near_miss: 1_a.down.sql"),
        ("1_a.rollback.sql", "near_miss: 1_a.down.sql"),
        ("1_a.down.up.sql", "near_miss: 1_a.up.sql"),
        ("1-a.down.SQL", "near_miss: 1_a.down.sql"),
        ("1_a.down.rs", "near_miss: pub fn down"),
        ("V1_x.sql", "near_miss: V1__x.sql"),
        ("v1__x.sql", "near_miss: V1__x.sql"),
        ("u1__x.sql", "near_miss: U1__x.sql"),
        ("V1__x.down.sql", "near_miss: U1__x.sql"),
        ("V1 x.sql", "near_miss: V1__x.sql"),
        ("U1__x.rs", "near_miss: V1__x.rs"),
        ("R_views.sql", "near_miss: R__views.sql"),
        ("r__views.sql", "near_miss: R__views.sql"),
        ("R__views.up.sql", "near_miss: R__views.sql"),
        ("R__views.Down.sql", "near_miss: R__views.down.sql"),
        ("2024-01-31-120000_a.sql", "near_miss: 20240131120000_a.sql"),
        ("2024-01-31 a.sql", "near_miss: 20240131_a.sql"),
        ("0001.sql", "near_miss: 0001_what_it_does.sql"),
        ("0001_.sql", "near_miss: 0001_what_it_does.sql"),
        ("V1.sql", "near_miss: V1__what_it_does.sql"),
        ("V1__.sql", "near_miss: V1__what_it_does.sql"),
    ]);
}

#[test]
fn near_misses_of_folders() {
    check(&[
        (
            "2023-05-23-1715-update-assignment/up.sql",
            "near_miss: 2023-05-23-1715_update-assignment",
        ),
        ("1a/up.sql", "near_miss: 1_a"),
        ("1 a/up.sql", "near_miss: 1_a"),
        ("V1__a/up.sql", "near_miss: 1_a"),
        ("1_a/Up.sql", "near_miss: up.sql"),
        ("1_a/up.sq", "near_miss: up.sql"),
        ("1_a/dwon.sql", "near_miss: down.sql"),
        ("1_a/metadata.tom", "near_miss: metadata.toml"),
        (
            "2024-01-31-120000/up.sql",
            "near_miss: 2024-01-31-120000_what_it_does",
        ),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("0_a.sql", "version_zero"),
        ("0000_a.sql", "version_zero"),
        ("0000000_a.sql", "version_zero"),
        ("V0__a.sql", "version_zero"),
        ("0-0_a/up.sql", "version_zero"),
        (
            "9223372036854775808_a.sql",
            "version_overflow: 20240131120000",
        ),
        (
            "V99999999999999999999__a.sql",
            "version_overflow: 20240131120000",
        ),
        (
            "20150100000001000000_a/up.sql",
            "version_overflow: 20240131120000",
        ),
        ("create_users.sql", "no_number: 0001_create_users.sql"),
        ("|1__a.sql", "no_number: 0001_1__a.sql"),
        ("backfill.rs", "no_number: 0001_backfill.rs"),
        ("create-users/up.sql", "no_number: 0001_create-users"),
        ("V1.5__a.sql", "no_number"),
        ("1.5_a.sql", "no_number"),
    ]);
}

#[test]
fn unknown() {
    for path in [
        "notes.txt",
        "0002_x.up.sql.bak",
        "0002_x.sql~",
        "0002_x",
        "schema.db",
        "generate.sh",
        "1_a/generate.sh",
        "1_a/more/up.sql",
        "1_a/metadata.toml",
        "postgres/notes.txt",
        "sql",
        "a.",
    ] {
        assert_eq!(
            (path, read(path).split(':').next()),
            (path, Some("unknown_file"))
        );
    }
}

#[test]
fn a_folder_of_folders() {
    assert_eq!(read("postgres/0001_a.sql"), "near_miss: postgres");
}

#[test]
fn a_wrong_directory_is_reported_once() {
    let file = |path: &str| File {
        path: path.into(),
        bytes: b"SELECT 1;".into(),
    };
    let files = ["1a/up.sql", "1a/down.sql", "1a/metadata.toml", "2_b/up.sql"].map(file);
    let folder = Folder::read(&files, &Options::new(Database::Sqlite));
    let findings: Vec<_> = folder.findings.iter().map(|f| &f.message).collect();
    assert_eq!(findings, ["`1a` is not quite the name of a migration"]);
}
