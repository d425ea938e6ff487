//! What a user can ask for.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand};

/// Keep notes, and find them again
#[derive(Debug, Parser)]
#[command(name = "notes", version)]
pub(crate) struct Args {
    /// Keep the notes in this file, not in your data folder
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "NOTES_DB",
        hide_env_values = true
    )]
    pub(crate) database: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Keep a note; its words that begin with `#` are tags
    Add {
        /// The note; its first line is its title
        #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
        text: Vec<String>,
    },
    /// Find the notes that have all these words
    Find {
        /// Words, or beginnings of words; several in one argument must stand side by side
        #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
        words: Vec<String>,
    },
    /// List all notes, the newest first
    List {
        /// Only those with this tag
        #[arg(long)]
        tag: Option<String>,
    },
    /// Migrate the database, or look at it
    #[command(subcommand)]
    Db(migrate_core::cli::Command),
}
