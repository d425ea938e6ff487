//! A package is opened in an editor, and somebody works on its migrations.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use migrate_tests::package::Package;
use serde_json::{Value, json};

use crate::server::Server;

const TMP: &str = env!("CARGO_TARGET_TMPDIR");

const MAIN: &str = r#"mod db {
    migrate_core::embed_migrations!("migrations");
}

fn main() {
    let newest = db::MIGRATIONS.len();
    assert_ne!(newest, 0);
}
"#;

const CODE: &str = r#"use migrate_core::rusqlite::{Connection, Result};

/// How many there are.
fn many() -> usize {
    3
}

pub fn up(db: &Connection) -> Result<()> {
    let rows = db.execute("SELECT 1", ())? + many();
    assert!(rows > 0);
    Ok(())
}
"#;

/// An error that only SQLite finds.
const BROKEN: &str = "CREATE TABLE a (x);\nALTER TABEL a ADD COLUMN y;\n";

const ERROR: &str = "\
2: near \"TABEL\": syntax error
 --> migrations/0001_a.sql:2:7
  |
2 | ALTER TABEL a ADD COLUMN y;
  |       ^^^^^
  = help: correct it: it would fail on every database";

pub(crate) fn session(name: &str, next_protocol: bool) {
    let package = Package::new(TMP, name, &["macros", "verify", "bundled"]);
    package.build_script();
    package.file("src/main.rs", MAIN);
    package.file("migrations/0001_a.sql", BROKEN);
    package.file("migrations/0002_b.rs", CODE);
    let mut command = package.command(env!("RUST_ANALYZER"));
    if next_protocol {
        command.env("RUST_ANALYZER_USE_POSTCARD", "1");
    }
    let mut server = Server::start(&mut command, package.dir(), &options(name));
    server.open("src/main.rs", MAIN);
    server.open("migrations/0002_b.rs", CODE);
    server.quiet();

    sql_errors_come_and_go(&package, &mut server);
    names_resolve(&mut server);
    errors_in_code(&mut server);
    files_come_and_go(&package, &mut server);
    what_the_rust_file_says(&mut server);
}

/// Nothing but the defaults, except that all that the server can find is shown.
fn options(name: &str) -> Value {
    json!({
        "cargo": { "sysrootSrc": standard_library(name) },
        "diagnostics": { "experimental": { "enable": true } },
        "cachePriming": { "enable": false },
    })
}

/// A copy of the source of the standard library, by links. It has no manifest, so that nobody looks for
/// what the library depends on, which may be on the network.
fn standard_library(name: &str) -> PathBuf {
    let copy = Path::new(TMP).join(format!("{name}-library"));
    if copy.exists() {
        fs::remove_dir_all(&copy).unwrap();
    }
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(env!("RUST_SRC_PATH")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            symlink(entry.path(), copy.join(entry.file_name())).unwrap();
        }
    }
    copy
}

/// The server expands the macro once, and keeps what came of it. So an error in a script is said by
/// `cargo check` alone, which the editor runs on every save of a Rust file.
fn sql_errors_come_and_go(package: &Package, server: &mut Server) {
    let see = |server: &mut Server, checked: &[&str]| {
        server.checked("src/main.rs", checked);
        assert_eq!(server.diagnostics("src/main.rs"), [""; 0]);
    };
    see(server, &[ERROR]);
    for saved in ["migrations/0002_b.rs", "src/main.rs"] {
        package.file("migrations/0001_a.sql", "CREATE TABLE a (x);\n");
        server.save(saved);
        see(server, &[]);
        package.file("migrations/0001_a.sql", BROKEN);
        server.save(saved);
        see(server, &[ERROR]);
    }
    package.file("migrations/0001_a.sql", "CREATE TABLE a (x);\n");
    server.save("src/main.rs");
    see(server, &[]);
}

