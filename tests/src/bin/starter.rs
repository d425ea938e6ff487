//! A program that migrates a database as it starts: the process whose races and crashes are tested.
//!
//! `starter DATABASE FOLDER [OPTION=VALUE …]` opens the database, says `ready`, waits until its
//! standard input ends, migrates, and says how that went in one line: `ok` and the steps it did,
//! or `error` with the kind and the text. In between it says `waiting` when it begins to wait for
//! the lock, and `repeated` when a repeated statement has run for the first time. Two folders make
//! two releases of the same program.
//!
//! The options:
//!
//! - `goal=reset`: take everything back instead of bringing the database up.
//! - `transactions=each`, `transactions=grouped`.
//! - `newer=accept`.
//! - `lock-timeout=MILLISECONDS`.
//! - `max-pages=N`: as if the disk had room for N pages of the database.
//! - `pause-at-commit=N`: at its N-th commit say `paused` and stand still, with the lock held.
//! - `die-at-commit=N`: die right before its N-th commit.
//! - `die-at-operation=N`: die before the N-th instruction of SQLite's virtual machine.

use std::io::{Read, stdin};
use std::sync::Once;
use std::time::Duration;

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::{self, Connection};
use migrate_core::{Database, Event, Goal, Migrator, Policy, Report, Transactions};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(folder)) = (arguments.next(), arguments.next()) else {
        panic!("usage: starter DATABASE FOLDER [OPTION=VALUE …]");
    };
    let folder = Folder::read(folder, Options::new(Database::Sqlite))
        .unwrap_or_else(|problems| panic!("{}", problems.join("\n\n")));
    let set = folder.migrations();
    let mut db = Connection::open(database).expect("the database opens");

    let waiting = Once::new();
    let repeated = Once::new();
    let mut goal = Goal::Up;
    let mut migrator = Migrator::new(&set)
        .user_version(true)
        .observe(|event| match event {
            Event::Waiting { .. } => waiting.call_once(|| println!("waiting")),
            Event::Repeated { .. } => repeated.call_once(|| println!("repeated")),
            _ => {}
        });
    for option in arguments {
        let (name, value) = option.split_once('=').unwrap_or((&option, ""));
        let number = || value.parse().expect("the value of this option is a number");
        migrator = match (name, value) {
            ("transactions", "each") => migrator.transactions(Transactions::Each),
            ("transactions", "grouped") => migrator.transactions(Transactions::Grouped),
            ("newer", "accept") => migrator.newer(Policy::Accept),
            ("lock-timeout", _) => migrator.lock_timeout(Duration::from_millis(number())),
            _ => {
                match (name, value) {
                    ("goal", "reset") => goal = Goal::Reset,
                    ("max-pages", _) => limit_pages(&db, number()),
                    ("pause-at-commit", _) => at_commit(&mut db, number(), pause),
                    ("die-at-commit", _) => at_commit(&mut db, number(), die),
                    ("die-at-operation", _) => die_at_operation(&mut db, number()),
                    _ => panic!("there is no option `{option}`"),
                }
                migrator
            }
        };
    }

    println!("ready");
    stdin().read_to_end(&mut Vec::new()).expect("the signal");
    match migrator.bring(&mut db, goal) {
        Ok(report) => println!("ok {}", steps(&report)),
        Err(error) => {
            let kind = format!("{:?}", error.kind());
            let kind = kind.split([' ', '(']).next().unwrap_or_default();
            println!("error {kind} {}", error.to_string().replace('\n', " | "));
        }
    }
}

/// What was done, a word each: the version, or the name of a repeatable migration.
fn steps(report: &Report) -> String {
    let step = report.steps().iter().map(|step| match step.version {
        Some(version) => version.to_string(),
        None => step.description.clone(),
    });
    step.collect::<Vec<_>>().join(" ")
}

fn limit_pages(db: &Connection, pages: u64) {
    db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .expect("the number of pages can be limited");
}

fn at_commit(db: &mut Connection, number: u64, act: fn()) {
    let mut commits = 0;
    let hook = move || {
        commits += 1;
        if commits == number {
            act();
        }
        false
    };
    let set: rusqlite::Result<()> = db.commit_hook(Some(hook));
    set.expect("the connection is ours");
}

fn die_at_operation(db: &mut Connection, number: u64) {
    let mut operations = 0;
    let handler = move || {
        operations += 1;
        if operations == number {
            die();
        }
        false
    };
    let set: rusqlite::Result<()> = db.progress_handler(1, Some(handler));
    set.expect("the connection is ours");
}

fn pause() {
    println!("paused");
    loop {
        std::thread::park();
    }
}

/// Without any last word: nothing is closed, flushed or rolled back.
fn die() {
    std::process::abort();
}
