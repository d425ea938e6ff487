//! What values rows have.

use super::super::Hints;
use super::{dump, fill, number, open};

/// A value that a script speaks of is what the rows have.
#[test]
fn values_that_scripts_compare_with() {
    let same = |text| (text, text);
    let cases = [
        same("a = 'x'"),
        ("t.a == 'x'", "a = 'x'"),
        ("main.t.\"A\" IS 'x'", "a = 'x'"),
        ("[a] COLLATE NOCASE = 'it''s'", "a = 'it''s'"),
        ("`a` = \"x\"", "a = 'x'"),
        ("'x' = t.a", "a = 'x'"),
        ("(a) = ('x')", "a = 'x'"),
        same("a = x'00ff'"),
        same("a = -7"),
        same("a = +0x10"),
        ("a = TRUE", "a = 1"),
        same("a <> 'text1' AND a <> 'text2'"),
        ("a != 1", "a <> 1 AND a IS NOT NULL"),
        same("a IN ('x', 'y')"),
        ("a NOT IN (1, 2)", "a > 2"),
        same("a IS NULL"),
        ("a ISNULL", "a IS NULL"),
        same("a IS NOT NULL"),
        ("a NOTNULL", "a IS NOT NULL"),
        same("a > 100"),
        same("a >= 100"),
        same("a < -100"),
        same("a <= -1.5"),
        same("100 < a"),
        same("100 <= a"),
        same("-100 > a"),
        same("a BETWEEN 70 AND 71"),
        same("a NOT BETWEEN -50 AND 100"),
        same("length(a) = 16"),
        same("length(a) > 20"),
        same("length(a) BETWEEN 3 AND 4"),
        same("octet_length(a) = 32"),
        same("typeof(a) = 'blob'"),
        same("typeof(a) IN ('text', 'real')"),
        same("json_valid(a)"),
        ("a ->> '$.x' = 1", "json_valid(a)"),
        ("json_extract(t.a, '$.x') = 'y'", "json_valid(a)"),
        same("a LIKE 'x_y%'"),
        same("a GLOB 'v[0-9]-?*'"),
        same("a GLOB '[^0-9]'"),
        same("a NOT GLOB '*[^p-z]*'"),
        same("length(a) = 4 AND a NOT GLOB '*[^p-z]*'"),
        same("date(a) IS NOT NULL"),
        same("strftime('%Y', a) = '2024'"),
        same("lower(a) = 'x'"),
        same("substr(a, 1, 4) = 'abc_'"),
        same("abs(a) > 50"),
        same("instr(a, '@') > 0"),
        (
            "CASE a WHEN 'x' THEN 1 WHEN 'y' THEN 2 END",
            "a IN ('x', 'y')",
        ),
        ("CASE lower(a) WHEN 'x' THEN 1 END", "a IN ('x')"),
    ];
    for (said, holds) in cases {
        let mut hints = Hints::default();
        hints.add(&format!("UPDATE t SET b = 1 WHERE {said}; SELECT 1;"));
        for variation in [1, 3, 5] {
            let db = open("CREATE TABLE t (a, b)");
            fill(&db, &hints, variation);
            let held = format!("SELECT count(*) FROM t WHERE {holds}");
            let rows: String = dump(&db, "t");
            assert_eq!(number(&db, &held), 2, "{variation}: {said}\n{rows}");
        }
    }
}

/// These say nothing about `a`.
#[test]
fn what_is_no_comparison() {
    for said in [
        "",
        "-- a = 'x'",
        "SELECT 'a = 1'",
        "SELECT a FROM t",
        "SELECT 1 WHERE a = b",
        "SELECT 1 WHERE t.a = \"t\".\"b\"",
        "SELECT 1 WHERE a(1) = 2",
        "SELECT CASE b WHEN 'x' THEN a WHEN 'y' THEN 1 END",
        "INSERT INTO t (a) VALUES ('x')",
        "SELECT 1 WHERE instr(a, 'x') = 0",
        "SELECT 1 WHERE a NOT LIKE 'x'",
        "a =",
        "a = '",
        "a IN (",
        "a BETWEEN",
        "length(a",
        "CASE a WHEN",
    ] {
        let mut hints = Hints::default();
        hints.add(said);
        assert_eq!(hints.of("a"), [], "{said}");
    }
}

