//! `check --database`: migrations tried on a scratch database of a server.

use std::fs;
use std::path::Path;

use migrate_tests::postgres::{Scratch, connect, execute, rows, server};

use crate::desk::{Desk, MAIN, Said};
use crate::postgres::{PROGRAM, url};

type Files<'f> = &'f [(&'f str, &'f str)];

/// What is said of a folder of these files, below `migrations/`, without what is said of relaxing.
fn said(files: Files<'_>, arguments: &str) -> Said {
    let desk = Desk::package(PROGRAM, &[]);
    for (path, text) in files {
        desk.file(&format!("migrations/{path}"), text);
    }
    let server = std::env::var("TEST_POSTGRES_URL").unwrap();
    let said = desk.says("", &format!("check --database {server} {arguments}"));
    let relaxing =
        |line: &&str| !line.contains("in production already") && !line.contains("or allow it");
    let err = said.err.lines().filter(relaxing);
    Said {
        err: err.map(|line| format!("{line}\n")).collect(),
        ..said
    }
}

/// Checks all that is said, but the count of problems in the end.
#[track_caller]
fn check(files: Files<'_>, expected: &str) {
    let said = said(files, "");
    let (told, count) = said.err.rsplit_once("\nerror: ").unwrap_or((&said.err, ""));
    assert_eq!(told, expected.trim_start_matches('\n'), "{}", said.err);
    assert!(count.contains("problem"), "{}", said.err);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

/// Checks that nothing is found, and what is noted.
#[track_caller]
fn check_fine(files: Files<'_>, notes: &str) {
    let said = said(files, "");
    assert_eq!(said.err, notes);
    let code = files.iter().filter(|(path, _)| path.ends_with(".rs"));
    let fine = match code.count() {
        0 => "nothing is wrong\n",
        1 => "nothing is wrong; 1 of them is code, which was not run\n",
        _ => "nothing is wrong; 2 of them are code, which was not run\n",
    };
    assert!(said.out.ends_with(fine), "{}", said.out);
    assert_eq!(said.code, 0);
}

/// Checks what an up has to say that its down leaves behind.
#[track_caller]
fn check_back(before: &str, pairs: &[(&str, &str, &str)]) {
    let mut files = vec![("0001_before.sql".to_owned(), before.to_owned())];
    for (at, (up, down, _)) in pairs.iter().enumerate() {
        let name = format!("{:04}_{at}", at + 2);
        files.push((format!("{name}.up.sql"), format!("{up};\n")));
        files.push((format!("{name}.down.sql"), format!("{down};\n")));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    let said = said(&files, "--json");
    let lines = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let findings: Vec<serde_json::Value> = lines.collect();
    assert_eq!(findings.len(), pairs.len(), "{}", said.out);
    for ((up, _, expected), finding) in pairs.iter().zip(findings) {
        assert_eq!(finding["problem"], "incomplete_down", "{up}");
        let told = finding["help"][0].as_str().unwrap();
        assert!(told.starts_with(expected), "{up}: {told}");
    }
}

fn fixture(name: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[track_caller]
fn check_fixture(name: &str, expected: &str) {
    let files = fixture(name);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    check(&files, expected);
}

const USERS: (&str, &str) = (
    "0001_users.sql",
    "CREATE TABLE users (id int PRIMARY KEY);\n",
);

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn nothing_is_wrong() {
    check_fine(
        &[
            (
                "0001_users.up.sql",
                "CREATE TABLE users (id int PRIMARY KEY);\nINSERT INTO users VALUES (1);\n",
            ),
            ("0001_users.down.sql", "DROP TABLE users;\n"),
            (
                "0002_email.up.sql",
                "ALTER TABLE users ADD email text NOT NULL DEFAULT '';\n",
            ),
            ("0002_email.down.sql", "ALTER TABLE users DROP email;\n"),
            (
                "0003_index.up.sql",
                "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);\n",
            ),
            ("0003_index.down.sql", "DROP INDEX users_email;\n"),
            (
                "0004_path.sql",
                "SET search_path = pg_catalog;\nCREATE TABLE public.a (x int);\n",
            ),
            (
                "R__views.sql",
                "CREATE OR REPLACE VIEW emails AS SELECT email FROM users;\n",
            ),
        ],
        "",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn failing_up() {
    check(
        &[
            USERS,
            (
                "0002_email.sql",
                "SELECT 1;\nCREATE INDEX by_email ON users (emial);\n",
            ),
            ("0003_more.sql", "CREATE TABLE more (x int);\n"),
        ],
        "
note: what comes after migration 2 is not tried
error: column \"emial\" does not exist (SQLSTATE 42703)
 --> migrations/0002_email.sql:2:1
  |
2 | CREATE INDEX by_email ON users (emial);
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: correct the name, or mend the migrations before this one
",
    );
}

/// What reading finds is told together with what running finds, and nothing twice.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn all_that_is_wrong() {
    let said = said(
        &[
            USERS,
            ("0002_empty.sql", "\n"),
            ("0004_wrong.sql", "CREATE TABEL a (x int);\n"),
            ("0005_more.sql", "SELECT 1;\n"),
        ],
        "--json",
    );
    let lines = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let problems: Vec<String> = lines
        .map(|line: serde_json::Value| line["problem"].to_string())
        .collect();
    assert_eq!(
        problems,
        ["\"empty_up\"", "\"gap\"", "\"syntax_error\""],
        "{}",
        said.out
    );
    assert!(
        said.err
            .contains("what comes after migration 4 is not tried"),
        "{}",
        said.err
    );
}

/// What reading finds of a script is why it fails; of another part of the file it says nothing.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn nothing_is_told_twice() {
    let said = said(
        &[
            (
                "0001_a.sql",
                "-- migrate:up\nCREATE TABLE a (x int);\n-- migrate:down\n\n",
            ),
            (
                "0002_b.sql",
                "-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABEL b;\n",
            ),
            (
                "0003_c.sql",
                "-- migrate:up\nSELECT none;\n-- migrate:down\nDROP TABEL c;\n",
            ),
        ],
        "--json",
    );
    let lines = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let problems: Vec<String> = lines
        .map(|line: serde_json::Value| {
            format!("{} {}", line["problem"].as_str().unwrap(), line["line"])
        })
        .collect();
    let expected = [
        "empty_down 4",
        "syntax_error 4",
        "failing_up 2",
        "syntax_error 4",
    ];
    assert_eq!(problems, expected, "{}", said.out);
}

/// The down of 003 as it was written first: it drops the clusters before the columns that refer to them.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn failing_down() {
    let files = [
        (
            "001_initial_schema.sql",
            include_str!("../../../tests/seeds/neuron/migrations/001_initial_schema.sql"),
        ),
        (
            "002_embeddings.sql",
            include_str!("../../../tests/seeds/neuron/migrations/002_embeddings.sql"),
        ),
        (
            "003_clusters.sql",
            include_str!("../../../tests/seeds/neuron/tests/as_written/003_clusters.sql"),
        ),
        (
            "004_analysis_runs.sql",
            include_str!("../../../tests/seeds/neuron/migrations/004_analysis_runs.sql"),
        ),
    ];
    check(
        &files,
        "
error: cannot drop table clusters because other objects depend on it (SQLSTATE 2BP01)
  --> migrations/003_clusters.sql:35:1
   |
35 | DROP TABLE IF EXISTS clusters;
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: PostgreSQL says: constraint nodes_cluster_id_fkey on table nodes depends on table clusters
   = help: PostgreSQL says: Use DROP ... CASCADE to drop the dependent objects too.
   = help: correct it: a down may be mended at any time
",
    );
    let mut mended = files;
    mended[2].1 = include_str!("../../../tests/seeds/neuron/migrations/003_clusters.sql");
    check_fine(&mended, "");
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn incomplete_down() {
    check(
        &[
            USERS,
            (
                "0002_more.up.sql",
                "CREATE TABLE more (x int);\nCREATE INDEX more_x ON more (x);\nCREATE TABLE rest (x int);\n",
            ),
            (
                "0002_more.down.sql",
                "-- Not all of it.\nDROP TABLE rest;\n",
            ),
            ("0003_last.up.sql", "CREATE TABLE last (x int);\n"),
            ("0003_last.down.sql", "DROP TABLE last;\n"),
        ],
        "
error: after this down the schema is not what it was before the up
 --> migrations/0002_more.down.sql:2:1
  |
2 | DROP TABLE rest;
  | ^^^^^^^^^^^^^^^^
  = help: table more is left behind
  = help: without a way back, delete the down and write `-- migrate: irreversible` in the up
",
    );
    check_back(
        "CREATE TABLE a (x int DEFAULT 1 NOT NULL, y text CONSTRAINT c CHECK (y <> ''));
CREATE TYPE e AS ENUM ('a');
CREATE VIEW v AS SELECT x FROM a;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE INDEX i ON a (x);
CREATE SEQUENCE s;
CREATE DOMAIN d AS int;
COMMENT ON COLUMN a.x IS 'one';
",
        &[
            (
                "ALTER TABLE a ALTER x DROP NOT NULL",
                "SELECT 1",
                "column x of table a is `integer DEFAULT 1`, was `integer NOT NULL DEFAULT 1`",
            ),
            (
                "ALTER TABLE a ALTER x SET NOT NULL",
                "ALTER TABLE a ALTER x DROP DEFAULT",
                "column x of table a is `integer NOT NULL`, was `integer DEFAULT 1`",
            ),
            (
                "ALTER TABLE a DROP CONSTRAINT c",
                "SELECT 1",
                "constraint c on table a is missing",
            ),
            (
                "ALTER TYPE e ADD VALUE 'b'",
                "SELECT 1",
                "type e is `'a', 'b'`, was `'a'`",
            ),
            (
                "CREATE OR REPLACE VIEW v AS SELECT x, y FROM a",
                "SELECT 1",
                "view v is different",
            ),
            (
                "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
                "SELECT 1",
                "function f() is different",
            ),
            (
                "DROP INDEX i",
                "CREATE INDEX i ON a (y)",
                "index i is `CREATE INDEX i ON public.a USING btree (y)`, was `CREATE INDEX i ON public.a USING btree (x)`",
            ),
            (
                "ALTER SEQUENCE s INCREMENT 2",
                "SELECT 1",
                "sequence s is `bigint START 1 INCREMENT 2",
            ),
            (
                "ALTER DOMAIN d SET NOT NULL",
                "SELECT 1",
                "type d is `integer NOT NULL`, was `integer`",
            ),
            (
                "COMMENT ON COLUMN a.x IS 'two'",
                "SELECT 1",
                "comment on column x of table a is `two`, was `one`",
            ),
            (
                "CREATE SCHEMA app; CREATE TABLE app.t (x int)",
                "SELECT 1",
                "schema app is left behind",
            ),
            (
                "CREATE EXTENSION vector",
                "SELECT 1",
                "extension vector is left behind",
            ),
            (
                "GRANT SELECT ON a TO PUBLIC",
                "SELECT 1",
                "privileges on table a is `=r/",
            ),
            (
                "ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (x = 1)",
                "ALTER TABLE a DISABLE ROW LEVEL SECURITY",
                "policy p on table a is left behind",
            ),
        ],
    );
}

/// Rows stay where the way back ends, and are in the way of the ups.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn failing_again() {
    check(
        &[
            USERS,
            ("0002_first.up.sql", "INSERT INTO users VALUES (1);\n"),
            ("0002_first.down.sql", "-- The row stays.\n"),
        ],
        "
error: run again: duplicate key value violates unique constraint \"users_pkey\" (SQLSTATE 23505)
 --> migrations/0002_first.up.sql:1:1
  |
1 | INSERT INTO users VALUES (1);
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: PostgreSQL says: Key (id)=(1) already exists.
  = help: all migrations were run, taken back from the last to the first, and run again: mend the down
",
    );
    check(
        &[
            USERS,
            ("R__views.sql", "CREATE VIEW v AS SELECT id FROM users;\n"),
        ],
        "
error: run again: relation \"v\" already exists (SQLSTATE 42P07)
 --> migrations/R__views.sql:1:1
  |
1 | CREATE VIEW v AS SELECT id FROM users;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: it is run again whenever its text changes: let it drop first what it makes
",
    );
}

/// Of each kind of column a table can be filled; a row that is needed elsewhere comes first.
const FULL: &str = "CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN title AS varchar(3) NOT NULL;
CREATE TABLE rows (
  child int NOT NULL, a serial PRIMARY KEY, b text NOT NULL, c varchar(1) NOT NULL, d boolean NOT NULL,
  e uuid NOT NULL, f timestamptz NOT NULL, g jsonb NOT NULL, h bytea NOT NULL, i mood NOT NULL,
  j int[] NOT NULL, k title, l numeric(3, 1) NOT NULL, m date NOT NULL, n inet NOT NULL,
  o bigint GENERATED ALWAYS AS IDENTITY, p interval NOT NULL, q char(4) NOT NULL, r bit(3) NOT NULL,
  s int4range NOT NULL, t tsvector NOT NULL, u double precision NOT NULL, v int GENERATED ALWAYS AS (1) STORED
);
CREATE TABLE parents (id int PRIMARY KEY, code text UNIQUE NOT NULL);
ALTER TABLE rows ADD FOREIGN KEY (child) REFERENCES parents (id);
";

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn failing_on_rows() {
    check(
        &[
            ("0001_rows.sql", FULL),
            ("0002_column.sql", "ALTER TABLE rows\n  ADD w int NOT NULL;\n"),
            ("0003_again.sql", "ALTER TABLE parents ADD COLUMN \"W\" int DEFAULT 1 UNIQUE;\n"),
        ],
        "
error: on tables with rows: column \"w\" of relation \"rows\" contains null values (SQLSTATE 23502)
 --> migrations/0002_column.sql:1:1
  |
1 | ALTER TABLE rows
  | ^^^^^^^^^^^^^^^^
  = help: it runs on empty tables only: give existing rows a value first, or a `DEFAULT` that fits them

error: on tables with rows: could not create unique index \"parents_W_key\" (SQLSTATE 23505)
 --> migrations/0003_again.sql:1:1
  |
1 | ALTER TABLE parents ADD COLUMN \"W\" int DEFAULT 1 UNIQUE;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: PostgreSQL says: Key (\"W\")=(1) is duplicated.
  = help: it runs on empty tables only: give every row a value of its own before it becomes `UNIQUE`
",
    );
}

/// What fails with a row that is made up may well run with those that are there.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn rows_that_say_nothing() {
    check_fine(
        &[
            (
                "0001_users.sql",
                "CREATE TABLE users (id int PRIMARY KEY, name text, kind text);\n",
            ),
            (
                "0002_kinds.sql",
                "CREATE TABLE kinds (name text PRIMARY KEY);\nINSERT INTO kinds VALUES ('a'), ('b');\n",
            ),
            (
                "0003_key.sql",
                "ALTER TABLE users ADD FOREIGN KEY (kind) REFERENCES kinds;\n",
            ),
            (
                "0004_check.sql",
                "ALTER TABLE users ADD CHECK (name LIKE 'x%');\n",
            ),
            (
                "0005_admin.sql",
                "INSERT INTO users VALUES (1, 'xa', 'a');\n",
            ),
            (
                "0006_not_null.sql",
                "ALTER TABLE users ADD kind_id int;\nUPDATE users SET kind_id = 1 WHERE kind = 'a';\nALTER TABLE users ALTER kind_id SET NOT NULL;\n",
            ),
            ("0007_unique.sql", "CREATE UNIQUE INDEX ON users ((1));\n"),
            (
                "0008_none.sql",
                "CREATE TABLE odd (x int CHECK (x > 100));\nALTER TABLE odd ADD y int NOT NULL;\n",
            ),
        ],
        "",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn endless() {
    check(
        &[
            USERS,
            ("0002_repeat.sql", "-- migrate: repeat\nUPDATE users SET id = id WHERE id > 0;\n"),
            ("0003_slow.sql", "SET LOCAL statement_timeout = '50ms';\nSELECT pg_sleep(100);\n"),
        ],
        "
error: it has not come to its end after 1000 times
 --> migrations/0002_repeat.sql:2:1
  |
2 | UPDATE users SET id = id WHERE id > 0;
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: add a `WHERE` that a row which is done does not meet, also one with `NULL`

error: this statement was stopped, and may have no end: canceling statement due to statement timeout
 --> migrations/0003_slow.sql:2:1
  |
2 | SELECT pg_sleep(100);
  | ^^^^^^^^^^^^^^^^^^^^^
  = help: give it an end; if it only needs long, say so by `-- migrate: unverified \"why\"` at the head of the file
",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn broken_function() {
    check_fixture(
        "broken_function",
        "
error: function `users_named` cannot be called: column \"name\" does not exist (SQLSTATE 42703)
 --> migrations/0001_users.sql:2:17
  |
2 | CREATE FUNCTION users_named(wanted text) RETURNS bigint LANGUAGE sql
  |                 ^^^^^^^^^^^
  = help: correct its text, or drop it before what it uses goes
",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn invalid_index() {
    check_fixture(
        "invalid_index",
        "
error: index `events_at` of `events` is not valid, so that no query uses it
 --> migrations/0001_events.sql:3:14
  |
3 | CREATE INDEX events_at ON ONLY events (at);
  |              ^^^^^^^^^
  = help: one that is created `ON ONLY` a partitioned table needs one of each partition: `ALTER INDEX … ATTACH PARTITION`
",
    );
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn broken_view_and_trigger() {
    check(
        &[
            ("0001_log.sql", "CREATE TABLE log (x int);\nCREATE TABLE a (x int);\n"),
            (
                "0002_use.sql",
                "CREATE FUNCTION logged() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT x FROM log';
CREATE VIEW v AS SELECT * FROM logged();
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log VALUES (NEW.x);
  RETURN NEW;
END $$;
CREATE TRIGGER a_note BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION note();
",
            ),
            ("0003_drop.sql", "DROP TABLE log;\n"),
        ],
        "
error: function `logged` cannot be called: relation \"log\" does not exist (SQLSTATE 42P01)
 --> migrations/0002_use.sql:1:17
  |
1 | CREATE FUNCTION logged() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT x FROM log';
  |                 ^^^^^^
  = help: correct its text, or drop it before what it uses goes

error: view `v` cannot be read: relation \"log\" does not exist (SQLSTATE 42P01)
 --> migrations/0002_use.sql:2:13
  |
2 | CREATE VIEW v AS SELECT * FROM logged();
  |             ^
  = help: correct what it uses, or drop the view before that goes

error: on a write to public.a, function `note` of a trigger fails: relation \"log\" does not exist (SQLSTATE 42P01)
 --> migrations/0002_use.sql:3:17
  |
3 | CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
  |                 ^^^^
  = help: correct its text, or drop the trigger before what it uses goes
",
    );
}

/// A function may be for a search path that its caller has, or brings along; a trigger may ask for a
/// setting of the program's.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn what_depends_on_the_caller() {
    check_fine(
        &[
            ("0001_app.sql", "CREATE SCHEMA app;\nCREATE TABLE app.t (x int);\nCREATE TABLE a (x int);\n"),
            (
                "0002_use.sql",
                "SET search_path = app;
CREATE FUNCTION public.one() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
CREATE FUNCTION public.two() RETURNS bigint LANGUAGE sql SET search_path = app AS 'SELECT count(*) FROM t';
CREATE FUNCTION public.who() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM current_setting('app.who');
  RETURN NEW;
END $$;
CREATE FUNCTION public.part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'INSERT INTO a_' || NEW.x || ' VALUES (1)';
  RETURN NEW;
END $$;
CREATE TABLE public.b (x int);
CREATE TRIGGER part BEFORE INSERT ON public.b FOR EACH ROW EXECUTE FUNCTION public.part();
CREATE TRIGGER who BEFORE INSERT ON public.a FOR EACH ROW EXECUTE FUNCTION public.who();
",
            ),
        ],
        "",
    );
}

/// What is code is taken to leave the schema alone, unless it says otherwise.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn code() {
    let up =
        "pub fn up(db: &mut postgres::Transaction<'_>) -> Result<(), postgres::Error> { Ok(()) }\n";
    let schema = format!("pub const CHANGES_SCHEMA: bool = true;\n{up}");
    let files = [
        USERS,
        ("0002_fill.rs", up),
        ("0003_name.up.sql", "ALTER TABLE users ADD name text;\n"),
        ("0003_name.down.sql", "ALTER TABLE users DROP name;\n"),
        ("0004_made.rs", &schema),
        ("0005_more.sql", "ALTER TABLE made ADD x int;\n"),
    ];
    check_fine(
        &files,
        "note: migration 5 is not tried, nor is what comes after it: it fails perhaps for want of what was not run\n",
    );
    check_fine(&files[..2], "");
    let said = said(
        &[&files[..4], &[("0004_more.sql", files[5].1)]].concat(),
        "",
    );
    assert!(
        said.err.contains("relation \"made\" does not exist"),
        "{}",
        said.err
    );
}

/// A migration may name the history, where the program has it.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn where_the_program_has_its_history() {
    let files = [
        ("0001_users.up.sql", USERS.1),
        ("0001_users.down.sql", "DROP TABLE users;\n"),
        (
            "0002_grant.sql",
            "GRANT SELECT ON app.versions TO PUBLIC;\n",
        ),
        (
            "R__views.sql",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM users;\n",
        ),
    ];
    let said = |arguments: &str| said(&files, arguments);
    let fine = said("--table versions --schema app");
    assert_eq!((fine.code, fine.err.as_str()), (0, ""));
    assert_eq!(said("").code, 1);
}

/// By itself the third one runs; a fresh database runs all of them in one transaction, at one time.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_first_start() {
    let said = said(
        &[
            (
                "0001_log.sql",
                "CREATE TABLE log (at timestamptz PRIMARY KEY DEFAULT now());\n",
            ),
            ("0002_one.sql", "INSERT INTO log DEFAULT VALUES;\n"),
            ("0003_two.sql", "INSERT INTO log DEFAULT VALUES;\n"),
        ],
        "",
    );
    let expected = "error: duplicate key value violates unique constraint \"log_pkey\" (SQLSTATE 23505)\n --> migrations/0003_two.sql:1:1";
    assert!(said.err.starts_with(expected), "{}", said.err);
    assert!(said.err.contains("by itself it runs: "), "{}", said.err);
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn relaxed() {
    let files = [
        ("0001_a.up.sql", "CREATE TABLE a (x int);\n"),
        ("0001_a.down.sql", "-- It stays.\n"),
        ("0002_b.up.sql", "CREATE TABLE b (x int);\n"),
        ("0002_b.down.sql", "DROP TABLE c;\n"),
        (
            "0003_c.sql",
            "-- migrate: unverified \"it needs what this server lacks\"\nSELECT none();\n",
        ),
        ("0004_d.up.sql", "CREATE TABLE d (x int);\n"),
        ("0004_d.down.sql", "DROP TABLE none;\n"),
    ];
    let problems = |options: &[&str]| {
        let desk = Desk::package(PROGRAM, &[]);
        for (path, text) in &files {
            desk.file(&format!("migrations/{path}"), text);
        }
        let server = std::env::var("TEST_POSTGRES_URL").unwrap();
        let mut words = vec!["check", "--json", "--database", &server];
        words.extend(options);
        let said = desk.says_words("", &words);
        let note = "note: migration 3 fails on the scratch database, and is taken as run\n";
        assert_eq!(said.err, note);
        ["incomplete_down", "failing_down"]
            .map(|name| said.out.matches(&format!("\"{name}\"")).count())
    };
    assert_eq!(problems(&[]), [1, 2]);
    assert_eq!(
        problems(&["--options", "database = \"postgres\", trust_through = 1"]),
        [0, 2]
    );
    assert_eq!(
        problems(&["--options", "database = \"postgres\", allow(failing_down)"]),
        [1, 0]
    );
}

/// The database that was named stays as it is, and the scratch database goes, whatever comes.
#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn what_is_left_on_the_server() {
    let scratch = Scratch::fresh();
    let mut db = scratch.connect();
    execute(
        &mut db,
        "CREATE TABLE users (id int); INSERT INTO users VALUES (1);",
    );
    // One that a killed check has left, and one of a check that is at work and holds its lock.
    for name in ["migrate_check_0a0a0a0a", "migrate_check_0b0b0b0b"] {
        execute(&mut db, &format!("DROP DATABASE IF EXISTS {name}"));
        execute(&mut db, &format!("CREATE DATABASE {name}"));
    }
    execute(
        &mut db,
        &format!("SELECT pg_advisory_lock({}, {})", 0x6d69_6772, 0x0b0b_0b0b),
    );
    let before = scratch.snapshot();
    let desk = Desk::package(PROGRAM, &[]);
    for (path, text) in [USERS, ("0002_wrong.sql", "SELECT none;\n")] {
        desk.file(&format!("migrations/{path}"), text);
    }
    let said = desk.says("", &format!("check --database {}", url(&scratch)));
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(scratch.snapshot() == before);
    let mine = "SELECT datname FROM pg_database WHERE datname LIKE 'migrate\\_check\\_0_0_0_0_'";
    assert_eq!(rows(&mut db, mine), ["migrate_check_0b0b0b0b"]);
    execute(&mut db, "DROP DATABASE migrate_check_0b0b0b0b");
    // Those of tests that run at the same time hold their locks.
    let left = "SELECT datname FROM pg_database d WHERE datname LIKE 'migrate\\_check\\_%' AND NOT EXISTS (\
                SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 1835624306)";
    assert_eq!(rows(&mut db, left), [] as [&str; 0]);
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn a_role_that_may_not_create_databases() {
    let scratch = Scratch::fresh();
    let mut db = connect(&server());
    let role = format!("{}_poor", scratch.config().get_dbname().unwrap());
    execute(&mut db, &format!("CREATE ROLE {role} LOGIN"));
    let desk = Desk::package(PROGRAM, &[("migrations/0001_users.sql", USERS.1)]);
    let url = url(&scratch).replacen("postgres@", &format!("{role}@"), 1);
    desk.check(
        &format!("check --database {url}"),
        1,
        "",
        "
error: the scratch database cannot be created: permission denied to create database (SQLSTATE 42501)
  = help: the migrations are tried on a database of their own: give the role the right to create one, `ALTER ROLE … CREATEDB`
  = help: or name a server of your own
",
    );
    execute(&mut db, &format!("ALTER ROLE {role} CREATEDB"));
    desk.check(&format!("check --database {url}"), 0, "…", "");
    execute(&mut db, &format!("DROP ROLE {role}"));
}

#[test]
#[cfg_attr(not(have_postgres), ignore = "needs PostgreSQL: scripts/with-postgres")]
fn what_reaches_beyond_the_database() {
    let role = (
        "0002_role.sql",
        "DO $$ BEGIN\n  IF false THEN CREATE ROLE app; END IF;\nEND $$;\n",
    );
    let refused = said(&[USERS, role], "");
    assert_eq!(
        refused.err,
        "error: `CREATE ROLE` reaches beyond the scratch database
 --> migrations/0002_role.sql:1:4
  |
1 | DO $$ BEGIN
  |    ^
  = nothing was run: it would change the server itself, and stay when the scratch database is gone
  = help: name a server of your own that may be changed, and say so by `--server-may-change`
"
    );
    assert_eq!(refused.code, 1);
    // What was found by reading stands before it, and how much it was after both.
    let gap = ("0004_gap.sql", "SELECT 1;\n");
    let both = said(&[USERS, role, gap], "");
    let lines: Vec<_> = both
        .err
        .lines()
        .filter(|l| l.starts_with("error: "))
        .collect();
    assert_eq!(lines.len(), 3, "{}", both.err);
    assert!(lines[1].contains("reaches beyond"), "{}", both.err);
    assert_eq!(both.err.lines().last(), Some("error: 2 problems"));
    assert_eq!((both.code, both.out.as_str()), (1, ""));
    assert_eq!(said(&[USERS, role], "--server-may-change").code, 0);
}

/// No server is asked.
#[test]
fn sets_for_sqlite() {
    let desk = Desk::package(MAIN, &[("migrations/0001_users.sql", USERS.1)]);
    desk.check(
        "check --database app.db",
        1,
        "",
        "
error: `--database` names a server to try migrations on
  = help: leave it out: those for SQLite are tried in memory
",
    );
    let said = desk.says("", "check --database postgres://localhost/app");
    assert!(
        said.err
            .starts_with("error: the database is one of PostgreSQL, and"),
        "{}",
        said.err
    );
}
