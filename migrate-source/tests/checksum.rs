//! The checksum scheme `t1`: what counts, what does not, and the vectors that freeze it.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::checksum::Digest;
use migrate_source::{Chain, Checksum};

const BOTH: &[Database] = Database::ALL;

/// The vectors were computed without this crate, by SHA-256 over `t1 sql`, a line feed and, for
/// each token, its length in bytes as eight bytes, highest first, and its text with line feeds for
/// line ends. They must never change: the checksums are in the databases of users.
#[test]
fn golden_vectors_of_sql() {
    for (database, script, expected) in [
        (
            Sqlite,
            "",
            "t1:85102107f7d12254b092b05da9f7ed1ef7250ea24aa12b2dab092c9a9e9110ae",
        ),
        (
            Postgres,
            "",
            "t1:85102107f7d12254b092b05da9f7ed1ef7250ea24aa12b2dab092c9a9e9110ae",
        ),
        (
            Sqlite,
            "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    name TEXT NOT NULL DEFAULT 'it''s'\n);\n",
            "t1:e1045a0e293cd8237adcd27e67912ed66e1efbba675ab9b0883cdf755a4cc32a",
        ),
        (
            Postgres,
            "-- users\r\nCREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'it''s');",
            "t1:e1045a0e293cd8237adcd27e67912ed66e1efbba675ab9b0883cdf755a4cc32a",
        ),
        (
            Sqlite,
            ";CREATE TABLE a (x);;\n/* and */ DROP TABLE a",
            "t1:f5f0153a68c783fb68636aa7aa43665444924e328029acd1497d24d4ad9a1dac",
        ),
        (
            Sqlite,
            "SELECT [a b], `c`, x'00FF', 1.5e-3, 0x1F, $d || \"größe\", 'a\r\nb', e-1; -- end",
            "t1:2949812206ae418cc1f1b8b764a43f6d591bc420394841fa86d686d5f150236c",
        ),
        (
            Postgres,
            "SELECT $fn$a\r\n b$fn$, E'it\\'s', U&'\\0041', $1::text, a[1], b->>'c', .5, n$x; /* /* */ */",
            "t1:e03e32464559ccb3cf8bfd48b0b499640af0c5cba2cbc25411c81584b60ff6c1",
        ),
    ] {
        let checksum = Checksum::of_sql(script, database).to_string();
        assert_eq!(checksum, expected, "{database}: {script:?}");
    }
}

/// SHA-256 over `t1 code`, a line feed, the version in eight bytes and the revision in four.
#[test]
fn golden_vectors_of_code() {
    for (version, revision, expected) in [
        (
            3,
            0,
            "t1:857c10d51b8b41542b4af1309a9ab9243bdf50127e0ddd88301dc1be91794659",
        ),
        (
            i64::MAX,
            7,
            "t1:bb74a909c0b53e30f95fbb884f210cba190722c03f59a817c694223f6696722d",
        ),
    ] {
        assert_eq!(Checksum::of_code(version, revision).to_string(), expected);
    }
}

/// SHA-256 over the chain before, the version in eight bytes and the bytes of the checksum.
#[test]
fn golden_vectors_of_the_chain() {
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'it''s');";
    let one = Chain::START.then(1, &Checksum::of_sql("", Sqlite));
    let two = one.then(20, &Checksum::of_sql(users, Sqlite));
    assert_eq!(
        [Chain::START, one, two].map(|chain| chain.to_string()),
        [
            "t1:0000000000000000000000000000000000000000000000000000000000000000",
            "t1:6c88237c7f1de65f00f90abaaf17c27a18b88958dcb5917856e17ba9c166b279",
            "t1:de668b92867596d3692a667d058e56c8bd33ad8f1c107180c1a558d336bf4ff9",
        ],
    );
}

#[test]
fn what_does_not_count() {
    let same = |databases: &[Database], scripts: &[&str]| {
        for &database in databases {
            for pair in scripts.windows(2) {
                let [one, other] = [pair[0], pair[1]].map(|sql| Checksum::of_sql(sql, database));
                assert_eq!(one, other, "{database}: {pair:?}");
            }
        }
    };
    same(
        BOTH,
        &[
            "SELECT a, 1;",
            "\u{feff}SELECT a, 1;",
            "  SELECT\n\ta ,\r\n1 ; ",
            "SELECT a, 1",
            ";SELECT a, 1;; -- twice\n;",
            "SELECT--x\na/* ' ; */,1;",
            "-- migrate: no-transaction\nSELECT a,1;\n-- the end",
            "# SELECT 2;\nSELECT a,1;",
        ],
    );
    same(BOTH, &["", " \n", "-- a", "/* a */", "\u{feff}"]);
    same(
        BOTH,
        &["SELECT 'a\nb', \"c\nd\"", "SELECT 'a\r\nb', \"c\r\nd\""],
    );
    same(&[Postgres], &["DO $$\na\n$$", "DO $$\r\na\r\n$$"]);
    same(&[Postgres], &["SELECT 1", "/* /* a */ */ SELECT 1"]);
    same(
        &[Sqlite],
        &["SELECT 1; SELECT 2", "SELECT 1; \u{feff}SELECT 2"],
    );
}

