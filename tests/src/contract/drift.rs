//! How the schema of a database is compared with what its migrations make.

use migrate_core::{Fingerprint, Goal, Migration, Verification};
use migrate_source::schema::{Change, Schema, changes};

use super::files::{A, B, C};
use super::stage::Files;
use super::{Stage, TestConnection, TestDatabase};

const NOTES: (&str, &str) = (
    "0001_notes.up.sql",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n\
     CREATE TABLE tags (tag TEXT);\n",
);
const NOTES_DOWN: (&str, &str) = (
    "0001_notes.down.sql",
    "DROP TABLE tags;\nDROP TABLE notes;\n",
);
const INDEX: (&str, &str) = (
    "0002_index.up.sql",
    "CREATE INDEX idx_notes_text ON notes (text);\nCREATE INDEX idx_tags ON tags (tag);\n",
);
const INDEX_DOWN: (&str, &str) = (
    "0002_index.down.sql",
    "DROP INDEX idx_tags;\nDROP INDEX idx_notes_text;\n",
);
const VIEW: (&str, &str) = (
    "0003_view.up.sql",
    "CREATE VIEW texts AS SELECT text FROM notes;\n",
);
const VIEW_DOWN: (&str, &str) = ("0003_view.down.sql", "DROP VIEW texts;\n");
const ALL: Files<'_> = &[NOTES, NOTES_DOWN, INDEX, INDEX_DOWN, VIEW, VIEW_DOWN];

