//! Where editors jump to when a folder is wrong: what they look for in the output of cargo, applied
//! to its real output.

use migrate_tests::package::Package;
use regex_lite::{Captures, Regex};
use serde_json::Value;

const TMP: &str = env!("CARGO_TARGET_TMPDIR");

/// A message: where it leads, and its first line.
type Problem = (String, String);

/// Two sets, and arguments that are wrong. What has no place in a file of the folder has the one of
/// the argument.
const MAIN: &str = r#"
migrate_core::embed_migrations!("migrations");
migrate_core::embed_migrations!(static ELSEWHERE = "elsewhere");
migrate_core::embed_migrations!(static OPTIONS = "migrations", trust_through = 0);

fn main() {}
"#;

const BROKEN: &[(&str, &str)] = &[
    (
        "migrations/0001_a.sql",
        "CREATE TABLE a (x TEXT DEFAULT 'none);\n",
    ),
    (
        "migrations/0002_b.sql",
        "-- É first.\r\n\r\nBEGIN;\r\nCREATE TABLE b (x);\r\n",
    ),
    (
        "migrations/0003_c.sql",
        "CREATE TABLE c (x);\n\n\tSELECT 'é', \"x;\n",
    ),
    ("migrations/0004_d.sq", "CREATE TABLE d (x);\n"),
    ("migrations/0005_e.rs", "\nfn up() {}\n"),
    (
        "migrations/0006_f.sql",
        "CREATE TABLE f (x);\nALTER TABEL f ADD COLUMN y;\n",
    ),
];

const PROBLEMS: &[(&str, &str)] = &[
    ("migrations/0001_a.sql:1:32", "this string is not closed"),
    (
        "migrations/0002_b.sql:3:1",
        "the runner begins and ends the transaction of a migration",
    ),
    (
        "migrations/0003_c.sql:3:14",
        "this quoted name is not closed",
    ),
    (
        "migrations/0004_d.sq:1:1",
        "`0004_d.sq` is not quite the name of a migration",
    ),
    ("migrations/0005_e.rs:2:4", "`fn up` is not `pub`"),
    ("migrations/0006_f.sql:2:7", "near \"TABEL\": syntax error"),
    ("src/main.rs:3:52", "the folder `elsewhere` does not exist"),
    ("src/main.rs:4:80", "versions begin at 1"),
];

fn broken(name: &str) -> Package {
    let package = Package::new(TMP, name, &["macros", "verify", "bundled"]);
    package.build_script();
    package.file("src/main.rs", MAIN);
    for (path, text) in BROKEN {
        package.file(path, text);
    }
    package
}

/// What an editor makes of the output has to be these problems, and each has to be there.
#[track_caller]
fn check(package: &Package, found: &[Problem], expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|(place, title)| (*place, *title));
    let found: Vec<_> = found
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    assert_eq!(found, expected.collect::<Vec<_>>());
    for (place, _) in found {
        let path = place.split(':').next().unwrap();
        assert!(package.dir().join(path).is_file(), "{place}");
    }
}

/// The task panel of VS Code: the matcher `$rustc` of its rust-analyzer extension, which takes a line
/// and the one after it. The second expression is that of older versions.
///
/// The `-` has a `\` before it here, since what is no range in JavaScript is an error elsewhere.
fn vs_code(output: &str, severity: &str) -> Vec<Problem> {
    let title = Regex::new(r"^(warning|warn|error)(?:\[(.*?)\])?: (.*)$").unwrap();
    let place = Regex::new(r"^[\s\->=]*(.*?):([1-9]\d*):([1-9]\d*)\s*$").unwrap();
    let older = Regex::new(r"^[\s\->=]*(.*?):(\d*):(\d*)\s*$").unwrap();
    let lines: Vec<&str> = output.lines().collect();
    let mut problems = Vec::new();
    let mut at = 0;
    while at + 1 < lines.len() {
        let matched = title.captures(lines[at]).zip(place.captures(lines[at + 1]));
        assert_eq!(place.is_match(lines[at + 1]), older.is_match(lines[at + 1]));
        at += if matched.is_some() { 2 } else { 1 };
        if let Some((title, place)) = matched {
            assert_eq!(&title[1], severity);
            problems.push((joined(&place, 1), title[3].to_owned()));
        }
    }
    problems
}

/// The compilation buffer of Emacs: the expression of its `rust-mode`, which takes the next place
/// after the beginning of a message.
fn emacs(output: &str) -> Vec<Problem> {
    let message = r"(?m)^(?:error|(warning)|(note))[^\x00]+?--> (([^\n]+):([0-9]+):([0-9]+))";
    let message = Regex::new(message).unwrap();
    let problem = |found: Captures<'_>| {
        let title = found[0].lines().next().unwrap();
        let title = title.split_once(": ").unwrap().1;
        (joined(&found, 4), title.to_owned())
    };
    message.captures_iter(output).map(problem).collect()
}

/// A file, a line and a column, which are groups of `found` from `first` on.
fn joined(found: &Captures<'_>, first: usize) -> String {
    let [file, line, column] = [0, 1, 2].map(|at| &found[first + at]);
    format!("{file}:{line}:{column}")
}

