//! `new`: the next migration.

use crate::desk::{Desk, MAIN, SQL};

/// Runs `new` with `arguments` in a folder that has `files`, and checks the paths it prints.
#[track_caller]
fn check(files: &[&str], arguments: &[&str], expected: &[&str]) -> Desk {
    let desk = Desk::package(MAIN, &[]);
    for file in files {
        desk.file(&format!("migrations/{file}"), SQL);
    }
    let said = desk.says_words("", &[&["migrate", "new"], arguments].concat());
    assert_eq!(
        said.out.lines().collect::<Vec<_>>(),
        expected,
        "{}",
        said.err
    );
    for path in expected {
        desk.text(path);
    }
    desk
}

#[test]
fn paths() {
    for (files, arguments, expected) in [
        (
            &[][..],
            &["add_phone"][..],
            &["migrations/0001_add_phone.up.sql"][..],
        ),
        (
            &["0006_a.up.sql"],
            &["Add", "phone", "--down"],
            &[
                "migrations/0007_add_phone.up.sql",
                "migrations/0007_add_phone.down.sql",
            ],
        ),
        (
            &["01_a.sql"],
            &["add phone"],
            &["migrations/02_add_phone.sql"],
        ),
        (&["V1__a.sql"], &["b"], &["migrations/V2__b.sql"]),
        (&["V1__a.sql"], &["b", "--rs"], &["migrations/V2__b.rs"]),
        (
            &["01-a/up.sql"],
            &["b", "--down"],
            &["migrations/02-b/up.sql", "migrations/02-b/down.sql"],
        ),
    ] {
        check(files, arguments, expected);
    }
}

/// What is new does not compile before something is written into it, so nobody applies it before.
#[test]
fn nothing_is_written_yet() {
    let desk = check(
        &["1_a.sql"],
        &["b", "--down"],
        &["migrations/2_b.sql", "migrations/2_b.down.sql"],
    );
    desk.check(
        "check",
        1,
        "",
        "
error: this down does nothing
 --> migrations/2_b.down.sql:1:1
  = help: write its SQL here
  = help: if it does nothing on purpose, say why in a comment
  = help: without a down, leave it out, or write `-- migrate: irreversible` in the up
  = help: or allow it in the whole folder: `allow(empty_down)`

error: this up does nothing
 --> migrations/2_b.sql:1:1
  = help: write its SQL here
  = help: if it does nothing on purpose, say why in a comment
  = help: or allow it in the whole folder: `allow(empty_up)`

error: 2 problems in 2 files
",
    );
    let desk = check(
        &["1_a.sql"],
        &["b", "--rs", "--down"],
        &["migrations/2_b.rs"],
    );
    let text = desk.text("migrations/2_b.rs");
    assert_eq!(text.matches("compile_error!").count(), 2, "{text}");
}

#[test]
fn timestamps() {
    for (files, arguments, length) in [
        (&["1_a.sql"][..], &["b", "--timestamp"][..], 14),
        (&["20240101000000_a.sql"], &["b"], 14),
        (&["1700000000_a.sql"], &["b"], 10),
    ] {
        let desk = Desk::package(MAIN, &[]);
        for file in files {
            desk.file(&format!("migrations/{file}"), SQL);
        }
        let said = desk.says_words("", &[&["new"], arguments].concat());
        let number = said.out.strip_prefix("migrations/").unwrap();
        let number = number.split('_').next().unwrap();
        assert_eq!(number.len(), length, "{}", said.out);
        // The next one follows at once.
        let next = desk.says("", "new c").out;
        assert!(next > said.out, "{next}");
        assert_eq!(desk.says("", "list").code, 0);
    }
}

/// One timestamp turns a folder that counts, which is said when it happens.
#[test]
fn the_end_of_counting() {
    let warning = "\
warning: `migrations` has counted so far, now it goes on with timestamps
  = from here on `new` numbers with the time, also without `--timestamp`
  = help: to go on counting, delete this migration and add it without `--timestamp`
";
    for (file, expected) in [
        (Some("1_a.sql"), warning),
        (Some("20240101000000_a.sql"), ""),
        (None, ""),
    ] {
        let desk = Desk::package(MAIN, &[]);
        if let Some(file) = file {
            desk.file(&format!("migrations/{file}"), SQL);
        }
        desk.check("new b --timestamp", 0, "…", expected);
        desk.check("new c", 0, "…", "");
    }
}

#[test]
fn from_below() {
    let desk = Desk::package(MAIN, &[]);
    desk.check_in(
        "src",
        "migrate new a",
        0,
        "../migrations/0001_a.up.sql\n",
        "",
    );
    desk.check_in("migrations", "new b", 0, "0002_b.up.sql\n", "");
}

