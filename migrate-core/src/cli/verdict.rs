//! What a command found, as an exit code for scripts.

use std::process::ExitCode;

/// How a database stands, as far as a command was asked. Its number is the exit code.
///
/// An error is 1, and clap itself uses 2 for a command line that it does not understand, so that
/// neither can be taken for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Done, or as it should be.
    Fine = 0,
    /// The history of the database does not fit the program, or its schema is not what the migrations make.
    Misfit = 3,
    /// Migrations are pending.
    Pending = 4,
}

pub(super) const STATUS_HELP: &str = "\
Exit codes:
  0  the status was shown; with --check: the database is up to date
  1  an error
  2  a wrong command line
  3  with --check: the history does not fit the program
     (something has changed, is missing, newer or out of order)
  4  with --check: migrations are pending";

pub(super) const VERIFY_HELP: &str = "\
Exit codes:
  0  history and schema fit the program; migrations may be pending
  1  an error
  2  a wrong command line
  3  the history does not fit the program, or the schema is not as the
     migrations make it";

impl Verdict {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> ExitCode {
        ExitCode::from(verdict.code())
    }
}
