//! Small schemas that rows can be made for, and some that they cannot.

mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use migrate_source::folder::{Up, disk};
use migrate_source::{Database, Options};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};
use rusqlite::types::Value;

use super::{Hints, VARIATIONS, populate, tables};

/// Every table gets two rows in every variation, and no foreign key leads nowhere.
#[test]
fn schemas_that_get_rows() {
    for sql in SCHEMAS {
        for variation in 0..VARIATIONS {
            let db = open(sql);
            let all = tables(&db).unwrap();
            let filled = populate(&db, &all, &Hints::default(), variation)
                .unwrap_or_else(|error| panic!("{variation}: {sql}\n{error}"));
            let lacking: Vec<&String> = all.iter().filter(|name| !filled.contains(*name)).collect();
            assert!(lacking.is_empty(), "{variation}: {sql}\n{lacking:?}");
            check_keys(&db, sql);
        }
    }
}

const SCHEMAS: &[&str] = &[
    "CREATE TABLE t (a)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL UNIQUE)",
    "CREATE TABLE t (id TEXT PRIMARY KEY, b BLOB NOT NULL, r REAL, n NUMERIC, d DATETIME, f BOOLEAN NOT NULL)",
    "CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE t (i INT NOT NULL, n INTEGER, r REAL NOT NULL, t TEXT NOT NULL, b BLOB NOT NULL, a ANY) STRICT",
    "CREATE TABLE t (a TEXT CHECK (a IN ('x', 'y')) NOT NULL)",
    "CREATE TABLE t (a TEXT CHECK (a = 'x'), b INTEGER CHECK (b BETWEEN 18 AND 20))",
    "CREATE TABLE t (a NOT NULL CHECK (a > 100), b NOT NULL CHECK (b < -5), c NOT NULL CHECK (c >= 0.5 AND c < 0.75))",
    "CREATE TABLE t (a NOT NULL CHECK (7 < a), b NOT NULL CHECK (10 = b OR 11 = b))",
    "CREATE TABLE t (id BLOB PRIMARY KEY CHECK (length(id) = 16), h TEXT NOT NULL CHECK (length(h) = 64 AND h NOT GLOB '*[^0-9a-f]*'))",
    "CREATE TABLE t (a NOT NULL CHECK (typeof(a) = 'blob'), b NOT NULL CHECK (typeof(b) IN ('real')))",
    "CREATE TABLE t (a TEXT NOT NULL CHECK (json_valid(a)), b TEXT NOT NULL CHECK (json_type(b) = 'array'))",
    "CREATE TABLE t (a TEXT UNIQUE NOT NULL CHECK (a LIKE '%_@_%._%'), b TEXT NOT NULL CHECK (b GLOB '[0-9][0-9]:[0-5][0-9]'))",
    "CREATE TABLE t (d TEXT NOT NULL CHECK (date(d) IS NOT NULL), e TEXT NOT NULL CHECK (strftime('%Y', e) = '2024'))",
    "CREATE TABLE t (slug TEXT NOT NULL UNIQUE CHECK (slug = lower(slug) AND instr(slug, ' ') = 0 AND slug <> ''))",
    "CREATE TABLE t (mail TEXT NOT NULL CHECK (instr(mail, '@') > 0), p TEXT CHECK (substr(p, 1, 4) = 'abc_'))",
    "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, CHECK (a < b))",
    "CREATE TABLE t (a INT, b INT, CONSTRAINT one CHECK ((a IS NULL) <> (b IS NULL)))",
    "CREATE TABLE t (kind TEXT NOT NULL, a INT, b INT, CHECK ((kind = 'a' AND a IS NOT NULL AND b IS NULL) OR (kind = 'b' AND a IS NULL AND b IS NOT NULL)))",
    "CREATE TABLE t (a NOT NULL CHECK (a IN (5, 1)), b NOT NULL CHECK (b IN (2, 6)), c NOT NULL CHECK (c = 3), CHECK (a < b), CHECK (b < c))",
    "CREATE TABLE t (a TEXT CHECK (\"a\" IN (\"x\", \"y\")))",
    "CREATE TABLE \"a \"\"b\" (\"c d\" TEXT NOT NULL CHECK (\"c d\" = 'x''y'), [e] INT CHECK ([e] = -3))",
    "CREATE TABLE t (a INT, b INT AS (a * 2) STORED NOT NULL CHECK (b > 10), c AS (b + 1))",
    "CREATE TABLE t (a, b); CREATE UNIQUE INDEX i ON t (a, b); CREATE UNIQUE INDEX j ON t (lower(a)) WHERE b IS NOT NULL",
    "CREATE TABLE t (a INT NOT NULL CHECK (a IN (0, 1)), b TEXT NOT NULL); CREATE UNIQUE INDEX i ON t (b) WHERE a = 1",
    "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES p)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY)",
    "CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (id TEXT PRIMARY KEY); CREATE TABLE ab (a TEXT REFERENCES a (id), b TEXT REFERENCES b (id), PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE p (a, b, UNIQUE (a, b)); CREATE TABLE c (x NOT NULL, y NOT NULL, FOREIGN KEY (x, y) REFERENCES p (a, b))",
    "CREATE TABLE p (a, b, PRIMARY KEY (b, a)); CREATE TABLE c (x NOT NULL, y NOT NULL, FOREIGN KEY (x, y) REFERENCES p)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES t)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY, up INT NOT NULL REFERENCES t)",
    "CREATE TABLE t (id TEXT PRIMARY KEY, up TEXT UNIQUE REFERENCES t (id))",
    "CREATE TABLE tenant (id INTEGER PRIMARY KEY);
     CREATE TABLE node (tenant INT NOT NULL REFERENCES tenant, id INT NOT NULL, up INT, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, up) REFERENCES node (tenant, id))",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a)",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT NOT NULL REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, a INT REFERENCES gone (id))",
    "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE q (id INTEGER PRIMARY KEY);
     CREATE TABLE c (p INT REFERENCES p, q INT REFERENCES q, CHECK ((p IS NULL) + (q IS NULL) = 1))",
    "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (2); CREATE TABLE c (p INT UNIQUE NOT NULL REFERENCES p)",
    "CREATE TABLE t (a UNIQUE ON CONFLICT ROLLBACK, b NOT NULL ON CONFLICT IGNORE, c UNIQUE ON CONFLICT REPLACE)",
    "CREATE TABLE t (a); CREATE TABLE log (a NOT NULL); CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END",
    "CREATE VIRTUAL TABLE f USING fts5 (a); CREATE VIRTUAL TABLE r USING rtree (id, x, y); CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM t",
];

