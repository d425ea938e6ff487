//! What the code that the macro emits needs. It may change at any time.

use std::path::Path;
use std::{fs, io};

use crate::migration::BoxError;

pub use crate::migration::{BoxFuture, Check, Code, Run, Script};
#[cfg(feature = "verify")]
pub use crate::verify::{Told, assert_migrates};
#[cfg(feature = "macros")]
pub use migrate_macros::embed;
pub use migrate_source::schema::{Change, Kind};

#[cfg(feature = "sqlite")]
pub use crate::__first as if_sqlite;
#[cfg(feature = "postgres")]
pub use crate::__first as if_postgres;
#[cfg(feature = "tokio-postgres")]
pub use crate::__first as if_tokio_postgres;
/// Which of two groups of tokens there is: the first where a feature is on, the second where it is off. The
/// macro that embeds a folder cannot see the features of this crate.
#[cfg(not(feature = "sqlite"))]
pub use crate::__second as if_sqlite;
#[cfg(not(feature = "postgres"))]
pub use crate::__second as if_postgres;
#[cfg(not(feature = "tokio-postgres"))]
pub use crate::__second as if_tokio_postgres;

#[doc(hidden)]
#[macro_export]
macro_rules! __first {
    ({ $($first:tt)* } { $($second:tt)* }) => { $($first)* };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __second {
    ({ $($first:tt)* } { $($second:tt)* }) => { $($second)* };
}

/// Runs the function of a code migration.
///
/// # Errors
///
/// Those of the migration.
pub fn run<C, R: Outcome>(db: &C, function: impl FnOnce(&C) -> R) -> Result<(), BoxError> {
    function(db).into_result()
}

/// As [`run`], on a connection that is lent for writing.
///
/// # Errors
///
/// Those of the migration.
pub fn run_mut<C, R: Outcome>(
    db: &mut C,
    function: impl FnOnce(&mut C) -> R,
) -> Result<(), BoxError> {
    function(db).into_result()
}

/// As [`run`], for an asynchronous function. Its future goes where the program's own goes.
pub fn run_async<'a, C, F>(db: &'a C, function: impl FnOnce(&'a C) -> F) -> BoxFuture<'a, ()>
where
    F: Future<Output: Outcome> + Send + 'a,
{
    let future = function(db);
    Box::pin(async { future.await.into_result() })
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

/// As [`check`], on a connection that is lent for writing.
///
/// # Errors
///
/// Those of the check.
pub fn check_mut<C, E: Into<BoxError>>(
    db: &mut C,
    function: impl FnOnce(&mut C) -> Result<bool, E>,
) -> Result<bool, BoxError> {
    function(db).map_err(Into::into)
}

/// As [`check`], for an asynchronous function.
pub fn check_async<'a, C, F, E>(db: &'a C, function: impl FnOnce(&'a C) -> F) -> BoxFuture<'a, bool>
where
    F: Future<Output = Result<bool, E>> + Send + 'a,
    E: Into<BoxError>,
{
    let future = function(db);
    Box::pin(async { future.await.map_err(Into::into) })
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
