//! The macro wherever a package can call it: without a warning, and with code migrations.

use std::fs;

use migrate_tests::package::{Package, dependency};

/// A package at the root of a workspace, with a library, a program and tests, and a member that
/// calls `migrate-core` by another name.
fn workspace(name: &str) -> Package {
    let package = Package::new(env!("CARGO_TARGET_TMPDIR"), name, FEATURES);
    package.edit("Cargo.toml", "members = []", "members = [\"member\"]");
    let watch = "fn main() { for f in [\"migrations\", \"tenants\"] { println!(\"cargo::rerun-if-changed={f}\"); } }";
    package.file("build.rs", watch);
    package.file(
        "migrations/0001_create_notes.sql",
        "CREATE TABLE notes (text);\n",
    );
    package.file("migrations/0002_first_note.rs", CODE);
    package.file("tenants/migrations/1_a.up.sql", "CREATE TABLE a (x);\n");
    package.file("src/lib.rs", LIBRARY);
    package.file("src/deep/deeper.rs", DEEPER);
    package.file("src/main.rs", PROGRAM);
    package.file("tests/integration.rs", INTEGRATION);
    package.file(
        "member/Cargo.toml",
        &format!(
            "[package]\nname = \"{name}-member\"\nversion = \"0.0.0\"\nedition = \"2018\"\n\n\
             [dependencies]\ncarrier = {}\n",
            dependency(FEATURES).replacen('{', "{ package = \"migrate-core\",", 1)
        ),
    );
    package.file("member/build.rs", "fn main() {}\n");
    package.file("member/migrations/1_b.sql", "CREATE TABLE b (x);\n");
    package.file(
        "member/migrations/2_b.rs",
        &CODE
            .replace("migrate_core", "carrier")
            .replace("notes", "b"),
    );
    package.file("member/src/main.rs", MEMBER);
    package
}

const FEATURES: &[&str] = &["macros", "bundled"];

const CODE: &str = r#"use migrate_core::rusqlite::{Connection, Result};

/// What it is for.
pub const DESCRIPTION: &str = "note something";

pub const REVISION: u32 = 0;
pub const CHANGES_SCHEMA: bool = false;

/// Any result will do.
pub fn up(db: &Connection) -> Result<usize> {
    db.execute(&insert("first"), ())
}

pub fn down(db: &Connection) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    db.execute("DELETE FROM notes", ())?;
    Ok(())
}

pub fn check(db: &Connection) -> Result<bool> {
    db.table_exists(None, "none")
}

fn insert(text: &str) -> String {
    format!("INSERT INTO notes VALUES ('{text}')")
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_own_test() {
        assert!(super::insert("x").contains("'x'"));
    }
}
"#;

const LIBRARY: &str = r#"//! A library with strict lints.
#![deny(warnings, missing_docs, unreachable_pub, unused, rust_2018_idioms)]
#![deny(clippy::all, clippy::pedantic)]

mod deep {
    pub(crate) mod deeper;
}

/// Two sets in one module.
pub mod two {
    migrate_core::embed_migrations!("migrations");
    migrate_core::embed_migrations!(
        /// The schema of a tenant.
        pub static TENANT = "tenants/migrations",
        trust_through = 1,
    );
}

mod private {
    pub(super) mod inner {
        migrate_core::embed_migrations!("migrations", allow(gap));
    }
}

macro_rules! wrapped {
    ($name:ident, $folder:literal) => {
        migrate_core::embed_migrations!(pub(crate) static $name = $folder);
    };
}

wrapped!(WRAPPED, "migrations");

/// How many migrations there are, which is known while the crate compiles.
pub const COUNT: usize = two::MIGRATIONS.len();
const _: () = assert!(COUNT == 2 && two::TENANT.len() == 1);

/// Their number again, from everywhere.
///
/// ```
/// migrate_core::embed_migrations!("migrations");
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
/// let report = migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;
/// assert_eq!(report.applied().len(), shapes::COUNT);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn counts() -> [usize; 4] {
    migrate_core::embed_migrations!(static LOCAL = "tenants/migrations");
    [
        private::inner::MIGRATIONS.len(),
        deep::deeper::inline::MIGRATIONS.len(),
        WRAPPED.len(),
        LOCAL.len(),
    ]
}

#[cfg(test)]
mod tests {
    migrate_core::embed_migrations!(static TESTED = "migrations");

    #[test]
    fn in_tests() {
        assert_eq!(TESTED.len(), 2);
    }
}
"#;

const DEEPER: &str = r#"pub(crate) mod inline {
    migrate_core::embed_migrations!("migrations");
}
"#;

