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
    // The shell completes the program's own name.
    let mut commands = Args::commands().bin_name("cargo-migrate");
    clap_complete::generate(shell, &mut commands, "cargo-migrate", &mut text);
    output::answer(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

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
