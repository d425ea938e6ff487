//! Code migrations: what is read from a Rust file without compiling it.

#![cfg(feature = "folder")]

use migrate_source::Database;
use migrate_source::folder::{Code, File, Folder, Options, Up};

/// What is read from a file: its items, then the problems with their lines and columns.
fn scan(text: &str) -> String {
    scan_for(Database::Sqlite, text)
}

fn scan_for(database: Database, text: &str) -> String {
    let file = File {
        path: "1_a.rs".into(),
        bytes: text.into(),
    };
    let folder = Folder::read(&[file], &Options::new(database));
    let Up::Code(code) = &folder.migrations[0].up else {
        panic!("not code")
    };
    let Code {
        is_async,
        has_down,
        has_check,
        has_description,
        revision,
        changes_schema,
        ..
    } = code;
    let mut found = Vec::new();
    for (is, name) in [
        (is_async, "async"),
        (has_down, "down"),
        (has_check, "check"),
        (has_description, "description"),
    ] {
        if *is {
            found.push(name.to_owned());
        }
    }
    found.extend(changes_schema.map(|changes| format!("schema {changes}")));
    found.extend(revision.map(|revision| format!("revision {revision}")));
    for finding in &folder.findings {
        let place = finding.place.as_ref().unwrap();
        found.push(format!(
            "{} {}:{}",
            finding.problem, place.line, place.column
        ));
    }
    found.join(", ")
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!((*text, scan(text).as_str()), (*text, *expected));
    }
}

/// Checks files that have an up as well.
#[track_caller]
fn beside_up(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let text = format!("{text}\npub fn up() {{}}");
        assert_eq!(
            (text.as_str(), scan(&text).as_str()),
            (text.as_str(), *expected)
        );
    }
}

#[test]
fn up() {
    check(&[
        ("pub fn up(db: &Db) -> Result<()> { Ok(()) }", ""),
        ("pub(crate) fn up() {}", ""),
        ("pub(super) fn up() {}", ""),
        ("#[allow(dead_code)] /// Up.\npub fn up() {}", ""),
        ("use a::{b, c};\nstruct S { pub a: u8 }\npub fn up() {}", ""),
        ("pub const fn up() {}", ""),
        ("", "missing_up 1:1"),
        ("fn up() {}", "missing_up 1:4"),
        ("pub(self) fn up() {}", "missing_up 1:14"),
        ("pub struct S; fn up() {}", "missing_up 1:18"),
        ("pub mod m {} fn up() {}", "missing_up 1:17"),
        ("pub fn upp() {}", "missing_up 1:1"),
        ("impl S { pub fn up() {} }", "missing_up 1:1"),
        ("mod m { pub fn up() {} }", "missing_up 1:1"),
        ("// pub fn up() {}", "missing_up 1:1"),
        ("const A: &str = \"pub fn up() {}\";", "missing_up 1:1"),
        (
            "macro_rules! m { () => { pub fn up() {} } }",
            "missing_up 1:1",
        ),
    ]);
}

#[test]
fn other_items() {
    beside_up(&[
        (
            "pub fn down() {} pub fn check() -> bool { true }",
            "down, check",
        ),
        ("pub const DESCRIPTION: &str = \"a\";", "description"),
        ("pub const REVISION: u32 = 3;", "revision 3"),
        ("pub const REVISION: u32 = 1_000u32;", "revision 1000"),
        ("pub const REVISION: u32 = 0x1F;", "revision 31"),
        ("pub const CHANGES_SCHEMA: bool = true;", "schema true"),
        ("pub const CHANGES_SCHEMA: bool = false;", "schema false"),
        ("pub const REVISION: u32 = 0;", "revision 0"),
        (
            "pub fn helper() { fn down() {} const REVISION: u32 = 1; }",
            "",
        ),
        ("struct REVISION; const A: [u8; 2] = [1, 2];", ""),
        ("type F = fn(down: u8);", ""),
    ]);
}

#[test]
fn asynchronous_functions() {
    for (text, on_postgres, on_sqlite) in [
        ("pub fn up() {} pub fn down() {}", "down", "down"),
        (
            "pub async fn up() {}",
            "async",
            "async, async_without_driver 1:14",
        ),
        (
            "pub(crate) async fn up() {} struct S; pub async fn check() {}",
            "async, check",
            "async, check, async_without_driver 1:21, async_without_driver 1:52",
        ),
        (
            "pub fn up() {} pub async fn down() {} pub fn check() {}",
            "down, check, partly_async 1:29",
            "down, check, async_without_driver 1:29",
        ),
        (
            "pub fn down() {} pub async fn up() {}",
            "async, down, partly_async 1:8",
            "async, down, async_without_driver 1:31",
        ),
        (
            "pub async fn down() {}",
            "down, missing_up 1:1",
            "down, missing_up 1:1, async_without_driver 1:14",
        ),
        (
            "async fn up() {}",
            "async, missing_up 1:10",
            "async, missing_up 1:10, async_without_driver 1:10",
        ),
        (
            "pub fn up() { async { f().await }; } pub fn check() {}",
            "check",
            "check",
        ),
        ("pub fn up() {} async fn helper() {}", "", ""),
    ] {
        assert_eq!(scan_for(Database::Postgres, text), on_postgres, "{text}");
        assert_eq!(scan(text), on_sqlite, "{text}");
    }
}

#[test]
fn items_that_are_not_public() {
    beside_up(&[
        ("fn down() {}", "down, not_public 1:4"),
        ("// check\nfn check() {}", "check, not_public 2:4"),
        (
            "const DESCRIPTION: &str = \"a\";",
            "description, not_public 1:7",
        ),
        ("const REVISION: u32 = 2;", "revision 2, not_public 1:7"),
    ]);
}

#[test]
fn constants_that_are_no_literals() {
    beside_up(&[
        (
            "pub const REVISION: u32 = 1 + 1;",
            "constant_not_literal 1:11",
        ),
        (
            "pub const REVISION: u32 = NEXT;",
            "constant_not_literal 1:11",
        ),
        (
            "pub const REVISION: u32 = { 1 };",
            "constant_not_literal 1:11",
        ),
        ("pub const REVISION: u32 = -1;", "constant_not_literal 1:11"),
        (
            "pub const REVISION: u32 = 4294967296;",
            "constant_not_literal 1:11",
        ),
        (
            "pub const REVISION: u64 = 1u64;",
            "constant_not_literal 1:11",
        ),
        (
            "pub const CHANGES_SCHEMA: bool = 1 > 0;",
            "constant_not_literal 1:11",
        ),
        (
            "pub const CHANGES_SCHEMA: bool = yes;",
            "constant_not_literal 1:11",
        ),
    ]);
}

#[test]
fn inner_attributes() {
    beside_up(&[
        ("//! Why.", "inner_attribute 1:1"),
        ("// a\n\n/*! Why. */", "inner_attribute 3:1"),
        ("#![allow(dead_code)]", "inner_attribute 1:1"),
        ("// Why.", ""),
        ("/// Why.", ""),
        ("#[allow(dead_code)]", ""),
    ]);
}

#[test]
fn not_rust() {
    for text in ["pub fn up() {", "pub fn up() {}}", "\"", "/*", "'ab'"] {
        assert_eq!(scan(text), "not_rust 1:1", "{text}");
    }
}
