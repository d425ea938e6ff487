//! Processes that die: what they committed is there, nothing else is, and the next one completes it.

use std::path::Path;

use crate::ledger::{Journal, Ledger, check_complete, check_honest};
use crate::starter::{End, Gate, Starter, start};

const TRANSACTIONS: [&str; 2] = ["transactions=each", "transactions=grouped"];

#[test]
fn death_at_every_commit() {
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
            let pause = format!("pause-at-commit={commit}");
            let mut holders = waiting(1, &database, &ledger.newer, &pause, "paused");
            let Some(holder) = holders.pop() else {
                check_complete(&ledger, &database);
                assert!(commit > 12, "{commit} commits");
                break;
            };
            let waiters = waiting(3, &database, &ledger.newer, "lock-timeout=60000", "waiting");
            assert_eq!(waiters.len(), 3, "they wait for the lock");
            holder.kill();
            for waiter in waiters {
                waiter.end().steps();
            }
            check_complete(&ledger, &database);
        }
    }
}

/// Starts some processes at once; those that say `word` before they end.
fn waiting(count: usize, database: &Path, folder: &Path, option: &str, word: &str) -> Vec<Starter> {
    let gate = Gate::new();
    let starters: Vec<Starter> =
        (0..count).map(|_| gate.starter(database, folder, &[option])).collect();
    gate.open();
    let says = |mut starter: Starter| starter.says(word).then_some(starter);
    starters.into_iter().filter_map(says).collect()
}
