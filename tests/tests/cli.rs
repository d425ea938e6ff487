//! The commands that a program mounts: what they print, and their exit codes.

use std::io;

use clap::Parser;
use migrate_core::cli::{Command, Error, Verdict};
use migrate_core::folder::{File, Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Migrator, Policy};

/// A program with nothing but these commands.
#[derive(Debug, Parser)]
struct App {
    #[command(subcommand)]
    command: Command,
}

type Files<'f> = &'f [(&'f str, &'f str)];

fn folder(files: Files<'_>) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    Folder::of_files("migrations", &files, Options::new(Database::Sqlite)).expect("a sound folder")
}

/// What a command line says: its output or error, and the exit code where that is not 0. What
/// differs from run to run is made the same.
fn says(migrator: &Migrator<'_>, db: &mut Connection, line: &str) -> String {
    let args = ["app"].into_iter().chain(line.split_whitespace());
    let app = match App::try_parse_from(args) {
        Ok(app) => app,
        Err(error) => return format!("{error}exit code {}\n", error.exit_code()),
    };
    let mut out = Vec::new();
    let result = app.command.run_to(migrator, db, &mut out);
    let mut text = String::from_utf8(out).expect("text");
    match result {
        Ok(Verdict::Fine) => {}
        Ok(verdict) => text.push_str(&format!("exit code {}\n", verdict.code())),
        Err(error) => text.push_str(&format!("error: {error}\nexit code 1\n")),
    }
    stamp(db);
    steady(&text)
}

fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" (") {
        let digits = after.trim_start_matches(|c: char| c.is_ascii_digit());
        steady.push_str(before);
        rest = match digits.strip_prefix(" ms)") {
            Some(rest) if digits.len() < after.len() => rest,
            _ => {
                steady.push_str(" (");
                after
            }
        };
    }
    steady + rest
}

fn stamp(db: &Connection) {
    for table in ["_migrate_history", "_migrate_history_repeatable"] {
        let sql = format!("UPDATE {table} SET applied_at = '2025-03-01T09:30:00.123Z', duration_ms = 7");
        // There is no history before the first migration.
        let _ = db.execute(&sql, []);
    }
}
const NOTES: Files<'_> = &[
    ("0001_create_notes.up.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"),
    ("0001_create_notes.down.sql", "DROP TABLE notes;\n"),
    ("0002_add_tags.up.sql", "CREATE TABLE tags (note INTEGER REFERENCES notes, tag TEXT);\n"),
    ("0002_add_tags.down.sql", "DROP TABLE tags;\n"),
    ("0003_index_tags.up.sql", "-- migrate: no-transaction\nCREATE INDEX tags_tag ON tags (tag);\n\n-- of all\nANALYZE"),
    ("0003_index_tags.down.sql", "DROP INDEX tags_tag"),
    ("R__views.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT * FROM notes;\n"),
    ("R__views.down.sql", "DROP VIEW v; -- and it is gone"),
];

#[test]
fn show() {
    let folder = folder(NOTES);
    let set = folder.migrations();
    let m = Migrator::new(&set);
    let mut db = Connection::open_in_memory().unwrap();
    for line in ["status", "status --check", "plan", "plan --to 2", "plan --down", "verify", "down", "redo", "reset", "migrate --to 1", "status --check", "migrate", "migrate", "migrate --to 1", "status", "status --json --check", "plan --down", "plan --down=2", "plan --to 0", "plan --down 3", "plan", "verify", "verify --json", "down", "down --json", "redo", "migrate --json", "down --count 2", "down --to 0", "reset", "migrate", "reset", "reset --yes", "reset --yes", "down --to 9", "migrate --to -1", "down --count 0", "down --count 2 --to 3", "help", "help status", "help plan", "status --help", "down --help", "help verify"] {
        println!("$ {line}\n{}", says(&m, &mut db, line));
    }
}