/// The quickfix list of Vim, as its own `compiler cargo` fills it.
#[cfg(have_vim)]
fn vim(package: &Package, output: &str) -> Vec<Problem> {
    package.file("output", output);
    let entries = "filter(getqflist(), 'v:val.bufnr > 0')";
    let entry = "bufname(v:val.bufnr) . ':' . v:val.lnum . ':' . v:val.col . '\t' . v:val.text";
    let vim = std::process::Command::new("vim")
        .args(["-Nu", "NONE", "-i", "NONE", "-n", "-es"])
        .args(["-c", "compiler cargo", "-c", "cgetfile output", "-c"])
        .arg(format!(
            "call writefile(map({entries}, \"{}\"), 'entries')",
            entry.replace('\t', "\\t")
        ))
        .args(["-c", "qall!"])
        .current_dir(package.dir())
        .status()
        .unwrap();
    assert!(vim.success(), "{vim}");
    let entries = std::fs::read_to_string(package.dir().join("entries")).unwrap();
    let problem = |line: &str| {
        let (place, title) = line.split_once('\t').unwrap();
        (place.to_owned(), title.trim().to_owned())
    };
    entries.lines().map(problem).collect()
}

#[test]
fn vs_code_and_emacs_lead_to_the_file() {
    let package = broken("editors");
    let said = package.cargo(&["check"]).badly().err;
    check(&package, &vs_code(&said, "error"), PROBLEMS);
    check(&package, &emacs(&said), PROBLEMS);
    // VS Code takes the colours away first.
    let colours = Regex::new("\x1b\\[[0-9;]*m").unwrap();
    let coloured = package.cargo(&["check", "--color=always"]).badly().err;
    let plain = colours.replace_all(&coloured, "");
    assert!(plain.len() < coloured.len());
    check(&package, &vs_code(&plain, "error"), PROBLEMS);
}

#[test]
#[cfg_attr(
    not(have_vim),
    ignore = "Vim is not there, or not with its quickfix list"
)]
fn vim_leads_to_the_file() {
    #[cfg(have_vim)]
    {
        let package = broken("editors-vim");
        let said = package.cargo(&["check"]).badly().err;
        check(&package, &vim(&package, &said), PROBLEMS);
    }
}

/// The short format begins with the place of the macro, and nothing can be done about that. The place
/// in the file has the next line for itself, so that one can follow it there.
#[test]
fn short_messages_have_the_file_on_their_second_line() {
    let package = broken("editors-short");
    let said = package
        .cargo(&["check", "--message-format=short"])
        .badly()
        .err;
    let title = Regex::new(r"^src/main\.rs:\d+:\d+: error: (.*)$").unwrap();
    let place = Regex::new(r"^ +--> (\S+:\d+:\d+)$").unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let problem = |pair: &[&str]| {
        let title = title.captures(pair[0])?;
        let place = place.captures(pair[1]).expect(pair[1]);
        Some((place[1].to_owned(), title[1].to_owned()))
    };
    let found: Vec<Problem> = lines.windows(2).filter_map(problem).collect();
    check(&package, &found, PROBLEMS);
}

/// So do messages for programs, such as language servers: the span is that of the macro.
#[test]
fn json_messages_have_the_file_in_their_text() {
    let package = broken("editors-json");
    let said = package
        .cargo(&["check", "--message-format=json"])
        .badly()
        .out;
    let mut found = Vec::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (text, spans) = (&line["message"]["message"], &line["message"]["spans"]);
        let Some((text, span)) = text.as_str().zip(spans.get(0)) else {
            continue;
        };
        assert_eq!(span["file_name"], "src/main.rs");
        let mut text = text.lines();
        let (title, place) = (text.next().unwrap(), text.next().unwrap());
        let place = place.trim_start().strip_prefix("--> ").expect(place);
        found.push((place.to_owned(), title.to_owned()));
    }
    check(&package, &found, PROBLEMS);
}

/// What is wrong with the code of a migration is the compiler's to say; it knows the file itself.
#[test]
fn code_and_warnings() {
    let package = Package::new(TMP, "editors-code", &["macros", "bundled"]);
    package.file(
        "src/main.rs",
        "migrate_core::embed_migrations!(\"migrations\");\n\nfn main() {}\n",
    );
    package.file(
        "migrations/0001_a.rs",
        "use migrate_core::rusqlite::{Connection, Result};\n\n\
         pub fn up(db: &Connection) -> Result<()> {\n\
         \x20   db.execute_batch(17)\n\
         }\n",
    );
    let said = package.cargo(&["check"]).badly().err;
    let errors = &said[said.find("error").expect(&said)..];
    let code = [("src/../migrations/0001_a.rs:4:22", "mismatched types")];
    check(&package, &vs_code(errors, "error"), &code);
    check(&package, &emacs(errors)[..1], &code);

    package.edit("migrations/0001_a.rs", "17", "\"SELECT 17\"");
    let said = package.cargo(&["check"]).well().err;
    let found = vs_code(&said, "warning");
    let title =
        "a new file in `migrations` will not be noticed, since this package has no build script";
    assert!(found[0].1.ends_with(title), "{said}");
    check(
        &package,
        &found,
        &[("src/main.rs:1:33", &found[0].1.clone())],
    );
}
