//! What a verification costs: the first one, and those after it, which go on from what was kept.
//!
//! ```text
//! cargo bench -p migrate-benches --bench verify [-- MIGRATIONS…]
//! ```
//!
//! It prints a table: how many migrations were run and how many were known, and the instructions of it, counted
//! by `perf` or `valgrind`, whichever can. Instructions are the same on a busy machine; time is not.
//! Where neither is there, the numbers of migrations tell by themselves.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use migrate_source::{Database, Options};
use migrate_verify::{Body, Migration, Script, Set, Work, verify};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [child, change, count, store] = &arguments[..]
        && child == CHILD
    {
        return measured(change, count.parse()?, store);
    }
    // A test run of all targets only shows that it works.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let named = arguments
        .iter()
        .filter_map(|argument| argument.parse().ok());
    let mut counts: Vec<usize> = named.collect();
    if counts.is_empty() {
        counts = match is_bench {
            true => vec![10, 100, 300, 1000],
            false => vec![4],
        };
    }
    let counter = is_bench.then(Counter::find).flatten();
    println!("| migrations | | run | known | million instructions | of the first time |");
    println!("|--:|---|--:|--:|--:|--:|");
    for count in counts {
        table(count, counter)?;
    }
    Ok(())
}

/// Marks the process that is measured.
const CHILD: &str = "--child";

/// What happened since the set was verified first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    First,
    Unchanged,
    OneMore,
    LastEdited,
    FirstEdited,
}

impl Change {
    const ALL: [Change; 5] = [
        Change::First,
        Change::Unchanged,
        Change::OneMore,
        Change::LastEdited,
        Change::FirstEdited,
    ];

    fn words(self) -> &'static str {
        match self {
            Change::First => "first time",
            Change::Unchanged => "unchanged",
            Change::OneMore => "one more",
            Change::LastEdited => "last one edited",
            Change::FirstEdited => "first one edited",
        }
    }
}

/// The lines for a set of so many migrations.
fn table(count: usize, counter: Option<Counter>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let kept = folder.path().join("kept");
    fs::create_dir(&kept)?;
    verify(
        &Texts::of(count, Change::First).set(),
        Some(&kept.join(STORE)),
    )?;
    let mut first = None;
    for change in Change::ALL {
        let copy = |to: &str| -> Result<_> {
            let to = folder.path().join(to);
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&kept)?.filter(|_| change != Change::First) {
                let entry = entry?;
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
            Ok(to.join(STORE))
        };
        let name = change.words();
        let work = verify(&Texts::of(count, change).set(), Some(&copy(name)?))?.work;
        let instructions = match counter {
            Some(counter) => {
                let all = counter.count(name, count, &copy(&format!("{name}, counted"))?)?;
                Some(all.saturating_sub(counter.count(name, count, Path::new(""))?))
            }
            None => None,
        };
        first = first.or(instructions);
        println!("{}", line(count, name, work, instructions, first));
    }
    Ok(())
}

const STORE: &str = "migrations.verified";

#[allow(clippy::cast_precision_loss)]
fn line(
    count: usize,
    name: &str,
    work: Work,
    instructions: Option<u64>,
    first: Option<u64>,
) -> String {
    let Work { run, known, .. } = work;
    let (cost, share) = match (instructions, first) {
        (Some(cost), Some(first)) => (
            format!("{:.1}", cost as f64 / 1e6),
            format!("{:.2} %", 100.0 * cost as f64 / first as f64),
        ),
        _ => Default::default(),
    };
    format!("| {count} | {name} | {run} | {known} | {cost} | {share} |")
}

/// What is measured. Without a store it is all but the verification.
fn measured(change: &str, count: usize, store: &str) -> Result<()> {
    let change = Change::ALL
        .into_iter()
        .find(|other| other.words() == change);
    let texts = Texts::of(count, change.ok_or("no such change")?);
    let set = texts.set();
    if !store.is_empty() {
        let verified = verify(&set, Some(Path::new(store)))?;
        if !verified.findings.is_empty() {
            return Err(format!("{:?}", verified.findings).into());
        }
    }
    Ok(())
}

