//! The commands that a program mounts: what they print, and their exit codes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use migrate_core::cli::{Command, Error, Verdict};
use migrate_core::folder::{File, Folder, Options};
use migrate_core::rusqlite::{Connection, OpenFlags};
use migrate_core::{Database, Goal, Migrator, Policy};
use migrate_source::folder::lock;
use migrate_source::schema::{Schema, changes};
use serde_json::{Value, json};

/// A program with nothing but these commands.
#[derive(Debug, Parser)]
struct App {
    #[command(subcommand)]
    command: Command,
}

type Files<'f> = &'f [(&'f str, &'f str)];

const NOTES: Files<'_> = &[
    (
        "0001_create_notes.up.sql",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);\n",
    ),
    ("0001_create_notes.down.sql", "DROP TABLE notes;\n"),
    ("0002_add_tags.up.sql", "CREATE TABLE tags (tag TEXT);\n"),
    ("0002_add_tags.down.sql", "DROP TABLE tags;\n"),
];

/// `NOTES` and what came later.
const VIEWS: Files<'_> = &[
    NOTES[0],
    NOTES[1],
    NOTES[2],
    NOTES[3],
    (
        "R__views.sql",
        "CREATE VIEW IF NOT EXISTS v AS SELECT text FROM notes;\n",
    ),
    ("R__views.down.sql", "DROP VIEW v;\n"),
];

#[test]
fn status_of_a_fresh_database() {
    check(
        VIEWS,
        &[(
            "status",
            "
Current version: 0
Available migrations: 2
Pending migrations: 2
Repeatable migrations due: 1

Version  State    Applied (UTC)  Description
      1  pending                 create notes
      2  pending                 add tags
      R  due                     views
",
        )],
    );
}

#[test]
fn status_on_the_way() {
    check(
        VIEWS,
        &[
            ("migrate --to 1", ANYTHING),
            (
                "status",
                "
Current version: 1
Available migrations: 2
Pending migrations: 1
Repeatable migrations due: 1

Version  State    Applied (UTC)        Description
      1  applied  2025-03-01 09:30:00  create notes
      2  pending                       add tags
      R  due                           views
",
            ),
            ("migrate", ANYTHING),
            (
                "status",
                "
Current version: 2
Available migrations: 2
No pending migrations

Version  State    Applied (UTC)        Description
      1  applied  2025-03-01 09:30:00  create notes
      2  applied  2025-03-01 09:30:00  add tags
      R  applied  2025-03-01 09:30:00  views
",
            ),
        ],
    );
}

#[test]
fn status_of_a_program_without_migrations() {
    let migrator = Migrator::new(&[]);
    let said = says(&migrator, &mut memory(), "status --check");
    assert_eq!(
        said,
        "Current version: 0\nAvailable migrations: 0\nNo pending migrations\n"
    );
}

#[test]
fn status_fits_into_80_columns() {
    let long = format!(
        "-- migrate: description \"{}\"\nSELECT 1;\n",
        "wörter ".repeat(40).trim()
    );
    let files = [("201801010000000000_long.sql", long.as_str())];
    let folder = folder(&files);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let mut db = memory();
    says(&migrator, &mut db, "migrate");
    let said = says(&migrator, &mut db, "status");
    assert_eq!(said.matches("wörter").count(), 40);
    let widths: Vec<usize> = said.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width <= 80), "{said}");
    assert!(widths.len() > 8, "{said}");
}

#[test]
fn status_refused() {
    let mut db = memory();
    let edited: Files<'_> = &[
        NOTES[0],
        ("0002_add_tags.sql", "CREATE TABLE tags (tag);\n"),
    ];
    run(NOTES, &mut db, "migrate");
    let said = run(edited, &mut db, "status");
    let (table, refusal) = said
        .split_once("\n\nMigrating would be refused: ")
        .expect(&said);
    assert!(
        table.ends_with("2  changed  2025-03-01 09:30:00  add tags"),
        "{said}"
    );
    assert!(
        refusal.starts_with(
            "migration 2 changed after having been applied\n --> migrations/0002_add_tags.sql\n"
        ),
        "{said}"
    );
}

#[test]
fn migrate() {
    check(
        VIEWS,
        &[
            (
                "migrate --to 1",
                "Applied: 1 create notes\nMigrated from version 0 to 1\n",
            ),
            (
                "migrate",
                "Applied: 2 add tags\nApplied: views\nMigrated from version 1 to 2\n",
            ),
            ("migrate", "Database already at version 2\n"),
            ("migrate --to 1", "Database already at version 2\n"),
            (
                "migrate --to 7",
                "error: there is no migration 7: this program has 1 to 2\nexit code 1\n",
            ),
        ],
    );
}

