//! What a user who leaves a part out does not compile.

use std::process::Command;

/// Checks whether the dependencies of a package with some features have SQLite among them.
#[track_caller]
fn check(package: &str, features: &str, sqlite: bool) {
    check_for("libsqlite3-sys", package, features, sqlite);
}

/// Checks whether they have the parser for PostgreSQL among them.
#[track_caller]
fn check_syntax(package: &str, features: &str, parser: bool) {
    check_for("squawk-syntax", package, features, parser);
}

#[track_caller]
fn check_for(dependency: &str, package: &str, features: &str, expected: bool) {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build"])
        .args(["--prefix", "none", "--no-default-features"])
        .args(["--package", package, "--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).unwrap();
    let dependency = format!("{dependency} ");
    let found = tree.lines().any(|line| line.starts_with(&dependency));
    assert_eq!(found, expected, "{package} with {features:?}:\n{tree}");
}

/// The macro is compiled for the machine that compiles: without `verify`, no SQLite is.
#[test]
fn sqlite() {
    check("migrate-source", "folder,arguments", false);
    check("migrate-macros", "", false);
    check("migrate-macros", "verify", true);
    check("migrate-core", "", false);
    check("migrate-core", "macros", false);
    check("migrate-core", "sqlite", true);
    check("migrate-core", "verify", true);
}

#[test]
fn postgres_syntax() {
    check_syntax("migrate-source", "folder,arguments", false);
    check_syntax("migrate-macros", "verify", false);
    check_syntax("migrate-macros", "postgres-syntax", true);
    check_syntax("migrate-core", "macros,verify,folder,cli,tracing", false);
    check_syntax("migrate-core", "postgres-syntax", true);
    // What it takes needs no SQLite, and none of what only lints.
    check("migrate-core", "postgres-syntax", false);
    check_for("squawk-linter", "migrate-core", "postgres-syntax", false);
    check_for("squawk-linter", "cargo-migrate", "", true);
}
