//! What a schema is, when two are the same, and what is said when they are not.

use migrate_source::schema::{Change, Difference, Kind, Object, Schema, changes};
use proptest::prelude::*;
use proptest::sample::select;

type Row = (String, String, String, Option<String>);

/// The row of `sqlite_master` for a statement: `CREATE INDEX i ON t (a)` is of the table `t`.
fn row(sql: &str) -> Row {
    let words: Vec<&str> = sql
        .split([' ', '(', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    let plain = |word: &str| word.trim_matches(['"', '[', ']', '`', '\'']).to_owned();
    let is_kind = |word: &str| Kind::from_name(&word.to_lowercase()).is_some();
    let at = words.iter().position(|word| is_kind(word)).unwrap();
    let kind = words[at].to_lowercase();
    let name = plain(words[at + 1]);
    let on = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("on"));
    let table = match (kind.as_str(), on) {
        ("index" | "trigger", Some(on)) => plain(words[on + 1]),
        _ => name.clone(),
    };
    (kind, name, table, Some(sql.to_owned()))
}

fn schema(statements: &[&str]) -> Schema {
    Schema::of_rows(statements.iter().map(|sql| row(sql))).unwrap()
}

/// Checks what is said after a down that was to bring `before` back and led to `after`.
#[track_caller]
fn check(before: &[&str], after: &[&str], expected: &[&str]) {
    let (before, after) = (schema(before), schema(after));
    let found = before.differences(&after);
    let words: Vec<_> = found.iter().map(Difference::after_down).collect();
    assert_eq!(words, expected);
    assert_eq!(before == after, expected.is_empty());
    assert_eq!(
        before.fingerprint() == after.fingerprint(),
        expected.is_empty()
    );
}

/// Checks what is said of one table that was `before` and is `after`.
#[track_caller]
fn check_table(before: &str, after: &str, expected: &[&str]) {
    let table = |inner: &str| format!("CREATE TABLE users {inner}");
    check(&[&table(before)], &[&table(after)], expected);
}

#[track_caller]
fn check_same(one: &str, other: &str) {
    check(&[one], &[other], &[]);
    check(&[other], &[one], &[]);
}

#[track_caller]
fn check_other(one: &str, other: &str) {
    assert_ne!(schema(&[one]), schema(&[other]));
    assert_ne!(schema(&[one]).fingerprint(), schema(&[other]).fingerprint());
    assert!(!schema(&[one]).differences(&schema(&[other])).is_empty());
}

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(40))";
const INDEX: &str = "CREATE INDEX iu ON users (email)";
const VIEW: &str = "CREATE VIEW v AS SELECT email FROM users";
const TRIGGER: &str = "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END";

#[test]
fn what_does_not_count() {
    check_same("CREATE TABLE a (x)", "create table a(x)");
    check_same("CREATE TABLE a (x)", "CREATE TABLE a (\n  x -- it\n)");
    check_same("CREATE TABLE a (x)", "CREATE TABLE a (/* , */ x)");
    check_same("CREATE TABLE a (x INT)", "CREATE TABLE A (X int)");
    check_same("CREATE TABLE a (x)", "CREATE TABLE \"a\" (\"x\")");
    check_same("CREATE TABLE a (x)", "CREATE TABLE [a] ([x])");
    check_same("CREATE TABLE a (x)", "CREATE TABLE `a` (`x`)");
    check_same("CREATE TABLE 'a' (x)", "CREATE TABLE \"a\" (x)");
    check_same("CREATE VIEW 'a' AS SELECT 1", "CREATE VIEW a AS SELECT 1");
    check_same("CREATE TABLE a (\"x\"\"y\")", "CREATE TABLE a ([x\"y])");
    check_same("CREATE TABLE a (x\r\n)", "CREATE TABLE a (x\n)");
    check_same(
        "CREATE TABLE a (x DEFAULT \"it's\")",
        "CREATE TABLE a (x DEFAULT 'it''s')",
    );
}