#[test]
fn migrate_to_the_same_version() {
    let mut db = memory();
    run(NOTES, &mut db, "migrate");
    assert_eq!(
        run(VIEWS, &mut db, "migrate"),
        "Applied: views\nDatabase at version 2\n"
    );
}

#[test]
fn migrate_fails() {
    let broken: Files<'_> = &[
        NOTES[0],
        ("0002_more.sql", "-- so much\nCREATE TABEL tags (tag);\n"),
    ];
    check(
        broken,
        &[(
            "migrate",
            "
error: near \"TABEL\": syntax error
 --> migrations/0002_more.sql:2:8
  |
2 | CREATE TABEL tags (tag);
  |        ^^^^^
  = in migration 2 \"more\"
  = rolled back: nothing of it was applied
  = kept: this run had migrated from version 0 to 1
exit code 1
",
        )],
    );
}

#[test]
fn down() {
    check(
        VIEWS,
        &[
            ("down", "Nothing to take back, database at version 0\n"),
            ("migrate", ANYTHING),
            (
                "down",
                "Taken back: views\nTaken back: 2 add tags\nDatabase at version 1\n",
            ),
            ("migrate", ANYTHING),
            (
                "down --count 9",
                "Taken back: views\nTaken back: 2 add tags\nTaken back: 1 create notes\nDatabase at version 0\n",
            ),
            ("migrate", ANYTHING),
            (
                "down --to 1",
                "Taken back: views\nTaken back: 2 add tags\nDatabase at version 1\n",
            ),
        ],
    );
}

#[test]
fn redo() {
    check(
        NOTES,
        &[
            ("redo", "Nothing to redo, database at version 0\n"),
            ("migrate", ANYTHING),
            (
                "redo",
                "Taken back: 2 add tags\nApplied: 2 add tags\nDatabase at version 2\n",
            ),
        ],
    );
}

#[test]
fn reset() {
    check(
        NOTES,
        &[
            ("reset", "Nothing to take back, database at version 0\n"),
            ("migrate", ANYTHING),
            (
                "reset",
                "
error: not confirmed: `reset` takes back 2 migrations, and what their tables hold is lost
  = nothing was changed
  = help: confirm it with `--yes`
exit code 1
",
            ),
            ("migrate", "Database already at version 2\n"),
            (
                "reset --yes",
                "Taken back: 2 add tags\nTaken back: 1 create notes\nDatabase at version 0\n",
            ),
        ],
    );
}

#[test]
fn plan_up() {
    check(
        VIEWS,
        &[
            (
                "plan --to 1",
                "
-- From version 0 to 1 in 1 step.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

BEGIN IMMEDIATE;

-- up 1: create notes
-- file: migrations/0001_create_notes.up.sql
SAVEPOINT _migrate_core_step;
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
-- history: version 1 is recorded
RELEASE _migrate_core_step;

COMMIT;
",
            ),
            ("migrate --to 1", ANYTHING),
            (
                "plan",
                "
-- From version 1 to 2 in 2 steps.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

-- up 2: add tags
-- file: migrations/0002_add_tags.up.sql
BEGIN IMMEDIATE;
CREATE TABLE tags (tag TEXT);
-- history: version 2 is recorded
COMMIT;

-- up repeatable: views
-- file: migrations/R__views.sql
BEGIN IMMEDIATE;
CREATE VIEW IF NOT EXISTS v AS SELECT text FROM notes;
-- history: `views` is recorded
COMMIT;
",
            ),
            ("migrate", ANYTHING),
            ("plan", "-- Nothing to do: the database is at version 2.\n"),
        ],
    );
}

#[test]
fn plan_down() {
    let one = "
-- From version 2 to 1 in 1 step.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

-- down 2: add tags
-- file: migrations/0002_add_tags.down.sql
BEGIN IMMEDIATE;
DROP TABLE tags;
-- history: the record of version 2 is removed
COMMIT;
";
    let two = "
-- From version 2 to 0 in 2 steps.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

-- down 2: add tags
-- file: migrations/0002_add_tags.down.sql
BEGIN IMMEDIATE;
DROP TABLE tags;
-- history: the record of version 2 is removed
COMMIT;

-- down 1: create notes
-- file: migrations/0001_create_notes.down.sql
BEGIN IMMEDIATE;
DROP TABLE notes;
-- history: the record of version 1 is removed
COMMIT;
";
    check(
        NOTES,
        &[
            (
                "plan --down",
                "-- Nothing to do: the database is at version 0.\n",
            ),
            ("migrate", ANYTHING),
            ("plan --down", one),
            ("plan --to 1", one),
            ("plan --down=2", two),
            ("plan --to 0", two),
            (
                "plan --to 2",
                "-- Nothing to do: the database is at version 2.\n",
            ),
        ],
    );
}

