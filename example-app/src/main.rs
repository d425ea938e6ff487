//! `notes`: keeps notes in a SQLite database that it brings up to date by itself.

mod args;
mod database;
mod notes;
mod output;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<ExitCode, Box<dyn Error>> {
    let path = database::path(args.database)?;
    match args.command {
        Command::Add { text } => {
            let mut db = database::open(&path)?;
            let note = notes::add(&mut db, &text.join(" "))?;
            output::print(&output::line(&note))?;
        }
        Command::Find { words } => {
            let found = notes::find(&database::open(&path)?, &words)?;
            output::print(&output::found(&found))?;
        }
        Command::List { tag } => {
            let notes = notes::list(&database::open(&path)?, tag.as_deref())?;
            output::print(&output::list(&notes))?;
        }
        // These look after the database as it is, so it is not migrated before.
        Command::Db(command) => {
            let mut db = database::open_as_it_is(&path, command.writes())?;
            return Ok(command.run(&database::migrator(), &mut db));
        }
    }
    Ok(ExitCode::SUCCESS)
}
