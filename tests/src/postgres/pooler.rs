//! pgbouncer in transaction mode: each transaction of a client may have another connection to the server.

use std::fmt::Write;
use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use migrate_core::tokio_postgres::Config;
use tempfile::TempDir;

use crate::postgres::{Scratch, server, server_address};

/// A pgbouncer before the server of the tests, with its settings as they are by default but for the mode. It
/// ends when it is dropped.
#[derive(Debug)]
pub struct Pooler {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Pooler {
    /// One that has this many connections to the server for each database.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn of(connections: usize) -> Pooler {
        // Somebody else may take the port that was free.
        let mut tries = (0..5).filter_map(|_| Pooler::start(connections).expect("pgbouncer"));
        tries.next().expect("a pgbouncer that starts")
    }

    fn start(connections: usize) -> io::Result<Option<Pooler>> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let folder = tempfile::tempdir()?;
        // It gives up its rights where it has those of root.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let path = |name| folder.path().join(name);
        fs::write(path("users"), users(&server()))?;
        let server = server_address();
        let mut settings = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = {connections}\n",
            server.ip(),
            server.port(),
            address.port(),
            path("users").display(),
        );
        if fs::metadata("/proc/self")?.uid() == 0 {
            settings.push_str("user = nobody\n");
        }
        fs::write(path("pgbouncer.ini"), settings)?;
        let log = fs::File::create(path("log"))?;
        let mut command = Command::new("pgbouncer");
        command.arg(path("pgbouncer.ini")).stdin(Stdio::null());
        let process = command.stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut pooler = Pooler {
            process,
            address,
            folder,
        };
        while pooler.process.try_wait()?.is_none() {
            if TcpStream::connect(address).is_ok() {
                return Ok(Some(pooler));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to connect to a database through it.
    #[must_use]
    pub fn config(&self, scratch: &Scratch) -> Config {
        scratch.config_at(self.address)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log"));
            println!("{}", log.unwrap_or_default());
        }
    }
}

/// The file in which it looks up who may connect, and with which password to the server.
fn users(server: &Config) -> String {
    let quoted = |text: &str| text.replace('"', "\"\"");
    let user = server.get_user().unwrap_or("postgres");
    let password = String::from_utf8_lossy(server.get_password().unwrap_or_default());
    let mut users = String::new();
    let _ = writeln!(users, "\"{}\" \"{}\"", quoted(user), quoted(&password));
    users
}
