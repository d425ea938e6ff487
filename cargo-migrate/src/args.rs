//! What an author can ask for.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::{env, ffi::OsString};

use clap::builder::RangedI64ValueParser;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Write, check and try the migrations of a package
///
/// Works from any folder of a workspace: the migrations folder, and how it is read, is what the
/// package's `embed_migrations!` says.
#[derive(Debug, Parser)]
#[command(name = "cargo-migrate", bin_name = "cargo migrate", version)]
pub(crate) struct Args {
    /// The migrations folder, or the name of its set, such as MIGRATIONS
    #[arg(
        long,
        global = true,
        value_name = "PATH_OR_NAME",
        help_heading = "Common options"
    )]
    pub(crate) folder: Option<String>,
    /// How the folder is read, instead of as its `embed_migrations!` says: 'trust_through = 57'
    #[arg(
        long,
        global = true,
        value_name = "OPTIONS",
        help_heading = "Common options"
    )]
    pub(crate) options: Option<String>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Common options"
    )]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add the next migration to the folder, and print the paths of its files
    New(New),
    /// Tell everything that is wrong with the folder
    #[command(after_help = CHECK_HELP)]
    Check(Check),
    /// Tell which statements for PostgreSQL take locks that others wait for, and the safe form of each
    #[command(after_help = LINT_HELP)]
    Lint(Lint),
    /// List the migrations of the folder
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Lock the migrations as they are: they ship, and their texts can no longer change
    #[command(after_help = LOCK_HELP)]
    Lock(Lock),
    /// Give the next numbers to migrations whose own another branch has taken
    #[command(after_help = RENUMBER_HELP)]
    Renumber(Renumber),
    /// Apply the pending migrations of the folder to a database
    Up(Up),
    /// Take the last migration of a database back
    Down(Down),
    /// Take the last migration of a database back and apply it again, as it is now
    Redo(Redo),
    /// Show the version of a database, and what is pending
    #[command(after_help = STATUS_HELP)]
    Status(Status),
    /// Print the SQL that would be run on a database, and run nothing
    Plan(Plan),
    /// Prepare a package: the folder with its first file, a build script, the dependency
    Init(Init),
    /// Print the completions for a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// Write them into this directory, a file each
        #[arg(value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What it does, in a few words: `add_phone` or "add phone"
    #[arg(value_name = "NAME", required = true)]
    pub(crate) name: Vec<String>,
    /// With a down that takes it back
    #[arg(long)]
    pub(crate) down: bool,
    /// In Rust, not in SQL
    #[arg(long)]
    pub(crate) rs: bool,
    /// Number it with the time, also where the folder counts
    #[arg(long)]
    pub(crate) timestamp: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The folder, as with `--folder`
    #[arg(value_name = "FOLDER", conflicts_with = "folder")]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) trial: Trial,
    /// Check the sets of every package of the workspace
    #[arg(long, conflicts_with_all = ["path", "folder"])]
    pub(crate) workspace: bool,
    /// Print each finding as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where migrations for PostgreSQL are tried.
