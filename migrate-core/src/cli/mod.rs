//! The commands about migrations, to mount in a program's own command line.
//!
//! ```
//! use clap::Parser;
//! use migrate_core::{Migrator, rusqlite};
//!
//! migrate_core::embed_migrations!("migrations");
//!
//! #[derive(Parser)]
//! enum Task {
//!     /// Migrate the database, or look at it
//!     #[command(subcommand)]
//!     Db(migrate_core::cli::Command),
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In a program: `Task::parse()`.
//! let Task::Db(command) = Task::parse_from(["app", "db", "migrate", "--to", "1"]);
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! let exit_code = command.run(&Migrator::new(&MIGRATIONS), &mut db);
//! # assert_eq!(exit_code, std::process::ExitCode::SUCCESS);
//! # Ok(())
//! # }
//! ```
//!
//! This gives `app db migrate | status | plan | down | redo | reset | verify`. Of these, `status`,
//! `plan` and `verify` only look. Answers go to standard output; with `--json`, as one JSON object.
//!
//! The connection may be that of any driver: [`run`](Command::run) takes those that block, `run_async` that of
//! `tokio_postgres`.

mod confirm;
mod error;
mod json;
mod on;
mod progress;
mod run;
mod stand;
#[doc(hidden)]
pub mod table;
mod verdict;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::builder::RangedI64ValueParser;

use crate::cli::on::On;
use crate::cli::progress::Progress;
use crate::connection::sealed;
use crate::poll::ready;
use crate::{Connection, Goal, Migrator};

pub use error::Error;
pub use verdict::Verdict;

