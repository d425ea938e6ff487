//! Whether migrations may be taken back: in development, or when somebody insists.

/// Refuses a rollback in a release build that nobody has allowed.
///
/// # Errors
///
/// The refusal, with its cure.
///
/// ```
/// use clankers::rollback::check;
///
/// assert!(check(false, false).is_ok());
/// assert!(check(true, true).is_ok());
/// assert!(check(true, false).is_err());
/// ```
pub fn check(is_release: bool, is_allowed: bool) -> Result<(), String> {
    if is_release && !is_allowed {
        return Err(
            "`migrate:rollback` is for development, and this is a release build\
             \n  = nothing was changed\
             \n  = help: back up the database, then allow it with `--allow-release`"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether this is a release build.
#[must_use]
pub fn is_release() -> bool {
    !cfg!(debug_assertions)
}
