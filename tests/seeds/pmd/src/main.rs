//! `pmd`: keeps documents in one file, and finds them by their words.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrate_core::sqlite;
use seed_pmd::{Database, Error, Log, NewDocument, migrator, open_as_it_is, schema};
use tracing::Level;

/// Keep documents, and find them by their words
#[derive(Debug, Parser)]
#[command(name = "pmd", version)]
struct Args {
    /// The file of the store
    #[arg(long, global = true, value_name = "PATH", default_value = "pmd.db")]
    store: PathBuf,
    /// Write what is migrated to the log, on standard error; twice for every detail
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the store, or bring it up to date
    Init,
    /// Add a text file, or take it in anew
    Add {
        /// The file
        path: PathBuf,
        /// The collection it belongs to
        #[arg(long, value_name = "NAME", default_value = "default")]
        collection: String,
        /// A tag to find it by
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
    },
    /// Find the documents that have all these words
    Search {
        /// The words; several in one argument must stand side by side
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// List the documents that have a tag
    Tagged {
        /// The tag
        tag: String,
    },
    /// Print the schema that the migrations make
    Schema,
    /// Migrate the store, or look at it
    #[command(subcommand)]
    Db(migrate_core::cli::Command),
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            // When standard error is closed, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<ExitCode, Error> {
    if args.verbose > 0 {
        let most = if args.verbose > 1 {
            Level::DEBUG
        } else {
            Level::INFO
        };
        tracing::subscriber::set_global_default(Log::new(io::stderr(), most))?;
    }
    match args.command {
        Command::Init => {
            let store = Database::open(&args.store)?;
            print(&format!("{}\n", store.report()))?;
        }
        Command::Add {
            path,
            collection,
            tags,
        } => {
            let body = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let mut store = Database::open(&args.store)?;
            let path = path.to_string_lossy();
            let new = NewDocument {
                collection: &collection,
                path: &path,
                body: &body,
            };
            let document = store.documents().add(&new)?;
            for tag in &tags {
                store.metadata().tag(document.id, tag)?;
            }
            print(&format!(
                "added {path}: {}, {} words\n",
                document.title, document.words
            ))?;
        }
        Command::Search { words } => {
            let found = Database::open(&args.store)?.documents().search(&words)?;
            let mut text = String::new();
            for found in &found {
                let excerpt: Vec<&str> = found.excerpt.split_whitespace().collect();
                text += &format!(
                    "{}: {}\n    {}\n",
                    found.path,
                    found.title,
                    excerpt.join(" ")
                );
            }
            print(if found.is_empty() {
                "nothing found\n"
            } else {
                &text
            })?;
        }
        Command::Tagged { tag } => {
            let paths = Database::open(&args.store)?.metadata().tagged(&tag)?;
            print(
                &paths
                    .iter()
                    .map(|path| format!("{path}\n"))
                    .collect::<String>(),
            )?;
        }
        Command::Schema => print(&schema()?)?,
        // These look after the store as it is, so it is not migrated before.
        Command::Db(command) => {
            let mut db = if command.writes() {
                open_as_it_is(&args.store)?
            } else {
                sqlite::open_to_look(&args.store)?
            };
            return Ok(command.run(&migrator(), &mut db));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints, for a reader who may stop reading, as `head` does.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