/// What each migration of a set makes of the schema, as a compiler would have found out.
struct Known(Vec<(Fingerprint, Vec<Change<'static>>)>);

impl Known {
    fn of<D: TestDatabase>(set: &[Migration<'_>]) -> Known {
        let mut stage = Stage::<D>::new();
        let mut before = Schema::default();
        let steps = (1..=set.len()).map(|count| {
            let migrator = stage.migrator(&set[..count]);
            stage.db.bring(&migrator, Goal::Up).unwrap();
            let history = ["_migrate_history", "_migrate_history_repeatable"];
            let after = stage.db.objects().without(&history);
            let changes = changes(&before, &after).into_iter();
            let changes = changes.map(Change::into_owned).collect();
            before = after;
            (before.fingerprint(), changes)
        });
        Known(steps.collect())
    }

    /// `set` with what is known of it.
    fn with<'k>(&'k self, set: Vec<Migration<'k>>) -> Vec<Migration<'k>> {
        let led = |(migration, (fingerprint, changes)): (Migration<'k>, &'k (_, Vec<_>))| {
            let fingerprint: &Fingerprint = fingerprint;
            migration.with_schema(*fingerprint.as_bytes(), changes)
        };
        set.into_iter().zip(&self.0).map(led).collect()
    }
}

/// What is said of the schema: what has drifted, what is not ours, why it is not compared.
fn words(found: &Verification) -> String {
    let drift = found.drift.iter().map(ToString::to_string);
    let foreign = found.foreign.iter().map(ToString::to_string);
    let reason = found.not_compared.as_ref();
    let reason = reason.map(|reason| format!("not compared: {reason}"));
    let words: Vec<_> = drift.chain(foreign).chain(reason).collect();
    words.join(", ")
}

impl<D: TestDatabase> Stage<D> {
    /// Brings the database to `goal` with these files.
    #[track_caller]
    fn bring(&mut self, files: Files<'_>, goal: Goal) {
        let folder = self.folder(files);
        let set = folder.migrations();
        let migrator = self.migrator(&set);
        let _ = self.run(&migrator, goal, None);
    }

    /// Checks what is said of the schema by a program that has these files.
    #[track_caller]
    fn check_schema(&mut self, files: Files<'_>, expected: &str) {
        let folder = self.folder(files);
        let known = Known::of::<D>(&folder.migrations());
        self.check_schema_of(&known.with(folder.migrations()), expected);
    }

    #[track_caller]
    fn check_schema_of(&mut self, set: &[Migration<'_>], expected: &str) {
        let before = self.database.snapshot();
        let migrator = self.migrator(set);
        let found = self.db.verify(&migrator).unwrap();
        assert_eq!(words(&found), expected);
        if found.not_compared.is_none() {
            assert_eq!(found.is_clean(), found.drift.is_empty());
        } else {
            assert!(found.drift.is_empty() && found.foreign.is_empty());
        }
        assert!(
            self.database.snapshot() == before,
            "verifying writes nothing"
        );
    }
}

pub fn schema_that_the_migrations_made_fits<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.check_schema(ALL, "");
    for goal in [
        Goal::UpTo(1),
        Goal::UpTo(2),
        Goal::Up,
        Goal::Redo,
        Goal::DownTo(1),
        Goal::Up,
        Goal::Reset,
    ] {
        stage.bring(ALL, goal);
        stage.check_schema(ALL, "");
    }
}

pub fn what_is_missing_or_changed_is_named<D: TestDatabase>() {
    let check = |sql: &str, expected: &str| {
        let mut stage = Stage::<D>::new();
        stage.bring(ALL, Goal::Up);
        stage.db.sql(sql);
        stage.check_schema(ALL, expected);
    };
    check(
        "DROP INDEX idx_notes_text",
        "index `idx_notes_text` is missing",
    );
    check("DROP VIEW texts", "view `texts` is missing");
    check(
        "ALTER TABLE tags ADD COLUMN more TEXT",
        "table `tags` is not as the migrations make it",
    );
    check(
        "DROP INDEX idx_tags; CREATE UNIQUE INDEX idx_tags ON tags (tag)",
        "index `idx_tags` is not as the migrations make it",
    );
    check(
        "DROP INDEX idx_tags; DROP VIEW texts; DROP INDEX idx_notes_text",
        "index `idx_notes_text` is missing, index `idx_tags` is missing, view `texts` is missing",
    );
    check(
        "DROP INDEX idx_tags; create index IDX_TAGS on Tags(Tag)",
        "",
    );
}

pub fn what_is_on_a_missing_table_is_not_named<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.bring(ALL, Goal::Up);
    stage.db.sql("DROP TABLE tags");
    stage.check_schema(ALL, "table `tags` is missing");
    stage.db.sql("CREATE TABLE tags (tag INTEGER)");
    stage.check_schema(
        ALL,
        "table `tags` is not as the migrations make it, index `idx_tags` is missing",
    );
}

pub fn what_is_not_ours_is_no_fault<D: TestDatabase>() {
    let mut stage = Stage::<D>::new();
    stage.db.sql("CREATE TABLE theirs (x INTEGER)");
    stage.check_schema(ALL, "table `theirs` is not ours");
    stage.bring(ALL, Goal::Up);
    stage.db.sql("CREATE INDEX idx_theirs ON theirs (x)");
    stage.check_schema(ALL, "table `theirs` is not ours");
    stage.db.sql("CREATE INDEX idx_ours ON tags (tag)");
    stage.check_schema(
        ALL,
        "index `idx_ours` is not ours, table `theirs` is not ours",
    );
    stage.db.sql("DROP INDEX idx_tags");
    stage.check_schema(
        ALL,
        "index `idx_tags` is missing, index `idx_ours` is not ours, table `theirs` is not ours",
    );
}

pub fn later_migrations_count_not_earlier_ones<D: TestDatabase>() {
    let files: Files<'_> = &[
        NOTES,
        INDEX,
        ("0003_more.sql", "ALTER TABLE tags ADD COLUMN more TEXT;\n"),
        ("0004_less.sql", "DROP INDEX idx_tags;\nDROP TABLE notes;\n"),
        ("0005_again.sql", "CREATE TABLE Notes (x INTEGER);\n"),
    ];
    let mut stage = Stage::<D>::new();
    for version in 1..=5 {
        stage.bring(files, Goal::UpTo(version));
        stage.check_schema(files, "");
    }
    stage.db.sql("DROP TABLE notes");
    stage.check_schema(files, "table `Notes` is missing");
    let mut stage = Stage::<D>::new();
    stage.bring(files, Goal::UpTo(4));
    stage.db.sql("CREATE INDEX idx_tags ON tags (tag)");
    stage.check_schema(files, "index `idx_tags` is not ours");
}

pub fn history_is_no_part_of_the_schema<D: TestDatabase>() {
    let v = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x;\n",
    );
    let files: Files<'_> = &[A, v];
    let mut stage = Stage::<D>::new();
    stage.table("Own History");
    stage.bring(files, Goal::Up);
    stage.check_schema(files, "");
    // That of another program is not ours.
    stage.table("_migrate_history");
    stage.bring(&[], Goal::Up);
    stage.check_schema(
        files,
        "table `a` is not ours, table `Own History` is not ours, table `Own History_repeatable` is not ours",
    );
}

pub fn repeatable_migrations_count_once_they_ran<D: TestDatabase>() {
    let v = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x;\n",
    );
    let w = (
        "R__w.sql",
        "DROP VIEW IF EXISTS w;\nCREATE VIEW w AS SELECT x FROM v;\n",
    );
    let files: Files<'_> = &[A, B, v, w];
    let mut stage = Stage::<D>::new();
    stage.bring(files, Goal::UpTo(1));
    stage.check_schema(files, "");
    stage.bring(files, Goal::Up);
    stage.check_schema(files, "");
    stage.db.sql("DROP VIEW w");
    stage.check_schema(files, "view `w` is missing");
    stage.db.sql("DROP VIEW v; CREATE VIEW v AS SELECT 2 AS x");
    stage.check_schema(
        files,
        "view `v` is not as the migrations make it, view `w` is missing",
    );
    // One that the program has no more leaves its view to nobody.
    stage.check_schema(&[A, B], "view `v` is not ours");
}

