//! `docs/policy.md` says what is so: the names and the SQL of its examples are read from it and run.

mod common;

use std::fs;
use std::path::Path;

use common::{LATEST, Place, Stand, user_version};
use migrate_core::folder::{File, Folder, Options, Problem};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, ErrorKind, Migration, Migrator, Policy};
use seed_pmd::{MIGRATIONS, migrator};

#[test]
fn how_to_add_new_migrations() {
    let files = added();
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        [
            "0005_create_saved_searches.up.sql",
            "0005_create_saved_searches.down.sql"
        ]
    );
    let folder = with(files).unwrap();
    let set = one_more(&folder);
    let migrator = Migrator::new(&set).user_version(true);
    let place = Place::in_use_since_version_1();
    let mut db = place.connect();
    assert_eq!(migrator.up(&mut db).unwrap().applied(), [2, 3, 4, 5]);
    assert_eq!(user_version(&db), 5);
    assert!(db.table_exists(None, "saved_searches").unwrap());
    let stand = Stand::of(&db);
    migrator.redo(&mut db).unwrap();
    assert_eq!(Stand::of(&db), stand);
    migrator.down(&mut db, 1).unwrap();
    assert_eq!(Stand::of(&db), Stand::fresh());

    let section = section("How to add a migration");
    assert!(section.contains("`0003_count_words.rs`"));
    assert!(MIGRATIONS[2].file().ends_with("/0003_count_words.rs"));
}

#[test]
fn version_numbering_convention() {
    let section = section("Version numbering");
    for part in [
        "`0001`, `0002`",
        "A gap or a number that is there",
        "`user_version(true)`",
    ] {
        assert!(section.contains(part), "{part}");
    }
    let renumbered = |number: &str| {
        let mut files = added();
        for file in &mut files {
            file.path = file.path.replace("0005", number);
        }
        with(files)
            .map(drop)
            .map_err(|problems| problems.join("\n"))
    };
    assert_eq!(renumbered("0005"), Ok(()));
    for (number, problem) in [("0006", "missing"), ("0004", "0004_index_tags.up.sql")] {
        let said = renumbered(number).unwrap_err();
        assert!(said.contains(problem), "{said}");
    }
    // A gap can be allowed, by its name.
    assert!(Problem::Gap.can_be_allowed());
}

/// An edit of what has run is refused; a comment is no edit.
#[test]
fn a_released_file_keeps_its_text() {
    for (added_text, fits) in [
        ("\n-- for the list of searches", true),
        (" SELECT 1;", false),
    ] {
        let before = with(added()).unwrap();
        let mut files = added();
        files[0].bytes.extend_from_slice(added_text.as_bytes());
        let after = with(files).unwrap();
        let mut db = Connection::open_in_memory().unwrap();
        Migrator::new(&one_more(&before)).up(&mut db).unwrap();
        match Migrator::new(&one_more(&after)).up(&mut db) {
            Ok(report) => assert!(fits && report.is_empty(), "{added_text}"),
            Err(error) => {
                assert!(
                    !fits && matches!(error.kind(), ErrorKind::Changed { .. }),
                    "{error}"
                );
            }
        }
    }
}

/// Every row of the table of what to test has its test in the file that the page names.
#[test]
fn testing_requirements_for_migrations() {
    let section = section("Testing requirements");
    let scenarios = include_str!("scenarios.rs");
    let sources = include_str!("schema.rs");
    for (row, source, test) in [
        (
            "| a fresh database |",
            scenarios,
            "fresh_database_initialization",
        ),
        ("| an upgrade |", scenarios, "upgrade_from_prior_version"),
        (
            "| nothing to do |",
            scenarios,
            "no_op_when_already_at_latest_version",
        ),
        ("| a failure half-way |", scenarios, "rollback_safety"),
        (
            "| the way back |",
            scenarios,
            "every_migration_runs_up_and_down_and_up_again",
        ),
        (
            "| one source |",
            sources,
            "no_table_is_made_outside_migrations",
        ),
    ] {
        assert!(section.contains(row), "{row}");
        assert!(source.contains(&format!("#[test]\nfn {test}()")), "{test}");
    }
    assert_eq!(
        section.matches("\n| ").count(),
        7,
        "a row for each, and the head"
    );
}

#[test]
fn backward_compatibility_considerations() {
    let section = section("Backward compatibility");
    for part in [
        "`newer(Policy::Accept)`",
        "`IF NOT EXISTS`",
        "`mark` 1 to n",
        "keeps it",
    ] {
        assert!(section.contains(part), "{part}");
    }
    let folder = with(added()).unwrap();
    let newer = one_more(&folder);
    let mut db = Connection::open_in_memory().unwrap();
    Migrator::new(&newer)
        .user_version(true)
        .up(&mut db)
        .unwrap();
    let error = migrator().up(&mut db).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Newer { way_back: true, .. }),
        "{error}"
    );
    assert!(
        migrator()
            .newer(Policy::Accept)
            .up(&mut db)
            .unwrap()
            .is_empty()
    );
    // The down is in the database: this program has no file of version 5.
    assert_eq!(migrator().down_to(&mut db, LATEST).unwrap().reverted(), [5]);
    assert_eq!(Stand::of(&db), Stand::fresh());
}

/// The migrations of the program, and the one that is read after them.
fn one_more<'f>(folder: &'f Folder) -> Vec<Migration<'f>> {
    let mut set = MIGRATIONS.to_vec();
    set.extend(folder.migrations().split_off(MIGRATIONS.len()));
    set
}

/// The folder of the program with more files in it.
fn with(added: Vec<File>) -> Result<Folder, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files = added;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        files.push(File {
            path: entry.file_name().into_string().unwrap(),
            bytes: fs::read(entry.path()).unwrap(),
        });
    }
    Folder::of_files("migrations", &files, Options::new(Database::Sqlite))
}

/// The files that the page shows: blocks whose first line is the name of one.
fn added() -> Vec<File> {
    let page = page();
    let blocks = page.split("```sql\n").skip(1);
    let files = blocks.map(|block| {
        let lines: Vec<&str> = block
            .lines()
            .take_while(|line| line.trim() != "```")
            .collect();
        let name = lines[0].trim().strip_prefix("-- migrations/").unwrap();
        File {
            path: name.to_owned(),
            bytes: lines[1..].join("\n").into_bytes(),
        }
    });
    files.collect()
}

/// What the page says under a heading.
fn section(heading: &str) -> String {
    let page = page();
    let mut sections = page.split("\n## ");
    let section = sections.find(|section| section.starts_with(heading));
    section
        .unwrap_or_else(|| panic!("no section `{heading}`"))
        .to_owned()
}

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/policy.md");
    fs::read_to_string(page).unwrap().replace("\r\n", "\n")
}
