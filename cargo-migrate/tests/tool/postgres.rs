//! `up`, `down`, `redo`, `status` and `plan` on PostgreSQL.

use migrate_tests::postgres::{Scratch, execute, rows};

use crate::desk::{Desk, MAIN};

pub(crate) const PROGRAM: &str =
    "migrate_core::embed_migrations!(\"migrations\", database = \"postgres\");\n\nfn main() {}\n";

const FILES: &[(&str, &str)] = &[
    ("migrations/0001_a.up.sql", "CREATE TABLE a (x int);\n"),
    ("migrations/0001_a.down.sql", "DROP TABLE a;\n"),
    ("migrations/0002_b.up.sql", "CREATE TABLE b (x int);\n"),
    ("migrations/0002_b.down.sql", "DROP TABLE b;\n"),
];

/// Runs commands on a database, one after the other: the exit code and the output of each.
#[track_caller]
fn check(files: &[(&str, &str)], steps: &[(&str, i32, &str)]) -> (Desk, Scratch) {
    let desk = Desk::package(PROGRAM, files);
    let scratch = Scratch::fresh();
    for (line, code, out) in steps {
        desk.check(
            &format!("{line} --database {}", url(&scratch)),
            *code,
            out,
            "",
        );
    }
    (desk, scratch)
}

