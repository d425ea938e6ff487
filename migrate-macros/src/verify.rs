//! Verification of a folder on a SQLite in memory, while the crate compiles.

use std::collections::BTreeSet;
use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use migrate_source::folder::Folder;
use migrate_source::{Finding, Options};
use migrate_verify::{Set, verify};

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
    let mut set = Set::of_folder(folder, options);
    set.is_incomplete = !folder.findings.is_empty();
    let store = env::var_os("OUT_DIR").map(|out| store(Path::new(&out), shown));
    let store = store.as_deref().filter(|_| !set.is_incomplete);
    let mut verified = verify(&set, store).map_err(|error| {
        format!("the migrations of `{shown}` could not be run while compiling: {error}")
    })?;
    // What was read of a file wrongly says nothing when it is run.
    let misread: BTreeSet<&str> = folder.findings.iter().filter_map(path).collect();
    verified
        .findings
        .retain(|finding| path(finding).is_none_or(|path| !misread.contains(path)));
    let steps = verified.steps.into_iter().chain(verified.repeatables);
    let known = Known {
        schemas: steps.map(|step| step.schema).collect(),
        sqlite: Some(migrate_verify::sqlite_release()),
    };
    Ok((verified.findings, known))
}

fn path(finding: &Finding) -> Option<&str> {
    finding.place.as_ref().map(|place| place.path.as_str())
}

/// The file for a folder: a package may embed several.
fn store(out: &Path, shown: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    out.join(format!("migrations-{:016x}.verified", hasher.finish()))
}