/// Tables that get no rows, and no harm; their neighbours get theirs.
#[test]
fn schemas_without_rows() {
    let cases: &[(&str, &[&str])] = &[
        (
            "CREATE TABLE t (a CHECK (a IS NULL AND a IS NOT NULL)); CREATE TABLE u (a)",
            &["t"],
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id = 1))",
            &["t"],
        ),
        (
            "CREATE TABLE t (a NOT NULL REFERENCES gone); CREATE TABLE u (a NOT NULL REFERENCES t)",
            &["t", "u"],
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER i BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no'); END",
            &["t"],
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER i BEFORE INSERT ON t BEGIN SELECT RAISE(IGNORE); END",
            &["t"],
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER i BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
            &["t"],
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER i AFTER INSERT ON t BEGIN DELETE FROM t; END",
            &["t"],
        ),
        (
            "CREATE TABLE t (a); CREATE TABLE u (a); CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO u VALUES (1); INSERT INTO gone VALUES (1); END",
            &["t"],
        ),
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT NOT NULL REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a)",
            &["a", "b"],
        ),
        (
            "CREATE TABLE p (a UNIQUE); CREATE TABLE c (a NOT NULL, FOREIGN KEY (a) REFERENCES p (b))",
            &["c"],
        ),
    ];
    for (sql, without) in cases {
        for variation in 0..VARIATIONS {
            for transaction in ["", "BEGIN"] {
                let db = open(sql);
                db.execute_batch(transaction).unwrap();
                let all = tables(&db).unwrap();
                let filled = populate(&db, &all, &Hints::default(), variation).unwrap();
                let expected = all.iter().filter(|name| !without.contains(&name.as_str()));
                assert_eq!(filled, expected.cloned().collect(), "{variation}: {sql}");
                assert_eq!(db.is_autocommit(), transaction.is_empty(), "{sql}");
                check_keys(&db, sql);
            }
        }
    }
}

