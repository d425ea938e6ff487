//! Folders of real projects on SQLite, run as they are.
//!
//! They are not part of this repository. `MIGRATE_SHARED` names the folder that holds their folder
//! `corpora`; it is `../shared` beside the repository otherwise. Those on PostgreSQL are not run: what is
//! verified is SQLite.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_source::folder::disk;
use migrate_source::schema::{Fingerprint, Schema};
use migrate_source::{Database, Options};
use migrate_verify::{Set, Verified, verify};

fn corpus(name: &str) -> PathBuf {
    let shared = std::env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    shared.join("corpora").join(name)
}

/// Checks a history: taken as it is, nothing may be found, and without trust exactly `findings`.
///
/// `is_known` tells whether every statement of it can be run, so that the schema it leads to is known; then
/// it has to be the one that lies beside the history, which its files gave when each was run by itself.
#[track_caller]
fn check(name: &str, trust_through: i64, is_known: bool, findings: &[&str]) {
    let trusting = run(name, trust_through);
    assert_eq!(places(&trusting), [""; 0], "{name}");
    let all = run(name, 0);
    assert_eq!(places(&all), findings, "{name}");
    let schema = is_known.then(|| fingerprint(name));
    for verified in [trusting, all] {
        let last = verified.steps.last().unwrap();
        let (is, _) = last.schema.clone().unzip();
        assert_eq!(is, schema, "{name}");
    }
}

fn run(name: &str, trust_through: i64) -> Verified {
    let listing = disk::list(&corpus(name).join("migrations")).unwrap();
    let mut options = Options::new(Database::Sqlite);
    options.trust_through = trust_through;
    let folder = listing.read(&options);
    assert!(
        trust_through == 0 || folder.findings.is_empty(),
        "{:?}",
        folder.findings
    );
    let mut set = Set::of_folder(&folder, &options);
    // What is found when the files are read, without trust, takes nothing away from them.
    set.is_incomplete = false;
    verify(&set, None).unwrap()
}

fn places(verified: &Verified) -> Vec<String> {
    let found = verified.findings.iter().map(|finding| {
        let place = finding.place.as_ref().unwrap();
        format!("{} {}:{}", finding.problem, place.path, place.line)
    });
    found.collect()
}

/// The schema that has to come out: for each object a line `-- type name on table`, and its SQL.
fn fingerprint(name: &str) -> Fingerprint {
    let text = fs::read_to_string(corpus(name).join("schema.txt")).unwrap();
    let mut rows: Vec<(String, String, String, Option<String>)> = Vec::new();
    for line in text.lines() {
        if let Some((kind, name, table)) = head(line) {
            rows.push((kind.into(), name.into(), table.into(), None));
        } else if let Some((.., sql)) = rows.last_mut() {
            let sql = sql.get_or_insert_default();
            sql.push_str(line);
            sql.push('\n');
        }
    }
    Schema::of_rows(rows).unwrap().fingerprint()
}

/// A comment of the SQL itself may look alike, but for the kind.
fn head(line: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = line.strip_prefix("-- ")?.split_once(' ')?;
    let (name, table) = rest.split_once(" on ")?;
    let is_kind = ["table", "index", "view", "trigger"].contains(&kind);
    (is_kind && !table.contains(' ')).then_some((kind, name, table))
}

#[test]
#[ignore = "needs ../shared/corpora"]
fn nothing_is_wrong() {
    check("atuin-client-sqlite", 0, true, &[]);
    check("rauthy-hiqlite", 12, true, &[]);
}

/// 12 of the 14 downs restore the schema. One adds columns again, which then need a default that they did
/// not have; the other rebuilds a table and forgets the defaults.
#[test]
#[ignore = "needs ../shared/corpora"]
fn downs_that_do_not_restore_the_schema() {
    check(
        "chirpstack-sqlite",
        202512081354280000,
        true,
        &[
            "incomplete_down 2025-01-13-163304_refactor_device_profile_fields/down.sql:1",
            "incomplete_down 2025-12-08-135428-0000_refactor_device_profiles/down.sql:1",
        ],
    );
}

/// `vec_length` is a function of an extension that the application loads.
#[test]
#[ignore = "needs ../shared/corpora"]
fn a_function_of_the_application() {
    check(
        "screenpipe-sqlite",
        20260213000000,
        false,
        &["failing_up 20241108202826_create_speaker_table.sql:14"],
    );
}

/// A `DELETE` that relies on `ON DELETE CASCADE`, which the file asks for by a pragma that means nothing
/// in a transaction: the logs of what it deletes are left without their parent.
#[test]
#[ignore = "needs ../shared/corpora"]
fn a_delete_that_relies_on_cascades() {
    check(
        "vibe-kanban-sqlite",
        20260317120000,
        true,
        &["failing_on_rows 20250730000000_add_executor_action_to_execution_processes.sql:5"],
    );
}