/// The database of a test, as an author names it.
pub(crate) fn url(scratch: &Scratch) -> String {
    let server = std::env::var("TEST_POSTGRES_URL").unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{}", scratch.config().get_dbname().unwrap())
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn there_and_back() {
    check(
        FILES,
        &[
            ("status --check", 4, "…"),
            (
                "up --to 1",
                0,
                "Applied: 1 a\nMigrated from version 0 to 1\n",
            ),
            (
                "plan",
                0,
                "
-- From version 1 to 2 in 1 step.

-- up 2: b
-- file: migrations/0002_b.up.sql
BEGIN;
CREATE TABLE b (x int);
-- history: version 2 is recorded
COMMIT;
",
            ),
            ("up", 0, "Applied: 2 b\nMigrated from version 1 to 2\n"),
            ("status --check", 0, "…"),
            ("up", 0, "Database already at version 2\n"),
            (
                "redo",
                0,
                "Taken back: 2 b\nApplied: 2 b\nDatabase at version 2\n",
            ),
            ("down", 0, "Taken back: 2 b\nDatabase at version 1\n"),
            ("down --to 0", 0, "Taken back: 1 a\nDatabase at version 0\n"),
        ],
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn where_the_history_is() {
    let desk = Desk::package(PROGRAM, FILES);
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(&mut db, "CREATE SCHEMA versions");
    let url = url(&scratch);
    desk.check(
        &format!("up --table done --schema versions --database {url}"),
        0,
        "…",
        "",
    );
    let applied = rows(&mut db, "SELECT version FROM versions.done ORDER BY 1");
    assert_eq!(applied, ["1", "2"]);
    desk.check(&format!("status --check --database {url}"), 4, "…", "");
}

/// A name and a value at a time, as `psql` takes it too; and the URL says what nothing else says.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn how_a_database_is_named() {
    let scratch = Scratch::fresh();
    let config = migrate_tests::postgres::server();
    let port = config.get_ports()[0];
    let user = config.get_user().unwrap_or("postgres");
    let name = scratch.config().get_dbname().unwrap().to_owned();
    let words = format!("host=localhost port={port} user={user} dbname={name}");
    let desk = Desk::package(PROGRAM, FILES);
    let said = desk.says_words("", &["up", "--to", "1", "--database", &words]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let desk = Desk::with(FILES);
    let url = url(&scratch).replacen("postgres:", "postgresql:", 1);
    desk.check(
        &format!("up --folder migrations --database {url}"),
        0,
        "Applied: 2 b\nMigrated from version 1 to 2\n",
        "",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn what_fails_is_told_with_its_place() {
    let files = [
        FILES[0],
        ("migrations/0002_b.sql", "SELECT 1;\nSELECT y FROM a;\n"),
    ];
    let desk = Desk::package(PROGRAM, &files);
    let scratch = Scratch::fresh();
    desk.check(
        &format!("up --database {}", url(&scratch)),
        1,
        "",
        "
error: column \"y\" does not exist (SQLSTATE 42703)
 --> migrations/0002_b.sql:2:8
  |
2 | SELECT y FROM a;
  |        ^
  = in migration 2 \"b\"
  = rolled back: nothing of it was applied
  = kept: this run had migrated from version 0 to 1
",
    );
    desk.file("migrations/0003_c.rs", "pub fn up() {}\n");
    desk.file("migrations/0002_b.sql", "SELECT 1;\n");
    let said = desk.says("", &format!("up --database {}", url(&scratch)));
    assert_eq!(said.code, 1, "{}", said.err);
}

/// No server is asked for any of it.
#[test]
fn databases_that_are_not_meant() {
    let check = |main, database: &str, expected: &str| {
        let desk = Desk::package(main, FILES);
        let said = desk.says_words("", &["status", "--database", database]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        assert_eq!(said.err, expected.trim_start_matches('\n'), "{database}");
    };
    check(
        MAIN,
        "postgres://me:s3cret@localhost/app",
        "
error: the database is one of PostgreSQL, and the migrations of `migrations` are for SQLite
  = help: name the file of an SQLite database
  = help: if they are for PostgreSQL, say so where they are embedded, or by `--options 'database = \"postgres\"'`
",
    );
    for path in ["app.db", "sqlite:app.db"] {
        check(
            PROGRAM,
            path,
            &format!(
                "error: `{path}` is an SQLite database, and the migrations of `migrations` are for PostgreSQL
  = help: name a server and a database of it: `postgres://user@localhost/app`
"
            ),
        );
    }
    check(
        PROGRAM,
        "mysql://me:s3cret@localhost/app",
        "
error: `mysql:` is no database that this build knows
  = help: name a server and a database of it: `postgres://user@localhost/app`
",
    );
    check(
        PROGRAM,
        "",
        "
error: the name of the database is empty
  = help: name a server and a database of it: `postgres://user@localhost/app`
  = help: if it comes from a variable, see that this is set
",
    );
    check(
        MAIN,
        " ",
        "
error: the name of the database is empty
  = help: name the file of an SQLite database
  = help: if it comes from a variable, see that this is set
",
    );
    // A name that no machine can have is not looked up anywhere.
    let desk = Desk::package(PROGRAM, FILES);
    let said = desk.says("", "status --database postgres://me@a..b/app");
    let expected = "error: the database `app` on a..b:5432 cannot be opened: ";
    assert!(said.err.starts_with(expected), "{}", said.err);
    let expected = "\n  = help: correct the host's name, or see that this machine can look it up\n";
    assert!(said.err.ends_with(expected), "{}", said.err);
    let desk = Desk::package(MAIN, FILES);
    desk.check(
        "up --schema s --database app.db",
        1,
        "",
        "
error: `--schema` names a schema of PostgreSQL, and this database is one of SQLite
  = help: leave it out: SQLite has no schemas
",
    );
}

/// Whatever is wrong with a URL, a password in it is not told.
#[test]
fn no_password_is_told() {
    let check = |database: &str, expected: &str| {
        let desk = Desk::package(PROGRAM, FILES);
        let said = desk.says_words("", &["up", "--database", database]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        let (first, _) = said.err.split_once('\n').unwrap();
        assert!(first.starts_with(expected), "{database}: {}", said.err);
        assert!(!said.err.contains("s3cret"), "{}", said.err);
        assert!(said.err.contains("= help: "), "{}", said.err);
    };
    let unread = "error: the database is not named in a way that can be read: ";
    check(
        "postgres://me:s3cret@127.0.0.1:1/app",
        "error: the database `app` on 127.0.0.1:1 cannot be opened: Connection refused",
    );
    check("postgres://me@localhost:s3cret/app", unread);
    check(
        "postgres://me:s3cret@localhost/app?s3cret=what",
        &format!("{unread}a setting behind its `?` is not known"),
    );
    check("postgres://me:s3cret@localhost:port/app", unread);
    check(
        "host=localhost password=a s3cret=b",
        &format!("{unread}one of its settings is not known"),
    );
    check("password='s3cret", unread);
    check("postgres://me:a@s3cret@localhost/app", unread);
    check(
        "postgres://me:s3cret@localhost/app?sslmode=require",
        "error: `sslmode=require` asks for TLS",
    );
    check(
        "postgres://me:s3cret@localhost/app?sslmode=verify-full",
        "error: `sslmode` is none",
    );
    check("postgres://", "error: the database cannot be opened: ");
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_database_that_is_not_there() {
    let desk = Desk::package(PROGRAM, FILES);
    let server = std::env::var("TEST_POSTGRES_URL").unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    let said = desk.says("", &format!("status --database {server}/none_of_this_name"));
    let expected = "cannot be opened: database \"none_of_this_name\" does not exist (SQLSTATE 3D000)\n  = help: create it";
    assert!(said.err.contains(expected), "{}", said.err);
    assert_eq!(said.code, 1);
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_role_that_is_not_there() {
    let desk = Desk::package(PROGRAM, FILES);
    let config = migrate_tests::postgres::server();
    let port = config.get_ports()[0];
    let scratch = Scratch::fresh();
    let name = scratch.config().get_dbname().unwrap().to_owned();
    let role = format!("{name}_poor");
    let check = |user: &str, expected: &str| {
        let url = format!("postgres://{user}localhost:{port}/{name}");
        let said = desk.says("", &format!("status --database {url}"));
        let (message, cures) = said.err.split_once('\n').unwrap();
        assert!(message.ends_with(" (SQLSTATE 28000)"), "{}", said.err);
        assert_eq!(cures, expected);
        assert_eq!(said.code, 1);
    };
    check(
        &format!("{role}@"),
        "  = help: correct the user of the URL
  = help: or create the role: `CREATE ROLE … LOGIN`, or `createuser` of PostgreSQL
",
    );
    execute(&mut scratch.connect(), &format!("CREATE ROLE {role}"));
    check(
        &format!("{role}@"),
        "  = help: correct the user of the URL
  = help: or let the role connect: `ALTER ROLE … LOGIN`
",
    );
    execute(&mut scratch.connect(), &format!("DROP ROLE {role}"));
    // Unless the system's user has a role on the server.
    let user = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    if user.stdout != b"postgres\n" {
        check(
            "",
            "  = no user is named, so that the system's was taken
  = help: name the user: `postgres://user@localhost/app`
  = help: or create the role: `CREATE ROLE … LOGIN`, or `createuser` of PostgreSQL
",
        );
    }
}
