//! A long backfill, and a daemon that goes on working beside it.

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, value};

const ROWS: i64 = 200_000;
/// How many rows the backfill changes in a step, as `0004_backfill_tool_summaries.up.sql` says.
const STEP: i64 = 10_000;
/// How far the backfill has come. It takes the oldest rows first, and here `created_at` numbers them.
const REACHED: &str = "coalesce((SELECT min(created_at) FROM tools WHERE summary IS NULL), 200000)";

/// No write of the daemon waits for more than the step that runs when it asks.
///
/// A machine with other things to do may stop the daemon just when its turn has come, which is no
/// fault of the backfill. So one attempt of four without that will do.
#[test]
fn migrations_do_not_block_the_daemon() {
    let undisturbed = (0..4).map(|_| attempt()).find(Attempt::is_within_one_step);
    assert!(undisturbed.is_some(), "every attempt waited for longer");
}

#[derive(Debug)]
struct Attempt {
    writes: usize,
    reads: usize,
    /// How many writes saw a step end while they waited.
    waited: usize,
    /// The most steps that ended during one write.
    most_steps: i64,
    longest_write: Duration,
    longest_read: Duration,
    longest_step: Duration,
}

impl Attempt {
    fn is_within_one_step(&self) -> bool {
        // A write has its own work to do after the step; a read waits for nobody.
        self.most_steps <= 1
            && self.longest_write < 2 * self.longest_step
            && self.longest_read < self.longest_step
    }
}

fn attempt() -> Attempt {
    let home = Home::new();
    let daemon = home.daemon(&["--migrate-to", "3"]);
    assert_eq!(daemon.said, ["migrated from version 0 to 3"]);
    let db = home.open();
    // Inside the transaction of each write, the trigger notes how far the backfill has come by then.
    db.execute_batch(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS} - 1)
         INSERT INTO tools (id, session_id, tool_name, file_path, created_at)
         SELECT 'old' || n, 's', 'edit', 'src/' || n, n FROM n;
         CREATE TABLE written (id TEXT PRIMARY KEY, reached INTEGER NOT NULL);
         CREATE TRIGGER note_progress AFTER INSERT ON tools BEGIN
             INSERT INTO written SELECT NEW.id, {REACHED};
         END;"
    ))
    .unwrap();
    let without_summary = "SELECT count(*) FROM tools WHERE summary IS NULL";
    assert_eq!(value(&db, without_summary), ROWS);

    let mut client = daemon.client();
    let mut migrate = home.command(&["migrate"]);
    let mut migrate = migrate.stdout(Stdio::piped()).spawn().unwrap();
    let mut reached = Vec::new();
    let (mut longest_write, mut longest_read) = (Duration::ZERO, Duration::ZERO);
    while migrate.try_wait().unwrap().is_none() {
        reached.push(value(&db, &format!("SELECT {REACHED}")));
        let number = reached.len();
        let asked = Instant::now();
        assert_eq!(client.ask(&format!("put new{number} s read")), "ok");
        longest_write = longest_write.max(asked.elapsed());

        let row = number * 7_919 % 200_000;
        let asked = Instant::now();
        let answer = client.ask(&format!("get old{row}"));
        longest_read = longest_read.max(asked.elapsed());
        assert_eq!(answer, format!("s edit src/{row}"));
    }
    let output = migrate.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");

    // Nothing was lost on either side.
    let writes = reached.len();
    assert_eq!(value(&db, without_summary), 0);
    assert_eq!(
        client.ask("count"),
        (200_000 + reached.len()).to_string(),
        "{said}"
    );
    let (steps, longest_step) = backfilled(&said);
    assert_eq!(steps, ROWS / STEP, "{said}");

    let mut written = db
        .prepare("SELECT reached FROM written ORDER BY rowid")
        .unwrap();
    let written = written.query_map((), |row| row.get::<_, i64>(0)).unwrap();
    let passed: Vec<i64> = written
        .zip(&reached)
        .map(|(after, before)| (after.unwrap() - before) / STEP)
        .collect();
    assert_eq!(passed.len(), writes);
    let attempt = Attempt {
        writes,
        reads: writes,
        waited: passed.iter().filter(|steps| **steps > 0).count(),
        most_steps: passed.iter().copied().max().unwrap(),
        longest_write,
        longest_read,
        longest_step,
    };
    assert!(attempt.waited > 0, "they never met: {attempt:?}");
    println!(
        "{} rows in {steps} steps, the longest {longest_step:?}; meanwhile {} writes, of which {} \
         waited, the longest {longest_write:?} and for {} steps, and {} reads, the longest {longest_read:?}",
        ROWS, attempt.writes, attempt.waited, attempt.most_steps, attempt.reads
    );
    attempt
}

/// The number of steps, and the longest of them, from what `clankers migrate` said.
fn backfilled(said: &str) -> (i64, Duration) {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("Backfilled: 200000 rows in "));
    let (steps, rest) = line.unwrap().split_once(" steps, the longest ").unwrap();
    let (ms, _) = rest.split_once(" ms").unwrap();
    (
        steps.parse().unwrap(),
        Duration::from_millis(ms.parse().unwrap()),
    )
}