/// What the rows of each variation have in common.
#[test]
fn variations() {
    let sql = "CREATE TABLE p (id INTEGER PRIMARY KEY);
        CREATE TABLE t (id INTEGER PRIMARY KEY, p INT REFERENCES p, i INT, n INT NOT NULL, r REAL, s TEXT, b BLOB, d DATETIME, f BOOLEAN, j JSON)";
    let mut hints = Hints::default();
    hints.add("SELECT 1 FROM t WHERE s = 'x' OR s = 'y'");
    let distinct: String = ["id", "p", "i", "n", "r", "s", "b", "d", "f", "j"]
        .map(|column| format!("(SELECT count(DISTINCT {column}) = 2 FROM t)"))
        .join(" AND ");
    for (variation, holds) in [
        (0, distinct.as_str()),
        (1, distinct.as_str()),
        (1, "s IN ('x', 'y')"),
        (2, "coalesce(p, i, r, s, b, d, f, j) IS NULL"),
        (
            3,
            "i = 0 AND n = 0 AND r = 0 AND s = 'x' AND b = x'' AND f = 0",
        ),
        (4, "i = 1 AND n = 1 AND r = 1 AND s = '1' AND f = 1"),
        (5, "coalesce(p, i, r, b, d, f, j) IS NULL AND s = 'y'"),
    ] {
        let db = open(sql);
        fill(&db, &hints, variation);
        let held = format!("SELECT count(*) FROM t WHERE {holds}");
        assert_eq!(number(&db, &held), 2, "{variation}\n{}", dump(&db, "t"));
    }
}

/// Rows refer to the parent that a script speaks of.
#[test]
fn parents_that_scripts_compare_with() {
    let sql = "CREATE TABLE roles (id INTEGER PRIMARY KEY);
        CREATE TABLE t (role INT REFERENCES roles)";
    for (said, variation, holds) in [
        ("role = 7", 3, "role = 7"),
        ("role = 7", 5, "role = 7"),
        ("role IN (7, 8)", 1, "role IN (7, 8)"),
        ("role IS NULL", 3, "role IS NULL"),
        ("role IS NOT NULL", 5, "role IS NOT NULL"),
        ("role = 7", 0, "role IN (1, 2)"),
    ] {
        let mut hints = Hints::default();
        hints.add(&format!("SELECT 1 FROM t WHERE {said}"));
        let db = open(sql);
        fill(&db, &hints, variation);
        let held = format!("SELECT count(*) FROM t WHERE {holds}");
        assert_eq!(
            number(&db, &held),
            2,
            "{variation} {said}\n{}",
            dump(&db, "t")
        );
    }
}

/// Nothing that is cut off, and no pattern, is too odd.
#[test]
fn any_text() {
    let text = "SELECT 1 FROM t WHERE length(substr(a, 1, -0x2)) BETWEEN 1 AND 99999999999999999999
        AND a NOT GLOB '*[^]' AND a GLOB '[' AND a GLOB '[^' AND a GLOB '[]' AND a GLOB '[z-a]'
        AND a GLOB '*[^a' AND a NOT GLOB '*[^z-a]*' AND a NOT GLOB '*[^]*' AND a = x'0' AND a = \"é\"
        AND a > 9223372036854775807 AND a < -9223372036854775808 AND length(a) > 9223372036854775807
        AND a LIKE '%é_' AND CASE a WHEN 1e999 THEN 1 END AND typeof(a) = '' AND a IN ('', x'')";
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let mut hints = Hints::default();
        hints.add(&text[..end]);
        let db = open("CREATE TABLE t (a, b INTEGER PRIMARY KEY, c TEXT UNIQUE)");
        fill(&db, &hints, [1, 3, 5][end % 3]);
    }
}
