//! The commands that a program mounts, on PostgreSQL and through both of its drivers: the same words.

use std::sync::LazyLock;

use clap::Parser;
use migrate_core::cli::{Command, Error, Verdict};
use migrate_core::folder::{File, Folder, Options};
use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::{self, NoTls};
use migrate_core::{Database, Migrator};
use migrate_tests::postgres::Scratch;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Parser)]
struct App {
    #[command(subcommand)]
    command: Command,
}

const FILES: &[(&str, &str)] = &[
    (
        "0001_notes.up.sql",
        "CREATE TABLE notes (id int PRIMARY KEY);\n",
    ),
    ("0001_notes.down.sql", "DROP TABLE notes;\n"),
    ("0002_tags.up.sql", "CREATE TABLE tags (tag text);\n"),
    ("0002_tags.down.sql", "DROP TABLE tags;\n"),
];

const STATUS: &str = "
Current version: 1
Available migrations: 2
Pending migrations: 1

Version  State    Applied (UTC)        Description
      1  applied  2025-03-01 09:30:00  notes
      2  pending                       tags
";

const SCRIPT: &str = "
-- From version 1 to 2 in 1 step.

-- up 2: tags
-- file: migrations/0002_tags.up.sql
BEGIN;
CREATE TABLE tags (tag text);
-- history: version 2 is recorded
COMMIT;
";

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_session() {
    check(
        FILES,
        &[
            ("status --check", "…4"),
            ("migrate --to 1", "Applied: 1 notes\nMigrated from version 0 to 1\n"),
            ("status", STATUS),
            ("plan", SCRIPT),
            ("migrate", "Applied: 2 tags\nMigrated from version 1 to 2\n"),
            ("migrate", "Database already at version 2\n"),
            ("status --check", "…0"),
            ("verify", "…0"),
            (
                "redo",
                "Taken back: 2 tags\nApplied: 2 tags\nDatabase at version 2\n",
            ),
            ("down", "Taken back: 2 tags\nDatabase at version 1\n"),
            (
                "reset",
                "error: not confirmed: `reset` takes back 1 migration, and what their tables hold is lost
  = nothing was changed
  = help: confirm it with `--yes`\n",
            ),
            ("reset --yes", "Taken back: 1 notes\nDatabase at version 0\n"),
            (
                "migrate --json",
                "…\"to\": 2",
            ),
        ],
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_migration_that_fails() {
    check(
        &[
            FILES[0],
            ("0002_tags.up.sql", "CREATE TABLE tags (\n  tag txet\n);\n"),
        ],
        &[(
            "migrate",
            "error: type \"txet\" does not exist (SQLSTATE 42704)
 --> migrations/0002_tags.up.sql:2:7
  |
2 |   tag txet
  |       ^^^^
  = in migration 2 \"tags\"
  = rolled back: nothing of it was applied
  = kept: this run had migrated from version 0 to 1
",
        )],
    );
}

/// One that a pool lends is no other.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn an_exit_code() {
    let folder = folder(FILES);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let scratch = Scratch::fresh();
    let command = |line: &str| App::parse_from(["app", line]).command;
    let mut pooled = Box::new(connect(&scratch));
    let code = RUNTIME.block_on(command("migrate").run_async(&migrator, &mut pooled));
    assert_eq!(
        format!("{code:?}"),
        format!("{:?}", std::process::ExitCode::SUCCESS)
    );
    let code = command("migrate").run(&Migrator::new(&[]), &mut scratch.connect());
    assert_eq!(
        format!("{code:?}"),
        format!("{:?}", std::process::ExitCode::FAILURE)
    );
}

/// Runs commands on one database, one after the other, through each driver. Of what a command says, `…`
/// leaves out the beginning: behind it stands how it ends, or the exit code alone.
#[track_caller]
fn check(files: &[(&str, &str)], session: &[(&str, &str)]) {
    let folder = folder(files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let (blocking, asynchronous) = (Scratch::fresh(), Scratch::fresh());
    let mut client: Client = blocking.connect();
    let mut async_client = connect(&asynchronous);
    for (line, expected) in session {
        let args = ["app"].into_iter().chain(line.split_whitespace());
        let command = App::try_parse_from(args).expect(line).command;
        let mut out = Vec::new();
        let result = command.run_to(&migrator, &mut client, &mut out);
        compare(line, expected, &out, &result);
        let mut out = Vec::new();
        let result = sent(command.run_to_async(&migrator, &mut async_client, &mut out));
        let result = RUNTIME.block_on(result);
        compare(line, expected, &out, &result);
    }
}

/// A future that a task on any thread may run.
fn sent<F: Future + Send>(future: F) -> F {
    future
}

#[track_caller]
fn compare(line: &str, expected: &str, out: &[u8], result: &Result<Verdict, Error>) {
    let mut text = timeless(&String::from_utf8_lossy(out));
    let code = match result {
        Ok(verdict) => verdict.code(),
        Err(error) => {
            text.push_str(&format!("error: {error}\n"));
            1
        }
    };
    match expected.strip_prefix('…') {
        Some(end) if end.parse() == Ok(code) => {}
        Some(part) => assert!(text.contains(part), "{line}: {code}: {text}"),
        None => assert_eq!(text.trim_start(), expected.trim_start(), "{line}"),
    }
}

/// The text without how long something took and when.
fn timeless(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let line = match line.rsplit_once(" (") {
            Some((line, time)) if time.ends_with(" ms)\n") => format!("{line}\n"),
            _ => line.to_owned(),
        };
        match line.split_once("applied  20") {
            Some((before, rest)) => format!("{before}applied  2025-03-01 09:30:00{}", &rest[17..]),
            None => line,
        }
    });
    lines.collect()
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build();
    runtime.expect("a runtime")
});

fn connect(scratch: &Scratch) -> tokio_postgres::Client {
    let connected = RUNTIME.block_on(scratch.config().connect(NoTls));
    let (client, connection) = connected.expect("a connection");
    RUNTIME.spawn(async move { drop(connection.await) });
    client
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    Folder::of_files("migrations", &files, Options::new(Database::Postgres)).expect("a folder")
}