const PROGRAM: &str = r#"//! A program beside a library, with a set of its own.
#![deny(warnings, unused)]

migrate_core::embed_migrations!("./migrations/");

fn main() {
    let mut db = migrate_core::rusqlite::Connection::open_in_memory().unwrap();
    println!("{}", migrate_core::Migrator::new(&MIGRATIONS).up(&mut db).unwrap());
    println!("{:?} {:?}", shapes::COUNT, shapes::counts());
    println!("{} {}", MIGRATIONS[1].description(), MIGRATIONS[1].file());
}
"#;

const INTEGRATION: &str = r#"//! A test beside the package.

migrate_core::embed_migrations!("migrations");

#[test]
fn up_and_down() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = migrate_core::rusqlite::Connection::open_in_memory()?;
    let migrator = migrate_core::Migrator::new(&MIGRATIONS);
    assert_eq!(migrator.up(&mut db)?.applied(), [1, 2]);
    migrator.down(&mut db, 1)?;
    assert_eq!(migrator.current_version(&mut db)?, 1);
    Ok(())
}
"#;

const MEMBER: &str = r#"//! A member of a workspace, which calls the library by another name.
#![deny(warnings, unused)]

carrier::embed_migrations!("migrations");
carrier::embed_migrations!(static ROOT = "../tenants/migrations", allow(outside_package));

fn main() {
    let mut db = carrier::rusqlite::Connection::open_in_memory().unwrap();
    println!("{}", carrier::Migrator::new(&MIGRATIONS).up(&mut db).unwrap());
    println!("{} {}", MIGRATIONS[1].file(), ROOT[0].file());
}
"#;

#[test]
fn everywhere() {
    let package = workspace("shapes");
    let said = package.cargo(&["test", "--workspace"]).well();
    assert!(!said.err.contains("warning: `shapes"), "{}", said.err);
    for test in [
        "two::migrations_folder::is_embedded",
        "two::tenant_folder::is_embedded",
        "two::migrations_2_first_note::tests::its_own_test",
        "private::inner::migrations_folder::is_embedded",
        "deep::deeper::inline::migrations_2_first_note::tests::its_own_test",
        "wrapped_folder::is_embedded",
        "tests::in_tests",
        "tests::tested_folder::is_embedded",
        "up_and_down",
        "src/lib.rs - counts (line 39)",
        "root_folder::is_embedded",
    ] {
        assert!(
            said.out.contains(&format!("test {test} ... ok")),
            "{test}: {}",
            said.out
        );
    }
    package.cargo(&["build", "--workspace"]).well();
    assert_eq!(
        package.run("debug", &[]).well().out,
        "migrated from version 0 to 2\n\
         2 [2, 2, 2, 1]\n\
         note something migrations/0002_first_note.rs\n",
    );
    let member = package
        .cargo(&["run", "--quiet", "--package", "shapes-member"])
        .well();
    assert_eq!(
        member.out,
        "migrated from version 0 to 2\n\
         member/migrations/2_b.rs tenants/migrations/1_a.up.sql\n",
    );
}

#[test]
#[cfg_attr(not(have_clippy), ignore = "needs cargo clippy")]
fn without_a_lint() {
    let package = workspace("lints");
    package.edit("src/lib.rs", "shapes::", "lints::");
    package.edit("src/main.rs", "shapes::", "lints::");
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    package.cargo(&arguments).well();
}

/// Where a message says it is, editors look below the folder of the workspace.
#[test]
fn messages_of_a_member() {
    let package = workspace("messages");
    package.file("member/migrations/3_c.sql", "CREATE TABLE 'c;\n");
    package.file(
        "member/migrations/4_d.rs",
        "pub fn up(_: &u8) {}\n\nnonsense\n",
    );
    let said = package
        .cargo(&["check", "--package", "messages-member"])
        .badly()
        .err;
    assert!(
        said.contains("--> member/migrations/3_c.sql:1:14"),
        "{said}"
    );
    fs::remove_file(package.dir().join("member/migrations/3_c.sql")).unwrap();
    package.file("member/migrations/3_c.sql", "CREATE TABLE c (x);\n");
    let said = package
        .cargo(&["check", "--package", "messages-member"])
        .badly()
        .err;
    assert!(
        said.contains("--> member/src/../migrations/4_d.rs:3:1"),
        "{said}"
    );
    package.file(
        "member/src/main.rs",
        "carrier::embed_migrations!(\"migration\");\nfn main() {}\n",
    );
    let said = package
        .cargo(&["check", "--package", "messages-member"])
        .badly()
        .err;
    assert!(said.contains("there is a folder `migrations`"), "{said}");
}
