//! PostgreSQL, as the contract takes it: a database of its own for each test, on the server that
//! `TEST_POSTGRES_URL` names.

mod asynchronous;
mod blocking;
pub mod interrupted;
pub mod ledger;
mod looks;
pub mod pooler;
pub mod stepping;
pub mod trips;

use std::env;
use std::fmt::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use migrate_core::postgres::{Client, Config as BlockingConfig, NoTls, SimpleQueryMessage};
use migrate_core::tokio_postgres::Config;
use migrate_core::tokio_postgres::config::Host;

use crate::contract::TestConnection;
use crate::postgres::stepping::Stepping;
use crate::proxy::Proxy;

pub use asynchronous::{AsyncClient, Asynchronous};
pub use blocking::Blocking;

/// A database on the server of the tests, which goes with it.
pub struct Scratch {
    name: String,
    /// Looks at it without a part in what the test does.
    looker: Mutex<Option<Client>>,
}

impl Scratch {
    /// A new one, without anything in it.
    ///
    /// # Panics
    ///
    /// When there is no server to make it on.
    #[must_use]
    pub fn fresh() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("migrate_tests_{}_{count}", std::process::id());
        let mut admin = connect(&server());
        // One of that name is of a process that was killed.
        execute(&mut admin, &format!("DROP DATABASE IF EXISTS {name}"));
        // Copied as files, it is hardly anything in the log: a standby has to keep up with all the tests.
        // Before PostgreSQL 15 there is no other way.
        let version = "SELECT current_setting('server_version_num')::int >= 150000";
        let strategy = match rows(&mut admin, version) == ["t"] {
            true => " STRATEGY file_copy",
            false => "",
        };
        execute(&mut admin, &format!("CREATE DATABASE {name}{strategy}"));
        Scratch {
            name,
            looker: Mutex::new(None),
        }
    }

    /// How to connect to it.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = server();
        config.dbname(&self.name);
        config
    }

    /// A proxy in front of it, and how to connect through that.
    ///
    /// # Panics
    ///
    /// When the server has no address.
    #[must_use]
    pub fn proxy(&self) -> (Proxy, Config) {
        let proxy = Proxy::to(self.address()).expect("a proxy");
        let through = self.config_at(proxy.address());
        (proxy, through)
    }

    /// A proxy in front of it that stops where `stops_before` says, and how to connect through that.
    ///
    /// # Panics
    ///
    /// When the server has no address.
    #[must_use]
    pub fn stepping(
        &self,
        stops_before: impl FnMut(Option<&str>) -> bool + Send + 'static,
    ) -> (Stepping, Config) {
        let stepping = Stepping::to(self.address(), stops_before).expect("a proxy");
        let through = self.config_at(stepping.address());
        (stepping, through)
    }

    /// How to connect to it at another address, where somebody passes on what is said.
    #[must_use]
    pub fn config_at(&self, address: SocketAddr) -> Config {
        let config = self.config();
        let mut through = Config::new();
        through
            .dbname(&self.name)
            .host(address.ip().to_string())
            .port(address.port());
        if let Some(user) = config.get_user() {
            through.user(user);
        }
        if let Some(password) = config.get_password() {
            through.password(password);
        }
        through
    }

    /// The same as a URL.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        let config = self.config();
        let user = config.get_user().unwrap_or("postgres");
        let password = config.get_password().unwrap_or_default();
        let password = String::from_utf8_lossy(password);
        format!("postgres://{user}:{password}@{address}/{}", self.name)
    }

    /// Where the server is.
    ///
    /// # Panics
    ///
    /// When it has no address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        server_address()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection to it.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    #[must_use]
    pub fn connect(&self) -> Client {
        connect(&self.config())
    }

    /// Everything it holds but what belongs to the server: the same again when nothing was written in
    /// between. Rows are told by where they lie and who wrote them, too, so that what is written as it
    /// was is seen.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut looker = self.looker.lock().unwrap_or_else(PoisonError::into_inner);
        let looker = looker.get_or_insert_with(|| self.connect());
        rows(looker, looks::SNAPSHOT).join("\n").into_bytes()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Connections of a test that has failed may still be open.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A second panic would end the process, and say nothing of the first.
        if let Ok(mut db) = BlockingConfig::from(server()).connect(NoTls) {
            let dropped = db.batch_execute(&drop);
            assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
        }
    }
}

/// The server of the tests.
///
/// # Panics
///
/// When there is none: a test that needs one is ignored where it is compiled without it.
#[must_use]
pub fn server() -> Config {
    let url = env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL: run scripts/with-postgres");
    Config::from_str(&url).expect("TEST_POSTGRES_URL names a server")
}

/// Where it is.
///
/// # Panics
///
/// When it has no address.
#[must_use]
pub fn server_address() -> SocketAddr {
    address_of(&server())
}

/// Where a server is.
///
/// # Panics
///
/// When it has no address.
#[must_use]
pub fn address_of(config: &Config) -> SocketAddr {
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        panic!("a proxy needs a server on TCP: {config:?}");
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let server = (host.as_str(), port).to_socket_addrs();
    let server = server.ok().and_then(|mut addresses| addresses.next());
    server.expect("the address of the server")
}

/// A connection.
///
/// # Panics
///
/// When there is none to be had.
#[must_use]
pub fn connect(config: &Config) -> Client {
    let config = BlockingConfig::from(config.clone());
    config.connect(NoTls).expect("a connection")
}

/// How a driver connects.
pub type Connect = fn(&Config) -> Box<dyn TestConnection + Send>;

/// Both drivers.
pub const DRIVERS: [Connect; 2] = [
    |config| Box::new(connect(config)),
    |config| Box::new(AsyncClient::connect(config)),
];

/// Executes SQL that succeeds.
///
/// # Panics
///
/// When it does not.
#[track_caller]
pub fn execute(db: &mut Client, sql: &str) {
    rows(db, sql);
}

/// The rows of a query: the text of their columns, with a space in between.
///
/// # Panics
///
/// When it fails.
#[track_caller]
pub fn rows(db: &mut Client, sql: &str) -> Vec<String> {
    let answer = db.simple_query(sql);
    texts(answer.unwrap_or_else(|error| panic!("{}: {sql}", told(&error))))
}

fn texts(messages: Vec<SimpleQueryMessage>) -> Vec<String> {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL"));
        columns.collect::<Vec<_>>().join(" ")
    })
    .collect()
}

/// What the server says of an error; the driver leaves that to its source.
fn told(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    if let Some(source) = error.source() {
        let _ = write!(words, ": {source}");
    }
    words
}
