//! `clankers`: the daemon, and the commands that look after its database.

mod backfill;

use std::error::Error;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clankers::{daemon, rollback, storage};
use clap::{Parser, Subcommand};
use migrate_core::rusqlite::Connection;
use migrate_core::{Migrator, cli};

use crate::backfill::Backfill;

/// Record calls of tools
#[derive(Debug, Parser)]
#[command(name = "clankers", version)]
struct Args {
    /// The file that holds the records
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = "clankers.db"
    )]
    database: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database, then serve it on a port of this machine
    Daemon {
        /// Migrate up to this version at most, and leave the rest to `migrate`
        #[arg(long, value_name = "VERSION",
              value_parser = clap::value_parser!(i64).range(storage::OLDEST_SERVED..))]
        migrate_to: Option<i64>,
    },
    /// Apply the pending migrations
    Migrate {
        /// Stop after this version
        #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
        to: Option<i64>,
    },
    /// Show the version of the database, and what is pending
    #[command(name = "migrate:status")]
    Status {
        /// Tell by the exit code whether the database is up to date
        #[arg(long)]
        check: bool,
    },
    /// Take the last migration back, in development
    #[command(name = "migrate:rollback")]
    Rollback {
        /// Take back this many
        #[arg(long, value_name = "COUNT", default_value = "1")]
        count: NonZeroUsize,
        /// Take back in a release build too; what the newer columns and tables hold is lost
        #[arg(long)]
        allow_release: bool,
    },
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(Args { database, command }: Args) -> Result<ExitCode, Box<dyn Error>> {
    let path: &Path = &database;
    match command {
        Command::Daemon { migrate_to } => {
            daemon::serve(path, migrate_to)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate { to } => {
            let backfill = Backfill::default();
            let migrator = storage::migrator().observe(|event| backfill.note(event));
            let command = cli::Command::Migrate { to, json: false };
            let code = answer(&command, &migrator, storage::open(path)?)?;
            if let Some(told) = backfill.told() {
                println!("{told}");
            }
            Ok(code)
        }
        Command::Status { check } => {
            let command = cli::Command::Status { check, json: false };
            answer(
                &command,
                &storage::migrator(),
                migrate_core::sqlite::open_to_look(path)?,
            )
        }
        Command::Rollback {
            count,
            allow_release,
        } => {
            rollback::check(rollback::is_release(), allow_release)?;
            let command = cli::Command::Down {
                count,
                to: None,
                json: false,
            };
            answer(&command, &storage::migrator(), storage::open(path)?)
        }
    }
}

/// Does `command` with errors in the words of this program: the version that failed first.
fn answer(
    command: &cli::Command,
    migrator: &Migrator<'_>,
    mut db: Connection,
) -> Result<ExitCode, Box<dyn Error>> {
    match command.run_to(migrator, &mut db, &mut io::stdout()) {
        Ok(verdict) => Ok(verdict.into()),
        Err(cli::Error::Migration(error)) => Err(storage::failure(&error).into()),
        Err(error) => Err(error.into()),
    }
}
