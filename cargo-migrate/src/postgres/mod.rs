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

use std::collections::BTreeSet;

use migrate_core::folder::Folder;
use migrate_source::folder::disk::Listing;
use migrate_source::folder::{self, Script, Up};
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
    // A script that cannot be run as it is has been told of.
    let told = told.iter().filter(|finding| is_of_script(finding.problem));
    let told: BTreeSet<_> = told.filter_map(|finding| script(&read, finding)).collect();
    verified.findings.retain(|finding| {
        let script = script(&read, finding);
        script.is_none_or(|script| !told.contains(&script))
    });
    Ok(verified)
}

/// Whether a problem of reading is why a script fails, or does nothing.
fn is_of_script(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::EmptyDown
            | Problem::UnterminatedString
            | Problem::UnterminatedName
            | Problem::UnterminatedComment
            | Problem::UnterminatedDollarQuote
            | Problem::HashComment
            | Problem::PsqlCommand
            | Problem::RepeatNotSingle
            | Problem::TransactionStatement
            | Problem::RollbackStatement
            | Problem::NotInTransaction
            | Problem::SyntaxError
    )
}

/// The script that a finding is about: its file, and the line on which it begins there.
fn script<'a>(folder: &'a folder::Folder, finding: &Finding) -> Option<(&'a str, u32)> {
    let place = finding.place.as_ref()?;
    let around = scripts(folder).filter(|one| one.path == place.path && one.line <= place.line);
    let script = around.max_by_key(|script| script.line)?;
    Some((&script.path, script.line))
}

/// Every script of a folder.
fn scripts(folder: &folder::Folder) -> impl Iterator<Item = &Script> {
    let numbered = folder.migrations.iter().flat_map(|migration| {
        let up = match &migration.up {
            Up::Sql(up) => Some(up),
            Up::Code(_) => None,
        };
        [up, migration.down.as_ref()]
    });
    let repeatables = folder.repeatables.iter();
    let repeatables = repeatables.flat_map(|one| [Some(&one.up), one.down.as_ref()]);
    numbered.chain(repeatables).flatten()
}
