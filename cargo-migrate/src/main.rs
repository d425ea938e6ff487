//! `cargo migrate`: the author's tool of `migrate-core`.
//!
//! What a folder of migrations is and what can be wrong with it is known by `migrate-source`, how a
//! database is migrated by `migrate-core`. Here the folder is found (`find`), the files that a
//! command makes or renames are decided on (`naming`, `moves`), and written (`disk`).

mod args;
mod call;
mod check;
mod database;
mod disk;
mod error;
mod find;
mod init;
mod items;
mod lint;
mod list;
mod lock;
mod moves;
mod naming;
mod new;
mod number;
mod output;
mod package;
mod paths;
mod postgres;
mod renumber;
mod shell;
mod skeleton;
mod target;

use std::process::ExitCode;

use crate::args::{Args, Command};
use crate::error::Error;
use crate::find::Finder;
use crate::output::Paint;

fn main() -> ExitCode {
    let args = Args::of_process();
    let paint = Paint::for_stderr(args.color);
    run(args).unwrap_or_else(|error| {
        output::complain(paint, &error.to_string());
        ExitCode::FAILURE
    })
}

fn run(args: Args) -> Result<ExitCode, Error> {
    let paint = Paint::for_stderr(args.color);
    let finder = Finder::new(args.folder, args.options)?;
    match args.command {
        Command::New(new) => new::run(&finder, &new, paint),
        Command::Check(check) => check::run(finder, &check, paint),
        Command::Lint(lint) => lint::run(finder, lint, paint),
        Command::List { json } => list::run(&finder, json, paint),
        Command::Lock(lock) => lock::run(&finder, &lock, paint),
        Command::Renumber(renumber) => renumber::run(&finder, &renumber),
        Command::Up(up) => database::up(&finder, &up, paint),
        Command::Down(down) => database::down(&finder, &down, paint),
        Command::Redo(redo) => database::redo(&finder, &redo, paint),
        Command::Status(status) => database::status(&finder, &status, paint),
        Command::Plan(plan) => database::plan(&finder, &plan, paint),
        Command::Init(init) => init::run(&finder, &init),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { directory } => shell::man(directory.as_deref()),
    }
}
