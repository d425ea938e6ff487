//! A home for a database, and the program that works on it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use migrate_core::rusqlite::Connection;
use tempfile::TempDir;

/// A folder with a database of its own.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("clankers.db")
    }

    /// The database, as the program opens it.
    pub(crate) fn open(&self) -> Connection {
        clankers::storage::open(&self.path()).unwrap()
    }

    /// `clankers` with `arguments`, in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clankers"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// A daemon that serves.
    pub(crate) fn daemon(&self, arguments: &[&str]) -> Daemon {
        Daemon::start(self.command(&[&["daemon"], arguments].concat()))
    }
}

/// A daemon that serves, until it is dropped.
pub(crate) struct Daemon {
    child: Child,
    /// What it said before it served.
    pub(crate) said: Vec<String>,
    address: String,
    _stdout: BufReader<ChildStdout>,
}

impl Daemon {
    fn start(mut command: Command) -> Daemon {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = Vec::new();
        loop {
            let mut line = String::new();
            let length = stdout.read_line(&mut line).unwrap();
            assert!(length > 0, "the daemon ended after saying {said:?}");
            match line.trim().strip_prefix("listening on ") {
                None => said.push(line.trim().to_owned()),
                Some(address) => {
                    return Daemon {
                        child,
                        said,
                        address: address.to_owned(),
                        _stdout: stdout,
                    };
                }
            }
        }
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(BufReader::new(stream))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who asks a daemon.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.0.get_mut(), "{line}").unwrap();
        let mut answer = String::new();
        self.0.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

/// One value of the database.
pub(crate) fn value(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, (), |row| row.get(0)).unwrap()
}
