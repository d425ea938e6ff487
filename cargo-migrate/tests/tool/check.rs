//! `check` and `list`: what they say, and how they end.

use crate::desk::{Desk, MAIN, SQL};

#[test]
fn fine() {
    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL)]);
    desk.check(
        "check",
        0,
        "migrations: 1 migration, nothing is wrong\n",
        "",
    );
    desk.check("check --json", 0, "", "");
}

#[test]
fn as_a_compiler() {
    let desk = Desk::package(
        MAIN,
        &[
            ("migrations/0001_a.sql", SQL),
            ("migrations/0003_b.sql", "SELECT 1;\nSELECT 'é;\n"),
        ],
    );
    desk.check_in(
        "src",
        "check",
        1,
        "",
        "
error: version 2 is missing between `0001_a.sql` and `0003_b.sql`
 --> ../migrations/0003_b.sql:1:1
  = help: bring the missing file back, or renumber this one to 2
  = help: a history that has gaps for good says `allow(gap)`

error: this string is not closed
 --> ../migrations/0003_b.sql:2:8
  |
2 | SELECT 'é;
  |        ^^^
  = help: close it with `'`; a `'` inside a string is written twice

error: 2 problems
",
    );
    let said = desk.says("", "check --color always");
    assert!(said.err.contains("\x1b[1;31merror\x1b[0m"), "{}", said.err);
    assert!(
        said.err
            .contains("\x1b[1;34m -->\x1b[0m migrations/0003_b.sql:2:8")
    );
}

#[test]
fn syntax_for_postgres() {
    let desk = Desk::package(
        "migrate_core::embed_migrations!(\"migrations\", database = \"postgres\");\n\nfn main() {}\n",
        &[("migrations/0001_a.sql", "CREATE TABLE a (x int NOT NUL);\n")],
    );
    desk.check(
        "check",
        1,
        "",
        "
error: syntax error at or near \"NUL\"
 --> migrations/0001_a.sql:1:27
  |
1 | CREATE TABLE a (x int NOT NUL);
  |                           ^^^
  = help: expected here, for instance: `NULL`

error: 1 problem
",
    );
}

#[test]
fn as_json() {
    let desk = Desk::package(
        "embed_migrations!(\"missing\");\nembed_migrations!(static A = \"migrations\");\n\
         embed_migrations!(static B = \"empty\");\nembed_migrations!(static C = \"m\", allow(x));",
        &[
            ("migrations/0001_a.sql", "SELECT 'é;\n"),
            ("empty/README.md", ""),
        ],
    );
    let said = desk.says("", "check --json");
    let mut found: Vec<String> = Vec::new();
    for line in said.out.lines() {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&str> = finding
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let all = [
            "column", "file", "folder", "help", "line", "message", "problem", "width",
        ];
        assert_eq!(keys, all);
        assert!(finding["message"].is_string() && finding["help"].is_array());
        found.push(format!(
            "{} {} {}:{}:{} {}",
            finding["problem"],
            finding["folder"],
            finding["file"],
            finding["line"],
            finding["column"],
            finding["width"]
        ));
    }
    assert_eq!(
        found,
        [
            "null null \"src/main.rs\":4:41 1",
            "\"missing_folder\" null \"src/main.rs\":1:19 9",
            "\"unterminated_string\" \"migrations\" \"migrations/0001_a.sql\":1:8 3",
            "\"empty_folder\" \"empty\" null:null:null null",
        ]
    );
    assert_eq!((said.code, said.err.as_str()), (1, ""));
}

#[test]
fn a_folder_as_a_whole() {
    let desk = Desk::with(&[("m/README.md", "")]);
    desk.check(
        "check m",
        1,
        "",
        "
error: the folder holds no migration
 --> m
  = help: add the first one: `0001_what_it_does.up.sql`
  = help: or allow it in the whole folder: `allow(empty_folder)`

error: 1 problem
",
    );
}

#[test]
fn wrong_command_lines() {
    let desk = Desk::with(&[]);
    for line in ["", "check --what", "check a b", "up", "completions"] {
        assert_eq!(desk.says("", line).code, 2, "{line}");
    }
}

#[test]
fn lists() {
    let desk = Desk::package(
        MAIN,
        &[
            ("migrations/0001_a.up.sql", SQL),
            ("migrations/0001_a.down.sql", "DROP TABLE a;\n"),
            (
                "migrations/0002_b_c.up.sql",
                "-- migrate: irreversible\nDELETE FROM a;\n",
            ),
            ("migrations/0003_d.rs", "pub fn up() {}\npub fn down() {}\n"),
            ("migrations/0004_e.rs", "pub fn up() {}\n"),
            ("migrations/R__v.sql", "DROP VIEW IF EXISTS v;\n"),
        ],
    );
    desk.check(
        "list",
        0,
        "
Version  Kind  Down          Name
      1  SQL   yes           a
      2  SQL   irreversible  b c
      3  Rust  yes           d
      4  Rust  no            e
      R  SQL   no            v
",
        "",
    );
    let said = desk.says("", "list --json");
    let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(list["migrations"].as_array().map(Vec::len), Some(5));
    assert_eq!(list["migrations"][1]["down"], "irreversible");
    assert_eq!(list["migrations"][2]["file"], "migrations/0003_d.rs");
    desk.file("migrations/0006_f.up.sql", SQL);
    desk.check(
        "list",
        0,
        "…",
        "
warning: `migrations` has 1 problem
  = help: `cargo migrate check` tells what is wrong
",
    );
}

#[test]
fn completions_and_manual() {
    let desk = Desk::with(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = desk.says("", &format!("completions {shell}"));
        assert!(said.out.contains("cargo-migrate"), "{shell}");
        assert_eq!(said.code, 0);
    }
    let said = desk.says("", "help completions");
    let expected = "In bash they complete `cargo migrate` and `cargo-migrate`";
    assert!(said.out.contains(expected), "{}", said.out);
    let said = desk.says("", "man");
    assert!(said.out.contains(".TH cargo-migrate 1"), "{}", said.out);
    std::fs::create_dir(desk.path("man")).unwrap();
    desk.check("man man", 0, "", "");
    assert!(desk.files("man").contains("cargo-migrate-new.1\n"));
}

/// Bash itself completes `cargo migrate`; other words are left to the completion of cargo.
#[test]
#[cfg(unix)]
fn completions_behind_cargo() {
    const ASK: &str = r#"
_cargo() { COMPREPLY=("cargo's own $2"); }
complete -F _cargo cargo
source ./script; source ./script
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
function="$(complete -p "$1")"; function="${function#*-F }"
"${function%% *}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
echo "${COMPREPLY[*]}"
"#;
    let desk = Desk::with(&[]);
    desk.file("script", &desk.says("", "completions bash").out);
    for (line, expected) in [
        ("cargo migrate renu", "renumber\n"),
        ("cargo migrate lock --ch", "--check\n"),
        ("cargo migrate --color nev", "never\n"),
        ("cargo migr", "cargo's own migr\n"),
        ("cargo build mig", "cargo's own mig\n"),
        ("cargo-migrate renu", "renumber\n"),
    ] {
        let asked = std::process::Command::new("bash")
            .args(["--norc", "-c", ASK, "bash"])
            .args(line.split(' '))
            .current_dir(desk.path(""))
            .output();
        let output = asked.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((said.as_str(), wrong.as_str()), (expected, ""), "{line}");
    }
}
