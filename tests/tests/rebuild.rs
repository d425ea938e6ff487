//! The macro in real builds: what makes the compiler look at the folder again, and what of it gets
//! into the program.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use migrate_tests::package::{Package, Said};

const TMP: &str = env!("CARGO_TARGET_TMPDIR");

/// A program that prints what it embeds.
const LIST: &str = r#"
migrate_core::embed_migrations!("migrations");

fn main() {
    for m in &MIGRATIONS {
        println!("{} {}", m.version().unwrap(), m.up_sql().unwrap().trim());
    }
}
"#;

/// What the macro says when it cannot know of new files.
const WARNING: &str = "a new file in `migrations` will not be noticed";

fn list(name: &str) -> Package {
    let package = Package::new(TMP, name, &["macros"]);
    package.file("src/main.rs", LIST);
    package.file("migrations/0001_a.sql", "CREATE TABLE a (x);\n");
    package
}

/// Builds the package, and checks what its program embeds afterwards.
#[track_caller]
fn embeds(package: &Package, expected: &[&str]) -> Said {
    let build = package.cargo(&["build"]).well();
    let printed = package.run("debug", &[]).well().out;
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        expected,
        "{}",
        build.err
    );
    build
}

/// Whether the compiler warned of anything in the package itself.
fn warns(package: &Package, build: &Said) -> bool {
    build
        .err
        .contains(&format!("warning: `{}` ", package.name()))
}

// A new file changed nothing until something else did.
#[test]
fn e21_every_change_of_the_folder_is_noticed() {
    let package = list("with-build-script");
    package.build_script();
    let a = "1 CREATE TABLE a (x);";
    let first = embeds(&package, &[a]);
    assert!(!warns(&package, &first), "{}", first.err);
    let again = embeds(&package, &[a]);
    assert!(!again.err.contains("Compiling"), "{}", again.err);

    package.file("migrations/0002_b.sql", "CREATE TABLE b (x);");
    embeds(&package, &[a, "2 CREATE TABLE b (x);"]);
    package.file("migrations/0002_b.sql", "CREATE TABLE b (y);");
    embeds(&package, &[a, "2 CREATE TABLE b (y);"]);
    let migration = |name: &str| package.dir().join("migrations").join(name);
    fs::rename(migration("0002_b.sql"), migration("20240131120000_b.sql")).unwrap();
    embeds(&package, &[a, "20240131120000 CREATE TABLE b (y);"]);
    fs::remove_file(migration("20240131120000_b.sql")).unwrap();
    embeds(&package, &[a]);

    // As from an archive or another branch.
    package.file("migrations/0002_c.sql", "CREATE TABLE c (x);");
    let old = SystemTime::now() - Duration::from_secs(86_400);
    let file = File::options().write(true).open(migration("0002_c.sql"));
    file.unwrap().set_modified(old).unwrap();
    embeds(&package, &[a, "2 CREATE TABLE c (x);"]);

    package.file("migrations/0003_d.sql", "CREATE TABLE 'd;");
    let broken = package.cargo(&["build"]).badly().err;
    assert!(
        broken.contains("--> migrations/0003_d.sql:1:14"),
        "{broken}"
    );
    fs::remove_file(migration("0003_d.sql")).unwrap();
    embeds(&package, &[a, "2 CREATE TABLE c (x);"]);
}

#[test]
fn without_a_build_script_new_files_are_warned_of() {
    let package = list("without-build-script");
    let a = "1 CREATE TABLE a (x);";
    let said = embeds(&package, &[a]);
    assert!(warns(&package, &said), "{}", said.err);
    let said = said.err;
    assert!(said.contains(WARNING), "{said}");
    assert!(said.contains("--> src/main.rs:2:33"), "{said}");
    let cure = "fn main() { println!(\"cargo::rerun-if-changed=migrations\"); }";
    assert!(said.contains(cure), "{said}");

    package.file("migrations/0001_a.sql", "CREATE TABLE a (y);\n");
    let a = "1 CREATE TABLE a (y);";
    embeds(&package, &[a]);
    package.file("migrations/0002_b.sql", "CREATE TABLE b (x);\n");
    package.file("src/main.rs", &format!("{LIST}\n// Changed."));
    embeds(&package, &[a, "2 CREATE TABLE b (x);"]);
    fs::remove_file(package.dir().join("migrations/0002_b.sql")).unwrap();
    embeds(&package, &[a]);

    package.build_script();
    let said = embeds(&package, &[a]);
    assert!(!warns(&package, &said), "{}", said.err);
}

