//! `lock`, and what `new` and `list` make of a lock.

use crate::desk::{Desk, MAIN, SQL};

fn desk() -> Desk {
    Desk::package(
        MAIN,
        &[
            ("migrations/0001_a.up.sql", SQL),
            ("migrations/0001_a.down.sql", "DROP TABLE a;\n"),
            ("migrations/0002_b.up.sql", "CREATE TABLE b (x);\n"),
        ],
    )
}

/// The lock without its checksums.
fn lines(desk: &Desk) -> Vec<String> {
    let text = desk.text("migrations/migrations.lock");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let short = |word: &str| match word.rsplit_once("t1:") {
        Some((field, _)) => format!("{field}t1"),
        None => word
            .split_once(':')
            .map_or(word, |(field, _)| field)
            .to_owned(),
    };
    lines
        .map(|line| line.split(' ').map(short).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn written_and_checked() {
    let desk = desk();
    desk.check(
        "lock --check",
        1,
        "",
        "
error: `migrations/migrations.lock` is not there
  = help: `cargo migrate lock` writes it
",
    );
    desk.check_in(
        "src",
        "migrate lock",
        0,
        "
locked: 1 a
locked: 2 b
../migrations/migrations.lock: 2 migrations locked
",
        "",
    );
    assert_eq!(lines(&desk), ["1 a t1 chain down:t1", "2 b t1 chain"]);
    let fine = "migrations/migrations.lock: 2 migrations locked\n";
    desk.check("lock --check", 0, fine, "");
    desk.check("lock", 0, fine, "");
    desk.check("check", 0, "…", "");
    // Nothing but the lock is left in the folder.
    let files = "0001_a.down.sql\n0001_a.up.sql\n0002_b.up.sql\nmigrations.lock\n";
    assert_eq!(desk.files("migrations"), files);
}

#[test]
fn a_new_migration_is_open() {
    let desk = desk();
    desk.check("lock", 0, "…", "");
    desk.check("new add phone", 0, "migrations/0003_add_phone.up.sql\n", "");
    assert_eq!(lines(&desk)[2], "3 add_phone open");
    desk.file("migrations/0003_add_phone.up.sql", "CREATE TABLE c (x);\n");
    desk.check("check", 0, "…", "");
    desk.check(
        "list",
        0,
        "
Version  Kind  Down  Lock    Name
      1  SQL   yes   locked  a
      2  SQL   no    locked  b
      3  SQL   no    open    add phone
",
        "",
    );
    desk.check(
        "lock --check",
        1,
        "",
        "
error: `migrations/migrations.lock` is not up to date
  = not locked yet: 3 add_phone
  = help: `cargo migrate lock` brings it up to date
",
    );
    desk.check(
        "lock",
        0,
        "locked: 3 add_phone\nmigrations/migrations.lock: 3 migrations locked\n",
        "",
    );
}

/// A number that another branch has taken in the lock stays taken.
#[test]
fn a_number_that_only_the_lock_has() {
    let desk = desk();
    desk.check("lock", 0, "…", "");
    let lock = desk.text("migrations/migrations.lock");
    desk.file(
        "migrations/migrations.lock",
        &format!("{lock}3 other open\n"),
    );
    desk.check("new c", 0, "migrations/0004_c.up.sql\n", "");
    assert_eq!(lines(&desk)[2..], ["3 other open", "4 c open"]);
}

#[test]
fn an_edit_is_accepted() {
    let desk = desk();
    desk.check("lock", 0, "…", "");
    desk.file("migrations/0002_b.up.sql", "CREATE TABLE b (y);\n");
    let lock = desk.text("migrations/migrations.lock");
    let expected = "error: version 2 is locked, but the text of `0002_b.up.sql` has changed\n \
                    --> migrations/migrations.lock:3:1\n";
    for line in ["check", "lock", "lock --check"] {
        let said = desk.says("", line);
        assert!(said.err.starts_with(expected), "{}", said.err);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
    }
    assert_eq!(desk.text("migrations/migrations.lock"), lock);
    desk.check(
        "lock --accept 2",
        0,
        "accepted: 2 b\nmigrations/migrations.lock: 2 migrations locked\n",
        "",
    );
    assert_eq!(lines(&desk)[1], "2 b t1 chain accepts:t1");
    desk.check("lock --check", 0, "…", "");
    let said = desk.says("", "lock --accept 7");
    assert!(said.err.contains("version 7 is not locked"), "{}", said.err);
    assert_eq!(said.code, 1);
}

/// Downs and names may change; the lock follows.
#[test]
fn what_may_change() {
    let desk = desk();
    desk.check("lock", 0, "…", "");
    desk.file("migrations/0001_a.down.sql", "DROP TABLE IF EXISTS a;\n");
    std::fs::rename(
        desk.path("migrations/0002_b.up.sql"),
        desk.path("migrations/0002_c.up.sql"),
    )
    .unwrap();
    desk.check("check", 0, "…", "");
    desk.check(
        "lock --check",
        1,
        "",
        "
error: `migrations/migrations.lock` is not up to date
  = its down has changed: 1 a
  = its name has changed: 2 c
  = help: `cargo migrate lock` brings it up to date
",
    );
    let changes = "its down, brought up to date: 1 a\nits name, brought up to date: 2 c\n";
    desk.check(
        "lock",
        0,
        &format!("{changes}migrations/migrations.lock: 2 migrations locked\n"),
        "",
    );
    desk.check("lock --check", 0, "…", "");
}

/// After a merge, both are shown, each as it stands in the lock and with its own down.
#[test]
fn two_of_a_version() {
    let desk = desk();
    desk.check("lock", 0, "…", "");
    desk.file("migrations/0001_c.up.sql", "CREATE TABLE c (x);\n");
    desk.file("migrations/0002_a.up.sql", "CREATE TABLE d (x);\n");
    desk.file("migrations/0002_a.down.sql", "DROP TABLE d;\n");
    desk.check(
        "list",
        0,
        "
Version  Kind  Down  Lock    Name
      1  SQL   yes   locked  a
      1  SQL   no            c
      2  SQL   yes           a
      2  SQL   no    locked  b
",
        "…",
    );
    let said = desk.says("", "list --json");
    let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(list["migrations"].as_array().unwrap().len(), 4);
}

#[test]
fn nothing_faulty_is_locked() {
    let desk = desk();
    desk.check("new c", 0, "…", "");
    let said = desk.says("", "lock");
    assert!(
        said.err.starts_with("error: this up does nothing\n"),
        "{}",
        said.err
    );
    assert_eq!(said.code, 1);
    assert!(!desk.path("migrations/migrations.lock").exists());
}
