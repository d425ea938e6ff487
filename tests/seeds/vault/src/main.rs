//! `vault`: tells the version of a vault, and brings it forward or back.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrate_core::rusqlite::Connection;
use migrate_core::sqlite;

/// Look after the schema of a memory vault
#[derive(Debug, Parser)]
#[command(name = "vault", version)]
struct Args {
    /// The file of the vault
    #[arg(long, global = true, value_name = "PATH", default_value = "vault.db")]
    database: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell the version of the vault
    Version,
    /// Bring the vault to the newest version
    Migrate {
        /// Stop at this version
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Take the last migrations back
    Rollback {
        /// How many
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        steps: usize,
    },
}

fn main() -> ExitCode {
    let Args { database, command } = Args::parse();
    match run(&database, &command) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}: {error}", database.display());
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path, command: &Command) -> Result<String, Box<dyn Error>> {
    let mut db = open(path, matches!(command, Command::Migrate { .. }))?;
    let migrator = seed_vault::migrator();
    Ok(match command {
        Command::Version => {
            let version = seed_vault::get_current_version(&mut db)?;
            if seed_vault::needs_migration(&mut db)? {
                let latest = migrator.latest_version();
                format!("version {version}, needs migration to {latest}")
            } else {
                format!("version {version}, nothing to migrate")
            }
        }
        Command::Migrate { to } => {
            let applied = match to {
                Some(version) => migrator.up_to(&mut db, *version)?.applied(),
                None => seed_vault::apply_migrations(&mut db)?,
            };
            listed("applied", &applied)
        }
        Command::Rollback { steps } => {
            listed("took back", &migrator.down(&mut db, *steps)?.reverted())
        }
    })
}

/// Only to migrate, a vault that is not there yet is made; else it is as good as an empty one.
fn open(path: &Path, create: bool) -> migrate_core::rusqlite::Result<Connection> {
    if create {
        Connection::open(path)
    } else {
        sqlite::open_to_look(path)
    }
}

fn listed(done: &str, versions: &[i64]) -> String {
    if versions.is_empty() {
        return format!("{done} nothing");
    }
    let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
    format!("{done} {}", versions.join(", "))
}
