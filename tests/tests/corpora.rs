//! The histories of real projects, embedded by the macro as they are: no file is renamed or edited.
//!
//! They are not part of this repository, see `migrate_tests::corpora`. The tests build programs with copies
//! of them; `corpora_postgres` runs those for PostgreSQL.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use migrate_source::Database;
use migrate_source::folder::{Options, disk};
use migrate_tests::corpora;
use migrate_tests::package::Package;

/// A history of a real project.
struct History {
    name: &'static str,
    migrations: usize,
    /// The problems that its author has lived with.
    problems: &'static [&'static str],
    /// The options of the macro that take it as it is.
    options: &'static str,
}

const fn history(
    name: &'static str,
    migrations: usize,
    problems: &'static [&'static str],
    options: &'static str,
) -> History {
    History {
        name,
        migrations,
        problems,
        options,
    }
}

const SQLITE: &[History] = &[
    history("atuin-client-sqlite", 12, &[], ""),
    history(
        "chirpstack-sqlite",
        14,
        &["empty_down", "foreign_keys_pragma"],
        ", trust_through = 202512081354280000",
    ),
    history(
        "rauthy-hiqlite",
        31,
        &["foreign_keys_pragma"],
        ", trust_through = 31",
    ),
    history(
        "screenpipe-sqlite",
        50,
        &["foreign_keys_pragma"],
        ", allow(foreign_keys_pragma)",
    ),
    history(
        "vibe-kanban-sqlite",
        76,
        &["foreign_keys_pragma", "transaction_statement"],
        ", trust_through = 20260317120000",
    ),
];

const POSTGRES: &[History] = &[
    history(
        "bionic-gpt-pg",
        111,
        &["empty_down", "empty_up", "misplaced_marker"],
        ", trust_through = 20260822124758",
    ),
    history("docsrs-pg", 33, &["empty_down"], ", allow(empty_down)"),
    history("openfga-pg", 6, &[], ""),
    history("rauthy-pg", 26, &[], ""),
];

/// This one cannot be taken as it is.
const FAULTY: History = history(
    "graph-node-pg",
    0,
    &[
        "empty_down",
        "near_miss",
        "unknown_file",
        "unterminated_dollar_quote",
    ],
    ", allow(empty_down, unknown_file)",
);

#[test]
#[cfg_attr(not(have_shared), ignore = "needs the histories in ../shared/corpora")]
fn what_their_authors_have_lived_with() {
    let sqlite = SQLITE.iter().map(|history| (Database::Sqlite, history));
    let postgres = POSTGRES.iter().chain([&FAULTY]);
    for (database, history) in sqlite.chain(postgres.map(|history| (Database::Postgres, history))) {
        let listing = disk::list(&migrations(history)).unwrap();
        let found = listing.read(&Options::new(database)).findings;
        let problems: BTreeSet<&str> = found.iter().map(|finding| finding.problem.name()).collect();
        let problems: Vec<&str> = problems.into_iter().collect();
        assert_eq!(problems, history.problems, "{}", history.name);
    }
}

#[test]
#[cfg_attr(not(have_shared), ignore = "needs the histories in ../shared/corpora")]
fn histories_on_sqlite() {
    let package = Package::new(TMP, "corpora-sqlite", &["macros", "bundled"]);
    package.edit(
        "Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nrusqlite = { version = \"*\", features = [\"functions\"] }\n",
    );
    embed(&package, Database::Sqlite, SQLITE, RUN);
    package.cargo(&["build"]).well();
    for history in SQLITE {
        let schema = fs::read_to_string(corpora::history(history.name).join("schema.txt")).unwrap();
        for transactions in ["Auto", "Each", "Grouped"] {
            let said = package.run("debug", &[history.name, transactions]).well();
            assert_eq!(said.err, format!("applied {}\n", history.migrations));
            assert_eq!(
                said.out.trim(),
                schema.trim(),
                "{} {transactions}",
                history.name
            );
        }
    }
}

