//! The histories of real projects, which are no part of this repository: `MIGRATE_SHARED` names the folder
//! that has `corpora` in it, otherwise `../shared` beside the repository does.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of a history: its `migrations`, and the `schema.txt` that must come out.
#[must_use]
pub fn history(name: &str) -> PathBuf {
    root().join(name)
}

/// What is known of all of them: `index.json`.
///
/// # Panics
///
/// When it is not there: a test that needs it is ignored where it is compiled without it.
#[must_use]
pub fn index() -> String {
    fs::read_to_string(root().join("index.json")).expect("../shared/corpora")
}

fn root() -> PathBuf {
    let shared = env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    shared.join("corpora")
}