#[test]
fn plan_down_to_a_version() {
    let folder = folder(NOTES);
    let migrations = folder.migrations();
    let migrator = Migrator::new(&migrations);
    let mut db = Connection::open_in_memory().unwrap();
    migrator.up(&mut db).unwrap();
    let mut plan = |line: &str| {
        let args = ["app"].into_iter().chain(line.split_whitespace());
        let mut out = Vec::new();
        let ran = App::parse_from(args)
            .command
            .run_to(&migrator, &mut db, &mut out);
        (String::from_utf8(out).unwrap(), ran)
    };
    let (down, _) = plan("plan --down --to 1");
    assert_eq!(down, plan("plan --to 1").0);
    assert!(down.contains("-- down 2: add tags"), "{down}");
    let (nothing, ran) = plan("plan --down=1 --to 1");
    assert_eq!(nothing, "");
    assert!(matches!(ran, Err(Error::CountAndVersion)));
}

#[test]
fn plan_of_all_kinds_of_transactions() {
    let files: Files<'_> = &[
        (
            "0001_a.sql",
            "CREATE TABLE a (x INTEGER PRIMARY KEY) -- no semicolon",
        ),
        (
            "0002_stepwise.sql",
            "-- migrate: no-transaction\nBEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\nCOMMIT;\nVACUUM",
        ),
        (
            "0003_repeat.sql",
            "-- migrate: repeat\nUPDATE a SET x = x + 2 WHERE x < 2;\n",
        ),
        (
            "0004_enforced.sql",
            "-- migrate: foreign-keys on\nDELETE FROM a WHERE x = 3\n",
        ),
        (
            "0005_code.rs",
            "pub fn up(_: &Connection) -> Result<(), Error> { Ok(()) }\n",
        ),
    ];
    check(
        files,
        &[(
            "plan",
            "
-- From version 0 to 5 in 5 steps.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

BEGIN IMMEDIATE;

-- up 1: a
-- file: migrations/0001_a.sql
SAVEPOINT _migrate_core_step;
CREATE TABLE a (x INTEGER PRIMARY KEY) -- no semicolon
;
-- history: version 1 is recorded
RELEASE _migrate_core_step;

COMMIT;

-- up 2: stepwise
-- file: migrations/0002_stepwise.sql
BEGIN IMMEDIATE;
INSERT INTO a VALUES (1);
INSERT INTO a VALUES (2);
COMMIT;
VACUUM;
-- history: version 2 is recorded

-- up 3: repeat
-- file: migrations/0003_repeat.sql
-- again and again, until it changes no row:
BEGIN IMMEDIATE;
-- migrate: repeat
UPDATE a SET x = x + 2 WHERE x < 2;
COMMIT;
-- history: version 3 is recorded

-- up 4: enforced
-- file: migrations/0004_enforced.sql
PRAGMA foreign_keys = ON;
BEGIN IMMEDIATE;
-- migrate: foreign-keys on
DELETE FROM a WHERE x = 3;
-- history: version 4 is recorded
COMMIT;
PRAGMA foreign_keys = OFF;

BEGIN IMMEDIATE;

-- up 5: code
-- code: migrations/0005_code.rs
SAVEPOINT _migrate_core_step;
-- (its code runs here)
-- history: version 5 is recorded
RELEASE _migrate_core_step;

COMMIT;
",
        )],
    );
}

#[test]
fn plan_of_a_script_that_has_stopped() {
    let stops: Files<'_> = &[(
        "0001_a.sql",
        "-- migrate: no-transaction\nCREATE TABLE a (x);\nCREATE TABLE b (x);\nINSERT INTO c VALUES (1);\n",
    )];
    let mut db = memory();
    run(stops, &mut db, "migrate");
    assert_eq!(
        run(stops, &mut db, "plan"),
        "\
-- From version 0 to 1 in 1 step.

-- until the end of the run:
PRAGMA foreign_keys = OFF;

-- up 1: a
-- file: migrations/0001_a.sql
-- 2 of its 3 statements have run already
BEGIN IMMEDIATE;
INSERT INTO c VALUES (1);
COMMIT;
-- history: version 1 is recorded
"
    );
}

