//! `renumber`: for the branch that has lost a race.

use std::fs;
use std::process::Command;

use crate::desk::{Desk, MAIN, SQL};

/// Runs `renumber` with `arguments` on files and checks which files there are afterwards, or with
/// which words it refuses.
#[track_caller]
fn check(files: &[&str], arguments: &str, expected: Result<&[&str], &str>) -> Desk {
    let desk = Desk::package(MAIN, &[]);
    for file in files {
        // Each has a text of its own.
        desk.file(
            &format!("migrations/{file}"),
            &format!("SELECT '{file}';\n"),
        );
    }
    let before = desk.files("migrations");
    let dry = desk.says("", &format!("renumber --dry-run {arguments}"));
    assert_eq!(desk.files("migrations"), before);
    let said = desk.says("", &format!("renumber {arguments}"));
    let after = desk.files("migrations");
    match expected {
        Ok(expected) => {
            assert_eq!(after.lines().collect::<Vec<_>>(), expected, "{}", said.err);
            assert_eq!((said.code, dry.code), (0, 0));
            let same = dry
                .out
                .trim_end_matches("Nothing was changed: this was a dry run\n");
            assert_eq!(same, said.out);
        }
        Err(expected) => {
            assert_eq!(said.err.lines().next(), Some(expected), "{}", said.out);
            assert_eq!((said.code, after), (1, before));
            assert_eq!(dry, said);
        }
    }
    desk
}

#[test]
fn without_a_lock() {
    let two = &["0001_a.sql", "0002_b.sql", "0002_c.sql"][..];
    for (files, arguments, expected) in [
        (
            two,
            "0002_c",
            &["0001_a.sql", "0002_b.sql", "0003_c.sql"][..],
        ),
        (
            two,
            "0002_c.sql",
            &["0001_a.sql", "0002_b.sql", "0003_c.sql"],
        ),
        (
            two,
            "migrations/0002_c.sql",
            &["0001_a.sql", "0002_b.sql", "0003_c.sql"],
        ),
        (two, "b", &["0001_a.sql", "0002_c.sql", "0003_b.sql"]),
        (
            &[
                "0001_a.up.sql",
                "0001_b.down.sql",
                "0001_b.up.sql",
                "0002_c.up.sql",
            ],
            "0001_b",
            &[
                "0001_a.up.sql",
                "0002_c.up.sql",
                "0003_b.down.sql",
                "0003_b.up.sql",
            ],
        ),
        (
            &[
                "01-a/down.sql",
                "01-a/up.sql",
                "01-b/down.sql",
                "01-b/up.sql",
            ],
            "01-b",
            &[
                "01-a/down.sql",
                "01-a/up.sql",
                "02-b/down.sql",
                "02-b/up.sql",
            ],
        ),
        (
            &["U1__a.sql", "U1__b.sql", "V1__a.sql", "V1__b.sql"],
            "V1__b.sql",
            &["U1__a.sql", "U2__b.sql", "V1__a.sql", "V2__b.sql"],
        ),
        (
            &["1_a.sql", "1_b.sql", "1_c.sql", "2_d.sql", "2_e.sql"],
            "1_b 2_e c",
            &["1_a.sql", "2_d.sql", "3_b.sql", "4_c.sql", "5_e.sql"],
        ),
        (
            &[
                "20240101000000_a.sql",
                "20240101000000_b.sql",
                "20900101000000_c.sql",
            ],
            "b",
            &[
                "20240101000000_a.sql",
                "20900101000000_c.sql",
                "20900101000001_b.sql",
            ],
        ),
        (&["1_a.sql", "2_b.sql"], "", &["1_a.sql", "2_b.sql"]),
    ] {
        check(files, arguments, Ok(expected));
    }
}

#[test]
fn refused() {
    let two = &["0001_a.sql", "0002_b.sql", "0002_c.sql"][..];
    for (files, arguments, expected) in [
        (
            two,
            "",
            "error: version 2 is that of 2 migrations, and none of them is locked",
        ),
        (two, "2", "error: `2` may mean 2 migrations"),
        (two, "d", "error: there is no migration `d`"),
        // A gap would be left.
        (two, "1", "error: version 1 is missing before `0002_b.sql`"),
        (
            &["1_a.sql", "1-b.sql"],
            "1_a",
            "error: `1-b.sql` is not quite the name of a migration",
        ),
    ] {
        check(files, arguments, Err(expected));
    }
    check(
        two,
        "",
        Err("error: version 2 is that of 2 migrations, and none of them is locked"),
    )
    .check(
        "renumber",
        1,
        "",
        "
error: version 2 is that of 2 migrations, and none of them is locked
  = `migrations/0002_b.sql`
  = `migrations/0002_c.sql`
  = nothing was renumbered
  = help: name the one that no database in use has run: `cargo migrate renumber 0002_c`
",
    );
}

