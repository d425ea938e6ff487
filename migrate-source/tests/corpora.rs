//! Folders of real projects, and files that goose must refuse or read.
//!
//! They are not part of this repository. `MIGRATE_SHARED` names the folder that holds their folders
//! `corpora` and `conformance`; it is `../shared` beside the repository otherwise.

#![cfg(feature = "folder")]

use std::fs;
use std::path::{Path, PathBuf};

use migrate_source::folder::{File, Folder, Options, Problem, Up, disk};
use migrate_source::{Database, Mode};

fn shared(folder: &str) -> PathBuf {
    let shared = std::env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    shared.join(folder)
}

/// Checks how many migrations and downs a history has, and which findings remain.
#[track_caller]
fn check(name: &str, options: &Options, expected: (usize, usize), findings: &[&str]) {
    let listing = disk::list(&shared("corpora").join(name).join("migrations")).unwrap();
    let folder = listing.read(options);
    let downs = folder.migrations.iter().filter(|m| m.down.is_some());
    assert_eq!((folder.migrations.len(), downs.count()), expected, "{name}");
    let found = folder.findings.iter().map(|finding| {
        let place = finding.place.as_ref().unwrap();
        format!("{} {}:{}", finding.problem, place.path, place.line)
    });
    assert_eq!(found.collect::<Vec<_>>(), findings, "{name}");
}

fn options(database: Database, trust_through: i64, allow: &[Problem]) -> Options {
    let mut options = Options::new(database);
    options.trust_through = trust_through;
    options.allow = allow.iter().copied().collect();
    options
}

#[test]
#[ignore = "needs ../shared/corpora"]
fn histories_on_sqlite() {
    let sqlite = |trust_through| options(Database::Sqlite, trust_through, &[]);
    check("atuin-client-sqlite", &sqlite(0), (12, 0), &[]);
    check(
        "chirpstack-sqlite",
        &sqlite(202512081354280000),
        (14, 14),
        &[],
    );
    check("rauthy-hiqlite", &sqlite(12), (31, 0), &[]);
    check("screenpipe-sqlite", &sqlite(20260213000000), (50, 0), &[]);
    check("vibe-kanban-sqlite", &sqlite(20260317120000), (76, 0), &[]);
}

#[test]
#[ignore = "needs ../shared/corpora"]
fn histories_on_postgres() {
    let postgres = |trust_through| options(Database::Postgres, trust_through, &[]);
    check("bionic-gpt-pg", &postgres(20260822124758), (111, 111), &[]);
    check("docsrs-pg", &postgres(20260131071854), (33, 33), &[]);
    check("openfga-pg", &postgres(0), (6, 6), &[]);
    check("rauthy-pg", &postgres(0), (26, 0), &[]);
}

const GRAPH_NODE: &str = "graph-node-pg";
const WITHOUT_UNDERSCORE: &str = "2023-05-23-1715-update-subgraph-deployment-assignment";

#[test]
#[ignore = "needs ../shared/corpora"]
fn a_history_with_faults_of_its_own() {
    let allow = [Problem::EmptyDown, Problem::UnknownFile];
    check(
        GRAPH_NODE,
        &options(Database::Postgres, 0, &allow),
        (124, 123),
        &[
            // A down that never ran: its `DO $$` is missing.
            "unterminated_dollar_quote 2021-02-24-051050_dds_remove_unused_columns/down.sql:4",
            &format!("near_miss {WITHOUT_UNDERSCORE}/down.sql:1"),
        ],
    );
    // It is in production: that it cannot be taken back was always so.
    check(
        GRAPH_NODE,
        &options(Database::Postgres, 202102240510500000, &allow),
        (124, 123),
        &[&format!("near_miss {WITHOUT_UNDERSCORE}/down.sql:1")],
    );
}

#[test]
#[ignore = "needs ../shared/corpora"]
fn a_folder_without_an_underscore_and_its_cure() {
    let listing = disk::list(&shared("corpora").join(GRAPH_NODE).join("migrations")).unwrap();
    let cured = WITHOUT_UNDERSCORE.replacen("1715-", "1715_", 1);
    let options = options(
        Database::Postgres,
        202305231715000000,
        &[Problem::EmptyDown, Problem::UnknownFile],
    );
    let folder = Folder::read(&listing.files, &options);
    let help = &folder.findings[0].help;
    assert!(help.iter().any(|cure| cure.contains(&cured)), "{help:?}");
    let files = listing.files.into_iter().map(|file| File {
        path: file.path.replace(WITHOUT_UNDERSCORE, &cured),
        ..file
    });
    let folder = Folder::read(&files.collect::<Vec<_>>(), &options);
    assert_eq!(folder.findings, []);
    assert_eq!(folder.migrations.len(), 125);
    // Where Diesel runs it: the other way round its neighbours would be.
    let at = folder
        .migrations
        .iter()
        .position(|m| m.up.path().starts_with(&cured));
    let at = at.unwrap();
    let around = &folder.migrations[at - 1..=at + 1];
    let paths: Vec<&str> = around.iter().map(|m| m.up.path()).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

/// What is read from one file of goose's.
fn goose(path: &Path) -> Folder {
    let file = File {
        path: "1_a.sql".into(),
        bytes: fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}")),
    };
    Folder::read(&[file], &Options::new(Database::Postgres))
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn what_goose_refuses() {
    for name in ["a", "b", "c", "d"] {
        let path = shared("conformance/goose/invalid/up")
            .join(name)
            .with_extension("sql");
        let found = goose(&path).findings.into_iter().map(|f| f.problem);
        assert!(
            found
                .collect::<Vec<_>>()
                .contains(&Problem::UnfinishedStatement),
            "{name}"
        );
    }
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn what_goose_reads() {
    for name in ["test01", "test02", "test03", "test04", "test05", "test06"] {
        let path = shared("conformance/goose/valid-up")
            .join(name)
            .join("input.sql");
        let findings = goose(&path).findings.into_iter().map(|f| f.problem);
        // Their downs are empty but for the last one's.
        let expected: &[Problem] = match name {
            "test06" => &[],
            _ => &[Problem::EmptyDown],
        };
        assert_eq!(findings.collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
#[ignore = "needs ../shared/conformance"]
fn transactions_of_goose() {
    let listing = disk::list(&shared("conformance/goose/valid-txn")).unwrap();
    let folder = listing.read(&Options::new(Database::Postgres));
    assert!(folder.findings.is_empty(), "{:?}", folder.findings);
    let read = folder.migrations.iter().map(|migration| {
        let Up::Sql(up) = &migration.up else {
            panic!("not SQL")
        };
        let down = migration.down.as_ref().unwrap();
        (up.line, up.directives.mode, down.line, down.directives.mode)
    });
    let (inside, outside) = (Mode::Transaction, Mode::NoTransaction);
    assert_eq!(
        read.collect::<Vec<_>>(),
        [
            (2, inside, 14, inside),
            (2, inside, 7, inside),
            (3, outside, 11, outside)
        ]
    );
}
