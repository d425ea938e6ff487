//! A PostgreSQL server: how it is named, and connections to it.

use std::env;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use migrate_core::postgres::config::{Host, SslMode};
use migrate_core::postgres::error::SqlState;
use migrate_core::postgres::{self, Client, Config, NoTls};

use crate::error::Error;

/// How long to try to reach a server, where the URL does not say.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database on a server.
///
/// What was typed is never shown again: it may have a password in it, and where it is written in a
/// wrong way any part of it may be one.
pub(crate) struct Server {
    config: Config,
}

impl Server {
    /// The one that a URL names, or a text of `key=value`.
    pub(crate) fn of(text: &str) -> Result<Server, Error> {
        let mut config = Config::from_str(text).map_err(|error| misspelt(&error, text))?;
        // An `@` of the password, which the driver takes for the end of it.
        let is_cut = |host: &Host| matches!(host, Host::Tcp(host) if host.contains('@'));
        if config.get_hosts().iter().any(is_cut) {
            return Err(unread("it has more than one `@`"));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(no_tls(
                "`sslmode=require` asks for TLS, which this build does not have",
            ));
        }
        if config.get_password().is_none()
            && let Some(password) = env::var_os("PGPASSWORD")
        {
            config.password(password.into_encoded_bytes());
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("cargo-migrate");
        }
        Ok(Server { config })
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Result<Client, Error> {
        let connected = self.config.connect(NoTls);
        connected.map_err(|error| self.unreachable(&error))
    }

    /// A connection to another database of the server.
    pub(crate) fn connect_to(&self, name: &str) -> Result<Client, Error> {
        let mut config = self.config.clone();
        config.dbname(name);
        Server { config }.connect()
    }

    /// What it says beside the migrations.
    pub(crate) fn failed(&self, error: &postgres::Error) -> Error {
        Error::new(format!("{self} fails: {}", told(error)))
    }

    fn unreachable(&self, error: &postgres::Error) -> Error {
        let refused = Error::new(format!("{self} cannot be opened: {}", told(error)));
        let Some(code) = error.code().map(SqlState::code) else {
            let words = error.to_string();
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            return if words.contains("configuration") && cause.contains("password") {
                refused.help(PASSWORD)
            } else if words.contains("configuration") {
                refused.help("name the server: `postgres://user@localhost/app`")
            } else if is_about_host(error) {
                refused.help("correct the host's name, or see that this machine can look it up")
            } else {
                refused.help("see that the server runs there, and listens to this machine")
            };
        };
        match code {
            "3D000" => refused.help("create it: `CREATE DATABASE`, or `createdb` of PostgreSQL"),
            "28P01" => refused.help(PASSWORD),
            "28000" if is_about_role(error) => self.other_role(refused, error),
            "28000" => refused
                .help("see which users may connect, and how, in the server's `pg_hba.conf`")
                .help(TLS),
            _ => refused,
        }
    }

    /// What to do about a role that is not there, or may not connect.
    fn other_role(&self, refused: Error, error: &postgres::Error) -> Error {
        let is_there = told(error).contains("not permitted to log in");
        let cure = match is_there {
            true => "or let the role connect: `ALTER ROLE … LOGIN`",
            false => "or create the role: `CREATE ROLE … LOGIN`, or `createuser` of PostgreSQL",
        };
        match self.config.get_user() {
            Some(_) => refused.help("correct the user of the URL"),
            None => refused
                .note("no user is named, so that the system's was taken")
                .help("name the user: `postgres://user@localhost/app`"),
        }
        .help(cure)
    }
}

/// Whether a server does not know the role, or does not let it log in. The function that says so is named
/// alike in every language; without that, as behind some poolers, the words tell.
fn is_about_role(error: &postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        db.routine() == Some("InitializeSessionUserId")
            || db.message().starts_with("role ") && db.message().ends_with(" does not exist")
    })
}

/// Whether nobody knows the address of the host.
fn is_about_host(error: &postgres::Error) -> bool {
    /// Its number on Windows.
    const HOST_NOT_FOUND: i32 = 11001;
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &io::Error| {
        let words = "failed to lookup address information";
        cause.to_string().starts_with(words) || cause.raw_os_error() == Some(HOST_NOT_FOUND)
    })
}

const PASSWORD: &str = "the password is that of the URL, or of the environment variable PGPASSWORD";
const TLS: &str = "this build has no TLS: a server that asks for it is reached through a tunnel, such as that of \
     `ssh -L`, or by the program itself, which has the same commands";

/// Where it is, and without a password: "the database `app` on localhost:5432".
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.config.get_user();
        match self.config.get_dbname().or(user) {
            Some(name) => write!(f, "the database `{name}`")?,
            None => f.write_str("the database")?,
        }
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            f.write_str(if at == 0 { " on " } else { ", " })?;
            match host {
                Host::Tcp(host) => write!(f, "{host}:{}", port(at))?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{}", path.display())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the driver and the server say; the driver's own words are short.
pub(super) fn told(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        None => match error.source() {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        },
    }
}

/// A text that names no server. Of what it consists is not told, but for what the driver takes from a
/// list of its own.
fn misspelt(error: &postgres::Error, text: &str) -> Error {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if cause == "invalid value for option `sslmode`" {
        return no_tls("`sslmode` is none that this build has");
    }
    if cause.starts_with("unknown option ") {
        return unread(match text.contains("://") {
            true => "a setting behind its `?` is not known",
            false => "one of its settings is not known",
        });
    }
    match cause.strip_prefix("invalid value for option ") {
        Some(option) => unread(&format!("its {option} makes no sense")),
        None => unread("it has a part that is not understood"),
    }
}

fn unread(why: &str) -> Error {
    Error::new(format!("the database is not named in a way that can be read: {why}"))
        .help("write `postgres://user:password@host:5432/name?connect_timeout=5`, or `host=… dbname=…`")
        .help("in a URL, what is special in a user or password is written as `%40` for `@`, `%2F` for `/`, `%3F` for `?`")
}

fn no_tls(message: &str) -> Error {
    Error::new(message)
        .help("where the way to the server is safe without: `sslmode=disable`")
        .help(TLS)
}