/// A package with a lock in which one migration is locked.
fn locked() -> Desk {
    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL)]);
    desk.check("lock", 0, "…", "");
    desk
}

/// Made by hand beside a lock that knows neither: the one that stays needs no line for the other to go,
/// also where what is locked is above it.
#[test]
fn two_that_are_not_in_the_lock() {
    let desk = locked();
    desk.file("migrations/0002_b.up.sql", "SELECT 2;\n");
    desk.file("migrations/0002_c.up.sql", "SELECT 3;\n");
    let said = desk.says("", "lock");
    let cure = "if `0002_c.up.sql` is the newer one: `cargo migrate renumber 0002_c.up.sql`";
    assert!(said.err.contains(cure), "{}", said.err);
    desk.check(
        "renumber 0002_c.up.sql",
        0,
        "
migrations/0002_c.up.sql -> migrations/0003_c.up.sql
migrations/migrations.lock: brought up to date
`c` is version 3; a database that has run it as 2 has no way back from it: make it anew
",
        "",
    );
    assert_eq!(states(&desk), ["1 a locked", "3 c open"]);
    desk.check("lock", 0, "…", "");
    assert_eq!(states(&desk), ["1 a locked", "2 b locked", "3 c locked"]);
    desk.check("check", 0, "…", "");

    let desk = Desk::package(MAIN, &[("migrations/0001_a.sql", SQL)]);
    desk.file("migrations/0002_d.sql", "SELECT 4;\n");
    desk.file("migrations/0003_e.sql", "SELECT 5;\n");
    desk.check("lock", 0, "…", "");
    let lock = desk.text("migrations/migrations.lock");
    let lines = lock.lines().filter(|line| !line.starts_with("2 "));
    let lock: String = lines.map(|line| format!("{line}\n")).collect();
    desk.file("migrations/migrations.lock", &lock);
    desk.file("migrations/0002_c.sql", "SELECT 6;\n");
    desk.check("renumber 0002_c", 0, "…", "");
    assert_eq!(states(&desk), ["1 a locked", "3 e locked", "4 c open"]);
}

/// What the lock says of each migration.
fn states(desk: &Desk) -> Vec<String> {
    let text = desk.text("migrations/migrations.lock");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let short = lines.map(|line| {
        let mut words = line.split(' ');
        let (version, name, state) = (words.next(), words.next(), words.next());
        let state = if state == Some("open") {
            "open"
        } else {
            "locked"
        };
        format!("{} {} {state}", version.unwrap_or(""), name.unwrap_or(""))
    });
    short.collect()
}

#[test]
fn below_what_is_locked() {
    let main = "embed_migrations!(\"migrations\", allow(gap));";
    let files = [
        ("migrations/0001_a.sql", SQL),
        ("migrations/0003_c.sql", "SELECT 3;\n"),
    ];
    let desk = Desk::package(main, &files);
    desk.check("lock", 0, "…", "");
    // Another branch comes in with a lower number than what is locked.
    desk.file("migrations/0002_b.sql", "SELECT 2;\n");
    assert_eq!(desk.says("", "check").code, 1);
    desk.check(
        "renumber",
        0,
        "
migrations/0002_b.sql -> migrations/0004_b.sql
migrations/migrations.lock: brought up to date
`b` is version 4; a database that has run it as 2 has no way back from it: make it anew
",
        "",
    );
    assert_eq!(states(&desk), ["1 a locked", "3 c locked", "4 b open"]);
    desk.check("check", 0, "…", "");
    desk.check("renumber", 0, "Nothing to renumber\n", "");
    let said = desk.says("", "renumber 3");
    let expected = "error: version 3, `c`, is locked: databases have run it under that number\n";
    assert!(said.err.starts_with(expected), "{}", said.err);
}

