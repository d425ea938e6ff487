//! The program as its users have it: real processes on real files.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use migrate_core::rusqlite::Connection;
use tempfile::TempDir;

const LATEST: i64 = 6;

#[test]
fn migrates_a_fresh_database() {
    let notes = Notes::new();
    let said = notes.says(&["db", "migrate"]);
    assert!(said.ends_with("\nMigrated from version 0 to 6\n"), "{said}");
    assert_eq!(
        notes.says(&["db", "migrate"]),
        "Database already at version 6\n"
    );
    assert_eq!(notes.says(&["db", "status", "--check"]).lines().count(), 11);
}

#[test]
fn keeps_and_finds_notes() {
    let notes = Notes::new();
    let said = notes.says(&["add", "Buy milk", "and #Bread, #today"]);
    assert_eq!(undated(&said), "1  DATE  Buy milk and #Bread, #today\n");
    notes.says(&["add", "Call Zoë\nabout the milking machine"]);
    let cases = [
        (
            &["find", "milk"][..],
            "1  DATE  Buy milk and #Bread, #today\n    Buy [milk] and #Bread, #today\n\
             2  DATE  Call Zoë\n    Call Zoë about the [milking] machine\n",
        ),
        (
            &["find", "machine", "zoe"],
            "2  DATE  Call Zoë\n    Call [Zoë] about the milking [machine]\n",
        ),
        (
            &["find", "the milking"],
            "2  DATE  Call Zoë\n    Call Zoë about [the milking] machine\n",
        ),
        (&["find", "milking the"], "nothing found\n"),
        (&["find", "milk", "cheese"], "nothing found\n"),
        (
            &["list"],
            "2  DATE  Call Zoë\n1  DATE  Buy milk and #Bread, #today\n",
        ),
        (
            &["list", "--tag", "#BREAD"],
            "1  DATE  Buy milk and #Bread, #today\n",
        ),
        (&["list", "--tag", "milk"], "no notes\n"),
    ];
    for (line, expected) in cases {
        assert_eq!(undated(&notes.says(line)), expected, "{line:?}");
    }
}

#[test]
fn no_word_breaks_the_search() {
    let notes = Notes::new();
    notes.says(&["add", "nothing special"]);
    for words in [
        &["\""][..],
        &["'"],
        &["nothing\"*"],
        &["AND"],
        &["special", "OR", "x"],
        &["NEAR(nothing special)"],
        &["text:special"],
        &["("],
        &["*"],
        &["^"],
        &[" "],
        &["--", "-x"],
        &["ä\u{301}", "日本"],
        &["; DROP TABLE notes; --"],
    ] {
        let line = [&["find"], words].concat();
        let said = notes.says(&line);
        assert!(
            said == "nothing found\n" || said.contains("nothing special"),
            "{line:?}: {said}"
        );
    }
    assert_eq!(
        undated(&notes.says(&["list"])),
        "1  DATE  nothing special\n"
    );
}

/// Whatever the version of the database, its notes keep their tags, and get what they lack.
#[test]
fn upgrades_a_database_in_use() {
    let untitled =
        "INSERT INTO notes (id, text, created_at) VALUES (7, ?1, '2025-03-01T09:30:00Z')";
    let titled = "INSERT INTO notes (id, title, text, created_at)
                  VALUES (7, 'Old times', ?1, '2025-03-01T09:30:00Z')";
    for (version, insert) in [
        (1, untitled),
        (2, untitled),
        (3, titled),
        (4, titled),
        (5, titled),
    ] {
        let notes = Notes::new();
        notes.says(&["db", "migrate", "--to", &version.to_string()]);
        let db = notes.database();
        db.execute(insert, ["\nOld times  \nand #new ones"])
            .expect(insert);
        db.execute_batch("INSERT INTO tags VALUES (7, 'new')")
            .expect("a tag");
        drop(db);

        assert_eq!(
            notes.says(&["list", "--tag", "new"]),
            "7  2025-03-01  Old times\n"
        );
        assert_eq!(
            notes.says(&["find", "ones"]),
            "7  2025-03-01  Old times\n    Old times and #new [ones]\n"
        );
        notes.says(&["db", "down", "--to", &version.to_string()]);
        assert_eq!(notes.version(), version);
        assert_eq!(
            notes.says(&["list", "--tag", "new"]),
            "7  2025-03-01  Old times\n"
        );
        assert_eq!(notes.version(), LATEST);
    }
}

