//! The lock file: its text, how the folder is judged by it, and how it is brought up to date.

#![cfg(feature = "folder")]

#[allow(dead_code)]
mod support;

use migrate_source::folder::lock::{self, Lock, Side, State};
use migrate_source::folder::{Finding, Folder};
use migrate_source::{Chain, Checksum, Database, Place, Problem};
use proptest::prelude::*;
use support::{read, summary};

const A: &str = "CREATE TABLE a (x);";
const B: &str = "CREATE TABLE b (x);";
const C: &str = "CREATE TABLE c (x);";
const CODE: &str = "pub fn up(db: &Db) {}";
const CODE_1: &str = "pub const REVISION: u32 = 1;\npub fn up(db: &Db) {}";

/// The lock of files, everything locked.
fn locked(files: &[(&str, &str)]) -> Lock {
    lock::updated(&read(files), None, &[]).unwrap()
}

/// Files and a lock as a folder.
fn beside(files: &[(&str, &str)], lock: &Lock) -> Folder {
    let text = lock.to_string();
    let mut files = files.to_vec();
    files.push((lock::FILE, &text));
    read(&files)
}

/// A line for each finding: its problem, its place and its message.
fn findings(findings: &[Finding]) -> String {
    let line = |f: &Finding| {
        let place = f.place.as_ref().unwrap();
        let Place {
            path, line, column, ..
        } = place;
        format!("{} {path}:{line}:{column} {}", f.problem, f.message)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Checks what is found where `before` was locked, and `after` is there now.
#[track_caller]
fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &str) {
    let folder = beside(after, &locked(before));
    assert_eq!(findings(&folder.findings), expected.trim());
}

/// Checks what is found in a lock with this text, beside a folder with `1_a.sql` and `2_b.sql`; its
/// checksums and chains are put in for `<a>`, `<b>`.
#[track_caller]
fn check_text(text: &str, expected: &str) {
    let files = [("1_a.sql", A), ("2_b.sql", B)];
    let text = fill(text);
    let folder = read(&[files[0], files[1], (lock::FILE, &text)]);
    assert_eq!(findings(&folder.findings), expected.trim(), "{text}");
}

fn fill(text: &str) -> String {
    let lock = locked(&[("1_a.sql", A), ("2_b.sql", B)]);
    let of = |at: usize| lock.lines[at].locked.clone().unwrap().to_string();
    text.replace("<a>", &of(0)).replace("<b>", &of(1))
}

#[test]
fn a_line_for_each_migration() {
    let files = [
        ("1_a.up.sql", A),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_fill in.rs", CODE),
        ("3_c.sql", C),
        ("R__views.sql", B),
        ("seed.sql", "INSERT INTO a VALUES (1);"),
    ];
    let checksum = |sql| Checksum::of_sql(sql, Database::Sqlite);
    let (a, b, c) = (checksum(A), Checksum::of_code(2, 0), checksum(C));
    let one = Chain::START.then(1, &a);
    let (two, three) = (one.then(2, &b), one.then(2, &b).then(3, &c));
    let hex = |chain: Chain| chain.to_string().replace("t1:", "chain:");
    let down = checksum("DROP TABLE a;");
    assert_eq!(
        locked(&files).to_string(),
        format!(
            "# Locks the migrations that are shipped. Written by `cargo migrate lock`; \
             keep it in version control.\n\
             1 a {a} {} down:{down}\n\
             2 fill_in {b} {}\n\
             3 c {c} {}\n",
            hex(one),
            hex(two),
            hex(three)
        ),
    );
    let folder = beside(&files, &locked(&files));
    assert_eq!(summary(&folder).matches("lock").count(), 0);
    assert!(folder.migrations.iter().all(|m| m.lock == State::Locked));
    assert_eq!(folder.seed.unwrap().sql, "INSERT INTO a VALUES (1);");
}

#[test]
fn the_text_comes_back_as_it_was() {
    let text =
        "# one\n\n# two\n1 a <a>\n# three\n2 b <b> down:<d> accepts:<d>,<d>\n3 c open\n\n# four\n";
    let text = fill(text).replace("<d>", &Checksum::of_sql(C, Database::Sqlite).to_string());
    let (lock, found) = Lock::read(text.as_bytes());
    assert_eq!(findings(&found), "");
    assert_eq!(lock.to_string(), text);
    // Line ends and a byte order mark make no difference, nor does more white space.
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(Lock::read(windows.as_bytes()), (lock.clone(), vec![]));
    let wide = text.replace(" chain", "\t  chain").replace('\n', " \n");
    assert_eq!(Lock::read(wide.as_bytes()), (lock, vec![]));
}

#[test]
fn what_may_change() {
    let before = [
        ("1_a.sql", A),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.rs", CODE),
    ];
    for after in [
        [
            ("1_a.sql", "-- new\nCREATE TABLE a\n(x)"),
            before[1],
            before[2],
        ],
        [
            before[0],
            ("1_a.down.sql", "DROP TABLE IF EXISTS a;"),
            before[2],
        ],
        [
            before[0],
            before[1],
            ("2_b.rs", "pub fn up(db: &Db) { todo!() }"),
        ],
        [
            ("1_aa.sql", A),
            ("1_aa.down.sql", "DROP TABLE a;"),
            before[2],
        ],
        [before[0], before[1], ("2_bb.rs", CODE)],
    ] {
        check(&before, &after, "");
    }
    check(&before[..1], &[before[0], ("R__views.sql", B)], "");
}

#[test]
fn edited() {
    check(
        &[("1_a.sql", A), ("2_b.sql", B), ("3_c.rs", CODE)],
        &[("1_a.sql", C), ("2_b.sql", B), ("3_c.rs", CODE_1)],
        "
lock_edited migrations.lock:2:1 version 1 is locked, but the text of `1_a.sql` has changed
lock_edited migrations.lock:4:1 version 3 is locked, but `REVISION` was 0 and is 1 in `3_c.rs`",
    );
    check(
        &[("1_a.sql", A), ("2_b.sql", B)],
        &[("1_a.sql", A), ("2_c.rs", CODE)],
        "lock_edited migrations.lock:3:1 version 2 is locked as `b`, but `2_c.rs` has another text",
    );
}

#[test]
fn missing() {
    check(
        &[("1_a.sql", A), ("2_b.sql", B)],
        &[("1_a.sql", A)],
        "lock_missing migrations.lock:3:1 version 2, `b`, is locked, but its file is gone",
    );
    // What is wrongly named or cannot be read is not gone.
    for after in [("2-b.sql", B), ("2_b.sql", "\0")] {
        let folder = beside(
            &[("1_a.sql", A), after],
            &locked(&[("1_a.sql", A), ("2_b.sql", B)]),
        );
        assert_eq!(folder.findings.len(), 1, "{:?}", folder.findings);
    }
}

#[test]
fn renumbered() {
    check(
        &[("1_a.sql", A), ("2_b.sql", B)],
        &[("1_a.sql", B), ("2_b.sql", A)],
        "
lock_renumbered migrations.lock:2:1 version 1, `a`, is locked, but its file is `2_b.sql`
lock_renumbered migrations.lock:3:1 version 2, `b`, is locked, but its file is `1_a.sql`",
    );
    // One was put between others.
    check(
        &[("1_a.sql", A), ("2_b.sql", B)],
        &[("1_a.sql", A), ("2_c.sql", C), ("3_b.sql", B)],
        "
lock_below 2_c.sql:1:1 version 2 is not above version 2, the last one that is locked
lock_renumbered migrations.lock:3:1 version 2, `b`, is locked, but its file is `3_b.sql`",
    );
    // By its name, and code by nothing else.
    check(
        &[
            ("20240101_a.sql", A),
            ("20240102_b.rs", CODE),
            ("20240103_c.rs", CODE),
        ],
        &[
            ("20240101_a.sql", A),
            ("20240103_c.rs", CODE),
            ("20240104_b.rs", CODE_1),
        ],
        "lock_renumbered migrations.lock:3:1 version 20240102, `b`, is locked, but its file is `20240104_b.rs`",
    );
    check(
        &[("20240101_a.sql", A), ("20240102_b.rs", CODE)],
        &[("20240101_a.sql", A), ("20240104_c.rs", CODE)],
        "
lock_extra 20240104_c.rs:1:1 version 20240104, `20240104_c.rs`, is not in `migrations.lock`
lock_missing migrations.lock:3:1 version 20240102, `b`, is locked, but its file is gone",
    );
}

#[test]
fn not_locked_yet() {
    check(
        &[("1_a.sql", A)],
        &[("1_a.sql", A), ("2_b.sql", B)],
        "lock_extra 2_b.sql:1:1 version 2, `2_b.sql`, is not in `migrations.lock`",
    );
    check(
        &[("20240101_a.sql", A), ("20240103_c.sql", C)],
        &[
            ("20240101_a.sql", A),
            ("20240102_b.sql", B),
            ("20240103_c.sql", C),
        ],
        "lock_below 20240102_b.sql:1:1 version 20240102 is not above version 20240103, the last one that is locked",
    );
}

#[test]
fn open_lines() {
    check_text("1 a <a>\n2 b open", "");
    check_text("1 a open\n2 another_name open", "");
    check_text(
        "1 a open\n2 b open\n3 c open",
        "lock_missing migrations.lock:3:1 version 3, `c`, has taken its number, but its file is gone",
    );
    check_text(
        "1 a open\n4 b open",
        "lock_renumbered migrations.lock:2:1 version 4, `b`, has taken its number, but its file is `2_b.sql`",
    );
    let folder = read(&[
        ("1_a.sql", A),
        ("2_b.sql", B),
        (lock::FILE, &fill("1 a <a>\n2 b open")),
    ]);
    let states: Vec<State> = folder.migrations.iter().map(|m| m.lock).collect();
    assert_eq!(states, [State::Locked, State::Open]);
    let folder = read(&[("1_a.sql", A)]);
    assert_eq!(folder.migrations[0].lock, State::Absent);
    // Below one that is locked.
    let lock = locked(&[("20240101_a.sql", A), ("20240103_c.sql", C)]).to_string();
    let lock = lock.replace("20240103 ", "20240102 b open\n20240103 ");
    let folder = read(&[
        ("20240101_a.sql", A),
        ("20240102_b.sql", B),
        ("20240103_c.sql", C),
        (lock::FILE, &lock),
    ]);
    assert_eq!(
        findings(&folder.findings),
        "lock_below migrations.lock:3:1 version 20240102 is not above version 20240103, the last one that is locked"
    );
}

#[test]
fn malformed() {
    let checksum = Checksum::of_sql(A, Database::Sqlite).to_string();
    for (line, expected) in [
        ("1", "1:1 this line ends too soon"),
        ("1 a", "1:1 this line ends too soon"),
        (
            "1 a t1:x",
            "1:5 `t1:x` is neither a checksum (`t1:…`) nor `open`",
        ),
        (
            "1 a opne",
            "1:5 `opne` is neither a checksum (`t1:…`) nor `open`",
        ),
        ("x a open", "1:1 `x` is no version"),
        ("0 a open", "1:1 `0` is no version"),
        ("+1 a open", "1:1 `+1` is no version"),
        (
            "99999999999999999999 a open",
            "1:1 `99999999999999999999` is no version",
        ),
        (
            "1 a open now",
            "1:10 `now` stands behind `open`, which ends a line",
        ),
        ("1 a <c>", "1:1 this line ends too soon"),
        ("1 a <c> chain:x", "1:73 `chain:x` is no chain"),
        ("1 a <a> é", "1:144 `é` is not understood here"),
        (
            "1 a <a> down:x",
            "1:149 `x` is not a checksum of a known scheme (`t1:…`)",
        ),
        ("1 a <a> down:<c> down:<c>", "1:217 `down:t1:"),
        (
            "1 a <a> accepts:<c>,x",
            "1:220 `x` is not a checksum of a known scheme (`t1:…`)",
        ),
        (
            "1 a <a> accepts:",
            "1:152 `` is not a checksum of a known scheme (`t1:…`)",
        ),
        ("1 a <a>\n1 a <a>", "2:1 version 1 has two lines"),
        (
            "2 b open\n1 a open",
            "2:1 version 1 stands behind version 2",
        ),
        (
            "1 a <b>",
            "1:1 the chain of version 1 does not follow from the lines above it",
        ),
        (
            "2 b <b>",
            "1:1 the chain of version 2 does not follow from the lines above it",
        ),
    ] {
        let text = fill(line).replace("<c>", &checksum);
        let (_, found) = Lock::read(text.as_bytes());
        let texts = findings(&found);
        assert!(
            texts.starts_with(&format!("lock_malformed migrations.lock:{expected}")),
            "{line}: {texts}"
        );
        assert_eq!(found.len(), 1, "{line}: {texts}");
    }
    check_text(
        "1 a <a>\n2 b <b> x",
        "lock_malformed migrations.lock:2:144 `x` is not understood here",
    );
    check_text(
        "\u{feff}\u{0}",
        "nul_byte migrations.lock:1:1 there is a NUL byte here",
    );
}

#[test]
fn of_a_lock_that_is_wrong_the_edits_are_told() {
    let lock = locked(&[("1_a.sql", C), ("2_b.sql", B)]).to_string();
    let lock = lock.replace("2 b", "2");
    let folder = read(&[
        ("1_a.sql", A),
        ("2_b.sql", B),
        ("3_c.sql", "CREATE TABLE d (x);"),
        (lock::FILE, &lock),
    ]);
    let problems: Vec<_> = folder.findings.iter().map(|f| f.problem.name()).collect();
    assert_eq!(problems, ["lock_edited", "lock_malformed"]);
}

#[test]
fn conflicts() {
    let expected = "lock_conflict migrations.lock:2:1 version control has left a conflict here";
    check_text(
        "1 a <a>\n<<<<<<< HEAD\n2 b open\n=======\n2 c open\n>>>>>>> other\n",
        expected,
    );
    let text = "1 a <a>\n<<<<<<<\n2 b open\n||||||| 1234567\n2 bb open\n=======\n# theirs\n2 c open\n>>>>>>>\n3 d open\n";
    check_text(text, expected);
    let (lock, _) = Lock::read(fill(text).as_bytes());
    let sides: Vec<_> = lock
        .lines
        .iter()
        .map(|line| (line.name.as_str(), line.side))
        .collect();
    assert_eq!(
        sides,
        [
            ("a", Side::Both),
            ("b", Side::Ours),
            ("c", Side::Theirs),
            ("d", Side::Both)
        ]
    );
    // Resolved by whoever knows which of them came first.
    let mut resolved = lock;
    resolved.lines.retain(|line| line.version == 1);
    resolved.reserve(2, "b").unwrap();
    let folder = beside(&[("1_a.sql", A), ("2_b.sql", B)], &resolved);
    assert_eq!(findings(&folder.findings), "");
}

#[test]
fn the_chain_is_that_of_what_was_locked_first() {
    let before = [("1_a.sql", A), ("2_b.sql", B)];
    let after = [("1_a.sql", C), ("2_b.sql", B), ("3_c.sql", C)];
    let lock = locked(&before);
    let first = read(&before);
    let lock = lock::updated(&beside(&after, &lock), Some(&lock), &[1]).unwrap();
    let folder = beside(&after, &lock);
    assert_eq!(findings(&folder.findings), "");
    let chains = |folder: &Folder| {
        folder
            .migrations
            .iter()
            .map(|m| m.chain)
            .collect::<Vec<_>>()
    };
    assert_eq!(chains(&folder)[..2], chains(&first));
    let third = Checksum::of_sql(C, Database::Sqlite);
    assert_eq!(
        folder.migrations[2].chain,
        chains(&first)[1].then(3, &third)
    );
    assert_eq!(folder.migrations[0].checksum, third);
    assert_eq!(
        folder.migrations[0].accepted,
        [Checksum::of_sql(A, Database::Sqlite)]
    );
    assert_eq!(folder.migrations[1].accepted, []);
}

#[test]
fn accepted_texts() {
    let checksum = |sql| Checksum::of_sql(sql, Database::Sqlite);
    let mut lock = locked(&[("1_a.sql", A)]);
    let first = lock.lines[0].locked.clone().unwrap();
    for (text, accepts, accepted) in [
        (B, vec![B], vec![A]),
        (C, vec![B, C], vec![A, B]),
        // Back to what it was: nothing more to accept.
        (A, vec![B, C], vec![B, C]),
        (B, vec![B, C], vec![A, C]),
    ] {
        let folder = beside(&[("1_a.sql", text)], &lock);
        lock = lock::updated(&folder, Some(&lock), &[1]).unwrap();
        let now = lock.lines[0].locked.as_ref().unwrap();
        assert_eq!((now.checksum, now.chain), (first.checksum, first.chain));
        assert_eq!(
            now.accepts,
            accepts.into_iter().map(checksum).collect::<Vec<_>>()
        );
        let folder = beside(&[("1_a.sql", text)], &lock);
        assert_eq!(findings(&folder.findings), "");
        let accepted: Vec<_> = accepted.into_iter().map(checksum).collect();
        assert_eq!(folder.migrations[0].accepted, accepted);
    }
}

#[test]
fn an_update() {
    let files = [
        ("1_a.sql", A),
        ("2_b.sql", B),
        ("2_b.down.sql", "DROP TABLE b;"),
    ];
    let update = |text: &str, accept: &[i64]| {
        let (lock, _) = Lock::read(fill(text).as_bytes());
        let folder = beside(&files, &lock);
        lock::updated(&folder, Some(&lock), accept)
    };
    let down = Checksum::of_sql("DROP TABLE b;", Database::Sqlite);
    let whole = fill(&format!("1 a <a>\n2 b <b> down:{down}\n"));
    let down_of_a = Checksum::of_sql(A, Database::Sqlite);
    for text in [
        "",
        "1 a <a>",
        "1 a open\n2 b open",
        "1 old_name <a>\n2 b <b>",
        "1 a <a> down:<d>\n2 b <b> down:<d>",
        "1 a open\n2 b open\n3 gone open",
        "1 a open\n3 b open",
    ] {
        let text = text.replace("<d>", &down_of_a.to_string());
        let updated = update(&text, &[]).unwrap().to_string();
        assert_eq!(updated, whole, "{text}");
    }
    // Comments stay where they are, at the head whichever line is first.
    let updated = update("# head\n1 a <a>\n\n# two\n2 b open\n# end\n", &[])
        .unwrap()
        .to_string();
    assert_eq!(
        updated,
        whole
            .replace("2 b", "\n# two\n2 b")
            .replace("1 a", "# head\n1 a")
            + "# end\n"
    );
    let updated = update("# head\n3 gone open\n", &[]).unwrap().to_string();
    assert_eq!(updated, format!("# head\n{whole}"));
}

#[test]
fn what_an_update_refuses() {
    let files = [("1_a.sql", A), ("2_b.sql", B)];
    let refused = |after: &[(&str, &str)], accept: &[i64]| {
        let lock = locked(&files);
        let refused = lock::updated(&beside(after, &lock), Some(&lock), accept);
        refused.map_or_else(|f| findings(&f), |lock| format!("not refused: {lock}"))
    };
    let edited = |version, file| {
        let line = version + 1;
        format!(
            "lock_edited migrations.lock:{line}:1 version {version} is locked, but the text of `{file}` has changed"
        )
    };
    let both = [("1_a.sql", C), ("2_b.sql", "CREATE TABLE d (x);")];
    assert_eq!(
        refused(&both, &[]),
        [edited(1, "1_a.sql"), edited(2, "2_b.sql")].join("\n")
    );
    assert_eq!(refused(&both, &[1]), edited(2, "2_b.sql"));
    assert!(refused(&both, &[1, 2]).starts_with("not refused"));
    assert_eq!(
        refused(&files[..1], &[2]),
        "lock_missing migrations.lock:3:1 version 2, `b`, is locked, but its file is gone"
    );
    assert_eq!(
        refused(&files, &[3]),
        "lock_missing migrations.lock:1:1 version 3 is not locked, so that there is nothing to accept"
    );
    // Other things that are wrong with the folder.
    assert_eq!(
        refused(&[files[0], files[1], ("3_c.sql", "'")], &[]),
        "unterminated_string 3_c.sql:1:1 this string is not closed"
    );
    // A lock that is wrong by itself.
    let folder = read(&files);
    for (text, problem) in [
        ("1 a open\n1 b open\n", "lock_malformed"),
        ("2 b <b>\n", "lock_malformed"),
    ] {
        let (lock, _) = Lock::read(fill(text).as_bytes());
        let refused = lock::updated(&folder, Some(&lock), &[]).unwrap_err();
        assert_eq!(refused[0].problem.name(), problem, "{text}");
    }
}

#[test]
fn a_number_is_taken_by_a_line() {
    let mut lock = locked(&[("1_a.sql", A), ("2_b.sql", B)]);
    let before = lock.to_string();
    lock.reserve(3, "add phone").unwrap();
    assert_eq!(lock.to_string(), format!("{before}3 add_phone open\n"));
    let refused = lock.reserve(3, "c").unwrap_err();
    assert_eq!(
        refused.message,
        "version 3 is not above version 3, the last one in the lock"
    );
    // The comment of a new one stays at its head.
    let mut lock = Lock::new();
    lock.reserve(1, "a").unwrap();
    let lines: Vec<String> = lock.to_string().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("# Locks the migrations"), "{lines:?}");
    assert_eq!(lines[1..], ["1 a open"]);
}

