//! The real tool, in temporary folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that an author works in.
#[derive(Debug)]
pub(crate) struct Desk(tempfile::TempDir);

/// What the tool said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// One with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        for (path, text) in files {
            desk.file(path, text);
        }
        desk
    }

    /// One that is a package, whose program is `main`, with these files besides.
    pub(crate) fn package(main: &str, files: &[(&str, &str)]) -> Desk {
        let desk = Desk::with(files);
        desk.file("Cargo.toml", &manifest("app"));
        desk.file("src/main.rs", main);
        desk
    }

    pub(crate) fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// The text of a file.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        let text = fs::read_to_string(self.path(path));
        text.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The files below `dir`, in order, a line each.
    pub(crate) fn files(&self, dir: &str) -> String {
        let mut files = Vec::new();
        list(&self.path(dir), "", &mut files);
        files.sort();
        files.concat()
    }

    /// Runs `cargo-migrate` in the folder `dir` with the words of `line`.
    pub(crate) fn says(&self, dir: &str, line: &str) -> Said {
        self.says_words(dir, &line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn says_words(&self, dir: &str, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-migrate"))
            .args(arguments)
            .current_dir(self.path(dir))
            .env("CARGO_NET_OFFLINE", "true")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: timeless(&text(&output.stdout)),
            err: text(&output.stderr),
        }
    }

    /// Runs it, and checks what it says and how it ends. `…` alone stands for any text.
    #[track_caller]
    pub(crate) fn check(&self, line: &str, code: i32, out: &str, err: &str) {
        self.check_in("", line, code, out, err);
    }

    #[track_caller]
    pub(crate) fn check_in(&self, dir: &str, line: &str, code: i32, out: &str, err: &str) {
        let said = self.says(dir, line);
        let expected = |expected: &str, said: &str| match expected {
            "…" => said.to_owned(),
            expected => expected.trim_start_matches('\n').to_owned(),
        };
        let expected = Said {
            code,
            out: expected(out, &said.out),
            err: expected(err, &said.err),
        };
        assert_eq!(
            said, expected,
            "`{line}`\n--- out\n{}--- err\n{}",
            said.out, said.err
        );
    }
}

/// The same without how long a migration took: `Applied: 1 a (3 ms)`.
fn timeless(text: &str) -> String {
    let timeless = |line: &str| match line.trim_end().rsplit_once(" (") {
        Some((line, time)) if time.ends_with(" ms)") || time.ends_with(" s)") => {
            format!("{line}\n")
        }
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(timeless).collect()
}

/// A package without anything.
pub(crate) fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n")
}

pub(crate) const SQL: &str = "CREATE TABLE a (x);\n";

/// A program with a set in the usual folder.
pub(crate) const MAIN: &str = "migrate_core::embed_migrations!(\"migrations\");\n\nfn main() {}\n";

fn list(dir: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => list(&entry.path(), &format!("{name}/"), files),
            false => files.push(format!("{name}\n")),
        }
    }
}
