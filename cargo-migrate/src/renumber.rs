//! `renumber`: the next numbers for migrations whose own another branch has taken.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use migrate_source::folder::lock;

use crate::args::Renumber;
use crate::disk::Changes;
use crate::error::Error;
use crate::find::{Finder, of_fault};
use crate::moves::{self, Moves, Renumbered};
use crate::output;

pub(crate) fn run(finder: &Finder, renumber: &Renumber) -> Result<ExitCode, Error> {
    let set = finder.one()?;
    let (listing, folder) = set.read().map_err(|fault| of_fault(&fault))?;
    let named = &renumber.migrations;
    let moves = moves::decide(&set, &listing.files, &folder, named, SystemTime::now())?;
    let Moves {
        renames,
        versions,
        lock,
    } = &moves;
    let lock = lock
        .as_ref()
        .filter(|lock| Some(*lock) != folder.lock.as_ref());
    if renames.is_empty() && lock.is_none() {
        output::answer("Nothing to renumber\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !renumber.dry_run {
        let mut changes = Changes::of(&set);
        for (from, to) in renames {
            changes.rename(from, to)?;
        }
        if let Some(lock) = lock {
            changes.replace(lock::FILE, lock.to_string().as_bytes())?;
        }
        changes.keep();
    }
    let mut said = String::new();
    // Text takes everything that is written to it.
    for (from, to) in renames.iter().rev() {
        let _ = writeln!(said, "{} -> {}", set.path(from), set.path(to));
    }
    if lock.is_some() {
        let _ = writeln!(said, "{}: brought up to date", set.path(lock::FILE));
    }
    for moved in versions {
        let Renumbered { name, old, new, .. } = moved;
        let cure = match moved.has_down {
            true => "needs `down` there first",
            false => "has no way back from it: make it anew",
        };
        let _ = writeln!(
            said,
            "`{name}` is version {new}; a database that has run it as {old} {cure}"
        );
    }
    if renumber.dry_run {
        said.push_str("Nothing was changed: this was a dry run\n");
    }
    output::answer(&said)?;
    Ok(ExitCode::SUCCESS)
}