/// Which words there are for a migration that cannot be.
#[test]
fn refused() {
    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL)]);
    for (name, message) in [
        ("../b", "`.` cannot stand in the name of a migration"),
        ("a/b", "`/` cannot stand in the name of a migration"),
        (
            "0002_b",
            "a name cannot begin with a number, such as `0002`: the next one comes before it by itself",
        ),
        ("_", "the name of a migration needs a word"),
    ] {
        let said = desk.says("", &format!("new {name}"));
        let first = said.err.lines().next();
        assert_eq!(first, Some(format!("error: {message}").as_str()));
        assert_eq!(said.code, 1);
    }
    assert_eq!(desk.says("", "new").code, 2);
    assert_eq!(desk.files("migrations"), "0001_a.sql\n");
}

/// A number is not guessed where the folder does not say which are taken.
#[test]
fn unclear_numbers() {
    for file in [
        "0002-b.sql",
        "b.sql",
        "0001_b.sql",
        "0002_b.down.sql",
        "V2__b.sql",
    ] {
        let path = format!("migrations/{file}");
        let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL), (&path, SQL)]);
        let said = desk.says("", "new c");
        assert!(said.err.contains("no migration was added"), "{}", said.err);
        assert_eq!(said.code, 1);
    }
}

/// A text that is wrong stops nobody.
#[test]
fn a_faulty_text_is_no_reason() {
    let files = [("migrations/0001_a.sql", "SELECT 'a;\n")];
    let desk = Desk::package(MAIN, &files);
    desk.check("new c", 0, "migrations/0002_c.sql\n", "");
}

/// A connection for the driver that the folder is for already, or that the package names.
#[test]
fn code_for_postgres() {
    const TEXT: &str = "SELECT 1;";
    const BLOCKING: &str = "pub fn up(db: &mut Client) -> Result<(), Error> {";
    const ASYNC: &str = "pub async fn up(db: &Client) -> Result<(), Error> {";
    let main = "embed_migrations!(\"migrations\", database = \"postgres\");";
    let tokio =
        "[package]\nname = \"p\"\nversion = \"0.1.0\"\n\n[dependencies]\n# tokio-postgres\n";
    for (manifest, code, signature) in [
        (None, TEXT, BLOCKING),
        (None, "pub fn up() {}", BLOCKING),
        (None, "pub async fn up() {}", ASYNC),
        (Some(tokio), TEXT, ASYNC),
        (Some(tokio), "pub fn up() {}", BLOCKING),
    ] {
        let name = if code == TEXT {
            "0001_a.sql"
        } else {
            "0001_a.rs"
        };
        let desk = Desk::package(main, &[(&format!("migrations/{name}"), code)]);
        if let Some(manifest) = manifest {
            desk.file("Cargo.toml", manifest);
        }
        desk.check("new b --rs --down", 0, "migrations/0002_b.rs\n", "");
        let text = desk.text("migrations/0002_b.rs");
        assert!(text.contains(signature), "{text}");
        assert_eq!(text.matches("compile_error!").count(), 2, "{text}");
        desk.check(
            "check",
            0,
            "migrations: 2 migrations, nothing is wrong\n",
            "",
        );
        desk.says_words("", &["migrate", "lock"]);
        assert!(desk.text("migrations/migrations.lock").contains("2 b t1:"));
    }
}

/// An orphan that is allowed keeps its number.
#[test]
fn beside_an_orphan() {
    let main = "embed_migrations!(\"migrations\", allow(orphan_down, gap));";
    for down in ["0002_b.down.sql", "0002_c.down.sql"] {
        let orphan = format!("migrations/{down}");
        let desk = Desk::package(main, &[("migrations/0001_a.sql", SQL), (&orphan, SQL)]);
        desk.check(
            "new b --down",
            0,
            "migrations/0003_b.sql\nmigrations/0003_b.down.sql\n",
            "",
        );
        assert_eq!(desk.text(&orphan), SQL);
    }
}

/// Nothing is left of what could not be made to its end.
#[test]
fn all_or_nothing() {
    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL)]);
    // It is passed over as a part of the folder, but has the name.
    std::fs::create_dir_all(desk.path("migrations/0002_b.down.sql/.x")).unwrap();
    let said = desk.says("", "new b --down");
    let expected = "error: `migrations/0002_b.down.sql` cannot be written: ";
    assert!(said.err.starts_with(expected), "{}", said.err);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert_eq!(desk.files("migrations"), "0001_a.sql\n");
}

/// Whoever comes second does not write over the file of the first.
#[test]
fn races() {
    let desk = Desk::package(MAIN, &[]);
    let said: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| desk.says("", "new a")))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let mut made: Vec<_> = said
        .iter()
        .filter(|said| said.code == 0)
        .map(|said| &said.out)
        .collect();
    made.sort();
    let there: Vec<_> = desk
        .files("migrations")
        .lines()
        .map(|f| format!("migrations/{f}\n"))
        .collect();
    assert_eq!(made, there.iter().collect::<Vec<_>>());
}