/// The script of a plan is what a run does, the history aside.
#[test]
fn plan_does_what_a_run_does() {
    let rebuild: Files<'_> = &[
        NOTES[0],
        NOTES[1],
        (
            "0002_children.sql",
            "CREATE TABLE pages (note REFERENCES notes ON DELETE CASCADE);\n\
             INSERT INTO notes VALUES (1, 'one');\nINSERT INTO pages VALUES (1)",
        ),
        ("0002_children.down.sql", "DROP TABLE pages"),
        (
            "0003_rebuild.sql",
            "CREATE TABLE new (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n\
             INSERT INTO new SELECT id, text FROM notes;\n\
             DROP TABLE notes;\nALTER TABLE new RENAME TO notes;\n\
             CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM pages; SELECT 1; END",
        ),
        (
            "0003_rebuild.down.sql",
            "-- migrate: no-transaction\nDROP TRIGGER t; -- all",
        ),
    ];
    for goal in [Goal::Up, Goal::UpTo(2)] {
        let folder = folder(rebuild);
        let set = folder.migrations();
        let migrator = Migrator::new(&set);
        let (mut ran, read) = (memory(), memory());
        for goal in [goal, Goal::Reset] {
            let plan = migrator.plan(&mut ran, goal).expect("a plan").to_string();
            read.execute_batch(&plan).expect(&plan);
            migrator.bring(&mut ran, goal).expect("a run");
            assert_eq!(contents(&read), contents(&ran), "{plan}");
        }
    }
}

#[test]
fn plan_touches_nothing() {
    let mut db = memory();
    for line in ["status", "status --check", "plan", "plan --down", "verify"] {
        run(VIEWS, &mut db, line);
        let count: i64 = db
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(count, 0, "{line}");
    }
}

/// A description comes from the database when a newer program has written it.
#[test]
fn plan_keeps_comments_closed() {
    let newer: Files<'_> = &[
        NOTES[0],
        NOTES[1],
        ("0002_x.sql", "CREATE TABLE x (y);"),
        ("0002_x.down.sql", "DROP TABLE x;"),
    ];
    let mut db = memory();
    run(newer, &mut db, "migrate");
    let odd = "a\nDROP TABLE notes;\u{1b}[2J";
    db.execute(
        "UPDATE _migrate_history SET description = ?1 WHERE version = 2",
        [odd],
    )
    .expect("an update");
    let older = &NOTES[..2];
    let said = run(older, &mut db, "plan --down");
    let titles: Vec<&str> = said.lines().skip(5).take(3).collect();
    assert_eq!(
        titles,
        [
            "-- down 2: a DROP TABLE notes;\u{fffd}[2J",
            "-- file: _migrate_history/2.down",
            "BEGIN IMMEDIATE;"
        ]
    );
    let said = run(older, &mut db, "status");
    assert!(said.contains("a DROP TABLE notes;\u{fffd}[2J\n"), "{said}");
}

#[test]
fn verify() {
    check(
        NOTES,
        &[
            (
                "verify",
                "The history fits the program, database at version 0\n\
                 The schema is not compared: the migrations were not run while the program was compiled\n",
            ),
            ("migrate --to 1", ANYTHING),
            (
                "verify",
                "The history fits the program, database at version 1\n\
                 The schema is not compared: the migrations were not run while the program was compiled\n",
            ),
        ],
    );
}

#[test]
fn an_earlier_text_that_is_accepted() {
    let lock = |files: Files<'_>, before: &str, accept: &[i64]| {
        let files = files.iter().copied().chain([("migrations.lock", before)]);
        let file = |(path, text): (&str, &str)| File {
            path: path.to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let files: Vec<File> = files.map(file).collect();
        let options = Options::new(Database::Sqlite);
        let folder = migrate_source::folder::Folder::read(&files, &options);
        let lock = lock::updated(&folder, folder.lock.as_ref(), accept).unwrap();
        lock.to_string()
    };
    let first = lock(NOTES, "", &[]);
    let edited = ("0002_add_tags.sql", "CREATE TABLE tags (tag TEXT, id);\n");
    let second = lock(&[NOTES[0], edited], &first, &[2]);
    let mut db = memory();
    run(NOTES, &mut db, "migrate");
    let after: Files<'_> = &[NOTES[0], edited, ("migrations.lock", &second)];
    assert_eq!(
        run(after, &mut db, "status --check"),
        "\
Current version: 2
Available migrations: 2
No pending migrations

Version  State               Applied (UTC)        Description
      1  applied             2025-03-01 09:30:00  create notes
      2  applied (accepted)  2025-03-01 09:30:00  add tags
Applied with an earlier text, which is accepted: 2
"
    );
    assert_eq!(
        run(after, &mut db, "verify"),
        "\
The history fits the program, database at version 2
Applied with an earlier text, which is accepted: 2
The schema is not compared: the migrations were not run while the program was compiled
"
    );
    let said = run(after, &mut db, "status --json");
    let said: Value = serde_json::from_str(&said).expect(&said);
    let accepted = |at: usize| said["migrations"][at]["accepted"].clone();
    assert_eq!((accepted(0), accepted(1)), (json!(false), json!(true)));
    let said = run(after, &mut db, "verify --json");
    let said: Value = serde_json::from_str(&said).expect(&said);
    assert_eq!(said["accepted"], json!([2]));
    assert_eq!(said["is_clean"], json!(true));
}