/// A build script that names files is run again for those only.
#[test]
fn build_script_that_asks_for_other_files_is_warned_of() {
    let package = list("other-build-script");
    let script = |lines: &str| format!("fn main() {{ {lines} }}");
    let other = "println!(\"cargo::rerun-if-changed=build.rs\");";
    package.file("build.rs", &script(other));
    let said = embeds(&package, &["1 CREATE TABLE a (x);"]).err;
    assert!(said.contains(WARNING), "{said}");
    assert!(said.contains("asks for other files only"), "{said}");
    let both = format!("{other} println!(\"cargo::rerun-if-changed=migrations\");");
    for lines in [both.as_str(), ""] {
        package.file("build.rs", &script(lines));
        let said = embeds(&package, &["1 CREATE TABLE a (x);"]);
        assert!(!warns(&package, &said), "{}", said.err);
    }
}

/// What the compiler does not notice, the package's own tests do.
#[test]
fn a_stale_set_fails_a_test() {
    let package = list("stale");
    package.cargo(&["test"]).well();
    package.file("migrations/0002_b.sql", "CREATE TABLE b (x);\n");
    package.file("migrations/README", "No migration.\n");
    package.file("migrations/.hidden.sql", "No migration.\n");
    let said = package.cargo(&["test"]).badly().out;
    assert!(
        said.contains("test migrations_folder::is_embedded ... FAILED"),
        "{said}"
    );
    assert!(
        said.contains("`0002_b.sql` is not in this program"),
        "{said}"
    );
    fs::remove_file(package.dir().join("migrations/0002_b.sql")).unwrap();
    package.cargo(&["test"]).well();
}

#[test]
fn no_path_of_the_source_is_in_the_program() {
    let package = Package::new(TMP, "no-path", &["macros", "bundled"]);
    package.build_script();
    package.file("migrations/0001_a.sql", "CREATE TABLE a (x);\n");
    package.file(
        "migrations/0002_b.rs",
        "use migrate_core::rusqlite::Connection;\n\n\
         pub fn up(db: &Connection) -> Result<(), String> {\n\
         \x20   panic!(\"{:?}\", db.is_autocommit());\n\
         }\n",
    );
    package.file(
        "src/main.rs",
        "mod inner {\n\
         \x20   pub mod most {\n\
         \x20       migrate_core::embed_migrations!(\"migrations\");\n\
         \x20   }\n\
         }\n\n\
         fn main() {\n\
         \x20   let mut db = migrate_core::rusqlite::Connection::open_in_memory().unwrap();\n\
         \x20   migrate_core::Migrator::new(&inner::most::MIGRATIONS).up(&mut db).unwrap();\n\
         }\n",
    );
    for (profile, arguments) in [
        ("debug", &["build"][..]),
        ("release", &["build", "--release"]),
    ] {
        package.cargo(arguments).well();
        let program = fs::read(package.program(profile)).unwrap();
        let path = package.dir().to_str().unwrap();
        for named in [path, "packages/no-path"] {
            let found = program
                .windows(named.len())
                .any(|bytes| bytes == named.as_bytes());
            assert!(!found, "{profile}: {named}");
        }
        let panic = package.run(profile, &[]).badly().err;
        let place = "src/../migrations/0002_b.rs:4:5:\nfalse";
        assert!(panic.contains(place), "{panic}");
    }
}