#[test]
fn what_counts() {
    let differ = |databases: &[Database], scripts: &[&str]| {
        for &database in databases {
            for (at, one) in scripts.iter().enumerate() {
                for other in &scripts[..at] {
                    let checksums = [one, other].map(|sql| Checksum::of_sql(sql, database));
                    assert_ne!(checksums[0], checksums[1], "{database}: {one:?} {other:?}");
                }
            }
        }
    };
    differ(
        BOTH,
        &[
            "",
            "SELECT",
            "SELECT 1",
            "SELECT 12",
            "SELECT 1 2",
            "SELECT 1; 2",
            "SELECT; 1; 2",
        ],
    );
    differ(
        BOTH,
        &[
            "SELECT a",
            "select a",
            "SELECT A",
            "SELECT \"a\"",
            "SELECT 'a'",
        ],
    );
    differ(
        BOTH,
        &[
            "'a b'",
            "'a  b'",
            "'a\nb'",
            "'a\rb'",
            "'a -- b'",
            "'a /**/ b'",
            "' a b'",
        ],
    );
    differ(BOTH, &["\"a b\"", "\"a  b\"", "\"A b\""]);
    differ(BOTH, &["a b", "b a", "ab", "a b c", "a bc"]);
    differ(BOTH, &["'a' 'b'", "'a''b'", "'ab'", "'b' 'a'"]);
    differ(BOTH, &["1.5", "1 .5", "15", "1_5"]);
    differ(
        &[Postgres],
        &["$$a$$", "$$ a$$", "$$a\n$$", "$$-- a$$", "$b$a$b$", "'a'"],
    );
    differ(&[Postgres], &["E'a'", "e'a'", "E 'a'", "'a'"]);
    differ(&[Sqlite], &["[a b]", "[a  b]", "`a b`"]);
}

#[test]
fn databases_read_the_same_text_differently() {
    let text = "SELECT /* /* */ 1 */ [a  b]";
    assert_ne!(
        Checksum::of_sql(text, Sqlite),
        Checksum::of_sql(text, Postgres)
    );
}

#[test]
fn parts_of_a_script() {
    let whole = Checksum::of_sql("SELECT 1; SELECT 2;", Sqlite);
    assert_eq!(of_parts(["SELECT 1;", "SELECT 2;"], Sqlite), whole);
    assert_eq!(
        of_parts(["SELECT 1; -- a", "", "\u{feff}SELECT 2;"], Sqlite),
        whole
    );
    assert_ne!(of_parts(["SELECT 2;", "SELECT 1;"], Sqlite), whole);
    assert_ne!(of_parts(["SELECT 1;"], Sqlite), whole);
}

#[test]
fn code_counts_by_version_and_revision_only() {
    let of = [(1, 0), (2, 0), (1, 1), (0, 1)].map(|(v, r)| Checksum::of_code(v, r));
    for (at, one) in of.iter().enumerate() {
        assert!(of[..at].iter().all(|other| other != one));
    }
}

#[test]
fn a_chain_is_of_all_that_precedes() {
    let [a, b] = ["a", "b"].map(|sql| Checksum::of_sql(sql, Sqlite));
    let chains = [
        Chain::START,
        Chain::START.then(1, &a),
        Chain::START.then(1, &b),
        Chain::START.then(2, &a),
        Chain::START.then(1, &a).then(2, &b),
        Chain::START.then(1, &b).then(2, &a),
        Chain::START.then(2, &b).then(1, &a),
    ];
    for (at, one) in chains.iter().enumerate() {
        assert!(chains[..at].iter().all(|other| other != one), "{at}");
    }
}

#[test]
fn the_text_form_reads_back() {
    for first in 0..=255 {
        let mut bytes = [0xa5; 32];
        bytes[0] = first;
        let (checksum, chain) = (Checksum::from_bytes(bytes), Chain::from_bytes(bytes));
        assert_eq!(checksum.as_bytes(), &bytes);
        assert_eq!(chain.as_bytes(), &bytes);
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
        assert_eq!(chain.to_string().parse(), Ok(chain));
        assert_eq!(
            format!("{checksum:?}"),
            format!("t1:{first:02x}{}", "a5".repeat(31))
        );
        assert_eq!(format!("{checksum:?}"), chain.to_string());
    }
}

#[test]
fn texts_that_are_no_checksum() {
    let digits = "0".repeat(64);
    for text in [
        String::new(),
        "t1:".to_owned(),
        digits.clone(),
        format!("t2:{digits}"),
        format!("T1:{digits}"),
        format!(" t1:{digits}"),
        format!("t1:{digits} "),
        format!("t1:{digits}0"),
        format!("t1:{}", &digits[1..]),
        format!("t1:{}g", &digits[1..]),
        format!("t1:+{}", &digits[1..]),
        format!("t1:{}é", &digits[2..]),
        format!("t1: {}", &digits[1..]),
    ] {
        let error = text.parse::<Checksum>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{text}` is not a checksum of a known scheme (`t1:…`)"),
        );
        assert!(text.parse::<Chain>().is_err(), "{text}");
    }
}

/// The checksum of a script that comes in pieces.
fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>, database: Database) -> Checksum {
    let mut digest = Digest::new(database);
    parts.into_iter().for_each(|part| digest.add(part));
    digest.checksum()
}
