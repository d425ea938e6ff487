//! `--database`: which database is meant, the file of an SQLite or a PostgreSQL server.

use std::ffi::OsStr;
use std::path::PathBuf;

use migrate_source::Database;

use crate::error::Error;
use crate::find::{Finder, Set};
use crate::postgres::Server;

/// A database.
#[derive(Debug)]
pub(crate) enum Target {
    /// One of SQLite, by its file.
    File(PathBuf),
    /// One of PostgreSQL.
    Server(Box<Server>),
}

impl Target {
    /// The database for the migrations of `set`. Where nothing else says what they are for, its URL does.
    pub(crate) fn of(text: &OsStr, set: &mut Set, finder: &Finder) -> Result<Target, Error> {
        let named = text.to_string_lossy();
        let scheme = named
            .split_once(':')
            .filter(|(scheme, _)| is_scheme(scheme));
        let is_server = scheme.is_some_and(|(scheme, _)| is_postgres(scheme));
        if is_server && set.call.is_none() && finder.options().is_none() {
            set.options.database = Database::Postgres;
        }
        let for_server = set.options.database == Database::Postgres;
        let server = || Ok(Target::Server(Box::new(Server::of(&named)?)));
        let cure = match for_server {
            true => "name a server and a database of it: `postgres://user@localhost/app`",
            false => "name the file of an SQLite database",
        };
        match scheme {
            // SQLite takes no name for a database that is gone when it is closed.
            _ if named.trim().is_empty() => Err(Error::new("the name of the database is empty")
                .help(cure)
                .help("if it comes from a variable, see that this is set")),
            None if !for_server => Ok(Target::File(PathBuf::from(text))),
            Some(("sqlite" | "sqlite3", path)) if !for_server => {
                Ok(Target::File(file(&named, path)?))
            }
            Some(_) if is_server && for_server => server(),
            None if named.contains('=') => server(),
            Some(_) if is_server => Err(Error::new(format!(
                "the database is one of PostgreSQL, and the migrations of `{}` are for SQLite",
                set.shown
            ))
            .help(cure)
            .help("if they are for PostgreSQL, say so where they are embedded, or by `--options 'database = \"postgres\"'`")),
            None | Some(("sqlite" | "sqlite3", _)) => Err(Error::new(format!(
                "`{named}` is an SQLite database, and the migrations of `{}` are for PostgreSQL",
                set.shown
            ))
            .help(cure)),
            Some((scheme, _)) => Err(Error::new(format!(
                "`{scheme}:` is no database that this build knows"
            ))
            .help(cure)),
        }
    }
}

/// Whether this is the scheme of a URL. One letter is the drive of a path.
fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
}

fn is_postgres(scheme: &str) -> bool {
    matches!(scheme, "postgres" | "postgresql")
}

/// The file of a `sqlite:` URL; `path` is what is behind the scheme.
fn file(url: &str, path: &str) -> Result<PathBuf, Error> {
    let path = path.strip_prefix("//").unwrap_or(path);
    match path.split_once('?') {
        None => Ok(PathBuf::from(path)),
        Some((path, _)) => Err(Error::new(format!("`{url}` has settings behind its `?`"))
            .help(format!("name the file alone: `{path}`"))),
    }
}
