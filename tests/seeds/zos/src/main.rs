//! `zos`: looks after its database from the command line, in the few lines its users know.

mod answer;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrate_core::rusqlite::Connection;
use migrate_core::{Action, Event, Migrator, sqlite};

/// Look after the memory of zos
#[derive(Debug, Parser)]
#[command(name = "zos", version)]
struct Args {
    /// The file of the database
    #[arg(long, global = true, value_name = "PATH", default_value = "zos.db")]
    database: PathBuf,
    /// Tell on standard error which migration is applied
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database, or look at it
    #[command(subcommand)]
    Db(Db),
}

#[derive(Debug, Subcommand)]
enum Db {
    /// Apply the pending migrations
    Migrate {
        /// Stop after this version
        #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
        target: Option<i64>,
    },
    /// Show the version of the database, and what is pending
    Status,
    /// Refused, with the reason: the schema only goes forward
    Down,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When standard error is closed, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let Command::Db(command) = &args.command;
    let mut migrator = seed_zos::migrator();
    if args.verbose {
        migrator = migrator.observe(log);
    }
    let answer = answer(command, &args.database, &migrator)?;
    match io::stdout().write_all(answer.as_bytes()) {
        // The reader has read all that it wanted, as `head` does.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn answer(command: &Db, path: &Path, migrator: &Migrator<'_>) -> Result<String, Box<dyn Error>> {
    Ok(match command {
        Db::Migrate { target: None } => answer::moved(&migrator.up(&mut Connection::open(path)?)?),
        Db::Migrate {
            target: Some(version),
        } => answer::moved(&migrator.up_to(&mut Connection::open(path)?, *version)?),
        Db::Status => format!("{}\n", migrator.status(&mut sqlite::open_to_look(path)?)?),
        Db::Down => answer::moved(&migrator.down(&mut sqlite::open_to_look(path)?, 1)?),
    })
}

fn log(event: &Event<'_>) {
    if let Event::Started { step } = event
        && step.action() == Action::Up
        && let Some(version) = step.version()
    {
        // As above: what cannot be told must not stop a migration.
        let _ = writeln!(
            io::stderr(),
            "applying_migration version={version} description={:?}",
            step.description()
        );
    }
}