/// Merges two branches, each of which has added migrations to the same folder, with real git: each
/// is a list of commands, `name` alone standing for `new name` with a text of its own.
#[track_caller]
fn merged(ours: &[&str], theirs: &[&str]) -> Desk {
    let desk = locked();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=author",
                "-c",
                "user.email=author@example.org",
            ])
            .args(arguments)
            .current_dir(desk.path(""))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output();
        output.unwrap().status.success()
    };
    let commit = || {
        git(&["add", "--all"]);
        assert!(git(&["commit", "--quiet", "--message=work"]));
    };
    assert!(git(&["init", "--quiet", "--initial-branch=main"]));
    commit();
    for (branch, commands) in [("theirs", theirs), ("ours", ours)] {
        assert!(git(&["checkout", "--quiet", "-b", branch, "main"]));
        for command in commands {
            if *command == "lock" {
                desk.check("lock", 0, "…", "");
                continue;
            }
            let said = desk.says("", &format!("new {command}"));
            desk.file(said.out.trim(), &format!("SELECT '{command}';\n"));
        }
        commit();
    }
    git(&["merge", "--quiet", "--no-edit", "theirs"]);
    desk
}

/// Merges, renumbers, and checks the lock and the files afterwards.
#[track_caller]
fn check_merge(ours: &[&str], theirs: &[&str], arguments: &str, expected: &[&str]) {
    let desk = merged(ours, theirs);
    assert_eq!(
        desk.says("", "check").code,
        1,
        "nothing is wrong after the merge"
    );
    let said = desk.says("", &format!("renumber {arguments}"));
    assert_eq!(states(&desk), expected, "{}{}", said.out, said.err);
    assert_eq!(said.code, 0, "{}", said.err);
    let files = expected.iter().map(|line| {
        let mut words = line.split(' ');
        let (version, name) = (words.next().unwrap(), words.next().unwrap());
        format!("{version:0>4}_{name}.sql\n")
    });
    let files = files.collect::<String>() + "migrations.lock\n";
    assert_eq!(desk.files("migrations"), files);
    desk.check("check", 0, "…", "");
    desk.check("renumber", 0, "Nothing to renumber\n", "");
}

#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn two_branches_with_one_number() {
    for (ours, theirs, arguments, expected) in [
        // The one that is named goes.
        (
            &["b"][..],
            &["c"][..],
            "0002_b",
            &["1 a locked", "2 c open", "3 b open"][..],
        ),
        (&["b"], &["c"], "c", &["1 a locked", "2 b open", "3 c open"]),
        // Of one that is locked and one that is not, the latter.
        (
            &["b"],
            &["c", "lock"],
            "",
            &["1 a locked", "2 c locked", "3 b open"],
        ),
        (
            &["b", "lock"],
            &["c"],
            "",
            &["1 a locked", "2 b locked", "3 c open"],
        ),
        // Where both branches have locked theirs, the one that is named is open again.
        (
            &["b", "lock"],
            &["c", "lock"],
            "c",
            &["1 a locked", "2 b locked", "3 c open"],
        ),
        // The others of its branch keep their order.
        (
            &["b", "d"],
            &["c", "lock"],
            "",
            &["1 a locked", "2 c locked", "3 b open", "4 d open"],
        ),
        (
            &["b"],
            &["c", "e", "f"],
            "c",
            &["1 a locked", "2 b open", "3 c open", "4 e open", "5 f open"],
        ),
        (
            &["b", "d"],
            &["c", "e"],
            "b",
            &["1 a locked", "2 c open", "3 e open", "4 b open", "5 d open"],
        ),
    ] {
        check_merge(ours, theirs, arguments, expected);
    }
}

#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn two_branches_of_which_none_is_first() {
    for (ours, theirs, expected) in [
        (&["b"][..], &["c"][..], "none"),
        (&["b", "lock"], &["c", "lock"], "each"),
    ] {
        let desk = merged(ours, theirs);
        let lock = desk.text("migrations/migrations.lock");
        let said = desk.says("", "renumber");
        let expected =
            format!("error: version 2 is that of 2 migrations, and {expected} of them is locked\n");
        assert!(said.err.starts_with(&expected), "{}", said.err);
        assert_eq!(desk.text("migrations/migrations.lock"), lock);
    }
    let desk = merged(&["b"], &["c", "lock"]);
    let said = desk.says("", "renumber c");
    assert!(
        said.err.starts_with("error: version 2, `c`, is locked"),
        "{}",
        said.err
    );
}

