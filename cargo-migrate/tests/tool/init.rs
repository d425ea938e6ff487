//! `init`: an existing package gets what it needs.

use std::path::Path;

use crate::desk::{Desk, MAIN, manifest};

fn core() -> String {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-core");
    core.display().to_string()
}

#[test]
fn a_package() {
    let desk = Desk::package("fn main() {}\n", &[]);
    // What `cargo add` needs to know of the dependencies is in this repository's lock file.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    desk.file("Cargo.lock", &std::fs::read_to_string(lock).unwrap());
    let said = desk.says_words(
        "src",
        &["migrate", "init", "create", "notes", "--path", &core()],
    );
    assert_eq!(
        said.out,
        "\
../migrations/0001_create_notes.up.sql: made, write the first migration into it
../build.rs: made, so that cargo notices new files
../Cargo.toml: has the dependency now

Put into main.rs:

    migrate_core::embed_migrations!(\"migrations\");

and where the database is opened:

    let mut db = migrate_core::rusqlite::Connection::open(\"app.db\")?;
    migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;
",
        "{}",
        said.err
    );
    assert_eq!(
        desk.text("build.rs"),
        "//! Makes cargo notice a new migration.\n\nfn main() {\n    \
         println!(\"cargo::rerun-if-changed=migrations\");\n}\n"
    );
    let manifest = desk.text("Cargo.toml");
    assert!(
        manifest.contains("\n[dependencies]\nmigrate-core = { "),
        "{manifest}"
    );
    assert!(manifest.contains("features = [\"bundled\"]"), "{manifest}");

    desk.file("src/main.rs", MAIN);
    let before = desk.files("");
    desk.check(
        "init",
        0,
        "
migrations: has migrations already
build.rs: watches the folder already
Cargo.toml: depends on migrate-core already
the macro is called already
",
        "",
    );
    assert_eq!(
        (desk.files(""), desk.text("Cargo.toml")),
        (before, manifest)
    );
}

#[test]
fn without_a_path() {
    let desk = Desk::package("fn main() {}\n", &[]);
    let said = desk.says("", "init --down");
    let expected = "\
migrations/0001_first_tables.up.sql: made, write the first migration into it
migrations/0001_first_tables.down.sql: made, write the first migration into it
build.rs: made, so that cargo notices new files
Cargo.toml: add the dependency, from a clone while there is no release:

    [dependencies]
    migrate-core = { path = \"PATH_TO_MIGRATE_CORE\", features = [\"bundled\"] }
";
    assert!(said.out.starts_with(expected), "{}", said.out);
    assert_eq!(desk.text("Cargo.toml"), manifest("app"));
}

#[test]
fn another_folder() {
    let desk = Desk::package("fn main() {}\n", &[]);
    let said = desk.says("src", "init --folder ../db/mig");
    let expected = "\
../db/mig/0001_first_tables.up.sql: made, write the first migration into it
../build.rs: made, so that cargo notices new files
../Cargo.toml: add the dependency, from a clone while there is no release:

    [dependencies]
    migrate-core = { path = \"PATH_TO_MIGRATE_CORE\", features = [\"bundled\"] }

Put into main.rs:

    migrate_core::embed_migrations!(\"db/mig\");

and where the database is opened:
";
    assert!(said.out.starts_with(expected), "{}", said.out);
    let script = desk.text("build.rs");
    let watched = "println!(\"cargo::rerun-if-changed=db/mig\");";
    assert!(script.contains(watched), "{script}");
    assert!(!desk.path("migrations").exists());
    // Once it is called, it is the folder.
    desk.file("src/main.rs", &MAIN.replace("migrations\"", "db/mig\""));
    for line in ["init", "init --folder db/mig"] {
        let said = desk.says("", line);
        let expected = "db/mig: has migrations already\nbuild.rs: watches the folder already\n";
        assert!(said.out.starts_with(expected), "{}", said.out);
        let expected = "\n\nthe macro is called already\n";
        assert!(said.out.ends_with(expected), "{}", said.out);
    }
    let said = desk.says("", "init --folder sql");
    let expected = "embed_migrations!(\"sql\");\n";
    assert!(said.out.contains(expected), "{}", said.out);
    let said = desk.says("", "init --folder ../sql");
    let expected = "error: the folder `../sql` is outside the package\n";
    assert!(said.err.starts_with(expected), "{}", said.err);
}

/// For PostgreSQL where the options say so, or the features of the dependency that is there.
#[test]
fn for_postgres() {
    let check = |dependencies: &str, options: &[&str], expected: &[&str]| {
        let desk = Desk::package("fn main() {}\n", &[]);
        desk.file(
            "Cargo.toml",
            &format!("{}\n[dependencies]\n{dependencies}", manifest("app")),
        );
        let said = desk.says_words("", &[&["init"], options].concat());
        for expected in expected {
            assert!(said.out.contains(expected), "{expected}\n{}", said.out);
        }
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        let is_sqlite = said.out.contains("rusqlite") || said.out.contains("bundled");
        assert_eq!(is_sqlite, !said.out.contains("database = \"postgres\""));
    };
    let on = |features: &str| {
        format!(
            "migrate-core = {{ path = \"{}\", features = [{features}] }}\n",
            core()
        )
    };
    let blocking = "
    migrate_core::embed_migrations!(\"migrations\", database = \"postgres\");

and where the database is opened:

    let url = \"postgres://user@localhost/app\";
    let mut db = migrate_core::postgres::Client::connect(url, migrate_core::postgres::NoTls)?;
    migrate_core::Migrator::new(&MIGRATIONS).up(&mut db)?;
";
    let waiting = "::NoTls).await?;
    tokio::spawn(connection);
    migrate_core::Migrator::new(&MIGRATIONS).up_async(&mut db).await?;
";
    let option = &["--options", "database = \"postgres\""][..];
    let line = "
    migrate-core = { path = \"PATH_TO_MIGRATE_CORE\", default-features = false, features = [\"macros\", \"postgres\"] }
";
    check("", option, &[line, blocking]);
    let line = "features = [\"macros\", \"tokio-postgres\"] }";
    check("tokio-postgres = \"0.7\"\n", option, &[line, waiting]);
    let already = "Cargo.toml: depends on migrate-core already\n";
    check(&on("\"postgres\""), &[], &[already, blocking]);
    check(&on("\"tokio-postgres\""), &[], &[already, waiting]);
    let already = "Cargo.toml: depends on migrate-core already, and needs its feature `postgres`\n";
    check(&on("\"bundled\""), option, &[already, blocking]);
    // Both are there: SQLite is what the macro takes by itself.
    let sqlite = "embed_migrations!(\"migrations\");\n";
    check(&on("\"bundled\", \"postgres\""), &[], &[sqlite]);
    let more = "database = \"postgres\", allow(gap)";
    let call = "embed_migrations!(\"migrations\", database = \"postgres\", allow(gap));\n";
    check("", &["--options", more], &[call]);
}

/// What is there stays as it is.
#[test]
fn nothing_is_overwritten() {
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=proto\");\n}\n";
    let files = [("build.rs", script), ("migrations/1_a.sql", "SELECT 'a;\n")];
    let desk = Desk::package("fn main() {}\n", &files);
    let said = desk.says("", "init");
    let expected = "\
migrations: has migrations already
build.rs: add a line, so that cargo notices new files:

    println!(\"cargo::rerun-if-changed=migrations\");
";
    assert!(said.out.starts_with(expected), "{}", said.out);
    assert_eq!(desk.text("build.rs"), script);
    assert_eq!(desk.files("migrations"), "1_a.sql\n");
}

#[test]
fn refused() {
    let desk = Desk::package("fn main() {}\n", &[]);
    let said = desk.says("", "init --path src");
    let expected = "error: cargo does not add the dependency to `Cargo.toml`\n";
    assert!(said.err.starts_with(expected), "{}", said.err);
    assert!(
        said.err.contains("\n  = nothing was changed\n"),
        "{}",
        said.err
    );
    let said = desk.says("", "init a/b");
    assert!(
        said.err.starts_with("error: `/` cannot stand"),
        "{}",
        said.err
    );
    assert_eq!(desk.files(""), "Cargo.toml\nsrc/main.rs\n");
    let desk = Desk::with(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    desk.check(
        "init",
        1,
        "",
        "
error: this is a workspace, not a package
  = help: go to the folder of the package
",
    );
    let desk = Desk::with(&[]);
    desk.check(
        "init",
        1,
        "",
        "
error: there is no package here, nor in a folder above
  = help: make one first: `cargo init`
",
    );
}
