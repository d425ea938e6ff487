//! The histories of real projects on PostgreSQL, from nothing to the schema that must come out, with each
//! driver and each way of putting migrations into transactions; and back, where their downs work.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use migrate_core::folder::{File, Folder, Options};
use migrate_core::postgres::Client;
use migrate_core::tokio_postgres::Config;
use migrate_core::tokio_postgres::config::Host;
use migrate_core::{Database, Goal, Migration, Migrator, Transactions};
use migrate_source::Problem;
use migrate_source::folder::disk;
use migrate_tests::contract::TestConnection;
use migrate_tests::corpora;
use migrate_tests::postgres::{AsyncClient, Scratch, connect, execute};

#[test]
#[cfg_attr(
    not(all(have_shared, have_postgres, have_pg_dump_15)),
    ignore = "needs the histories in ../shared/corpora, PostgreSQL, and pg_dump 15"
)]
fn bionic_gpt() {
    let mut options = Options::new(Database::Postgres);
    options.trust_through = 20_260_822_124_758;
    check("bionic-gpt-pg", 111, &read("bionic-gpt-pg", options), true);
}

#[test]
#[cfg_attr(
    not(all(have_shared, have_postgres, have_pg_dump_15)),
    ignore = "needs the histories in ../shared/corpora, PostgreSQL, and pg_dump 15"
)]
fn docs_rs() {
    let mut options = Options::new(Database::Postgres);
    options.allow.insert(Problem::EmptyDown);
    check("docsrs-pg", 33, &read("docsrs-pg", options), true);
}

#[test]
#[cfg_attr(
    not(all(have_shared, have_postgres, have_pg_dump_15)),
    ignore = "needs the histories in ../shared/corpora, PostgreSQL, and pg_dump 15"
)]
fn openfga() {
    let folder = read("openfga-pg", Options::new(Database::Postgres));
    check("openfga-pg", 6, &folder, true);
}

#[test]
#[cfg_attr(
    not(all(have_shared, have_postgres, have_pg_dump_15)),
    ignore = "needs the histories in ../shared/corpora, PostgreSQL, and pg_dump 15"
)]
fn rauthy() {
    let folder = read("rauthy-pg", Options::new(Database::Postgres));
    check("rauthy-pg", 26, &folder, false);
}

/// One of its folders has a name whose number has no end. Renamed as the message says, all of it runs, in
/// the order in which Diesel runs it.
#[test]
#[cfg_attr(
    not(all(have_shared, have_postgres, have_pg_dump_15)),
    ignore = "needs the histories in ../shared/corpora, PostgreSQL, and pg_dump 15"
)]
fn graph_node() {
    const AS_IT_IS: &str = "2023-05-23-1715-update-subgraph-deployment-assignment";
    const AS_TOLD: &str = "2023-05-23-1715_update-subgraph-deployment-assignment";
    let mut files = files("graph-node-pg");
    let mut options = Options::new(Database::Postgres);
    options.allow = [Problem::EmptyDown, Problem::UnknownFile].into();
    options.trust_through = 202_605_271_717_450_000;
    let problems = Folder::of_files("migrations", &files, options.clone()).unwrap_err();
    assert_eq!(
        problems,
        [format!(
            "`{AS_IT_IS}` is not quite the name of a migration\n \
             --> migrations/{AS_IT_IS}/down.sql:1:1\n  = help: rename it to `{AS_TOLD}`"
        )]
    );
    for file in &mut files {
        file.path = file.path.replace(AS_IT_IS, AS_TOLD);
    }
    let folder = Folder::of_files("migrations", &files, options).unwrap();
    let set = folder.migrations();
    let ours = set.iter().map(folder_of);
    assert_eq!(ours.collect::<Vec<_>>(), in_order_of_diesel(&files));
    check("graph-node-pg", 125, &folder, false);
}

