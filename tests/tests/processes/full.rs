//! A disk without room: the error says so, nothing is half applied, and with more room it goes on.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::ledger::{Journal, Ledger, check_complete, check_honest};
use crate::starter::{End, PROGRAM, start};

/// The database reaches its limit at every page.
#[test]
fn no_page_left() {
    for transactions in ["transactions=each", "transactions=grouped"] {
        for journal in Journal::BOTH {
            let ledger = Ledger::new();
            for pages in 1.. {
                let database = ledger.database(journal, pages);
                let limit = format!("max-pages={pages}");
                let end = start(&database, &ledger.newer, &[transactions, &limit]);
                check_honest(&database);
                if let End::Ok(_) = end {
                    assert!(pages > 5, "it was never full");
                    break;
                }
                check_full(&end);
                start(&database, &ledger.newer, &[transactions]).steps();
                check_complete(&ledger, &database);
            }
        }
    }
}

/// A file system runs full, of whatever is written to it, at every one of its own pages.
#[test]
#[cfg_attr(not(have_mount), ignore = "no small file system can be mounted")]
fn no_space_left_on_device() {
    for journal in Journal::BOTH {
        let ledger = Ledger::new();
        for (failures, kilobytes) in (12..).step_by(4).enumerate() {
            let database = ledger.database(journal, kilobytes);
            let (end, again) = on_small_disk(&database, &ledger.newer, kilobytes);
            check_honest(&database.with_extension("full"));
            if let End::Ok(_) = end {
                assert!(failures > 5, "it was never full");
                break;
            }
            check_full(&end);
            again.steps();
            check_complete(&ledger, &database);
        }
    }
}

fn check_full(end: &End) {
    let End::Error { kind, text } = end else {
        panic!("it cannot succeed, but: {end:?}");
    };
    assert!(["Sql", "Database"].contains(&kind.as_str()), "{end:?}");
    // The second is what SQLite says when there is no room for the index of its write-ahead log.
    let told = ["database or disk is full", "disk I/O error"];
    assert!(told.iter().any(|told| text.contains(told)), "{end:?}");
}

/// Runs a starter on a disk of this size and once more on a large one. Both ends; the database as
/// the first left it is beside `database`, with the extension `full`.
fn on_small_disk(database: &Path, folder: &Path, kilobytes: usize) -> (End, End) {
    let disk = database.with_extension("disk");
    fs::create_dir(&disk).expect("a folder");
    if !database.exists() {
        fs::write(database, "").expect("an empty file");
    }
    // The mount is seen by this shell alone, and ends with it.
    let script = r#"
        set -e
        database=$1 folder=$2 disk=$3 kilobytes=$4 full=$5 starter=$6
        mount -t tmpfs -o size="${kilobytes}k" tmpfs "$disk"
        cp "$database" "$disk/db"
        "$starter" "$disk/db" "$folder"
        for part in "" -journal -wal; do
            if [ -e "$disk/db$part" ]; then cp "$disk/db$part" "$full$part"; fi
        done
        mount -o remount,size=64m "$disk"
        "$starter" "$disk/db" "$folder"
        cp "$disk/db" "$database"
    "#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    command.args([database, folder, &disk]);
    command.arg(kilobytes.to_string());
    command.arg(database.with_extension("full"));
    command.arg(PROGRAM);
    let output = command.stdin(Stdio::null()).output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let ends: Vec<End> = said.lines().filter_map(End::of).collect();
    match <[End; 2]>::try_from(ends) {
        Ok([end, again]) if output.status.success() => (end, again),
        _ => panic!("{}: {said}{errors}", output.status),
    }
}
