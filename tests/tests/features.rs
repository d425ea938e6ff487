//! What a user who leaves a part out does not compile.

use std::process::Command;

/// Checks whether the dependencies of a package with some features have SQLite among them.
#[track_caller]
fn check(package: &str, features: &str, sqlite: bool) {
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
    let found = tree.lines().any(|line| line.starts_with("libsqlite3-sys "));
    assert_eq!(found, sqlite, "{package} with {features:?}:\n{tree}");
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
