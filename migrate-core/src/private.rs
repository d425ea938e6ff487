//! What the code that the macro emits needs. It may change at any time.

use std::path::Path;
use std::{fs, io};

use crate::migration::BoxError;

pub use crate::migration::{Check, Code, Run, Script};
#[cfg(feature = "verify")]
pub use crate::verify::{Told, assert_migrates};
#[cfg(feature = "macros")]
pub use migrate_macros::embed;
pub use migrate_source::schema::{Change, Kind};

/// Runs the function of a code migration.
///
/// # Errors
///
/// Those of the migration.
pub fn run<C, R: Outcome>(db: &C, function: impl FnOnce(&C) -> R) -> Result<(), BoxError> {
    function(db).into_result()
}

/// Asks the check of a code migration.
///
/// # Errors
///
/// Those of the check.
pub fn check<C, E: Into<BoxError>>(
    db: &C,
    function: impl FnOnce(&C) -> Result<bool, E>,
) -> Result<bool, BoxError> {
    function(db).map_err(Into::into)
}

/// What the function of a code migration may return: a result with any error.
#[diagnostic::on_unimplemented(
    message = "a code migration cannot return `{Self}`",
    label = "this returns `{Self}`",
    note = "it returns `Result<(), E>`, where `E` fits into a `Box<dyn Error + Send + Sync>`"
)]
pub trait Outcome {
    /// The same, whatever its types were.
    ///
    /// # Errors
    ///
    /// The error that it was.
    fn into_result(self) -> Result<(), BoxError>;
}

#[diagnostic::do_not_recommend]
impl<T, E: Into<BoxError>> Outcome for Result<T, E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map(|_| ()).map_err(Into::into)
    }
}

/// Fails a test when the folder at `path` has migrations that are not among the `embedded` ones,
/// because it got them after the program was compiled. A folder that is not there, as on another
/// machine, has none.
///
/// # Panics
///
/// When it fails the test.
#[track_caller]
pub fn assert_embedded(path: &str, embedded: &[&str]) {
    let present = migrations_in(Path::new(path), "").unwrap_or_default();
    let is_new = |file: &&String| !embedded.contains(&file.as_str());
    if let Some(file) = present.iter().find(is_new) {
        panic!(
            "the migration `{file}` is not in this program, which was compiled before it was there\n\
             help: compile again; to have new files noticed, the package needs a build script that \
             prints `cargo::rerun-if-changed=` and the folder"
        );
    }
}

/// The files of a folder, and of the directories in it, that may be migrations.
fn migrations_in(folder: &Path, prefix: &str) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = format!("{prefix}{name}");
        if name.starts_with('.') {
            continue;
        }
        if name.ends_with(".sql") || name.ends_with(".rs") {
            files.push(path);
        } else if prefix.is_empty() && entry.path().is_dir() {
            files.extend(migrations_in(&entry.path(), &format!("{path}/"))?);
        }
    }
    files.sort();
    Ok(files)
}