#[test]
fn verify_names_all_that_does_not_fit() {
    let before: Files<'_> = &[
        ("0001_a.sql", "CREATE TABLE a (x);"),
        ("0002_b.sql", "CREATE TABLE b (x);"),
        ("0004_d.sql", "CREATE TABLE d (x);"),
        ("0006_f.sql", "CREATE TABLE f (x);"),
        (
            "0007_g.sql",
            "-- migrate: no-transaction\nCREATE TABLE g (x);\nINSERT INTO h VALUES (1);",
        ),
    ];
    let after: Files<'_> = &[
        ("0001_a.sql", "CREATE TABLE a (x, y);"),
        ("0003_c.sql", "CREATE TABLE c (x);"),
        ("0004_d.sql", "CREATE TABLE d (x);"),
    ];
    let mut db = memory();
    run(before, &mut db, "migrate");
    let said = run(after, &mut db, "verify");
    let masked: Vec<&str> = said
        .lines()
        .map(|line| line.split_once("t1:").map_or(line, |(before, _)| before))
        .collect();
    assert_eq!(
        masked,
        [
            "The history does not fit the program",
            "  changed: 1 migrations/0001_a.sql",
            "    applied with ",
            "    now          ",
            "  missing: 2",
            "  newer: 6, 7",
            "  out of order: 3",
            "  unfinished: 7",
            "The schema is not compared: the migrations were not run while the program was compiled",
            "exit code 3",
        ]
    );
}

#[test]
fn verify_of_the_counter() {
    let folder = folder(NOTES);
    let set = folder.migrations();
    let migrator = Migrator::new(&set).user_version(true);
    let mut db = memory();
    says(&migrator, &mut db, "migrate");
    db.execute_batch("PRAGMA user_version = 9")
        .expect("a pragma");
    assert_eq!(
        says(&migrator, &mut db, "verify"),
        "The history does not fit the program\n  user_version: 9\n\
         The schema is not compared: the migrations were not run while the program was compiled\n\
         exit code 3\n"
    );
}

#[test]
fn verify_of_the_schema() {
    let folder = folder(NOTES);
    let schemas: Vec<Schema> = [&[][..], &NOTES[0..1], &[NOTES[0], NOTES[2]]]
        .into_iter()
        .map(|files| {
            let row = |(_, sql): &(&str, &str)| {
                let sql = sql.trim().trim_end_matches(';').to_owned();
                let name = sql.split(' ').nth(2).expect("a name").to_owned();
                ("table", name.clone(), name, Some(sql))
            };
            Schema::of_rows(files.iter().map(row)).expect("a schema")
        })
        .collect();
    let changes: Vec<_> = schemas.windows(2).map(|s| changes(&s[0], &s[1])).collect();
    let set: Vec<_> = folder
        .migrations()
        .into_iter()
        .zip(&changes)
        .map(|(migration, changes)| migration.with_schema([0; 32], changes))
        .collect();
    let migrator = Migrator::new(&set);
    let mut db = memory();
    says(&migrator, &mut db, "migrate");
    let fits = "The history fits the program, database at version 2\n";
    assert_eq!(
        says(&migrator, &mut db, "verify"),
        format!("{fits}The schema is as the migrations make it\n")
    );
    db.execute_batch("CREATE TABLE x (y)").expect("a table");
    assert_eq!(
        says(&migrator, &mut db, "verify"),
        format!("{fits}The schema is as the migrations make it\n  table `x` is not ours\n")
    );
    db.execute_batch("DROP TABLE tags; ALTER TABLE notes ADD COLUMN more")
        .expect("a drift");
    assert_eq!(
        says(&migrator, &mut db, "verify"),
        format!(
            "{fits}The schema is not as the migrations make it\n\
             \x20 table `notes` is not as the migrations make it\n\
             \x20 table `tags` is missing\n\
             \x20 table `x` is not ours\n\
             exit code 3\n"
        )
    );
    let said = says(&migrator, &mut db, "verify --json");
    let said = said.strip_suffix("exit code 3\n").expect(&said);
    let said: Value = serde_json::from_str(said).expect(said);
    let object = |name: &str, state: &str| json!({ "kind": "table", "name": name, "table": name, "state": state });
    assert_eq!(said["is_clean"], json!(false));
    assert_eq!(
        said["drift"],
        json!([object("notes", "changed"), object("tags", "missing")])
    );
    assert_eq!(said["foreign"], json!([object("x", "foreign")]));
    assert_eq!(said["not_compared"], Value::Null);
}

