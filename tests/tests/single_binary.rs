//! The program alone, without its sources: it migrates, and touches no file but the database.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use migrate_tests::package::Package;
use tempfile::TempDir;

/// Migrates a database, with every kind of migration.
const APP: &str = r#"
use migrate_core::{Migrator, rusqlite};

migrate_core::embed_migrations!("migrations");

fn main() {
    let path = std::env::args().nth(1).expect("a path");
    let mut db = rusqlite::Connection::open(path).unwrap();
    let report = Migrator::new(&MIGRATIONS).up(&mut db).unwrap();
    println!("{report}");
}
"#;

const FILES: &[(&str, &str)] = &[
    (
        "migrations/0001_create_accounts.sql",
        "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, \
         owner INTEGER REFERENCES account);\n\
         INSERT INTO account VALUES (1, 1, NULL), (2, 2, 1);\n",
    ),
    (
        "migrations/0002_code.rs",
        "pub fn up(db: &migrate_core::rusqlite::Connection) -> migrate_core::rusqlite::Result<()> {\n\
         \x20   db.execute_batch(\"UPDATE account SET balance = balance * 10\")\n\
         }\n",
    ),
    (
        "migrations/0003_stepwise.sql",
        "-- migrate: no-transaction\n\
         UPDATE account SET balance = balance + 1;\n\
         UPDATE account SET balance = balance + 1;\n",
    ),
    (
        "migrations/0004_repeat.sql",
        "-- migrate: repeat\nUPDATE account SET balance = balance + 1 WHERE balance < 20;\n",
    ),
    (
        "migrations/R__richest.sql",
        "DROP VIEW IF EXISTS richest;\nCREATE VIEW richest AS SELECT max(balance) AS balance FROM account;\n",
    ),
];

/// Opens a database without migrating it, and writes to it as any program would.
const FLOOR: &str = r#"
use migrate_core::rusqlite;

fn main() {
    let path = std::env::args().nth(1).expect("a path");
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch("CREATE TABLE a (x); BEGIN IMMEDIATE; INSERT INTO a VALUES (1); COMMIT;").unwrap();
    println!("written");
}
"#;

/// The built programs, each alone in an empty folder. Their sources are where nobody finds them.
struct Alone {
    home: TempDir,
}

impl Alone {
    fn built(name: &str) -> Alone {
        let tmp = env!("CARGO_TARGET_TMPDIR");
        let package = Package::new(tmp, name, &["sqlite", "macros", "bundled"]);
        package.build_script();
        let floor = format!("{name}-floor");
        package.file("src/main.rs", APP);
        package.file(&format!("src/bin/{floor}.rs"), FLOOR);
        for (path, text) in FILES {
            package.file(path, text);
        }
        let _ = package.cargo(&["build"]).well();

        let home = tempfile::tempdir_in(tmp).expect("a folder");
        for (name, alone) in [(name, "app"), (&floor, "floor")] {
            fs::create_dir(home.path().join(alone)).expect("a folder");
            let built = package.program("debug").with_file_name(name);
            fs::copy(built, home.path().join(alone).join("program")).expect("a program");
        }
        fs::rename(package.dir(), home.path().join("moved away")).expect("the sources");
        Alone { home }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

#[test]
fn the_binary_alone_migrates() {
    let alone = Alone::built("single-binary");
    let run = || {
        let mut program = Command::new(alone.folder("app").join("program"));
        said(
            &program
                .arg("app.db")
                .current_dir(alone.folder("app"))
                .output(),
        )
    };
    assert_eq!(run(), "migrated from version 0 to 4\n");
    assert_eq!(run(), "up to date at version 4\n");

    let files = fs::read_dir(alone.folder("app")).expect("a folder");
    let files: BTreeSet<_> = files
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(files, ["app.db".into(), "program".into()].into());
}

#[test]
#[cfg_attr(
    not(have_strace),
    ignore = "strace is not installed, or not allowed here"
)]
fn no_file_is_touched_but_the_database() {
    let alone = Alone::built("single-binary-traced");
    let floor = touched(&alone.folder("floor"));
    assert!(floor.contains("app.db"), "{floor:?}");
    assert!(floor.contains("app.db-journal"), "{floor:?}");
    let app = touched(&alone.folder("app"));
    assert!(app.contains("app.db-journal"), "{app:?}");
    let more: Vec<_> = app.difference(&floor).collect();
    assert!(more.is_empty(), "{more:?}");
    // Once more, when there is nothing to do.
    let again = touched(&alone.folder("app"));
    let more: Vec<_> = again.difference(&floor).collect();
    assert!(more.is_empty(), "{more:?}");
}

/// The paths that the program of this folder gives to the system, in any call that takes a path.
/// Those in the folder itself are relative to it.
fn touched(folder: &Path) -> BTreeSet<String> {
    let trace = folder.with_extension("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-s", "4096", "-e", "trace=%file", "-o"])
        .arg(&trace);
    strace.arg(folder.join("program")).arg("app.db");
    said(&strace.current_dir(folder).output());
    let calls = fs::read_to_string(trace).expect("a trace");
    assert!(calls.contains("execve("), "{calls}");
    let here = folder.canonicalize().expect("a folder");
    // Every string of a line is a path: these calls have no others, but `execve` its arguments.
    let paths = calls.lines().filter(|line| !line.contains("execve("));
    let paths = paths.flat_map(|line| line.split('"').skip(1).step_by(2));
    let relative = |path| {
        Path::new(path)
            .strip_prefix(&here)
            .unwrap_or(Path::new(path))
    };
    paths
        .map(|path| relative(path).display().to_string())
        .collect()
}

fn said(output: &std::io::Result<Output>) -> String {
    let output = output.as_ref().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