#[derive(Debug, clap::Args)]
pub(crate) struct Trial {
    /// Try migrations for PostgreSQL on this server, in a scratch database: `postgres://user@host/name`
    ///
    /// The scratch database is created and dropped; the one that is named is only connected to. Migrations
    /// for SQLite are always tried, in memory. There is no TLS in this tool; a password that is not in the
    /// URL is taken from the environment variable PGPASSWORD.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<OsString>,
    /// Also run what changes the server beyond the scratch database, such as CREATE ROLE
    #[arg(long, requires = "database")]
    pub(crate) server_may_change: bool,
    /// With --database: the table with the history, if the program has named it
    #[arg(long, value_name = "NAME", requires = "database")]
    pub(crate) table: Option<String>,
    /// With --database: the schema with that table, if the program has named it
    #[arg(long, value_name = "NAME", requires = "database")]
    pub(crate) schema: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// The folder, as with `--folder`
    #[arg(value_name = "FOLDER", conflicts_with = "folder")]
    pub(crate) path: Option<String>,
    /// Take the sets of every package of the workspace
    #[arg(long, conflicts_with_all = ["path", "folder"])]
    pub(crate) workspace: bool,
    /// Also migrations that are locked, or covered by `trust_through`
    #[arg(long)]
    pub(crate) all: bool,
    /// Print each statement as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lock {
    /// Accept the present text of this version beside the one that was locked
    #[arg(long, value_name = "VERSION", value_parser = version())]
    pub(crate) accept: Vec<i64>,
    /// Write nothing, tell by the exit code whether the lock is as it should be
    #[arg(long, conflicts_with = "accept")]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Renumber {
    /// The migrations, each by its version, its file or the words of its name
    #[arg(value_name = "MIGRATION")]
    pub(crate) migrations: Vec<String>,
    /// Change nothing, tell what would be
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Where the history is.
#[derive(Debug, clap::Args)]
pub(crate) struct On {
    /// The file of an SQLite database, or a URL: `postgres://user@host/name`
    ///
    /// An SQLite database is named by its file or a `sqlite:` URL, one of PostgreSQL by a URL or as
    /// 'host=… dbname=…'. A password that is not in it is taken from the environment variable PGPASSWORD.
    /// There is no TLS in this tool: `sslmode` is `disable` or `prefer`.
    #[arg(long, value_name = "PATH_OR_URL")]
    pub(crate) database: OsString,
    /// The table with the history, if the program has named it
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The schema with that table, on PostgreSQL, if the program has named it
    #[arg(long, value_name = "NAME")]
    pub(crate) schema: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) on: On,
    /// Stop after this version
    #[arg(long, value_name = "VERSION", value_parser = version())]
    pub(crate) to: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Down {
    #[command(flatten)]
    pub(crate) on: On,
    /// Take back this many
    #[arg(long, value_name = "COUNT", default_value = "1", conflicts_with = "to")]
    pub(crate) count: NonZeroUsize,
    /// Take back all above this version
    #[arg(long, value_name = "VERSION", value_parser = version())]
    pub(crate) to: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Redo {
    #[command(flatten)]
    pub(crate) on: On,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) on: On,
    /// Tell by the exit code whether the database is up to date
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) on: On,
    /// The way to this version, up or down
    #[arg(long, value_name = "VERSION", value_parser = version())]
    pub(crate) to: Option<i64>,
    /// The way back, by one migration, by COUNT, or with `--to` to that version
    #[arg(long, value_name = "COUNT", num_args = 0..=1, require_equals = true)]
    pub(crate) down: Option<Option<NonZeroUsize>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// What the first migration does, in a few words
    #[arg(value_name = "NAME", default_value = "first tables")]
    pub(crate) name: Vec<String>,
    /// With a down that takes it back
    #[arg(long)]
    pub(crate) down: bool,
    /// Add the dependency from a clone: the folder of the crate `migrate-core`
    #[arg(long, value_name = "PATH_TO_MIGRATE_CORE")]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl Args {
    /// The arguments of this process; ends it where they make no sense.
    pub(crate) fn of_process() -> Args {
        Args::parse_from(own(env::args_os().collect()))
    }

    /// The commands, for completions and manual pages.
    pub(crate) fn commands() -> clap::Command {
        Args::command()
    }
}

/// The arguments without the word `migrate`, which cargo puts first.
fn own(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|first| first == "migrate") {
        arguments.remove(1);
    }
    arguments
}

fn version() -> RangedI64ValueParser<i64> {
    RangedI64ValueParser::new().range(0..)
}

const CHECK_HELP: &str = "\
With --json each finding is an object on a line of its own:
  problem  its name in docs/problems.md; null for what is wrong with a macro call
  message  what happened
  file     where, relative to the current directory; null for the folder as a whole
  line, column, width
           from 1, in characters; a width of 0 is the file as a whole
  folder   the folder, relative to the current directory
  help     an array of cures
With --database, notes on what could not be tried go to standard error.

Exit codes:
  0  nothing is wrong
  1  something is
  2  a wrong command line";

const LINT_HELP: &str = "\
The ups are read, but for those that have shipped: locked in migrations.lock, or covered by
`trust_through`. What is done to a table that the same file creates is passed over.
A comment on the line before turns a rule off: `-- squawk-ignore renaming-table`.
docs/postgres-syntax.md lists the rules.

With --json each finding is an object on a line of its own, as `check` prints them. Its `problem`
is the name of the rule, null for a comment that names none.

Exit codes:
  0  nobody has to wait
  1  somebody has, or what is asked for cannot be read
  2  a wrong command line";

const LOCK_HELP: &str = "\
The file `migrations.lock` in the folder turns the lock on; keep it in version control.
A migration that is locked cannot be edited, removed or renumbered: that does not compile.

Exit codes:
  0  the lock is as it should be
  1  it is not, or cannot be
  2  a wrong command line";

const RENUMBER_HELP: &str = "\
Without a name, those that are not locked get the next numbers, where theirs is that of
another one or below the last locked one. Where both are not locked, name the one that is to go:
`cargo migrate renumber 0007_add_phone`. A conflict that a merge has left in the lock is mended
along with it.";

const COMPLETIONS_HELP: &str = "\
In bash they complete `cargo migrate` and `cargo-migrate`: `source <(cargo migrate completions bash)`.
What completes other words behind `cargo` is left as it is.
In zsh, as the file `_cargo-migrate` in a folder of `fpath`, they complete `cargo-migrate`, and
`cargo migrate` where zsh's own completion of cargo is in use. Those of other shells complete
`cargo-migrate` alone, which takes the same commands.";

const STATUS_HELP: &str = "\
Exit codes:
  0  the status was shown; with --check: the database is up to date
  1  an error
  2  a wrong command line
  3  with --check: the history does not fit the folder
     (something has changed, is missing, newer or out of order)
  4  with --check: migrations are pending";
