//! What a user who leaves a part out does not compile.

use std::process::Command;

use migrate_tests::package::Package;

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

/// The macro does not know the features of `migrate-core`, but what it emits does.
#[test]
fn code_without_its_driver_names_the_feature() {
    for (feature, database, signature) in [
        ("sqlite", "sqlite", "pub fn up"),
        ("postgres", "postgres", "pub fn up"),
        ("tokio-postgres", "postgres", "pub async fn up"),
    ] {
        let name = format!("no-{feature}");
        let package = Package::new(env!("CARGO_TARGET_TMPDIR"), &name, &["macros"]);
        package.build_script();
        let code = format!("{signature}(_: &()) -> Result<(), String> {{ Ok(()) }}\n");
        package.file("migrations/0001_a.rs", &code);
        package.file("migrations/0002_b.rs", &code);
        let call = format!(
            "migrate_core::embed_migrations!(\"migrations\", database = {database:?});\n\nfn main() {{}}\n"
        );
        package.file("src/main.rs", &call);
        let said = package.cargo(&["check", "--offline", "--quiet"]).badly();
        let error = format!(
            "error: this code needs the feature `{feature}` of migrate-core\n        \
             --> migrations/0001_a.rs:1:1\n         \
             = help: in Cargo.toml: `migrate-core = {{ …, features = [\"{feature}\", …] }}`\n"
        );
        assert!(said.err.contains(&error), "{}", said.err);
        assert!(said.err.contains(" --> src/main.rs:1:33\n"), "{}", said.err);
        // That one and the one that counts them.
        assert_eq!(said.err.matches("error: ").count(), 2, "{}", said.err);
    }
}
