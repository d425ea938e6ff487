//! Starting, watching and killing processes of the `starter` program.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, pipe};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The path of the `starter` program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_starter");

/// What keeps starters waiting until all of them are ready.
pub(crate) struct Gate {
    signal: PipeReader,
    /// All starters read from one pipe; they go when its last writer is closed.
    closed: PipeWriter,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        let (signal, closed) = pipe().expect("a pipe");
        Gate { signal, closed }
    }

    /// A starter that has opened the database and waits at the gate.
    pub(crate) fn starter(
        &self,
        database: impl AsRef<OsStr>,
        folder: &Path,
        options: &[&str],
    ) -> Starter {
        self.command(Command::new(PROGRAM), database, folder, options)
    }

    /// The same, of a command that runs the `starter` program.
    pub(crate) fn command(
        &self,
        mut command: Command,
        database: impl AsRef<OsStr>,
        folder: &Path,
        options: &[&str],
    ) -> Starter {
        command.arg(database.as_ref()).arg(folder).args(options);
        command.stdin(self.signal.try_clone().expect("a file descriptor"));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        let said = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut starter = Starter {
            child,
            said,
            end: None,
        };
        assert!(starter.says("ready"), "the starter starts");
        starter
    }

    /// Lets all go at the same moment.
    pub(crate) fn open(self) {
        drop(self.closed);
    }
}

/// A process of the `starter` program. It does not outlive this value.
pub(crate) struct Starter {
    child: Child,
    said: BufReader<ChildStdout>,
    end: Option<End>,
}

/// How a starter ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It did these steps.
    Ok(Vec<String>),
    /// It was refused, or failed.
    Error { kind: String, text: String },
    /// It was killed before it could say anything.
    Died,
}

/// Runs one starter on its own.
pub(crate) fn start(database: impl AsRef<OsStr>, folder: &Path, options: &[&str]) -> End {
    let gate = Gate::new();
    let starter = gate.starter(database, folder, options);
    gate.open();
    starter.end()
}

impl Starter {
    /// Waits until it says `word`; `false` when it comes to its end without having said it.
    pub(crate) fn says(&mut self, word: &str) -> bool {
        while self.end.is_none() {
            match self.line() {
                Some(line) if line == word => return true,
                Some(line) => self.end = End::of(&line),
                None => self.end = Some(End::Died),
            }
        }
        false
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> End {
        self.says("the end");
        let end = self.end.take().expect("it said nothing else");
        let status = self.child.wait().expect("its status");
        assert!(end != End::Died || !status.success(), "{status}");
        assert_ne!(status.code(), Some(101), "a panic is no death");
        end
    }

    /// Kills it with a signal that it cannot catch.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is still there");
        self.child.wait().expect("its status");
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("a line of text");
        line.ends_with('\n').then(|| line.trim_end().to_owned())
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        // It has ended already, unless the test failed half-way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl End {
    /// The end that a line tells, if it tells one.
    pub(crate) fn of(line: &str) -> Option<End> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("ok", steps) => {
                let steps = steps.split_whitespace().map(str::to_owned);
                Some(End::Ok(steps.collect()))
            }
            ("error", rest) => {
                let (kind, text) = rest.split_once(' ').unwrap_or((rest, ""));
                Some(End::Error {
                    kind: kind.to_owned(),
                    text: text.to_owned(),
                })
            }
            _ => None,
        }
    }

    /// The steps it did.
    pub(crate) fn steps(self) -> Vec<String> {
        match self {
            End::Ok(steps) => steps,
            other => panic!("it must succeed, but: {other:?}"),
        }
    }
}