#[test]
fn exit_codes_of_status() {
    let third: (&str, &str) = ("0003_c.sql", "CREATE TABLE c (x);");
    let edited: (&str, &str) = ("0002_add_tags.sql", "CREATE TABLE tags (x);");
    // What the database was migrated with, what the program has, and the codes with all policies
    // to refuse, and to accept.
    let cases: &[(Files<'_>, Files<'_>, Verdict, Verdict)] = &[
        (&[], NOTES, Verdict::Pending, Verdict::Pending),
        (NOTES, NOTES, Verdict::Fine, Verdict::Fine),
        (NOTES, VIEWS, Verdict::Pending, Verdict::Pending),
        (
            NOTES,
            &[NOTES[0], NOTES[2], third],
            Verdict::Pending,
            Verdict::Pending,
        ),
        (NOTES, &NOTES[..2], Verdict::Misfit, Verdict::Fine),
        (NOTES, &[NOTES[0], edited], Verdict::Misfit, Verdict::Misfit),
        (
            &[NOTES[0], third],
            &[NOTES[0], NOTES[2], third],
            Verdict::Misfit,
            Verdict::Pending,
        ),
        (
            &[NOTES[0], NOTES[2], third],
            &[NOTES[0], third],
            Verdict::Misfit,
            Verdict::Fine,
        ),
    ];
    for (at, (before, after, refusing, accepting)) in cases.iter().enumerate() {
        let mut db = memory();
        run(before, &mut db, "migrate");
        let folder = folder(after);
        let set = folder.migrations();
        let refuse = Migrator::new(&set);
        let accept = refuse
            .clone()
            .newer(Policy::Accept)
            .missing(Policy::Accept)
            .out_of_order(Policy::Accept);
        assert_eq!(
            code(&refuse, &mut db, "status --check"),
            refusing.code(),
            "case {at}"
        );
        assert_eq!(
            code(&accept, &mut db, "status --check"),
            accepting.code(),
            "case {at}"
        );
        assert_eq!(code(&refuse, &mut db, "status"), 0, "case {at}");
        assert_eq!(
            code(&refuse, &mut db, "status --check --json"),
            refusing.code(),
            "case {at}"
        );
    }
}

#[test]
fn json_of_a_run() {
    let mut db = memory();
    let step = |action: &str, version: Value, description: &str| json!({"action": action, "version": version, "description": description, "duration_ms": 0});
    let cases = [
        (
            "migrate --json --to 1",
            json!({"from": 0, "to": 1, "steps": [step("up", json!(1), "create notes")]}),
        ),
        (
            "migrate --json",
            json!({"from": 1, "to": 2, "steps": [
                step("up", json!(2), "add tags"),
                step("up", Value::Null, "views"),
            ]}),
        ),
        ("migrate --json", json!({"from": 2, "to": 2, "steps": []})),
        (
            "redo --json",
            json!({"from": 2, "to": 2, "steps": [
                step("down", Value::Null, "views"),
                step("down", json!(2), "add tags"),
                step("up", json!(2), "add tags"),
                step("up", Value::Null, "views"),
            ]}),
        ),
        (
            "down --json",
            json!({"from": 2, "to": 1, "steps": [
                step("down", Value::Null, "views"),
                step("down", json!(2), "add tags"),
            ]}),
        ),
        (
            "reset --yes --json",
            json!({"from": 1, "to": 0, "steps": [step("down", json!(1), "create notes")]}),
        ),
    ];
    for (line, expected) in cases {
        let mut said: Value = serde_json::from_str(&run(VIEWS, &mut db, line)).expect(line);
        for step in said["steps"].as_array_mut().expect(line) {
            assert!(step["duration_ms"].is_u64(), "{line}");
            step["duration_ms"] = json!(0);
        }
        assert_eq!(said, expected, "{line}");
    }
}

