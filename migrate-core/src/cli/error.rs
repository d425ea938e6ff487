//! Why a command failed.

use std::{fmt, io};

/// Why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A verb of the migrator failed.
    Migration(crate::Error),
    /// Nobody has confirmed a `reset`.
    NotConfirmed {
        /// How many migrations it would take back.
        migrations: usize,
    },
    /// `plan` was given both a count and a version to go down by.
    CountAndVersion,
    /// The answer could not be written.
    Output(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Migration(error) => error.fmt(f),
            Error::NotConfirmed { migrations } => {
                let noun = if *migrations == 1 {
                    "migration"
                } else {
                    "migrations"
                };
                write!(
                    f,
                    "not confirmed: `reset` takes back {migrations} {noun}, and what their tables hold is lost\
                     \n  = nothing was changed\
                     \n  = help: confirm it with `--yes`"
                )
            }
            Error::CountAndVersion => f.write_str(
                "`--down=COUNT` and `--to VERSION` say two things\
                 \n  = help: give one of them, or `--down --to VERSION`",
            ),
            Error::Output(error) => write!(f, "the answer cannot be written: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Migration(error) => error.source(),
            Error::NotConfirmed { .. } | Error::CountAndVersion => None,
            Error::Output(error) => Some(error),
        }
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Error {
        Error::Migration(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Output(error)
    }
}
