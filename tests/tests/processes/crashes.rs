//! Processes that die: what they committed is there, nothing else is, and the next one completes it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use migrate_core::rusqlite::{Connection, ErrorCode};

use crate::ledger::{Journal, Ledger, check_complete, check_honest};
use crate::races::{alike, race};
use crate::starter::{End, Gate, PROGRAM, Starter, start};

const TRANSACTIONS: [&str; 2] = ["transactions=each", "transactions=grouped"];

// A migration and its record were two transactions, so that a death in between was for ever.
#[test]
fn e01_death_at_every_commit() {
    for transactions in TRANSACTIONS {
        for journal in Journal::BOTH {
            let die = |n| vec![transactions.to_owned(), format!("die-at-commit={n}")];
            let deaths = every_death(journal, 1, die);
            // At least one for each step of the repeat, for each statement of the file that runs
            // statement by statement, and for each migration that cannot be in a group.
            assert!(deaths >= 12, "{deaths} deaths with {transactions}");
        }
    }
}

/// Also in the middle of a statement, of bookkeeping, of looking after foreign keys.
#[test]
fn death_at_any_moment() {
    for transactions in TRANSACTIONS {
        for journal in Journal::BOTH {
            let die = |n| vec![transactions.to_owned(), format!("die-at-operation={n}")];
            let deaths = every_death(journal, 397, die);
            assert!(deaths >= 20, "{deaths} deaths with {transactions}");
        }
    }
}

/// Killed while pages are on their way to the disk, a process leaves a half-written database and a
/// journal that undoes it. Several others find them at once.
#[test]
#[cfg_attr(
    not(have_strace),
    ignore = "strace is not installed, or not allowed here"
)]
fn death_in_the_middle_of_writing() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        let mut deaths = 0;
        // The first write is the word `ready`.
        for write in (2..).step_by(3) {
            let database = ledger.database(journal, write);
            let kill = format!("inject=write,pwrite64:signal=KILL:when={write}");
            let mut strace = Command::new("strace");
            strace.args([
                "-o",
                "/dev/null",
                "-e",
                "trace=write,pwrite64",
                "-e",
                &kill,
                PROGRAM,
            ]);
            let gate = Gate::new();
            let starter = gate.command(strace, &database, &ledger.newer, &["transactions=each"]);
            gate.open();
            let is_over = starter.end() != End::Died;
            for end in race(&database, &alike(&ledger.newer, &[])[..3]) {
                end.steps();
            }
            check_complete(&ledger, &database);
            if is_over {
                break;
            }
            deaths += 1;
        }
        assert!(deaths > 30, "{deaths} deaths");
    }
}

/// For every `stride`-th moment: a process dies at it, and another completes what it has begun.
/// The number of deaths.
fn every_death(journal: Journal, stride: usize, die: impl Fn(usize) -> Vec<String>) -> usize {
    let ledger = Ledger::new();
    for death in 0.. {
        let database = ledger.database(journal, death);
        let options = die(1 + death * stride);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let end = start(&database, &ledger.newer, &options);
        check_honest(&database);
        let is_over = end != End::Died;
        if is_over {
            end.steps();
        } else {
            start(&database, &ledger.newer, &options[..1]).steps();
        }
        check_complete(&ledger, &database);
        if is_over {
            return death;
        }
    }
    unreachable!("a run has an end");
}

/// A process that is killed again and again, each time after its first commit, still gets there.
#[test]
fn death_after_each_commit() {
    for transactions in TRANSACTIONS {
        for journal in Journal::BOTH {
            let ledger = Ledger::new();
            let database = ledger.database(journal, "loop");
            let mut deaths = 0;
            let last = loop {
                let end = start(&database, &ledger.newer, &[transactions, "die-at-commit=2"]);
                check_honest(&database);
                if end != End::Died {
                    break end;
                }
                deaths += 1;
                assert!(deaths < 100, "no progress");
            };
            last.steps();
            assert!(deaths >= 10, "{deaths} deaths with {transactions}");
            check_complete(&ledger, &database);
        }
    }
}

/// One process is killed while it holds the lock and others wait for it.
#[test]
fn death_while_others_wait() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        for commit in 1.. {
            let database = ledger.database(journal, commit);
            let gate = Gate::new();
            let pause = format!("pause-at-commit={commit}");
            let mut holder = gate.starter(&database, &ledger.newer, &[&pause]);
            gate.open();
            if !holder.says("paused") {
                holder.end().steps();
                assert!(commit > 12, "{commit} commits");
                break;
            }

            let gate = Gate::new();
            let waiter = |_| gate.starter(&database, &ledger.newer, &[]);
            let mut waiters: Vec<Starter> = (0..3).map(waiter).collect();
            gate.open();
            if !is_at_vacuum(&database) {
                for waiter in &mut waiters {
                    assert!(waiter.says("waiting"), "commit {commit}, {journal:?}");
                }
            }
            holder.kill();
            for waiter in waiters {
                waiter.end().steps();
            }
            check_complete(&ledger, &database);
        }
    }
}

/// Whether the next statement is the `VACUUM`. It takes its lock itself, so SQLite does the waiting
/// for it, without a word; on a rollback journal not even the history can be read then.
fn is_at_vacuum(database: &Path) -> bool {
    let db = Connection::open(database).expect("the database");
    db.busy_timeout(Duration::ZERO)
        .expect("the connection is ours");
    let resume_at = "SELECT resume_at FROM _migrate_history WHERE version = 3";
    match db.query_row(resume_at, [], |row| row.get::<_, Option<String>>(0)) {
        Ok(resume_at) => resume_at.is_some_and(|at| at.starts_with("2:")),
        Err(error) => error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy),
    }
}