#[test]
fn what_counts() {
    check_other("CREATE TABLE a (x)", "CREATE TABLE b (x)");
    check_other("CREATE TABLE a (x)", "CREATE TABLE a (y)");
    check_other("CREATE TABLE a (x)", "CREATE TABLE a (x, y)");
    check_other(
        "CREATE TABLE a (x DEFAULT 'a')",
        "CREATE TABLE a (x DEFAULT 'A')",
    );
    check_other(
        "CREATE TABLE a (x DEFAULT \"a\")",
        "CREATE TABLE a (x DEFAULT \"A\")",
    );
    check_other(
        "CREATE TABLE a (x DEFAULT 'a b')",
        "CREATE TABLE a (x DEFAULT 'a  b')",
    );
    check_other(
        "CREATE TABLE a (x CHECK (x = '1'))",
        "CREATE TABLE a (x CHECK (x = 1))",
    );
    check_other(
        "CREATE VIEW a AS SELECT \"1\" FROM t",
        "CREATE VIEW a AS SELECT 1 FROM t",
    );
    check_other("CREATE TABLE a (é)", "CREATE TABLE a (É)");
    check_other("CREATE TABLE a (x)", "CREATE VIEW a AS SELECT 1");
    check_other("CREATE INDEX i ON a (x)", "CREATE UNIQUE INDEX i ON a (x)");
    check_other("CREATE INDEX i ON a (x)", "CREATE INDEX i ON b (x)");
    check_other("CREATE TABLE a (xy)", "CREATE TABLE a (x y)");
}

#[test]
fn whole_objects() {
    check(&[USERS], &[USERS, INDEX], &["index `iu` is left behind"]);
    check(
        &[USERS, INDEX],
        &[USERS],
        &["index `iu` does not come back"],
    );
    check(&[USERS, VIEW], &[USERS], &["view `v` does not come back"]);
    check(&[USERS], &[USERS, TRIGGER], &["trigger `t` is left behind"]);
    check(&[], &[USERS], &["table `users` is left behind"]);
    check(&[USERS], &[], &["table `users` does not come back"]);
    check(&[], &[], &[]);
    check(
        &[USERS, INDEX, VIEW, TRIGGER],
        &[TRIGGER, VIEW, INDEX, USERS],
        &[],
    );
}

#[test]
fn what_is_on_a_whole_table_is_not_named() {
    let one = "table `users` does not come back";
    check(&[USERS, INDEX, TRIGGER], &[], &[one]);
    let one = "table `users` is left behind";
    check(&[], &[USERS, INDEX, TRIGGER], &[one]);
    check(
        &[],
        &[
            USERS,
            VIEW,
            "CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
        ],
        &[one, "view `v` is left behind"],
    );
    check(
        &["CREATE TABLE a (x)"],
        &["CREATE INDEX i ON a (x)"],
        &["table `a` does not come back", "index `i` is left behind"],
    );
}

#[test]
fn what_a_virtual_table_keeps_is_not_named() {
    let docs = "CREATE VIRTUAL TABLE docs USING fts5(body)";
    let kept = "CREATE TABLE 'docs_data'(id INTEGER PRIMARY KEY, block BLOB)";
    let one = "table `docs` is left behind";
    check(&[], &[docs, kept], &[one]);
    check(
        &[],
        &[docs, "CREATE VIRTUAL TABLE docs_more USING fts5(body)"],
        &[one, "table `docs_more` is left behind"],
    );
    check(
        &[docs],
        &[docs, kept],
        &["table `docs_data` is left behind"],
    );
    check(
        &[docs],
        &["CREATE VIRTUAL TABLE docs USING fts5(title)"],
        &["table `docs` comes back different"],
    );
}

