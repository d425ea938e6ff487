//! Verification of a folder on a SQLite in memory, while the crate compiles.

use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use migrate_source::folder::Folder;
use migrate_source::{Finding, Options};
use migrate_verify::{sqlite_release, verify_folder};

use crate::emit::Known;

/// Runs a folder and tells what is wrong with it, besides what was found when it was read.
///
/// `shown` is the path of the folder as messages show it; what was verified is kept under a name made
/// of it, in the folder for what a build script writes.
pub(crate) fn run(
    folder: &Folder,
    options: &Options,
    shown: &str,
) -> Result<(Vec<Finding>, Known), String> {
    let store = env::var_os("OUT_DIR").map(|out| store(Path::new(&out), shown));
    let verified = verify_folder(folder, options, store.as_deref()).map_err(|error| {
        format!("the migrations of `{shown}` could not be run while compiling: {error}")
    })?;
    let steps = verified.steps.into_iter().chain(verified.repeatables);
    let known = Known {
        schemas: steps.map(|step| step.schema).collect(),
        sqlite: Some(sqlite_release()),
    };
    Ok((verified.findings, known))
}

/// The file for a folder: a package may embed several.
fn store(out: &Path, shown: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    out.join(format!("migrations-{:016x}.verified", hasher.finish()))
}
