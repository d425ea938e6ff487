//! Whatever a script says, nothing gets out of the database in memory, everything comes to an end, and
//! what one script sets does not reach another. No set is a panic or an error.

#[path = "../support/mod.rs"]
mod support;

mod anything;
mod bounds;
mod files;
mod odd;
mod settings;

use migrate_source::Mode;
use migrate_verify::{Body, Migration, Script, Set, Verified, verify};
use support::{strict, told};

/// Runs ups without a look at what is found by reading.
pub(crate) fn run_scripts(scripts: &[Script<'_>]) -> Verified {
    let set = Set {
        migrations: (1..)
            .zip(scripts)
            .map(|(version, script)| Migration {
                version,
                up: Body::Sql(*script),
                down: None,
            })
            .collect(),
        repeatables: Vec::new(),
        seed: None,
        options: strict(),
        is_incomplete: false,
    };
    verify(&set, None).expect("a set is never an error")
}

/// The same in both modes.
#[track_caller]
pub(crate) fn check_both(sql: &str, in_transaction: &str, without: &str) {
    let script = Script::new("a.sql", sql);
    assert_eq!(told(&run_scripts(&[script]).findings), in_transaction);
    let script = Script {
        mode: Mode::NoTransaction,
        ..script
    };
    assert_eq!(told(&run_scripts(&[script]).findings), without);
}