#[test]
fn columns() {
    check_table(
        "(a, b)",
        "(a)",
        &["column `b` of `users` does not come back"],
    );
    check_table("(a)", "(a, B)", &["column `B` of `users` is left behind"]);
    check_table(
        "(a, \"The B\" TEXT)",
        "(a)",
        &["column `The B` of `users` does not come back"],
    );
    check_table(
        "(a, old)",
        "(a, new)",
        &[
            "column `old` of `users` does not come back",
            "column `new` of `users` is left behind",
        ],
    );
    check_table(
        "(email VARCHAR(40))",
        "(email TEXT)",
        &["column `email` of `users` comes back as TEXT, was VARCHAR(40)"],
    );
    check_table(
        "(a TEXT)",
        "(a)",
        &["column `a` of `users` comes back without a type, was TEXT"],
    );
    check_table(
        "(a)",
        "(a TEXT)",
        &["column `a` of `users` comes back as TEXT, was without a type"],
    );
    check_table(
        "(a TEXT /* one, two */ NOT\n NULL DEFAULT 'x,\ny', b CHECK (b IN (1, 2)))",
        "(a TEXT NOT NULL, b)",
        &[
            "column `a` of `users` comes back as TEXT NOT NULL, was TEXT NOT NULL DEFAULT 'x, y'",
            "column `b` of `users` comes back without a type, was CHECK (b IN (1, 2))",
        ],
    );
    check_table(
        "(a DECIMAL(10,2), b)",
        "(b, a DECIMAL(10,2))",
        &["the columns of `users` come back in another order"],
    );
    check_table(
        "(a, b, c, d)",
        "(a, d, c)",
        &[
            "column `b` of `users` does not come back",
            "the columns of `users` come back in another order",
        ],
    );
}

#[test]
fn constraints_and_options() {
    let constraints = &["the constraints of `users` come back different"];
    check_table("(a, b, UNIQUE (a))", "(a, b)", constraints);
    check_table(
        "(a, b, PRIMARY KEY (a, b))",
        "(a, b, PRIMARY KEY (b, a))",
        constraints,
    );
    check_table("(a, CHECK (a > 0))", "(a, CHECK (a > 1))", constraints);
    check_table(
        "(a, CONSTRAINT c UNIQUE (a))",
        "(a, UNIQUE (a))",
        constraints,
    );
    check_table("(a, FOREIGN KEY (a) REFERENCES t)", "(a)", constraints);
    check_table(
        "(a, CHECK (a > 0) UNIQUE (a), b CHECK (1))",
        "(a, CHECK (a > 0))",
        constraints,
    );
    check_table(
        "(a, \"check\" TEXT)",
        "(a)",
        &["column `check` of `users` does not come back"],
    );
    let options = &["the options of `users` come back different"];
    check_table("(a INT) STRICT", "(a INT)", options);
    check_table("(a PRIMARY KEY)", "(a PRIMARY KEY) WITHOUT ROWID", options);
}

#[test]
fn what_cannot_be_read_is_different_as_a_whole() {
    let whole = &["table `users` comes back different"];
    check_table("(a", "(b", whole);
    check_table("", "(b)", whole);
    check_table("(a,)", "(b,)", whole);
    check_table("AS SELECT 1", "AS SELECT 2", whole);
    check_table("(a, a TEXT)", "(a, a INT)", whole);
    check(
        &[VIEW],
        &["CREATE VIEW v AS SELECT id FROM users"],
        &["view `v` comes back different"],
    );
    check(
        &[USERS, INDEX],
        &[USERS, "CREATE INDEX iu ON users (id)"],
        &["index `iu` comes back different"],
    );
    check(
        &[USERS, INDEX, "CREATE TABLE a (email)"],
        &[
            USERS,
            "CREATE INDEX iu ON a (email)",
            "CREATE TABLE a (email)",
        ],
        &["index `iu` comes back different"],
    );
}

#[test]
fn tables_are_sorted_by_name() {
    check(
        &[
            "CREATE TABLE b (x)",
            "CREATE TABLE A (x)",
            "CREATE INDEX z ON a (x)",
        ],
        &[
            "CREATE TABLE B (x)",
            "CREATE TABLE a (y)",
            "CREATE INDEX i ON b (x)",
        ],
        &[
            "column `x` of `A` does not come back",
            "column `y` of `A` is left behind",
            "index `z` does not come back",
            "index `i` is left behind",
        ],
    );
}

