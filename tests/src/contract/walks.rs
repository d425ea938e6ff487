//! Long walks: programs of any age, with mistakes of every kind, one after the other on one
//! database. Each step keeps the promises of [`Stage::run`](super::Stage::run).
//!
//! The walks are the same each time. A failing one names itself and its step.

use migrate_core::{Database, Goal, Migrator, Policy, Transactions};

use super::{Stage, TestConnection, TestDatabase, told};

/// How many there are. Across a wire each step takes long.
const fn walks(database: Database) -> u64 {
    match database {
        Database::Sqlite => 30,
        _ => 6,
    }
}

const STEPS: usize = 14;

/// Numbers that look like chance (Knuth's linear congruential generator, "MMIX").
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = (self.0.wrapping_mul(6_364_136_223_846_793_005))
            .wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).unwrap_or(0);
        high % sides
    }

    fn one<'o>(&mut self, options: &[&'o str]) -> &'o str {
        options[self.roll(options.len())]
    }

    fn policy(&mut self) -> Policy {
        match self.roll(3) {
            0 => Policy::Accept,
            _ => Policy::Refuse,
        }
    }

    /// The first of five migrations, with at most one mistake. The one numbered `$` makes the table
    /// `t$`, and every third runs statement by statement.
    fn files(&mut self) -> Vec<(String, String)> {
        let newest = 2 + self.roll(4);
        // Most often a version that there is not.
        let mistaken = self.roll(12);
        let mut files = Vec::new();
        for version in 1..=newest {
            let (mut up, mut down) = match version % 3 {
                0 => (
                    "-- migrate: no-transaction\nCREATE TABLE t$ (x INTEGER);\nVACUUM;\nINSERT INTO t$ VALUES (1);",
                    "-- migrate: no-transaction\nDELETE FROM t$;\nVACUUM;\nDROP TABLE t$;",
                ),
                _ => ("CREATE TABLE t$ (x INTEGER);", "DROP TABLE t$;"),
            };
            if version == mistaken {
                match self.roll(8) {
                    0 => continue,
                    1 => down = "",
                    2 => down = "DELETE FROM t$;\nOOPS;",
                    3 => {
                        down = "-- migrate: no-transaction\nDELETE FROM t$;\nOOPS;\nDROP TABLE t$;"
                    }
                    4 => up = "CREATE TABLE t$ (x INTEGER, edited INTEGER);",
                    5 => up = "CREATE TABLE t$ (x INTEGER);\nOOPS;",
                    6 => {
                        up = "-- migrate: no-transaction\nCREATE TABLE t$ (x INTEGER);\nVACUUM;\nOOPS;"
                    }
                    _ => up = "-- in other words\nCREATE TABLE t$ (\n  x INTEGER\n)\n;",
                }
            }
            let number = version.to_string();
            files.push((format!("{version}_t.up.sql"), up.replace('$', &number)));
            if !down.is_empty() {
                files.push((format!("{version}_t.down.sql"), down.replace('$', &number)));
            }
        }
        let view = self.one(&[
            "",
            "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x;",
            "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 2 AS x;",
        ]);
        if !view.is_empty() {
            files.push(("R__v.sql".to_owned(), view.to_owned()));
            let down = "DROP VIEW IF EXISTS v;".to_owned();
            files.push(("R__v.down.sql".to_owned(), down));
        }
        files
    }

    fn migrator<'m>(&mut self, migrator: Migrator<'m>) -> Migrator<'m> {
        let transactions = [
            Transactions::Auto,
            Transactions::Each,
            Transactions::Grouped,
        ];
        migrator
            .transactions(transactions[self.roll(3)])
            .newer(self.policy())
            .missing(self.policy())
            .out_of_order(self.policy())
    }

    /// A goal that runs migrations.
    fn way(&mut self) -> Goal {
        let version = i64::try_from(self.roll(6)).unwrap_or(0);
        match self.roll(10) {
            0..=3 => Goal::Up,
            4 => Goal::UpTo(version),
            5 | 6 => Goal::Down(self.roll(3)),
            7 => Goal::DownTo(version),
            8 => Goal::Redo,
            _ => Goal::Reset,
        }
    }
}

/// Walks, and tells `look` of every step.
fn walk<D: TestDatabase>(
    goal: impl Fn(&mut Dice) -> Goal,
    look: impl Fn(&mut Stage<D>, &Migrator<'_>, &str),
) {
    for number in 0..walks(D::DATABASE) {
        let mut dice = Dice(number);
        let mut stage = Stage::<D>::new();
        let mut track = Vec::new();
        for _ in 0..STEPS {
            let files = dice.files();
            let files: Vec<(&str, &str)> = files
                .iter()
                .map(|(n, t)| (n.as_str(), t.as_str()))
                .collect();
            let folder = stage.folder(&files);
            let set = folder.migrations();
            let migrator = dice.migrator(stage.migrator(&set));
            let goal = goal(&mut dice);
            track.push(format!("{goal:?} of {files:?}"));
            let _way = Way {
                number,
                track: &track,
            };
            let ran = stage.run(&migrator, goal, None);
            look(&mut stage, &migrator, &told(&ran));
        }
    }
}

/// Prints itself when a step fails.
struct Way<'t> {
    number: u64,
    track: &'t [String],
}

impl Drop for Way<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("walk {}:\n  {}", self.number, self.track.join("\n  "));
        }
    }
}

pub fn history_and_schema_stay_together<D: TestDatabase>() {
    walk::<D>(Dice::way, |stage, migrator, told| {
        let applied = stage.db.applied(migrator).unwrap();
        let relations = stage.db.relations();
        for version in 1..=5 {
            let row = applied.iter().find(|row| row.version() == version);
            let table = relations.contains(&format!("t{version}"));
            match row {
                Some(row) if row.is_finished() => assert!(table, "t{version} is missing: {told}"),
                Some(_) => {}
                None => assert!(!table, "t{version} is left behind: {told}"),
            }
        }
        assert!(applied.is_sorted_by_key(migrate_core::Applied::version));
    });
}

pub fn every_verb_keeps_its_promises<D: TestDatabase>() {
    let goal = |dice: &mut Dice| {
        let version = i64::try_from(dice.roll(6)).unwrap_or(0);
        match dice.roll(8) {
            0 => Goal::Mark(version),
            1 => Goal::Unmark(version),
            _ => dice.way(),
        }
    };
    walk::<D>(goal, |_, _, _| {});
}