#[test]
fn json_of_a_plan() {
    let said = run(
        &[NOTES[0], ("0002_b.rs", "pub fn up() {}")],
        &mut memory(),
        "plan --json",
    );
    assert_eq!(
        serde_json::from_str::<Value>(&said).expect(&said),
        json!({"from": 0, "to": 2, "steps": [
            {
                "action": "up",
                "version": 1,
                "description": "create notes",
                "file": "migrations/0001_create_notes.up.sql",
                "sql": NOTES[0].1,
                "transaction": "group",
            },
            {
                "action": "up",
                "version": 2,
                "description": "b",
                "file": "migrations/0002_b.rs",
                "sql": null,
                "transaction": "group",
            },
        ]})
    );
}

#[test]
fn json_of_a_status() {
    let mut db = memory();
    run(VIEWS, &mut db, "migrate --to 1");
    let said = run(VIEWS, &mut db, "status --json");
    let said: Value = serde_json::from_str(&said).expect(&said);
    let folder = folder(VIEWS);
    let checksum = folder.migrations()[0].checksum().to_string();
    assert_eq!(
        said,
        json!({
            "current": 1,
            "latest": 2,
            "is_current": false,
            "refusal": null,
            "migrations": [
                {
                    "version": 1,
                    "description": "create notes",
                    "state": "applied",
                    "accepted": false,
                    "file": "migrations/0001_create_notes.up.sql",
                    "applied_at": "2025-03-01T09:30:00.123Z",
                    "duration_ms": 7,
                    "checksum": checksum,
                },
                {
                    "version": 2,
                    "description": "add tags",
                    "state": "pending",
                    "accepted": false,
                    "file": "migrations/0002_add_tags.up.sql",
                    "applied_at": null,
                    "duration_ms": null,
                    "checksum": null,
                },
            ],
            "repeatables": [{"name": "views", "state": "due", "applied_at": null}],
        })
    );
    let said = run(&NOTES[2..], &mut db, "status --json");
    let said: Value = serde_json::from_str(&said).expect(&said);
    assert_eq!(said["migrations"][0]["state"], json!("missing"));
    assert_eq!(said["migrations"][0]["file"], Value::Null);
    assert!(said["refusal"].is_string());
}

#[test]
fn json_of_a_verification() {
    let mut db = memory();
    run(NOTES, &mut db, "migrate");
    let fits = json!({
        "is_clean": true,
        "changed": [],
        "accepted": [],
        "missing": [],
        "newer": [],
        "out_of_order": [],
        "unfinished": [],
        "user_version": null,
        "drift": [],
        "foreign": [],
        "not_compared": "the migrations were not run while the program was compiled",
    });
    let said = run(NOTES, &mut db, "verify --json");
    assert_eq!(serde_json::from_str::<Value>(&said).expect(&said), fits);
    let edited: Files<'_> = &[("0001_create_notes.sql", "CREATE TABLE notes (x);")];
    let said = run(edited, &mut db, "verify --json");
    let said = said.strip_suffix("exit code 3\n").expect(&said);
    let said: Value = serde_json::from_str(said).expect(said);
    assert_eq!(said["is_clean"], json!(false));
    assert_eq!(said["newer"], json!([2]));
    let changed = &said["changed"][0];
    assert_eq!(changed["version"], json!(1));
    assert_eq!(changed["file"], json!("migrations/0001_create_notes.sql"));
    assert_eq!(
        changed["applied"],
        json!(folder(NOTES).migrations()[0].checksum().to_string())
    );
    assert_eq!(
        changed["now"],
        json!(folder(edited).migrations()[0].checksum().to_string())
    );
}