#[test]
fn found_in_other_words() {
    let before = schema(&[
        "CREATE TABLE a (x TEXT, y, z, UNIQUE (x))",
        "CREATE TABLE b (x, y)",
        "CREATE TABLE c (x)",
        VIEW,
    ]);
    let after = schema(&[
        "CREATE TABLE a (x INT, z TEXT, more)",
        "CREATE TABLE b (y, x) STRICT",
        "CREATE TABLE d (x)",
        "CREATE VIEW v AS SELECT 1",
    ]);
    let found = before.differences(&after);
    let words: Vec<_> = found.iter().map(Difference::found).collect();
    assert_eq!(
        words,
        [
            "column `x` of `a` is INT, should be TEXT",
            "column `y` of `a` is missing",
            "column `z` of `a` is TEXT, should be without a type",
            "column `more` of `a` should not be there",
            "the constraints of `a` are different",
            "the columns of `b` are in another order",
            "the options of `b` are different",
            "table `c` is missing",
            "table `d` should not be there",
            "view `v` is different",
        ]
    );
    assert_eq!(found[0].before().unwrap().name(), "a");
    assert!(found[8].before().is_none());
    assert_eq!(found[8].after().unwrap().kind(), Kind::Table);
}

#[test]
fn sqlite_s_own_objects_are_left_out() {
    let rows: [(&str, &str, &str, Option<&str>); 5] = [
        (
            "table",
            "sqlite_sequence",
            "sqlite_sequence",
            Some("CREATE TABLE sqlite_sequence(name,seq)"),
        ),
        (
            "table",
            "SQLite_stat1",
            "SQLite_stat1",
            Some("CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
        ),
        ("index", "sqlite_autoindex_a_1", "a", None),
        ("table", "a", "a", Some("CREATE TABLE a (x UNIQUE)")),
        ("table", "sqlite", "sqlite", Some("CREATE TABLE sqlite (x)")),
    ];
    let schema = Schema::of_rows(rows).unwrap();
    let names: Vec<_> = schema.objects().map(Object::name).collect();
    assert_eq!(names, ["a", "sqlite"]);
}

#[test]
fn tables_can_be_left_out_with_what_is_on_them() {
    let history = "CREATE TABLE _History (version)";
    let all = schema(&[
        USERS,
        INDEX,
        history,
        "CREATE INDEX ih ON _history (version)",
    ]);
    assert_eq!(
        all.clone().without(&["_HISTORY", "none"]),
        schema(&[USERS, INDEX])
    );
    assert!(all.without(&["users", "_history"]).is_empty());
    assert_eq!(Schema::default(), schema(&[]));
}

#[test]
fn rows_that_no_sqlite_writes() {
    let check = |rows: &[(&'static str, &'static str)], expected: &str| {
        let rows = rows.iter().map(|(kind, name)| (*kind, *name, *name, None));
        assert_eq!(Schema::of_rows(rows).unwrap_err().to_string(), expected);
    };
    let damaged = "the database's own list of its schema is damaged:";
    check(
        &[("rule", "a")],
        &format!("{damaged} `a` is of the type `rule`"),
    );
    check(
        &[("Table", "a")],
        &format!("{damaged} `a` is of the type `Table`"),
    );
    check(
        &[("table", "a"), ("table", "A")],
        &format!("{damaged} `a` is there twice"),
    );
    check(
        &[("table", "a"), ("index", "a")],
        &format!("{damaged} `a` is there twice"),
    );
    assert!(Schema::of_rows([("table", "a", "a", None), ("trigger", "a", "a", None)]).is_ok());
}

#[test]
fn changes_tell_what_a_migration_did() {
    let before = schema(&[USERS, INDEX, VIEW]);
    let after = schema(&["CREATE TABLE Users (id)", VIEW, TRIGGER]);
    let digest = |schema: &Schema, name: &str| {
        let object = schema.objects().find(|object| object.name() == name);
        object.map(Object::digest)
    };
    assert_eq!(
        changes(&before, &after),
        [
            Change::new(Kind::Table, "Users", "Users", digest(&after, "Users")),
            Change::new(Kind::Index, "iu", "users", None),
            Change::new(Kind::Trigger, "t", "users", digest(&after, "t")),
        ]
    );
    assert_eq!(changes(&before, &before), []);
}

static CHANGES: &[Change<'static>] = &[
    Change::new(Kind::Table, "users", "users", Some([7; 16])),
    Change::new(Kind::Index, "iu", "users", None),
];

#[test]
fn changes_are_constants() {
    assert_eq!(
        (CHANGES[0].kind(), CHANGES[0].digest()),
        (Kind::Table, Some([7; 16]))
    );
    assert_eq!((CHANGES[1].name(), CHANGES[1].table()), ("iu", "users"));
    let owned: Vec<Change<'static>> = CHANGES.iter().cloned().map(Change::into_owned).collect();
    assert_eq!(owned, CHANGES);
}

#[test]
fn a_fingerprint_is_hexadecimal() {
    let text = schema(&[USERS]).fingerprint().to_string();
    assert_eq!(text.len(), 64);
    assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

/// Pieces of the SQL of an object, and what only resembles one.
const PIECES: &[&str] = &[
    "CREATE ",
    "TABLE ",
    "VIRTUAL ",
    "INDEX ",
    "a",
    "A",
    "b",
    "\"a\"",
    "[a]",
    "`a`",
    "'a'",
    "'A'",
    "\"",
    "'",
    "[",
    "]",
    "(",
    "(",
    ")",
    ")",
    ",",
    ",",
    " ",
    "\n",
    "-- a\n",
    "/*",
    "*/",
    "x INT",
    "y TEXT",
    "DEFAULT ",
    "UNIQUE (a)",
    "CONSTRAINT c ",
    "CHECK (a > 1)",
    "STRICT",
    "1",
    "1e",
    "x'0'",
    ";",
    "\u{feff}",
    "é",
    "\0",
    "#",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(select(PIECES), 0..14).prop_map(|pieces| pieces.concat());
    let table = pieces
        .clone()
        .prop_map(|inner| format!("CREATE TABLE a ({inner})"));
    prop_oneof![any::<String>(), pieces, table]
}

fn any_schema() -> impl Strategy<Value = Schema> {
    let name = || select(vec!["a", "A", "a_b", "b", "\"", "sqlite_a"]);
    let kind = select(vec!["table", "table", "index", "view", "trigger"]);
    let row = (kind, name(), name(), prop::option::of(text()));
    prop::collection::vec(row, 0..5).prop_filter_map("a name is there twice", |rows| {
        let rows = rows.into_iter();
        let row = |(kind, name, table, sql): (&'static str, &str, &str, Option<String>)| {
            (kind, name.to_owned(), table.to_owned(), sql)
        };
        Schema::of_rows(rows.map(row)).ok()
    })
}

/// Two schemas, often of the same objects or nearly so.
fn two() -> impl Strategy<Value = (Schema, Schema)> {
    let twice = any_schema().prop_map(|schema| (schema.clone(), schema));
    let reworded = prop::collection::vec(text(), 1..4).prop_map(|texts| {
        let rows = |case: fn(&str) -> String| {
            let row = |(at, sql): (usize, &String)| {
                let name = case(&format!("a{at}"));
                ("table", name.clone(), name, Some(format!(" {sql}\n")))
            };
            Schema::of_rows(texts.iter().enumerate().map(row)).unwrap()
        };
        (rows(str::to_owned), rows(str::to_uppercase))
    });
    prop_oneof![(any_schema(), any_schema()), twice, reworded]
}

proptest! {
    #[test]
    fn there_are_differences_exactly_where_two_are_not_equal((before, after) in two()) {
        let differences = before.differences(&after);
        prop_assert_eq!(differences.is_empty(), before == after);
        prop_assert_eq!(after.differences(&before).is_empty(), before == after);
        prop_assert_eq!(changes(&before, &after).is_empty(), before == after);
        prop_assert_eq!(before.fingerprint() == after.fingerprint(), before == after);
        for one in &differences {
            prop_assert!(!one.after_down().is_empty() && !one.found().is_empty());
            prop_assert!(!one.after_down().contains('\n') && !one.found().contains('\n'));
        }
    }

    #[test]
    fn digests_are_equal_exactly_where_objects_are((before, after) in two()) {
        for one in before.objects() {
            for other in after.objects() {
                prop_assert_eq!(one.digest() == other.digest(), one == other);
            }
        }
    }

    #[test]
    fn sharing_changes_nothing((before, after) in two()) {
        let shared = after.clone().sharing(&before);
        prop_assert_eq!(&shared, &after);
        prop_assert_eq!(shared.fingerprint(), after.fingerprint());
        prop_assert_eq!(before.differences(&shared), before.differences(&after));
        prop_assert_eq!(shared.differences(&before), after.differences(&before));
        prop_assert_eq!(changes(&before, &shared), changes(&before, &after));
    }
}