/// Texts made of the pieces that lock files are made of, and any others.
fn text() -> impl Strategy<Value = String> {
    let a = locked(&[("1_a.sql", A)]).lines[0].to_string();
    let mut pieces: Vec<String> = [
        "1", "2", "a", "b", "é", "open", "chain:", "down:", "accepts:",
    ]
    .into_iter()
    .chain([
        ",",
        " ",
        "\n",
        "\r\n",
        "\t",
        "#",
        "<<<<<<<",
        "=======",
        "|||||||",
        ">>>>>>>",
        "\n1 a open\n",
        "\n2 b open\n",
    ])
    .map(str::to_owned)
    .collect();
    pieces.extend([a.clone(), a.replace("1 a ", ""), format!("\n{a}\n")]);
    prop_oneof![
        9 => prop::collection::vec(prop::sample::select(pieces), 0..9).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in text()) {
        let (lock, found) = Lock::read(text.as_bytes());
        for finding in &found {
            prop_assert!(!finding.help.is_empty(), "{finding:?}");
        }
        if found.is_empty() {
            let printed = lock.to_string();
            prop_assert_eq!(Lock::read(printed.as_bytes()), (lock, found));
        }
        let folder = read(&[("1_a.sql", A), ("2_b.sql", B), (lock::FILE, &text)]);
        // What an update gives fits, and needs no other.
        if let Ok(lock) = lock::updated(&folder, folder.lock.as_ref(), &[]) {
            let folder = beside(&[("1_a.sql", A), ("2_b.sql", B)], &lock);
            prop_assert_eq!(findings(&folder.findings), "");
            prop_assert_eq!(lock::updated(&folder, Some(&lock), &[]), Ok(lock));
        }
    }
}

