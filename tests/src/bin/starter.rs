//! A program that migrates a database as it starts: the process whose races and crashes are tested.
//!
//! `starter DATABASE FOLDER [OPTION=VALUE …]` opens the database, says `ready`, waits until its
//! standard input ends, migrates, and says how that went in one line: `ok` and the steps it did,
//! or `error` with the kind and the text. In between it says `waiting` when it begins to wait for
//! the lock, and `repeated` when a repeated statement has run for the first time. Two folders make
//! two releases of the same program. The database is a file of SQLite's, or a URL `postgres://…`.
//!
//! The options:
//!
//! - `goal=up`, `goal=reset`: bring the database up, or take everything back.
//! - `transactions=each`, `transactions=grouped`.
//! - `newer=accept`.
//! - `lock-timeout=MILLISECONDS`.
//!
//! On PostgreSQL:
//!
//! - `driver=postgres`, `driver=tokio-postgres`.
//!
//! On SQLite:
//!
//! - `max-pages=N`: as if the disk had room for N pages of the database.
//! - `pause-at-commit=N`: at its N-th commit say `paused` and stand still, with the lock held.
//! - `die-at-commit=N`: die right before its N-th commit.
//! - `die-at-operation=N`: die before the N-th instruction of SQLite's virtual machine.

use std::io::{Read, stdin};
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::{self, Connection};
use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Event, Goal, Migrator, Policy, Report, Transactions};
use migrate_tests::contract::TestConnection;
use migrate_tests::postgres::{AsyncClient, connect};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(folder)) = (arguments.next(), arguments.next()) else {
        panic!("usage: starter DATABASE FOLDER [OPTION=VALUE …]");
    };
    let (mut db, kind, unknown) = open(&database, arguments);
    let folder = Folder::read(folder, Options::new(kind))
        .unwrap_or_else(|problems| panic!("{}", problems.join("\n\n")));
    let set = folder.migrations();

    let waiting = Once::new();
    let repeated = Once::new();
    let mut goal = Goal::Up;
    let mut migrator = Migrator::new(&set)
        .user_version(kind == Database::Sqlite)
        .observe(|event| match event {
            Event::Waiting { .. } => waiting.call_once(|| println!("waiting")),
            Event::Repeated { .. } => repeated.call_once(|| println!("repeated")),
            _ => {}
        });
    for option in unknown {
        migrator = match option.split_once('=').unwrap_or((&option, "")) {
            ("transactions", "each") => migrator.transactions(Transactions::Each),
            ("transactions", "grouped") => migrator.transactions(Transactions::Grouped),
            ("newer", "accept") => migrator.newer(Policy::Accept),
            ("lock-timeout", value) => migrator.lock_timeout(Duration::from_millis(number(value))),
            ("goal", "up") => migrator,
            ("goal", "reset") => {
                goal = Goal::Reset;
                migrator
            }
            _ => panic!("there is no option `{option}`"),
        };
    }

    println!("ready");
    stdin().read_to_end(&mut Vec::new()).expect("the signal");
    match db.bring(&migrator, goal) {
        Ok(report) => println!("ok {}", steps(&report)),
        Err(error) => {
            let kind = format!("{:?}", error.kind());
            let kind = kind.split([' ', '(']).next().unwrap_or_default();
            println!("error {kind} {}", error.to_string().replace('\n', " | "));
        }
    }
}

/// Opens the database, with those of the options that are about it. Gives the others back.
fn open(
    database: &str,
    options: impl Iterator<Item = String>,
) -> (Box<dyn TestConnection>, Database, Vec<String>) {
    if database.starts_with("postgres://") {
        let config = Config::from_str(database).expect("a URL");
        let (drivers, others): (Vec<_>, _) = options.partition(|o| o.starts_with("driver="));
        let db: Box<dyn TestConnection> = match drivers.last().map(String::as_str) {
            Some("driver=tokio-postgres") => Box::new(AsyncClient::connect(&config)),
            Some("driver=postgres") | None => Box::new(connect(&config)),
            Some(other) => panic!("there is no option `{other}`"),
        };
        return (db, Database::Postgres, others);
    }
    let mut db = Connection::open(database).expect("the database opens");
    let mut others = Vec::new();
    for option in options {
        match option.split_once('=').unwrap_or((&option, "")) {
            ("max-pages", value) => limit_pages(&db, number(value)),
            ("pause-at-commit", value) => at_commit(&mut db, number(value), pause),
            ("die-at-commit", value) => at_commit(&mut db, number(value), die),
            ("die-at-operation", value) => die_at_operation(&mut db, number(value)),
            _ => others.push(option),
        }
    }
    (Box::new(db), Database::Sqlite, others)
}

fn number(value: &str) -> u64 {
    let number = value.parse();
    number.expect("the value of this option is a number")
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
