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

/// A program that prints what it embeds: a set in each of two layouts, a line a migration.
const LIST_BOTH: &str = r#"
use migrate_core::{Migration, embed_migrations};

embed_migrations!(static FILES = "migrations/files");
embed_migrations!(static FOLDERS = "migrations/folders");

fn main() {
    list("files", &FILES);
    list("folders", &FOLDERS);
}

fn list(set: &str, migrations: &[Migration<'_>]) {
    for m in migrations {
        let version = m.version().map_or("again".to_owned(), |version| version.to_string());
        let [up, down] = [m.up_sql(), m.down_sql()].map(|sql| sql.unwrap_or("-").trim());
        println!("{set} {version}, {}: {up} {down}", m.description());
    }
}
"#;

/// What is done to the folder, and what comes of it.
struct Step {
    acts: &'static [Act],
    /// Whether the compiler notices without a build script. Where it does not, it does once the
    /// Rust file is changed.
    noticed: bool,
    then: Then,
}

enum Act {
    Write(&'static str, &'static str),
    /// Writes a file with the time of yesterday, as from an archive.
    WriteOld(&'static str, &'static str),
    Delete(&'static str),
    Rename(&'static str, &'static str),
}

enum Then {
    /// Nothing is compiled.
    Fresh,
    /// The program is compiled, and differs by these lines: gone with `-`, new with `+`.
    Lists(&'static [&'static str]),
    /// It does not compile; the message has this in it.
    Fails(&'static str),
}

use Act::{Delete, Rename, Write, WriteOld};
use Then::{Fails, Fresh, Lists};

/// The compiler knows the files that it has read.
const fn noticed(acts: &'static [Act], then: Then) -> Step {
    Step {
        acts,
        noticed: true,
        then,
    }
}

/// The compiler cannot know of this by itself.
const fn added(acts: &'static [Act], then: Then) -> Step {
    Step {
        noticed: false,
        ..noticed(acts, then)
    }
}

const STEPS: &[Step] = &[
    noticed(&[], Fresh),
    // Scripts.
    noticed(
        &[Write("files/0001_a.sql", "CREATE TABLE a (y);")],
        Lists(&[
            "-files 1, a: CREATE TABLE a (x); -",
            "+files 1, a: CREATE TABLE a (y); -",
        ]),
    ),
    noticed(
        &[Write("files/0001_a.sql", "CREATE TABLE a (y); -- Why.")],
        Lists(&[
            "-files 1, a: CREATE TABLE a (y); -",
            "+files 1, a: CREATE TABLE a (y); -- Why. -",
        ]),
    ),
    added(
        &[Write("files/0002_b.sql", "CREATE TABLE b (x);")],
        Lists(&["+files 2, b: CREATE TABLE b (x); -"]),
    ),
    added(
        &[WriteOld("files/0003_c.sql", "CREATE TABLE c (x);")],
        Lists(&["+files 3, c: CREATE TABLE c (x); -"]),
    ),
    noticed(
        &[Rename("files/0003_c.sql", "files/0003_d.sql")],
        Lists(&[
            "-files 3, c: CREATE TABLE c (x); -",
            "+files 3, d: CREATE TABLE c (x); -",
        ]),
    ),
    noticed(
        &[Rename("files/0003_d.sql", "files/20240131120000_d.sql")],
        Lists(&[
            "-files 3, d: CREATE TABLE c (x); -",
            "+files 20240131120000, d: CREATE TABLE c (x); -",
        ]),
    ),
    noticed(
        &[Delete("files/20240131120000_d.sql")],
        Lists(&["-files 20240131120000, d: CREATE TABLE c (x); -"]),
    ),
    noticed(&[], Fresh),
    // The file is the same by its name and is not newer than the program.
    added(
        &[
            WriteOld("kept", "CREATE TABLE b (z);"),
            Rename("kept", "files/0002_b.sql"),
        ],
        Lists(&[
            "-files 2, b: CREATE TABLE b (x); -",
            "+files 2, b: CREATE TABLE b (z); -",
        ]),
    ),
    // Downs.
    added(
        &[Write("files/0002_b.down.sql", "DROP TABLE b;")],
        Lists(&[
            "-files 2, b: CREATE TABLE b (z); -",
            "+files 2, b: CREATE TABLE b (z); DROP TABLE b;",
        ]),
    ),
    noticed(
        &[Write("files/0002_b.down.sql", "DROP TABLE main.b;")],
        Lists(&[
            "-files 2, b: CREATE TABLE b (z); DROP TABLE b;",
            "+files 2, b: CREATE TABLE b (z); DROP TABLE main.b;",
        ]),
    ),
    noticed(
        &[Delete("files/0002_b.down.sql")],
        Lists(&[
            "-files 2, b: CREATE TABLE b (z); DROP TABLE main.b;",
            "+files 2, b: CREATE TABLE b (z); -",
        ]),
    ),
    // Code.
    added(
        &[Write("files/0003_c.rs", CODE)],
        Lists(&["+files 3, c: - -"]),
    ),
    noticed(
        &[Write("files/0003_c.rs", DESCRIBED_CODE)],
        Lists(&["-files 3, c: - -", "+files 3, as it says: - -"]),
    ),
    noticed(&[], Fresh),
    noticed(
        &[Write("files/0003_c.rs", "pub fn up() {}")],
        Fails("error[E0"),
    ),
    noticed(
        &[Write("files/0003_c.rs", CODE)],
        Lists(&["-files 3, as it says: - -", "+files 3, c: - -"]),
    ),
    noticed(
        &[Rename("files/0003_c.rs", "files/0003_d.rs")],
        Lists(&["-files 3, c: - -", "+files 3, d: - -"]),
    ),
    noticed(
        &[
            Delete("files/0003_d.rs"),
            Write("files/0003_d.sql", "CREATE TABLE d (x);"),
        ],
        Lists(&["-files 3, d: - -", "+files 3, d: CREATE TABLE d (x); -"]),
    ),
    // Repeatable.
    added(
        &[Write("files/R__v.sql", "SELECT 1;")],
        Lists(&["+files again, v: SELECT 1; -"]),
    ),
    noticed(
        &[Write("files/R__v.sql", "SELECT 2;")],
        Lists(&[
            "-files again, v: SELECT 1; -",
            "+files again, v: SELECT 2; -",
        ]),
    ),
    noticed(
        &[Rename("files/R__v.sql", "files/R__w.sql")],
        Lists(&[
            "-files again, v: SELECT 2; -",
            "+files again, w: SELECT 2; -",
        ]),
    ),
    noticed(
        &[Delete("files/R__w.sql")],
        Lists(&["-files again, w: SELECT 2; -"]),
    ),
    // A folder each.
    added(
        &[Write("folders/02-b/up.sql", "CREATE TABLE b (x);")],
        Lists(&["+folders 2, b: CREATE TABLE b (x); -"]),
    ),
    added(
        &[Write("folders/02-b/down.sql", "DROP TABLE b;")],
        Lists(&[
            "-folders 2, b: CREATE TABLE b (x); -",
            "+folders 2, b: CREATE TABLE b (x); DROP TABLE b;",
        ]),
    ),
    noticed(
        &[Write("folders/02-b/up.sql", "CREATE TABLE b (y);")],
        Lists(&[
            "-folders 2, b: CREATE TABLE b (x); DROP TABLE b;",
            "+folders 2, b: CREATE TABLE b (y); DROP TABLE b;",
        ]),
    ),
    noticed(
        &[Rename("folders/02-b", "folders/02-c")],
        Lists(&[
            "-folders 2, b: CREATE TABLE b (y); DROP TABLE b;",
            "+folders 2, c: CREATE TABLE b (y); DROP TABLE b;",
        ]),
    ),
    noticed(
        &[Delete("folders/02-c/down.sql")],
        Lists(&[
            "-folders 2, c: CREATE TABLE b (y); DROP TABLE b;",
            "+folders 2, c: CREATE TABLE b (y); -",
        ]),
    ),
    noticed(
        &[Delete("folders/02-c")],
        Lists(&["-folders 2, c: CREATE TABLE b (y); -"]),
    ),
    noticed(&[], Fresh),
    // The lock file.
    added(&[Write(LOCK, "1 a open\n2 b open\n3 d open\n")], Lists(&[])),
    noticed(&[], Fresh),
    noticed(
        &[Write(LOCK, "1 a open\n2 b open\n3 d open\n4 e open\n")],
        Fails("version 4, `e`, has taken its number, but its file is gone"),
    ),
    noticed(
        &[Write("files/0004_e.sql", "CREATE TABLE e (x);")],
        Lists(&["+files 4, e: CREATE TABLE e (x); -"]),
    ),
    // As the author's tool adds a migration: the lock is known, the new file need not be.
    noticed(
        &[
            Write("files/0005_f.sql", "CREATE TABLE f (x);"),
            Write(LOCK, "1 a open\n2 b open\n3 d open\n4 e open\n5 f open\n"),
        ],
        Lists(&["+files 5, f: CREATE TABLE f (x); -"]),
    ),
    noticed(
        &[Delete("files/0005_f.sql")],
        Fails("--> migrations/files/migrations.lock:5:1"),
    ),
    noticed(
        &[Delete("files/0004_e.sql"), Write(LOCK, LOCKED)],
        Lists(&[
            "-files 4, e: CREATE TABLE e (x); -",
            "-files 5, f: CREATE TABLE f (x); -",
        ]),
    ),
    noticed(
        &[Write("files/0001_a.sql", "CREATE TABLE a (z);")],
        Fails("version 1 is locked, but the text of `0001_a.sql` has changed"),
    ),
    noticed(
        &[Write("files/0001_a.sql", "CREATE TABLE a (y); -- Because.")],
        Lists(&[
            "-files 1, a: CREATE TABLE a (y); -- Why. -",
            "+files 1, a: CREATE TABLE a (y); -- Because. -",
        ]),
    ),
    added(
        &[Write("files/0004_e.sql", "CREATE TABLE e (x);")],
        Fails("`0004_e.sql`, is not in `migrations.lock`"),
    ),
    noticed(&[Delete("files/0004_e.sql")], Lists(&[])),
    noticed(
        &[Rename("files/0001_a.sql", "files/20240131120000_a.sql")],
        Fails("version 1, `a`, is locked, but its file is `20240131120000_a.sql`"),
    ),
    noticed(
        &[Rename("files/20240131120000_a.sql", "files/0001_a.sql")],
        Lists(&[]),
    ),
    noticed(&[Delete(LOCK)], Lists(&[])),
    noticed(&[], Fresh),
    // What is wrong, and mended again.
    added(
        &[Write("files/0004_e.sql", "CREATE TABLE 'e;")],
        Fails("--> migrations/files/0004_e.sql:1:14"),
    ),
    noticed(&[Delete("files/0004_e.sql")], Lists(&[])),
    noticed(
        &[Rename("folders", "elsewhere")],
        Fails("the folder `migrations/folders` does not exist"),
    ),
    noticed(&[Rename("elsewhere", "folders")], Lists(&[])),
    noticed(&[], Fresh),
];

const LOCK: &str = "files/migrations.lock";

const LOCKED: &str = "\
1 a t1:12247f64f5c8340ad01d969543366e997907ba493e1292fce2bd539f0bdc9ea5 chain:4723ba4576d345383f7167f23902f80dcec08d5ee22eef09be704c077397712b
2 b open
3 d open
";

const CODE: &str = "\
pub fn up(_: &migrate_core::rusqlite::Connection) -> Result<(), String> {
    Ok(())
}
";

const DESCRIBED_CODE: &str = "\
pub const DESCRIPTION: &str = \"as it says\";

pub fn up(_: &migrate_core::rusqlite::Connection) -> Result<(), String> {
    Ok(())
}
";

impl Act {
    fn perform(&self, package: &Package) {
        let at = |path: &str| package.dir().join("migrations").join(path);
        match *self {
            Write(path, text) => {
                package.file(&format!("migrations/{path}"), text);
            }
            WriteOld(path, text) => {
                Write(path, text).perform(package);
                let file = File::options().write(true).open(at(path)).unwrap();
                let old = SystemTime::now() - Duration::from_secs(86_400);
                file.set_modified(old).unwrap();
            }
            Delete(path) if at(path).is_dir() => fs::remove_dir_all(at(path)).unwrap(),
            Delete(path) => fs::remove_file(at(path)).unwrap(),
            Rename(from, to) => fs::rename(at(from), at(to)).unwrap(),
        }
    }
}

/// Goes through all steps, with one package.
fn goes_through_all_steps(name: &str, build_script: bool) {
    let package = Package::new(TMP, name, &["macros", "bundled"]);
    if build_script {
        package.build_script();
    }
    package.file("src/main.rs", LIST_BOTH);
    package.file("migrations/files/0001_a.sql", "CREATE TABLE a (x);");
    package.file("migrations/folders/01-a/up.sql", "CREATE TABLE a (x);");
    let first = package.cargo(&["build"]).well();
    assert_eq!(warns(&package, &first), !build_script, "{}", first.err);
    let mut lines = listed(&package);
    for (number, step) in STEPS.iter().enumerate() {
        let at = format!("step {number}, with a build script: {build_script}");
        for act in step.acts {
            act.perform(&package);
        }
        let mut build = package.cargo(&["build"]);
        if !step.noticed && !build_script {
            assert!(build.success && !compiled(&build), "{at}: {}", build.err);
            assert_eq!(listed(&package), lines, "{at}");
            package.file("src/main.rs", &format!("{LIST_BOTH}\n// {number}"));
            build = package.cargo(&["build"]);
        }
        match step.then {
            Fails(message) => {
                assert!(build.badly().err.contains(message), "{at}: {message}");
                continue;
            }
            Fresh => assert!(!compiled(&build), "{at}: {}", build.err),
            Lists(_) => assert!(compiled(&build), "{at}: {}", build.err),
        }
        build.well();
        let expected = match step.then {
            Lists(expected) => expected,
            Fresh | Fails(_) => &[],
        };
        let now = listed(&package);
        assert_eq!(differences(&lines, &now), expected, "{at}");
        lines = now;
    }
}

fn compiled(build: &Said) -> bool {
    build.err.contains("Compiling")
}

fn listed(package: &Package) -> Vec<String> {
    let printed = package.run("debug", &[]).well().out;
    printed.lines().map(ToOwned::to_owned).collect()
}

fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !after.contains(line));
    let new = after.iter().filter(|line| !before.contains(line));
    let gone = gone.map(|line| format!("-{line}"));
    gone.chain(new.map(|line| format!("+{line}"))).collect()
}

// A new file changed nothing until something else did.
#[test]
fn e21_every_change_of_the_folder_is_noticed() {
    goes_through_all_steps("with-build-script", true);
}

#[test]
fn all_but_new_files_is_noticed_without_a_build_script() {
    goes_through_all_steps("without-build-script", false);
}

#[test]
fn without_a_build_script_new_files_are_warned_of() {
    let package = list("warned-of");
    let a = "1 CREATE TABLE a (x);";
    let said = embeds(&package, &[a]);
    assert!(warns(&package, &said), "{}", said.err);
    let said = said.err;
    assert!(said.contains(WARNING), "{said}");
    assert!(said.contains("--> src/main.rs:2:33"), "{said}");
    let cure = "fn main() { println!(\"cargo::rerun-if-changed=migrations\"); }";
    assert!(said.contains(cure), "{said}");

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
