//! Which folder a command is about, from wherever it is given.

use crate::desk::{Desk, MAIN, SQL, manifest};

const FINE: &str = "nothing is wrong\n";

/// Checks which folders are checked from `dir`, in order; or the first line of the error.
#[track_caller]
fn check(desk: &Desk, dir: &str, arguments: &str, expected: &[&str]) {
    let said = desk.says(dir, &format!("check {arguments}"));
    let fine = said.out.lines().map(|line| {
        let (folder, rest) = line.split_once(": ").unwrap_or_default();
        assert!(
            FINE.trim()
                .ends_with(rest.split(", ").last().unwrap_or("?")),
            "{line}"
        );
        folder.to_owned()
    });
    let wrong = said.err.lines().next().map(ToOwned::to_owned);
    let found: Vec<String> = fine.chain(wrong).collect();
    assert_eq!(found, expected, "{}{}", said.out, said.err);
}

/// A workspace with a program, a library that has two sets, and a package without any.
fn workspace() -> Desk {
    Desk::with(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"db\", \"none\"]\n",
        ),
        ("app/Cargo.toml", &manifest("app")),
        ("app/src/main.rs", MAIN),
        ("app/src/deep/er.rs", ""),
        ("app/migrations/0001_a.sql", SQL),
        ("db/Cargo.toml", &manifest("db")),
        (
            "db/src/lib.rs",
            "pub mod tenant;\nmigrate_core::embed_migrations!(\"sql/main\");\n",
        ),
        (
            "db/src/tenant.rs",
            "migrate_core::embed_migrations!(\n    pub static TENANT = \"sql/tenant\",\n    allow(gap),\n);\n",
        ),
        ("db/sql/main/0001_a.sql", SQL),
        ("db/sql/tenant/0002_a.sql", SQL),
        ("none/Cargo.toml", &manifest("none")),
        ("none/src/lib.rs", ""),
    ])
}

#[test]
fn from_any_folder() {
    let desk = workspace();
    for (dir, expected) in [
        ("app", &["migrations"][..]),
        ("app/src", &["../migrations"]),
        ("app/src/deep", &["../../migrations"]),
        ("app/migrations", &["."]),
        ("db", &["sql/main", "sql/tenant"]),
        ("db/sql", &["main", "tenant"]),
        ("", &["app/migrations", "db/sql/main", "db/sql/tenant"]),
        ("none", &["error: there are no migrations here yet"]),
    ] {
        check(&desk, dir, "", expected);
    }
    check(
        &desk,
        "app",
        "--workspace",
        &["migrations", "../db/sql/main", "../db/sql/tenant"],
    );
}

/// Who stands in a package does not mean the sets of others.
#[test]
fn of_another_package() {
    let app = [
        ("app/Cargo.toml", manifest("app")),
        ("app/src/main.rs", MAIN.to_owned()),
        ("app/migrations/0001_a.sql", SQL.to_owned()),
        ("none/Cargo.toml", manifest("none")),
        ("none/src/lib.rs", String::new()),
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"none\"]\n".to_owned(),
        ),
    ];
    let desk = Desk::with(&app.each_ref().map(|(path, text)| (*path, text.as_str())));
    desk.check_in(
        "none",
        "new b",
        1,
        "",
        "
error: there are no migrations here yet
  = no `embed_migrations!` in a program or library, and no folder `migrations` beside its Cargo.toml
  = MIGRATIONS: `../app/migrations`, at ../app/src/main.rs:1:33
  = help: `cargo migrate init` prepares the package
  = help: or choose a set of another package by its folder: `--folder ../app/migrations`
",
    );
    assert_eq!(desk.files("app/migrations"), "0001_a.sql\n");
    desk.check("new b", 0, "app/migrations/0002_b.sql\n", "");
}

#[test]
fn one_of_several() {
    let desk = workspace();
    desk.check_in(
        "db",
        "list",
        1,
        "",
        "
error: there are 2 sets of migrations here
  = MIGRATIONS: `sql/main`, at src/lib.rs:2:33
  = TENANT: `sql/tenant`, at src/tenant.rs:2:25
  = help: choose one by its name or folder: `--folder sql/main`
",
    );
    for (dir, folder, expected) in [
        ("db", "TENANT", "sql/tenant"),
        ("db", "sql/tenant", "sql/tenant"),
        ("db", "sql/tenant/", "sql/tenant"),
        ("db", "./sql/../sql/tenant", "./sql/../sql/tenant"),
        ("db", "MIGRATIONS", "sql/main"),
        ("app", "MIGRATIONS", "migrations"),
        ("app", "TENANT", "../db/sql/tenant"),
    ] {
        check(&desk, dir, &format!("--folder {folder}"), &[expected]);
        check(&desk, dir, folder, &[expected]);
    }
    desk.check_in(
        "db",
        "check OTHER",
        1,
        "",
        "
error: the folder `OTHER` does not exist
  = there is MIGRATIONS: `sql/main`, at src/lib.rs:2:33
  = there is TENANT: `sql/tenant`, at src/tenant.rs:2:25
  = there is MIGRATIONS: `../app/migrations`, at ../app/src/main.rs:1:33
",
    );
    check(
        &desk,
        "db",
        "sql/mian",
        &["error: the folder `sql/mian` does not exist"],
    );
}