/// A trigger that fails and keeps what was done leaves nothing either.
#[test]
fn nothing_is_left_of_a_row_that_fails() {
    let db = open(
        "CREATE TABLE t (a); CREATE TABLE log (a);
         CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); SELECT RAISE(FAIL, 'no'); END",
    );
    let filled = populate(&db, &["t".to_owned()], &Hints::default(), 0).unwrap();
    assert_eq!(filled, BTreeSet::new());
    let count = "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM log)";
    assert_eq!(number(&db, count), 0);
}

/// The transaction of the caller ends when a trigger of another table says so; that is told.
#[test]
fn a_lost_transaction() {
    let sql = "CREATE TABLE t (a); CREATE TABLE log (a);
        CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;
        CREATE TRIGGER j AFTER INSERT ON log BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
    let names = ["t".to_owned()];
    let db = open(sql);
    let filled = populate(&db, &names, &Hints::default(), 0).unwrap();
    assert_eq!(filled, BTreeSet::new());
    db.execute_batch("BEGIN").unwrap();
    let error = populate(&db, &names, &Hints::default(), 0).unwrap_err();
    assert_eq!(error.to_string(), "no");
}

/// Columns that are compared in a query alone have the same values as what they mean.
#[test]
fn references_without_a_key() {
    let db = open(
        "CREATE TABLE users (id TEXT PRIMARY KEY, n INTEGER UNIQUE);
         CREATE TABLE notes (user_id TEXT CHECK (user_id <> ''), user_n INTEGER)",
    );
    fill(&db, &Hints::default(), 0);
    let joined = "SELECT count(*) FROM notes JOIN users ON id = user_id AND n = user_n";
    assert_eq!(number(&db, joined), 2);
}

/// A parent has values that its child may have.
#[test]
fn restrictions_of_a_child() {
    let db = open(
        "CREATE TABLE states (name TEXT PRIMARY KEY);
         CREATE TABLE t (state TEXT NOT NULL REFERENCES states CHECK (state IN ('on', 'off')))",
    );
    fill(&db, &Hints::default(), 0);
    assert_eq!(number(&db, "SELECT count(DISTINCT state) FROM t"), 2);
}

#[test]
fn rows_that_are_there_stay() {
    let sql = "CREATE TABLE none (a); CREATE TABLE one (a UNIQUE); INSERT INTO one VALUES (2);
        CREATE TABLE many (a); INSERT INTO many VALUES (1), (2), (3); CREATE TABLE other (a)";
    let db = open(sql);
    let names = ["NONE", "One", "many", "gone", "one"].map(str::to_owned);
    let filled = populate(&db, &names, &Hints::default(), 0).unwrap();
    let expected = ["many", "none", "one"].map(str::to_owned);
    assert_eq!(filled, BTreeSet::from(expected));
    let count = |table: &str| number(&db, &format!("SELECT count(*) FROM {table}"));
    assert_eq!(["none", "one", "many", "other"].map(count), [2, 2, 3, 0]);
    assert_eq!(number(&db, "SELECT count(*) FROM one WHERE a = 2"), 1);
}

#[test]
fn tables_that_rows_can_be_put_into() {
    let db = open(
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE \"A\" (a);
         CREATE VIRTUAL TABLE f USING fts5 (a); CREATE VIEW v AS SELECT 1;
         CREATE TEMP TABLE x (a); INSERT INTO b VALUES (1); ANALYZE",
    );
    assert_eq!(tables(&db).unwrap(), ["A", "b"]);
}

/// A wide table, a long chain of parents, and the same rows each time.
#[test]
fn large_schemas() {
    let columns: Vec<String> = (0..200).map(|at| format!("c{at} TEXT NOT NULL")).collect();
    let mut sql = format!(
        "CREATE TABLE wide ({}, UNIQUE (c1, c2));",
        columns.join(", ")
    );
    for at in 0..150 {
        let parent = at + 1;
        sql += &format!(
            "CREATE TABLE t{at} (id INTEGER PRIMARY KEY, p INT NOT NULL REFERENCES t{parent});"
        );
    }
    sql += "CREATE TABLE t150 (id INTEGER PRIMARY KEY)";
    let dumps: Vec<String> = (0..2)
        .map(|_| {
            let db = open(&sql);
            fill(&db, &Hints::default(), 0);
            check_keys(&db, "");
            format!("{}{}", dump(&db, "wide"), dump(&db, "t0"))
        })
        .collect();
    assert_eq!(dumps[0], dumps[1]);
}