/// As the message about a conflict says: both lines are kept by hand, the shipped one first.
#[test]
#[cfg_attr(not(have_git), ignore = "needs git")]
fn a_conflict_resolved_by_hand() {
    let desk = merged(&["b"], &["c", "lock"]);
    let lock = desk.text("migrations/migrations.lock");
    let marker = |line: &&str| !["<<<", "===", ">>>"].iter().any(|m| line.starts_with(m));
    let mut lines: Vec<&str> = lock.lines().filter(marker).collect();
    let last = lines.len() - 1;
    lines.swap(last, last - 1);
    desk.file("migrations/migrations.lock", &(lines.join("\n") + "\n"));
    desk.check("renumber", 0, "…", "");
    assert_eq!(states(&desk), ["1 a locked", "2 c locked", "3 b open"]);
    desk.check("check", 0, "…", "");
}

/// Two branches have locked different numbers: nothing moves, and the lock is put together.
#[test]
fn both_sides_stay() {
    let main = "embed_migrations!(\"migrations\", allow(gap));";
    let files = [
        ("migrations/0001_a.sql", SQL),
        ("migrations/0002_b.sql", "SELECT 2;\n"),
        ("migrations/0003_c.sql", "SELECT 3;\n"),
    ];
    let line = |without: usize| {
        let mut some = files.to_vec();
        some.remove(without);
        let desk = Desk::package(main, &some);
        desk.check("lock", 0, "…", "");
        let lock = desk.text("migrations/migrations.lock");
        (lock.lines().last().unwrap().to_owned(), lock)
    };
    let ((ours, lock), (theirs, _)) = (line(2), line(1));
    let conflict = format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> theirs\n");
    let desk = Desk::package(main, &files);
    let lock = lock.replace(&format!("{ours}\n"), &conflict);
    desk.file("migrations/migrations.lock", &lock);
    assert!(desk.says("", "check").err.contains("left a conflict"));
    let out = "migrations/migrations.lock: brought up to date\n";
    desk.check("renumber", 0, out, "");
    assert_eq!(states(&desk), ["1 a locked", "2 b locked", "3 c locked"]);
    desk.check("check", 0, "…", "");
    desk.check("lock --check", 0, "…", "");
}

/// A down whose name is another one goes with its up.
#[test]
fn a_down_with_another_name() {
    let main = "embed_migrations!(\"migrations\", allow(gap, name_mismatch));";
    let files = [
        ("migrations/0001_a.sql", SQL),
        ("migrations/0003_c.sql", "SELECT 3;\n"),
    ];
    let desk = Desk::package(main, &files);
    desk.check("lock", 0, "…", "");
    desk.file("migrations/0002_b.up.sql", "SELECT 2;\n");
    desk.file("migrations/0002_x.down.sql", "SELECT 2;\n");
    desk.check("renumber", 0, "…", "");
    assert_eq!(
        desk.files("migrations"),
        "0001_a.sql\n0003_c.sql\n0004_b.up.sql\n0004_x.down.sql\nmigrations.lock\n"
    );
}

/// A line that is not understood is not lost.
#[test]
fn a_lock_that_is_not_understood() {
    let desk = locked();
    let lock = desk.text("migrations/migrations.lock") + "2 b opne\n1 c open\n";
    desk.file("migrations/migrations.lock", &lock);
    desk.file("migrations/0001_c.sql", SQL);
    let said = desk.says("", "renumber c");
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("nothing was renumbered"), "{}", said.err);
    assert_eq!(desk.text("migrations/migrations.lock"), lock);
}

/// All files get their names, or none.
#[test]
fn all_or_nothing() {
    let desk = locked();
    desk.file("migrations/0001_b.sql", "SELECT 1;\n");
    desk.file("migrations/0001_b.down.sql", "SELECT 1;\n");
    // It is passed over as a part of the folder, but has the name.
    fs::create_dir_all(desk.path("migrations/0002_b.down.sql/.x")).unwrap();
    let before = desk.files("");
    let said = desk.says("", "renumber");
    assert_eq!(
        (said.code, desk.files("")),
        (1, before),
        "{}{}",
        said.out,
        said.err
    );
}