/// A folder is read as the call that names it says, also when it is named by its path.
#[test]
fn options() {
    let gap = &[("migrations/0002_a.sql", SQL)];
    let main = |options: &str| format!("embed_migrations!(\"migrations\"{options});");
    let wrong = "error: version 1 is missing before `0002_a.sql`";
    for (options, arguments, expected) in [
        ("", "", wrong),
        (", allow(gap)", "", "migrations"),
        (", allow(gap)", "migrations", "migrations"),
        (", trust_through = 2", "migrations", "migrations"),
        (", trust_through = 1", "migrations", wrong),
        ("", "--options=allow(gap)", "migrations"),
        ("", "--options=trust_through=2 migrations", "migrations"),
        (", allow(gap)", "--options=", wrong),
        (
            "",
            "--options=alow(gap)",
            "error: `--options`: there is no option `alow`",
        ),
    ] {
        let desk = Desk::package(&main(options), gap);
        check(&desk, "", arguments, &[expected]);
    }
}

#[test]
fn without_a_package() {
    let desk = Desk::with(&[("migrations/0001_a.sql", SQL), ("other/1_a.sql", SQL)]);
    check(&desk, "", "migrations", &["migrations"]);
    check(&desk, "other", ".", &["."]);
    check(&desk, "other", "../migrations", &["../migrations"]);
    check(
        &desk,
        "",
        "missing",
        &["error: the folder `missing` does not exist"],
    );
    check(
        &desk,
        "",
        "other/1_a.sql",
        &["error: `other/1_a.sql` is no folder"],
    );
    desk.check(
        "check",
        1,
        "",
        "
error: there is no package here, nor in a folder above
  = help: name the folder: `--folder migrations`
",
    );
}

#[test]
fn without_a_call() {
    let desk = Desk::package("fn main() {}", &[]);
    desk.check_in(
        "src",
        "list",
        1,
        "",
        "
error: there are no migrations here yet
  = no `embed_migrations!` in a program or library, and no folder `migrations` beside its Cargo.toml
  = help: `cargo migrate init` prepares the package
",
    );
    desk.file("migrations/0001_a.sql", SQL);
    check(&desk, "src", "", &["../migrations"]);
}

/// Sets of tests and examples are for tests and examples.
#[test]
fn tests_do_not_count() {
    let other = "migrate_core::embed_migrations!(static OTHER = \"tests/sql\");";
    let module = format!("#[cfg(test)] mod tests {{ {other} }} {MAIN}");
    for (main, path, text) in [
        (module.as_str(), "src/a.rs", ""),
        (MAIN, "tests/it.rs", other),
        (MAIN, "examples/it.rs", other),
        (
            &format!("{MAIN}#[cfg(test)]\nmod tests;"),
            "src/tests.rs",
            other,
        ),
        (
            &format!("{MAIN}#[cfg(test)]\nmod tests;"),
            "src/tests/it.rs",
            other,
        ),
    ] {
        let files = [
            (path, text),
            ("migrations/0001_a.sql", SQL),
            ("tests/sql/0001_a.sql", SQL),
        ];
        let desk = Desk::package(main, &files);
        check(&desk, "", "", &["migrations"]);
        check(&desk, "", "OTHER", &["tests/sql"]);
    }
    let desk = Desk::package("fn main() {}", &[("tests/it.rs", other)]);
    desk.check(
        "list",
        1,
        "",
        "
error: only tests and examples have migrations here
  = OTHER: `tests/sql`, at tests/it.rs:1:48
  = help: choose a set by its name or folder: `--folder tests/sql`
",
    );
}

#[test]
fn faulty_calls() {
    for (call, expected) in [
        (
            "\"migrations\", allow(gaps)",
            "error: there is no problem `gaps`\n --> src/main.rs:1:39\n",
        ),
        (
            "\"/migrations\"",
            "error: `/migrations` is an absolute path\n --> src/main.rs:1:19\n",
        ),
        (
            "\"../migrations\"",
            "error: the folder `../migrations` is outside the package\n --> src/main.rs:1:19\n",
        ),
        (
            "\"missing\"",
            "error: the folder `missing` does not exist\n --> src/main.rs:1:19\n",
        ),
    ] {
        let desk = Desk::package(&format!("embed_migrations!({call});"), &[]);
        for line in ["check", "list"] {
            let said = desk.says("", line);
            assert!(said.err.starts_with(expected), "{}", said.err);
            assert_eq!(said.code, 1);
        }
    }
    let desk = Desk::package("fn main() { embed_migrations!(\"a } ", &[]);
    let said = desk.says("", "check");
    let expected = "error: this file is not Rust";
    assert!(said.err.starts_with(expected), "{}", said.err);
    desk.file("Cargo.toml", "[package\n");
    let said = desk.says("", "check");
    let expected = "error: cargo does not understand the package\n --> Cargo.toml:1:1\n";
    assert!(said.err.starts_with(expected), "{}", said.err);
}

/// A program and its library may name the same folder.
#[test]
fn the_same_folder_twice() {
    let desk = Desk::package(
        MAIN,
        &[("src/lib.rs", MAIN), ("migrations/0001_a.sql", SQL)],
    );
    check(&desk, "", "", &["migrations"]);
}

/// Links are followed, but not for ever.
#[test]
#[cfg(unix)]
fn linked_folders() {
    let desk = Desk::package("fn main() {}", &[("migrations/0001_a.sql", SQL)]);
    desk.file("elsewhere/sets.rs", &MAIN.replace(");", ", allow(gap));"));
    desk.file("migrations/0003_b.sql", "CREATE TABLE b (x INTEGER);\n");
    std::os::unix::fs::symlink("../elsewhere", desk.path("src/linked")).unwrap();
    std::os::unix::fs::symlink("../src", desk.path("elsewhere/back")).unwrap();
    check(&desk, "", "", &["migrations"]);
}