/// A row takes one try where nothing is in its way, and not many where nothing helps.
#[test]
fn tries() {
    let cases = [
        (
            "a INT NOT NULL, b TEXT UNIQUE, c CHECK (c IN ('x', 'y'))",
            2..=2,
        ),
        ("a CHECK (a % 7 = 5 AND a IS NOT NULL)", 1..=60),
        ("a CHECK (a > b), b CHECK (b > c), c CHECK (c > a)", 1..=120),
        ("a CHECK (abs(a) < 0 AND b < 0 AND c < 0), b, c", 1..=120),
    ];
    for (columns, tries) in cases {
        let mut db = open(&format!("CREATE TABLE t ({columns})"));
        let counter = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&counter);
        db.authorizer(Some(move |context: AuthContext<'_>| {
            if let AuthAction::Savepoint {
                operation: TransactionOperation::Begin,
                ..
            } = context.action
            {
                count.fetch_add(1, Ordering::Relaxed);
            }
            Authorization::Allow
        }))
        .unwrap();
        populate(&db, &["t".to_owned()], &Hints::default(), 0).unwrap();
        let counted = counter.load(Ordering::Relaxed);
        assert!(tries.contains(&counted), "{columns}: {counted}");
    }
}

fn fill(db: &Connection, hints: &Hints, variation: usize) {
    let mut all = tables(db).unwrap();
    all.reverse();
    let filled = populate(db, &all, hints, variation).unwrap();
    assert_eq!(filled.len(), all.len());
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn dump(db: &Connection, table: &str) -> String {
    let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for at in 0..width {
            text += &format!("{:?} ", row.get::<_, Value>(at).unwrap());
        }
        text += "\n";
    }
    text
}

fn open(sql: &str) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}\n{error}"));
    db
}

fn check_keys(db: &Connection, sql: &str) {
    let mut statement = match db.prepare("PRAGMA foreign_key_check") {
        Ok(statement) => statement,
        // Some schemas here are faulty themselves.
        Err(error) => return assert!(error.to_string().contains("mismatch"), "{sql}\n{error}"),
    };
    let found: Result<BTreeSet<String>, _> =
        statement.query_map([], |row| row.get(0)).unwrap().collect();
    match found {
        Ok(found) => assert!(found.is_empty(), "{sql}\n{found:?}"),
        Err(error) => assert!(error.to_string().contains("mismatch"), "{sql}\n{error}"),
    }
}

/// After each migration of real projects nearly every table gets rows in every variation. The
/// folders are not part of this repository; see `tests/tests/corpora.rs`.
#[test]
#[ignore = "needs the histories in ../shared/corpora"]
fn real_histories() {
    let shared = std::env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let (mut asked, mut got) = (0, 0);
    for name in HISTORIES {
        let listing = disk::list(&shared.join("corpora").join(name).join("migrations")).unwrap();
        let mut options = Options::new(Database::Sqlite);
        options.trust_through = i64::MAX;
        let folder = listing.read(&options);
        let db = open("");
        // A function that one of the programs has from an extension.
        db.create_scalar_function("vec_length", 1, FunctionFlags::SQLITE_UTF8, |_| Ok(512))
            .unwrap();
        for migration in &folder.migrations {
            let Up::Sql(script) = &migration.up else {
                continue;
            };
            db.execute_batch(&format!(
                "BEGIN;\n{}\n;COMMIT; PRAGMA foreign_keys = OFF",
                script.sql
            ))
            .unwrap_or_else(|error| panic!("{name} {}: {error}", script.path));
            let mut hints = Hints::default();
            hints.add(&script.sql);
            for variation in 0..VARIATIONS {
                db.execute_batch("BEGIN").unwrap();
                let all = tables(&db).unwrap();
                let filled = populate(&db, &all, &hints, variation).unwrap();
                check_keys(&db, &script.path);
                db.execute_batch("ROLLBACK").unwrap();
                for table in all.iter().filter(|table| !filled.contains(*table)) {
                    println!("{name} {} {variation}: {table}", script.path);
                }
                (asked, got) = (asked + all.len(), got + filled.len());
            }
        }
    }
    println!("{got} of {asked}");
    assert!(got * 100 > asked * 99, "{got} of {asked}");
}

const HISTORIES: &[&str] = &[
    "atuin-client-sqlite",
    "chirpstack-sqlite",
    "rauthy-hiqlite",
    "screenpipe-sqlite",
    "vibe-kanban-sqlite",
];