#[test]
fn wrong_command_lines() {
    for line in [
        "",
        "up",
        "migrate 3",
        "migrate --to x",
        "migrate --to -1",
        "down --count 0",
        "down --count 2 --to 3",
        "plan --down 3",
        "plan --down=0",
        "status --yes",
    ] {
        let args = ["app"].into_iter().chain(line.split_whitespace());
        let error = App::try_parse_from(args).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn help_tells_the_exit_codes() {
    for line in ["status --help", "verify --help", "help status"] {
        let args = ["app"].into_iter().chain(line.split_whitespace());
        let help = App::try_parse_from(args).expect_err(line).to_string();
        let codes = help.split_once("Exit codes:\n").expect(&help).1;
        assert!(codes.contains("  3  "), "{help}");
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}

#[test]
fn those_that_only_look_need_no_write_permission() {
    let folder = folder(VIEWS);
    let set = folder.migrations();
    let migrator = Migrator::new(&set);
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("app.db");
    says(
        &migrator,
        &mut Connection::open(&path).expect("a database"),
        "migrate --to 1",
    );
    let mut read_only =
        Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    for line in [
        "migrate",
        "status",
        "plan",
        "down",
        "redo",
        "reset --yes",
        "verify",
    ] {
        let args = ["app"].into_iter().chain(line.split_whitespace());
        let command = App::parse_from(args).command;
        let done = command.run_to(&migrator, &mut read_only, &mut io::sink());
        assert_eq!(done.is_err(), command.writes(), "{line}");
    }
}

#[test]
fn the_answer_cannot_be_written() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let command = App::parse_from(["app", "status"]).command;
    let error = command.run_to(&Migrator::new(&[]), &mut memory(), &mut Full);
    assert!(matches!(error, Err(Error::Output(e)) if e.kind() == io::ErrorKind::StorageFull));
}

#[test]
fn every_observer_is_told() {
    let folder = folder(NOTES);
    let set = folder.migrations();
    let (first, second) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let count = |told: &AtomicUsize| told.fetch_add(1, Ordering::Relaxed);
    let migrator = Migrator::new(&set)
        .observe(|_| {
            count(&first);
        })
        .observe(|_| {
            count(&second);
        });
    says(&migrator, &mut memory(), "migrate");
    // Planned once, and each of the two started and finished.
    assert_eq!(first.load(Ordering::Relaxed), 5);
    assert_eq!(second.load(Ordering::Relaxed), 5);
}

/// Commands one after the other on one database, and what they say.
fn check(files: Files<'_>, session: &[(&str, &str)]) {
    let mut db = memory();
    for (line, expected) in session {
        let said = run(files, &mut db, line);
        if *expected != ANYTHING {
            assert_eq!(said, expected.trim_start(), "{line}");
        }
    }
}

/// Said by a command that only prepares for another.
const ANYTHING: &str = "…";

fn run(files: Files<'_>, db: &mut Connection, line: &str) -> String {
    let folder = folder(files);
    says(&Migrator::new(&folder.migrations()), db, line)
}

/// What a command line says: its output or error, and the exit code where that is not 0. What
/// differs from run to run is made the same.
fn says(migrator: &Migrator<'_>, db: &mut Connection, line: &str) -> String {
    let args = ["app"].into_iter().chain(line.split_whitespace());
    let command = App::try_parse_from(args).expect(line).command;
    let mut out = Vec::new();
    let result = command.run_to(migrator, db, &mut out);
    let mut text = String::from_utf8(out).expect("text");
    match result {
        Ok(Verdict::Fine) => {}
        Ok(verdict) => text.push_str(&format!("exit code {}\n", verdict.code())),
        Err(error) => text.push_str(&format!("error: {error}\nexit code 1\n")),
    }
    for table in ["_migrate_history", "_migrate_history_repeatable"] {
        let sql =
            format!("UPDATE {table} SET applied_at = '2025-03-01T09:30:00.123Z', duration_ms = 7");
        // There is no history before the first migration.
        let _ = db.execute(&sql, []);
    }
    without_durations(&text)
}

fn code(migrator: &Migrator<'_>, db: &mut Connection, line: &str) -> u8 {
    let args = ["app"].into_iter().chain(line.split_whitespace());
    let command = App::try_parse_from(args).expect(line).command;
    let verdict = command.run_to(migrator, db, &mut io::sink());
    verdict.map_or(1, Verdict::code)
}

/// The text without the ` (12 ms)` at the end of its lines.
fn without_durations(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let before = line
            .strip_suffix(" ms)\n")
            .and_then(|line| line.rsplit_once(" ("));
        match before {
            Some((before, duration)) if duration.parse::<u64>().is_ok() => format!("{before}\n"),
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

/// The schema, and how many rows are in `notes` and `pages`, the history aside.
fn contents(db: &Connection) -> Vec<String> {
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).expect(sql);
        let rows = statement.query_map([], |row| row.get(0)).expect(sql);
        rows.collect::<Result<_, _>>().expect(sql)
    };
    let mut all = rows(
        "SELECT coalesce(sql, name) FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_migrate%' ESCAPE '\\'",
    );
    let tables = rows("SELECT name FROM sqlite_schema WHERE name IN ('notes', 'pages') ORDER BY 1");
    for table in tables {
        all.extend(rows(&format!("SELECT '{table} ' || count(*) FROM {table}")));
    }
    all
}

fn memory() -> Connection {
    Connection::open_in_memory().expect("a database")
}

fn folder(files: Files<'_>) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    let mut options = Options::new(Database::Sqlite);
    options.allow = migrate_core::folder::Problem::ALL.iter().copied().collect();
    Folder::of_files("migrations", &files, options).expect("a folder")
}
