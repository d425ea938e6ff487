//! What the code that the macro emits needs. It may change at any time.

use crate::migration::BoxError;

pub use crate::migration::{Check, Code, Run, Script};
#[cfg(feature = "macros")]
pub use migrate_macros::embed;

/// The result of a code migration, whatever its types.
///
/// # Errors
///
/// Those of the migration.
pub fn ran<T, E: Into<BoxError>>(result: Result<T, E>) -> Result<(), BoxError> {
    result.map(|_| ()).map_err(Into::into)
}

/// The answer of a check, whatever its error.
///
/// # Errors
///
/// Those of the check.
pub fn checked<E: Into<BoxError>>(result: Result<bool, E>) -> Result<bool, BoxError> {
    result.map_err(Into::into)
}
