//! PostgreSQL: the server that is named, and migrations tried on a database that is made for it.
//!
//! What the macro does with migrations for SQLite in memory is done here on a scratch database, and
//! through the engine that programs run: every up, every down, the ups again, all of it once more on
//! tables with rows, and a look at what PostgreSQL finds late.

mod beyond;
mod late;
mod populated;
mod rows;
mod schema;
mod scratch;
mod server;
mod set;
mod walk;
mod words;

use migrate_core::folder::Folder;
use migrate_source::folder::disk::Listing;
use migrate_source::{Finding, Problem};

use crate::args::Trial;
use crate::error::Error;
use crate::find;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::Set;
use crate::postgres::walk::Walk;

pub(crate) use server::Server;

/// What came of trying the migrations of a folder.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    pub(crate) findings: Vec<Finding>,
    /// What was not tried, and why.
    pub(crate) notes: Vec<String>,
}

/// Tries the migrations of a folder on a scratch database of the server, and tells what is wrong with
/// them besides what was found when they were read. `told` is that.
pub(crate) fn verify(
    server: &Server,
    set: &find::Set,
    listing: &Listing,
    told: &[Finding],
    trial: &Trial,
) -> Result<Verified, Error> {
    // What can be relaxed does not keep anything from being run.
    let mut options = set.options.clone();
    options.allow.extend(Problem::ALL);
    let newest = listing.read(&options).migrations.last().map(|m| m.version);
    options.trust_through = newest.unwrap_or(0);
    let read = listing.read(&options);
    let Ok(folder) = Folder::of_files("", &listing.files, options) else {
        return Ok(Verified {
            findings: Vec::new(),
            notes: vec![format!(
                "the migrations of `{}` are not run before they can be read",
                set.shown
            )],
        });
    };
    let migrations = folder.migrations();
    let tried = Set::new(&read, &migrations, &set.options, trial);
    if !trial.server_may_change
        && let Some(error) = beyond::refused(&read, set)
    {
        return Err(error);
    }
    let mut scratch = Scratch::new(server, trial)?;
    let mut verified = Walk::new(&tried, &mut scratch).run()?;
    // An up or a down that has been told of is not told of twice.
    let script = |finding: &Finding| Some((finding.place.as_ref()?.path.clone(), finding.in_down));
    let told: Vec<_> = told.iter().filter_map(script).collect();
    verified
        .findings
        .retain(|finding| script(finding).is_none_or(|script| !told.contains(&script)));
    Ok(verified)
}