/// What a user asks for: a subcommand of a clap program.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Apply the pending migrations
    Migrate {
        /// Stop after this version
        #[arg(long, value_name = "VERSION", value_parser = version())]
        to: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the version of the database, and what is pending
    #[command(after_help = verdict::STATUS_HELP)]
    Status {
        /// Tell by the exit code whether the database is up to date
        #[arg(long)]
        check: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the SQL that would be run, and run nothing
    Plan {
        /// The way to this version, up or down
        #[arg(long, value_name = "VERSION", value_parser = version())]
        to: Option<i64>,
        /// The way back, by one migration, by COUNT, or with `--to` to that version
        #[arg(long, value_name = "COUNT", num_args = 0..=1, require_equals = true)]
        down: Option<Option<NonZeroUsize>>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the last migration back
    Down {
        /// Take back this many
        #[arg(long, value_name = "COUNT", default_value = "1", conflicts_with = "to")]
        count: NonZeroUsize,
        /// Take back all above this version
        #[arg(long, value_name = "VERSION", value_parser = version())]
        to: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the last migration back and apply it again
    Redo {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take every migration back; what their tables hold is lost
    Reset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the history and the schema of the database with the program
    #[command(after_help = verdict::VERIFY_HELP)]
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a command has to say.
struct Answer {
    text: String,
    verdict: Verdict,
}

impl Command {
    /// Does what the user asks for, and gives the exit code of the program.
    ///
    /// The answer goes to standard output, an error to standard error after the word `error:`. On a
    /// terminal, a run that takes longer than a moment shows how far it is, and `reset` asks first.
    pub fn run<C: Connection>(&self, migrator: &Migrator<'_>, db: &mut C) -> ExitCode {
        exit(ready(self.on_terminal(migrator, db)))
    }

    /// The same for `tokio_postgres`: [`run`](Command::run). It waits on any runtime; only the question
    /// of `reset` blocks, until it is answered.
    ///
    /// ```no_run
    /// # async fn example(task: migrate_core::cli::Command) -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
    /// use migrate_core::{Migrator, tokio_postgres};
    ///
    /// # let set: [migrate_core::Migration<'_>; 0] = [];
    /// # let tls = tokio_postgres::NoTls;
    /// # let spawn = |_| ();
    /// let (mut client, connection) = tokio_postgres::connect("host=localhost user=app", tls).await?;
    /// spawn(connection);
    /// Ok(task.run_async(&Migrator::new(&set), &mut client).await)
    /// # }
    /// ```
    #[cfg(feature = "tokio-postgres")]
    pub async fn run_async(
        &self,
        migrator: &Migrator<'_>,
        db: &mut tokio_postgres::Client,
    ) -> ExitCode {
        exit(self.on_terminal(migrator, db).await)
    }

    /// Does what the user asks for, and writes the answer to `out`: for programs that show errors
    /// in their own way, and for tests. It asks nothing, so `reset` needs its `yes`.
    ///
    /// # Errors
    ///
    /// When a verb of the migrator fails, a `reset` is not confirmed, or `out` cannot be written.
    pub fn run_to<C: Connection>(
        &self,
        migrator: &Migrator<'_>,
        db: &mut C,
        out: &mut impl Write,
    ) -> Result<Verdict, Error> {
        let answer = ready(self.answer(&mut On { migrator, db }))?;
        answer.write(out)?;
        Ok(answer.verdict)
    }

    /// The same for `tokio_postgres`: [`run_to`](Command::run_to).
    ///
    /// # Errors
    ///
    /// As there.
    #[cfg(feature = "tokio-postgres")]
    pub async fn run_to_async(
        &self,
        migrator: &Migrator<'_>,
        db: &mut tokio_postgres::Client,
        out: &mut impl Write,
    ) -> Result<Verdict, Error> {
        let answer = self.answer(&mut On { migrator, db }).await?;
        answer.write(out)?;
        Ok(answer.verdict)
    }

    /// Whether it writes to the database. For the others, a connection that only reads will do.
    #[must_use]
    pub fn writes(&self) -> bool {
        match self {
            Command::Migrate { .. }
            | Command::Down { .. }
            | Command::Redo { .. }
            | Command::Reset { .. } => true,
            Command::Status { .. } | Command::Plan { .. } | Command::Verify { .. } => false,
        }
    }

    async fn on_terminal<C: sealed::Connection>(
        &self,
        migrator: &Migrator<'_>,
        db: &mut C,
    ) -> Result<Verdict, Error> {
        let confirmed = confirm::on_terminal(self, &mut On { migrator, db }).await?;
        let progress = self.writes().then(Progress::start).flatten();
        let watched = progress.as_ref().map(|progress| progress.watch(migrator));
        let migrator = watched.as_ref().unwrap_or(migrator);
        let answer = confirmed.answer(&mut On { migrator, db }).await;
        drop(progress);
        let answer = answer?;
        match answer.write(&mut io::stdout().lock()) {
            // The reader has read all that it wanted, as `head` does.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(answer.verdict),
        }
    }

    async fn answer<C: sealed::Connection>(&self, db: &mut On<'_, '_, C>) -> Result<Answer, Error> {
        match *self {
            Command::Migrate { to, json } => {
                run::up(db, to.map_or(Goal::Up, Goal::UpTo), json).await
            }
            Command::Status { check, json } => stand::status(db, check, json).await,
            Command::Plan { to, down, json } => {
                let goal = match (to, down) {
                    (Some(_), Some(Some(_))) => return Err(Error::CountAndVersion),
                    (Some(version), Some(None)) => Goal::DownTo(version),
                    (Some(version), None) if version < db.current_version().await? => {
                        Goal::DownTo(version)
                    }
                    (Some(version), None) => Goal::UpTo(version),
                    (None, Some(count)) => Goal::Down(count.map_or(1, NonZeroUsize::get)),
                    (None, None) => Goal::Up,
                };
                run::plan(db, goal, json).await
            }
            Command::Down { count, to, json } => {
                let goal = to.map_or(Goal::Down(count.get()), Goal::DownTo);
                run::down(db, goal, json).await
            }
            Command::Redo { json } => run::redo(db, json).await,
            Command::Reset { yes, json } => {
                if !yes {
                    confirm::refuse(db).await?;
                }
                run::down(db, Goal::Reset, json).await
            }
            Command::Verify { json } => stand::verify(db, json).await,
        }
    }
}

/// The exit code of a command, which tells its error.
fn exit(result: Result<Verdict, Error>) -> ExitCode {
    match result {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            // When standard error is closed, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Answer {
    fn fine(text: String) -> Answer {
        Answer {
            text,
            verdict: Verdict::Fine,
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        out.flush()
    }
}

fn version() -> RangedI64ValueParser<i64> {
    RangedI64ValueParser::new().range(0..)
}