#[test]
#[cfg_attr(not(have_shared), ignore = "needs the histories in ../shared/corpora")]
fn histories_on_postgres() {
    let package = Package::new(TMP, "corpora-postgres", &["macros", "postgres-syntax"]);
    embed(&package, Database::Postgres, POSTGRES, COUNT);
    package.cargo(&["build"]).well();
    let counted = POSTGRES.iter().fold(String::new(), |mut text, history| {
        let _ = writeln!(text, "{} {}", history.name, history.migrations);
        text
    });
    assert_eq!(package.run("debug", &[]).well().out, counted);
}

/// A down that no database ever understood, and a folder whose name has no end of its number.
#[test]
#[cfg_attr(not(have_shared), ignore = "needs the histories in ../shared/corpora")]
fn a_history_with_faults() {
    let package = Package::new(TMP, "corpora-faulty", &["macros"]);
    embed(&package, Database::Postgres, &[FAULTY], COUNT);
    let said = package.cargo(&["build"]).badly().err;
    let places: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("--> migrations/"))
        .collect();
    let expected = [
        "2021-02-24-051050_dds_remove_unused_columns/down.sql:4:1",
        "2023-05-23-1715-update-subgraph-deployment-assignment/down.sql:1:1",
    ];
    let at = |place: &&str| format!("        --> migrations/graph-node-pg/{place}");
    assert_eq!(
        places,
        expected.iter().map(at).collect::<Vec<_>>(),
        "{said}"
    );
}

const TMP: &str = env!("CARGO_TARGET_TMPDIR");

fn migrations(history: &History) -> PathBuf {
    corpora::history(history.name).join("migrations")
}

/// Makes a program of `main` that has each of the histories as `SETS`: names with their sets.
fn embed(package: &Package, database: Database, histories: &[History], main: &str) {
    let (mut calls, mut sets) = (String::new(), String::new());
    for History { name, options, .. } in histories {
        let set = name.replace('-', "_").to_uppercase();
        let _ = writeln!(
            calls,
            "migrate_core::embed_migrations!(static {set} = \"migrations/{name}\", \
             database = \"{database}\"{options});"
        );
        let _ = writeln!(sets, "    (\"{name}\", &{set}),");
    }
    let sets =
        format!("const SETS: &[(&str, &[migrate_core::Migration<'static>])] = &[\n{sets}];\n");
    package.build_script();
    package.file("src/main.rs", &format!("{calls}{sets}{main}"));
    for history in histories {
        copy(
            &migrations(history),
            &package.dir().join("migrations").join(history.name),
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => _ = fs::copy(entry.path(), &to).unwrap(),
        }
    }
}

/// Says how many migrations each set has.
const COUNT: &str = r#"
fn main() {
    for (name, set) in SETS {
        println!("{name} {}", set.len());
    }
}
"#;

/// Runs a set on a fresh database, and prints the schema that comes out.
const RUN: &str = r#"
use migrate_core::{Migrator, Transactions};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (_, set) = SETS.iter().find(|(name, _)| *name == arguments[1]).unwrap();
    let transactions = match arguments[2].as_str() {
        "Auto" => Transactions::Auto,
        "Each" => Transactions::Each,
        _ => Transactions::Grouped,
    };
    let mut db = Connection::open_in_memory().unwrap();
    // A function that one of the programs has from an extension.
    db.create_scalar_function("vec_length", 1, FunctionFlags::SQLITE_UTF8, |_| Ok(512)).unwrap();
    let migrator = Migrator::new(set).transactions(transactions);
    let report = migrator.up(&mut db).unwrap_or_else(|error| panic!("{error}"));
    assert!(migrator.verify(&mut db).unwrap().is_clean());
    eprintln!("applied {}", report.applied().len());
    let mut rows = db
        .prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema
             WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               AND tbl_name NOT IN ('_migrate_history', '_migrate_history_repeatable')
             ORDER BY type, name",
        )
        .unwrap();
    let mut rows = rows.query(()).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let text = |column| row.get::<_, Option<String>>(column).unwrap().unwrap_or_default();
        println!("-- {} {} on {}\n{}", text(0), text(1), text(2), text(3));
    }
}
"#;