pub fn repeatable_migrations_that_are_due_do_not_count<D: TestDatabase>() {
    let v = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x;\n",
    );
    let edited = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 2 AS x;\n",
    );
    let mut stage = Stage::<D>::new();
    stage.bring(&[A], Goal::Up);
    stage.check_schema(&[A, v], "");
    stage.db.sql("CREATE VIEW v AS SELECT 3 AS x");
    stage.check_schema(&[A, v], "");
    stage.bring(&[A, v], Goal::Up);
    stage.check_schema(&[A, edited], "");
    stage.db.sql("DROP VIEW v");
    stage.check_schema(&[A, edited], "");
    stage.check_schema(&[A, v], "view `v` is missing");
    // One that makes again what a numbered migration made.
    let first = ("0002_v.sql", "CREATE VIEW v AS SELECT 0 AS x;\n");
    let mut stage = Stage::<D>::new();
    stage.bring(&[A, first, v], Goal::Up);
    stage.check_schema(&[A, first, v], "");
    stage.check_schema(&[A, first, edited], "");
}

pub fn schema_is_not_compared_where_the_history_does_not_fit<D: TestDatabase>() {
    let edited = ("0001_a.up.sql", "CREATE TABLE a (x BIGINT);\n");
    let stepwise = (
        "0002_b.up.sql",
        "-- migrate: no-transaction\nCREATE TABLE b (x INTEGER);\nINSERT INTO no VALUES (1);\n",
    );
    let check = |applied: Files<'_>, program: Files<'_>, expected: &str| {
        let mut stage = Stage::<D>::new();
        stage.bring(applied, Goal::Up);
        stage.check_schema(program, expected);
    };
    let history = "not compared: the history does not fit the program";
    check(&[A, B, C], &[A, C], history);
    check(&[A, B], &[A], history);
    check(&[A, C], &[A, B, C], history);
    let text = "not compared: version 1 was applied with another text";
    check(&[A, B], &[edited, B], text);
    // Also where the program accepts it.
    let mut stage = Stage::<D>::new();
    stage.bring(&[A, B], Goal::Up);
    let applied = stage.folder(&[A, B]).migrations()[0].checksum();
    let folder = stage.folder(&[edited, B]);
    let known = Known::of::<D>(&folder.migrations());
    let others = [applied];
    let mut set = known.with(folder.migrations());
    set[0] = set[0].clone().accepting(applied, &others);
    stage.check_schema_of(&set, text);
    let mut stage = Stage::<D>::new();
    stage.bring(&[A, stepwise], Goal::Up);
    stage.check_schema(&[A, B], history);
}

pub fn schema_is_not_compared_behind_what_was_not_verified<D: TestDatabase>() {
    let v = (
        "R__v.sql",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x;\n",
    );
    let files: Files<'_> = &[A, B, C, v];
    let mut stage = Stage::<D>::new();
    let folder = stage.folder(files);
    let bare = folder.migrations();
    assert_eq!(bare[0].fingerprint(), None);
    let known = Known::of::<D>(&bare);
    let full = known.with(folder.migrations());
    assert_eq!(full[0].fingerprint(), Some(known.0[0].0));
    // The first `count` migrations are known.
    let known_to = |count: usize| [&full[..count], &bare[count..]].concat();

    let never = "not compared: the migrations were not run while the program was compiled";
    stage.check_schema_of(&bare, never);
    stage.bring(files, Goal::UpTo(1));
    stage.check_schema_of(&bare, never);
    stage.check_schema_of(&known_to(1), "");
    stage.bring(files, Goal::UpTo(2));
    let second = "not compared: version 2 was not run while the program was compiled";
    stage.check_schema_of(&known_to(1), second);
    stage.check_schema_of(&known_to(2), "");
    stage.bring(files, Goal::Up);
    stage.check_schema_of(&known_to(1), second);
    let repeatable = "not compared: `v` was not run while the program was compiled";
    stage.check_schema_of(&known_to(3), repeatable);
    stage.check_schema_of(&full, "");
    // It was run, but nothing came of it.
    let ran = bare.into_iter().map(|migration| migration.with_verified(1));
    let first = "not compared: version 1 was not run while the program was compiled";
    stage.check_schema_of(&ran.collect::<Vec<_>>(), first);
}