/// After a merge, the one that is locked keeps its number, whichever comes first by its name.
#[test]
fn two_of_a_version() {
    let (up, down) = (("2_b.up.sql", B), ("2_b.down.sql", "DROP TABLE b;"));
    for (other, expected) in [
        (("2_a.up.sql", C), "duplicate_version 2_a.up.sql:1:1"),
        (("2_c.up.sql", C), "duplicate_version 2_c.up.sql:1:1"),
        (("2_c/up.sql", C), "duplicate_version 2_c/up.sql:1:1"),
        (("2_a.rs", CODE), "duplicate_version 2_a.rs:1:1"),
    ] {
        let before = [("1_a.up.sql", A), up, down];
        let after = [before[0], up, down, other];
        let folder = beside(&after, &locked(&before));
        let found = folder.findings.iter();
        let found = found.filter(|f| f.problem != Problem::MixedLayouts);
        let found: Vec<_> = found.collect();
        let said = findings(&[found[0].clone()]);
        let path = other.0;
        let message = format!("version 2 has two ups: `2_b.up.sql` and `{path}`");
        assert_eq!(said, format!("{expected} {message}"));
        let name = path.split('/').next().unwrap();
        let cure = format!(
            "`2_b.up.sql` is locked; the next number for this one: `cargo migrate renumber {name}`"
        );
        assert_eq!((found[0].help.as_slice(), found.len()), (&[cure][..], 1));
    }
}