/// A tag goes with its note, also after the table of the notes was made anew.
#[test]
fn tags_go_with_their_note() {
    let notes = Notes::new();
    notes.says(&["add", "one #a"]);
    let db = notes.database();
    db.execute_batch("PRAGMA foreign_keys = ON; DELETE FROM notes")
        .expect("a deletion");
    let tags: i64 = db
        .query_row("SELECT count(*) FROM tags", (), |row| row.get(0))
        .expect("a count");
    assert_eq!(tags, 0);
    assert_eq!(notes.says(&["find", "one"]), "nothing found\n");
}

#[test]
fn takes_everything_back() {
    let notes = Notes::new();
    notes.says(&["add", "one #a"]);
    let refused = notes.runs(&["db", "reset"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.starts_with("error: not confirmed: "),
        "{}",
        refused.stderr
    );
    assert_eq!(notes.version(), LATEST);

    let said = notes.says(&["db", "reset", "--yes"]);
    assert!(said.ends_with("\nDatabase at version 0\n"), "{said}");
    let left = "SELECT count(*) FROM sqlite_schema
                WHERE tbl_name <> '_migrate_history' AND tbl_name NOT LIKE 'sqlite_%'";
    let left: i64 = notes
        .database()
        .query_row(left, (), |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 0);
    assert_eq!(notes.says(&["list"]), "no notes\n");
}

#[test]
fn plans_and_touches_nothing() {
    let notes = Notes::new();
    let plan = notes.says(&["db", "plan"]);
    for expected in [
        "-- From version 0 to 6 in 6 steps.\n",
        "\n-- file: example-app/migrations/0004_require_titles.up.sql\n",
        "\n-- code: example-app/migrations/0003_fill_titles.rs\n",
        "\n  INSERT INTO search (rowid, text) VALUES (new.id, new.text);\nEND;\n",
    ] {
        assert!(plan.contains(expected), "{expected} in {plan}");
    }
    let status = notes.runs(&["db", "status", "--check"]);
    assert_eq!(status.code, 4);
    assert_eq!(notes.runs(&["db", "verify"]).code, 0);
    assert!(!notes.path().exists());

    notes.says(&["db", "migrate", "--to", "2"]);
    let before = fs::read(notes.path()).expect("the file");
    for line in [
        &["db", "plan"][..],
        &["db", "plan", "--down"],
        &["db", "status"],
        &["db", "verify"],
    ] {
        notes.says(line);
    }
    assert!(before == fs::read(notes.path()).expect("the file"));
}

#[test]
fn reads_a_read_only_database() {
    let notes = Notes::new();
    notes.says(&["add", "milk"]);
    let read_only = format!("file:{}?mode=ro", notes.path().display());
    let find = ["--database", &read_only, "find", "milk"];
    assert_eq!(undated(&notes.says(&find)), "1  DATE  milk\n    [milk]\n");
    let add = notes.runs(&["--database", &read_only, "add", "bread"]);
    assert_eq!(add.code, 1);
    assert!(add.stderr.contains("readonly"), "{}", add.stderr);

    notes.says(&["db", "down"]);
    let find = notes.runs(&find);
    assert_eq!(find.code, 1);
    let expected = format!(
        "error: {read_only}: there is something to do, but the database cannot be written\n"
    );
    assert!(find.stderr.starts_with(&expected), "{}", find.stderr);
}

#[test]
fn leaves_a_file_that_is_no_database() {
    let notes = Notes::new();
    let text = "Not a database, but dear to somebody.\n".repeat(50);
    fs::write(notes.path(), &text).expect("a file");
    for line in [
        &["list"][..],
        &["add", "x"],
        &["db", "migrate"],
        &["db", "status"],
        &["db", "reset", "--yes"],
    ] {
        let said = notes.runs(line);
        assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{line:?}");
        assert!(
            said.stderr.contains("the file is not a database"),
            "{}",
            said.stderr
        );
        assert_eq!(
            fs::read_to_string(notes.path()).expect("the file"),
            text,
            "{line:?}"
        );
    }
}

#[test]
fn refuses_a_newer_database() {
    let notes = Notes::new();
    notes.says(&["add", "milk"]);
    let newer = "INSERT INTO _migrate_history
                 SELECT 7, 'from the future', checksum, checksum, applied_at, 0, 'SELECT 1', NULL
                 FROM _migrate_history WHERE version = 6";
    notes.database().execute(newer, ()).expect("a row");
    let list = notes.runs(&["list"]);
    assert_eq!(list.code, 1);
    assert!(
        list.stderr.contains("newer than this program"),
        "{}",
        list.stderr
    );
    assert_eq!(notes.runs(&["db", "status", "--check"]).code, 3);
    assert_eq!(notes.runs(&["db", "verify"]).code, 3);

    let said = notes.says(&["db", "down", "--to", "6"]);
    assert_eq!(said.lines().last(), Some("Database at version 6"));
    assert_eq!(undated(&notes.says(&["list"])), "1  DATE  milk\n");
}

#[test]
fn starts_many_at_once() {
    let notes = Notes::new();
    let started: Vec<_> = (0..4)
        .map(|at| {
            notes
                .command(&["add", &format!("note {at}")])
                .spawn()
                .expect("a process")
        })
        .collect();
    for process in started {
        let output = process.wait_with_output().expect("its end");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(notes.says(&["list"]).lines().count(), 4);
}

/// A reader that has gone is no reason to fail: the exit code stays the answer.
#[test]
fn survives_a_reader_that_stops_reading() {
    let notes = Notes::new();
    for (line, code) in [
        (&["db", "plan"][..], 0),
        (&["db", "status", "--check"], 4),
        (&["db", "migrate"], 0),
        (&["list"], 0),
    ] {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let output = notes
            .command(line)
            .stdout(writer)
            .output()
            .expect("a process");
        assert_eq!(output.status.code(), Some(code), "{line:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line:?}");
    }
    assert_eq!(notes.version(), LATEST);
}

#[test]
fn takes_the_path_that_it_is_given() {
    let notes = Notes::new();
    let other = notes.folder.path().join("other.db");
    notes.says(&[
        "--database",
        other.to_str().expect("text"),
        "add",
        "elsewhere",
    ]);
    assert!(other.exists() && !notes.path().exists());
}

#[cfg(target_os = "linux")]
#[test]
fn keeps_notes_in_the_data_folder() {
    let notes = Notes::new();
    let data = notes.folder.path().join("data");
    let mut command = notes.command(&["add", "milk"]);
    let output = command
        .env_remove("NOTES_DB")
        .env("XDG_DATA_HOME", &data)
        .output();
    assert!(output.expect("a process").status.success());
    assert!(data.join("notes").join("notes.db").exists());
}

/// The program with a database of its own.
struct Notes {
    folder: TempDir,
}

struct Said {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Notes {
    fn new() -> Notes {
        Notes {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notes.db")
    }

    fn database(&self) -> Connection {
        Connection::open(self.path()).expect("a database")
    }

    fn version(&self) -> i64 {
        let sql = "SELECT max(version) FROM _migrate_history";
        self.database()
            .query_row(sql, (), |row| row.get(0))
            .expect(sql)
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
        command
            .args(line)
            .env("NOTES_DB", self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn runs(&self, line: &[&str]) -> Said {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(line).output().expect("a process");
        Said {
            stdout: String::from_utf8(stdout).expect("text"),
            stderr: String::from_utf8(stderr).expect("text"),
            code: status.code().expect("an exit code"),
        }
    }

    /// What it says when all goes well.
    fn says(&self, line: &[&str]) -> String {
        let Said {
            stdout,
            stderr,
            code,
        } = self.runs(line);
        assert_eq!((code, stderr.as_str()), (0, ""), "{line:?}: {stdout}");
        stdout
    }
}

/// The text with every date replaced by `DATE`.
fn undated(text: &str) -> String {
    let is_date = |word: &str| word.len() == 10 && word.split('-').count() == 3;
    let words = text
        .split(' ')
        .map(|word| if is_date(word) { "DATE" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