/// A program that counts instructions.
#[derive(Debug, Clone, Copy)]
enum Counter {
    Perf,
    Valgrind,
}

impl Counter {
    /// The first that can, here: a virtual machine may have no counters for `perf`.
    fn find() -> Option<Counter> {
        let mut counters = [Counter::Perf, Counter::Valgrind].into_iter();
        counters.find(|counter| {
            counter
                .count(Change::First.words(), 1, Path::new(""))
                .is_ok()
        })
    }

    /// The instructions of a whole process.
    fn count(self, change: &str, count: usize, store: &Path) -> Result<u64> {
        let mut command = match self {
            Counter::Perf => Command::new("perf"),
            Counter::Valgrind => Command::new("valgrind"),
        };
        command.args(match self {
            Counter::Perf => &["stat", "-x,", "-e", "instructions:u"][..],
            Counter::Valgrind => &[
                "--tool=cachegrind",
                "--cache-sim=no",
                "--cachegrind-out-file=/dev/null",
            ],
        });
        command.arg(env::current_exe()?);
        let output = command
            .args([CHILD, change, &count.to_string()])
            .arg(store)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(said.into());
        }
        let number = match self {
            Counter::Perf => said
                .lines()
                .find_map(|line| line.split_once(',')?.0.parse().ok()),
            Counter::Valgrind => said.lines().find_map(|line| {
                let (_, number) = line
                    .split_once("I   refs:")
                    .or(line.split_once("I refs:"))?;
                number.trim().replace(',', "").parse().ok()
            }),
        };
        number.ok_or_else(|| said.into())
    }
}

/// The paths, ups and downs of a set. Of four migrations one each makes a table, a column, an index and
/// a view; every table refers to the one before it.
struct Texts(Vec<[String; 4]>);

impl Texts {
    fn of(count: usize, change: Change) -> Texts {
        let count = count + usize::from(change == Change::OneMore);
        let edited = match change {
            Change::FirstEdited => Some(0),
            Change::LastEdited => Some(count - 1),
            _ => None,
        };
        let text = |at: usize| {
            let table = at / 4;
            let parent = table.saturating_sub(1);
            let (up, down) = match at % 4 {
                0 => (
                    format!(
                        "CREATE TABLE t{table} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                         parent INTEGER REFERENCES t{parent} (id));\n"
                    ),
                    format!("DROP TABLE t{table};\n"),
                ),
                1 => (
                    format!("ALTER TABLE t{table} ADD COLUMN more TEXT NOT NULL DEFAULT '';\n"),
                    format!("ALTER TABLE t{table} DROP COLUMN more;\n"),
                ),
                2 => (
                    format!("CREATE INDEX t{table}_parent ON t{table} (parent);\n"),
                    format!("DROP INDEX t{table}_parent;\n"),
                ),
                _ => (
                    format!("CREATE VIEW v{table} AS SELECT id, name FROM t{table};\n"),
                    format!("DROP VIEW v{table};\n"),
                ),
            };
            let note = match edited == Some(at) {
                true => "-- edited\n",
                false => "",
            };
            let path = |way| format!("{:04}_step.{way}.sql", at + 1);
            [path("up"), format!("{up}{note}"), path("down"), down]
        };
        Texts((0..count).map(text).collect())
    }

    fn set(&self) -> Set<'_> {
        let migrations = (1..)
            .zip(&self.0)
            .map(|(version, [up, sql, down, back])| Migration {
                version,
                up: Body::Sql(Script::new(up, sql)),
                down: Some(Body::Sql(Script::new(down, back))),
            });
        Set {
            migrations: migrations.collect(),
            repeatables: Vec::new(),
            seed: None,
            options: Options::new(Database::Sqlite),
            is_incomplete: false,
        }
    }
}