fn names_resolve(server: &mut Server) {
    let set = server.hover("src/main.rs", MAIN, "MIGRATIONS");
    let expected = "pub static MIGRATIONS: [migrate_core::Migration<'static>; ";
    assert!(set.contains(expected), "{set}");
    assert!(
        set.contains("The migrations of migrations, in order."),
        "{set}"
    );
    let newest = server.hover("src/main.rs", MAIN, "newest");
    assert!(newest.starts_with("let newest: usize"), "{newest}");
    assert_eq!(
        server.definition("src/main.rs", MAIN, "MIGRATIONS"),
        "/src/main.rs:2"
    );

    let code = "migrations/0002_b.rs";
    assert_eq!(server.diagnostics(code), [""; 0]);
    let rows = server.hover(code, CODE, "rows");
    assert!(rows.starts_with("let rows: usize"), "{rows}");
    let many = server.hover(code, CODE, "many();");
    assert!(many.contains("How many there are."), "{many}");
    assert_eq!(
        server.definition(code, CODE, "many();"),
        format!("/{code}:4")
    );
    let connection = server.definition(code, CODE, "Connection)");
    assert!(connection.contains("/rusqlite-"), "{connection}");
}

/// What is wrong with the code of a migration is said in its file, while it is written.
fn errors_in_code(server: &mut Server) {
    let code = "migrations/0002_b.rs";
    server.edit(code, &CODE.replace("    3\n", "    \"three\"\n"));
    let said = server.diagnostics(code);
    assert!(
        said.len() == 1 && said[0].starts_with("5: expected usize"),
        "{said:?}"
    );
    server.edit(code, &CODE.replace("db.execute", "db.exekute"));
    let said = server.diagnostics(code);
    assert!(
        said.len() == 1 && said[0].starts_with("9: no method `exekute`"),
        "{said:?}"
    );
    server.edit(code, CODE);
    assert_eq!(server.diagnostics(code), [""; 0]);
}

/// A file with code that has come, has another name or has gone is known once the call of the macro is
/// touched: a space is typed and taken back.
fn files_come_and_go(package: &Package, server: &mut Server) {
    let at = |path: &str| package.dir().join(path);
    let (one, other) = ("migrations/0003_c.rs", "migrations/0003_d.rs");
    let clean = |server: &mut Server, code: &str| {
        server.quiet();
        server.edit("src/main.rs", &MAIN.replace("(\"", "( \""));
        server.diagnostics("src/main.rs");
        server.edit("src/main.rs", MAIN);
        let rows = server.hover(code, CODE, "rows");
        assert!(rows.starts_with("let rows: usize"), "{rows}");
        assert_eq!(server.diagnostics(code), [""; 0]);
        assert_eq!(server.diagnostics("src/main.rs"), [""; 0]);
    };
    package.file(one, CODE);
    server.watched(one, 1);
    server.open(one, CODE);
    clean(server, one);

    fs::rename(at(one), at(other)).unwrap();
    server.close(one);
    server.watched(one, 3);
    server.watched(other, 1);
    server.open(other, CODE);
    clean(server, other);

    fs::remove_file(at(other)).unwrap();
    server.close(other);
    server.watched(other, 3);
    clean(server, "migrations/0002_b.rs");
}

/// What depends on the Rust file alone is never stale: the server says it too. The folder does not.
fn what_the_rust_file_says(server: &mut Server) {
    server.edit("src/main.rs", &MAIN.replace("\")", "\", alow(gap))"));
    let said = server.diagnostics("src/main.rs");
    let expected = "2: there is no option `alow`\n  = help: the options are";
    assert!(said.len() == 1 && said[0].starts_with(expected), "{said:?}");

    let main = MAIN.replace("\"migrations\"", "\"nowhere\"");
    server.edit("src/main.rs", &main);
    assert_eq!(server.diagnostics("src/main.rs"), [""; 0]);
    let newest = server.hover("src/main.rs", &main, "newest");
    assert!(newest.starts_with("let newest: usize"), "{newest}");
}
