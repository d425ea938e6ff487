//! `completions` and `man`: what the shell and the manual are told about the commands.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::error::Error;
use crate::output;

pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Error> {
    let mut text = Vec::new();
    // The shell completes the program's own name. In bash, what is written for a name with a `-` knows
    // nothing of the options of subcommands.
    let name = match shell {
        Shell::Bash => "cargo_migrate",
        _ => "cargo-migrate",
    };
    let mut commands = Args::commands().name(name).bin_name(name);
    clap_complete::generate(shell, &mut commands, name, &mut text);
    if shell == Shell::Bash {
        text.extend_from_slice(BEHIND_CARGO.as_bytes());
    }
    output::answer(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// What completes `cargo-migrate` in bash, and the words behind `cargo migrate`, where bash knows of
/// `cargo` only. Other words are left to the completion that was there, which may come when it is
/// asked for.
const BEHIND_CARGO: &str = include_str!("behind_cargo.bash");

pub(crate) fn man(directory: Option<&Path>) -> Result<ExitCode, Error> {
    let commands = Args::commands();
    let failed = |error: io::Error| Error::new(format!("the manual cannot be written: {error}"));
    match directory {
        Some(directory) => clap_mangen::generate_to(commands, directory).map_err(failed)?,
        None => {
            let mut text = Vec::new();
            Man::new(commands).render(&mut text).map_err(failed)?;
            output::answer(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