/// Checks that the history brings a database from nothing to its schema; and, where its downs go all the
/// way, back to nothing and up again.
fn check(name: &str, migrations: usize, folder: &Folder, has_downs: bool) {
    let set = folder.migrations();
    let expected = fs::read_to_string(corpora::history(name).join("schema.txt")).unwrap();
    for transactions in [
        Transactions::Auto,
        Transactions::Each,
        Transactions::Grouped,
    ] {
        let migrator = Migrator::new(&set).transactions(transactions);
        let run = Run {
            name,
            migrations,
            migrator: &migrator,
            expected: &expected,
            has_downs,
        };
        run.check::<Client>(connect);
        run.check::<AsyncClient>(AsyncClient::connect);
    }
}

struct Run<'r> {
    name: &'r str,
    migrations: usize,
    migrator: &'r Migrator<'r>,
    expected: &'r str,
    has_downs: bool,
}

impl Run<'_> {
    fn check<C: TestConnection>(&self, connect: fn(&Config) -> C) {
        let scratch = Scratch::fresh();
        if let Some(sql) = needs(self.name) {
            execute(&mut scratch.connect(), &sql);
        }
        let mut db = connect(&scratch.config());
        self.up(&scratch, &mut db);
        if self.has_downs {
            let back = db.bring(self.migrator, Goal::Reset);
            let back = back.unwrap_or_else(|error| panic!("{}: {error}", self.name));
            assert_eq!((back.to(), back.steps().len()), (0, self.migrations));
            self.up(&scratch, &mut db);
        }
    }

    fn up<C: TestConnection>(&self, scratch: &Scratch, db: &mut C) {
        let report = db.bring(self.migrator, Goal::Up);
        let report = report.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert_eq!(report.applied().len(), self.migrations, "{}", self.name);
        let got = schema(scratch);
        let other = got.lines().zip(self.expected.lines()).find(|(a, b)| a != b);
        assert!(got == self.expected, "{}: {other:?}", self.name);
    }
}

fn read(name: &str, options: Options) -> Folder {
    let folder = Folder::read(corpora::history(name).join("migrations"), options);
    folder.unwrap_or_else(|problems| panic!("{}", problems.join("\n")))
}

fn files(name: &str) -> Vec<File> {
    let listing = disk::list(&corpora::history(name).join("migrations")).unwrap();
    listing.files
}

/// What must be there before the history runs.
fn needs(name: &str) -> Option<String> {
    let index: serde_json::Value = serde_json::from_str(&corpora::index()).unwrap();
    let mut entries = index.as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["name"] == name).unwrap();
    entry["pre_sql"].as_str().map(str::to_owned)
}

/// The folder that a migration is in.
fn folder_of(migration: &Migration<'_>) -> String {
    let file = migration.file();
    let folder = file.strip_prefix("migrations/").unwrap();
    folder.split('/').next().unwrap().to_owned()
}

/// The folders in the order of their versions: the text up to the first `_`, without dashes, as a text.
fn in_order_of_diesel(files: &[File]) -> Vec<String> {
    let ups = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("/up.sql"));
    let versions = ups.map(|folder| {
        let version = folder.split('_').next().unwrap_or_default();
        (version.replace('-', ""), folder.to_owned())
    });
    versions.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The schema as the histories have it, without our own tables.
fn schema(scratch: &Scratch) -> String {
    let config = scratch.config();
    let mut command = Command::new("pg_dump");
    command.args([
        "--schema-only",
        "--no-owner",
        "--exclude-table=_migrate_history*",
    ]);
    if let Some(Host::Tcp(host)) = config.get_hosts().first() {
        command.args(["--host", host]);
    }
    if let Some(port) = config.get_ports().first() {
        command.args(["--port", &port.to_string()]);
    }
    if let Some(user) = config.get_user() {
        command.args(["--username", user]);
    }
    if let Some(password) = config.get_password() {
        command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
    }
    let output = command
        .arg(config.get_dbname().unwrap_or_default())
        .output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let dump = String::from_utf8_lossy(&output.stdout);
    // Newer minor releases begin with a command of psql that has a number of chance.
    let lines = dump.lines().filter(|line| {
        !(line.trim().is_empty() || line.starts_with("--") || line.starts_with('\\'))
    });
    lines.fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}