#[test]
fn two_of_a_version_with_other_names() {
    let text = "duplicate_version 1_a.sql:1:1 version 1 has two ups: `1_c.sql` and `1_a.sql`";
    check(&[("1_b.sql", B)], &[("1_a.sql", A), ("1_c.sql", B)], text);
}

/// Which down is whose is not clear, so their names are no fault, and the downs of the locked one
/// stay.
#[test]
fn two_of_a_version_with_downs() {
    let down = "DROP TABLE b;";
    let locked_one = [("1_b.up.sql", B), ("1_b.down.sql", down)];
    for (other, expected) in [
        (
            &[("1_a.up.sql", A)][..],
            "duplicate_version 1_a.up.sql:1:1 version 1 has two ups: `1_b.up.sql` and `1_a.up.sql`",
        ),
        (
            &[("1_a.up.sql", A), ("1_a.down.sql", "DROP TABLE a;")],
            "\
duplicate_version 1_a.down.sql:1:1 version 1 has two downs: `1_b.down.sql` and `1_a.down.sql`
duplicate_version 1_a.up.sql:1:1 version 1 has two ups: `1_b.up.sql` and `1_a.up.sql`",
        ),
    ] {
        check(&locked_one, &[&locked_one, other].concat(), expected);
    }
}

/// Where the lock does not tell which one keeps the number, neither is said to be locked.
#[test]
fn two_of_a_version_that_are_open() {
    let mut lock = locked(&[("1_a.sql", A)]);
    lock.reserve(2, "b").unwrap();
    let folder = beside(&[("1_a.sql", A), ("2_b.sql", B), ("2_c.sql", C)], &lock);
    assert_eq!(
        folder.findings[0].help,
        [
            "give the newer one the next number: 3",
            "if `2_c.sql` is the newer one: `cargo migrate renumber 2_c.sql`"
        ]
    );
}
