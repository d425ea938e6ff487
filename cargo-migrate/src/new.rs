//! `new`: the next migration of a folder.

use std::process::ExitCode;
use std::time::SystemTime;

use migrate_source::folder::disk::Listing;
use migrate_source::folder::{Folder, lock};

use crate::args::New;
use crate::disk::Changes;
use crate::error::{Error, of_finding};
use crate::find::{Finder, Set, of_fault};
use crate::naming::{self, Draft};
use crate::output::{self, Paint};
use crate::skeleton::{self, Driver};

pub(crate) fn run(finder: &Finder, new: &New, paint: Paint) -> Result<ExitCode, Error> {
    let set = finder.one()?;
    let added = add(&set, new)?;
    let lines = added.paths.iter().map(|path| format!("{path}\n"));
    output::answer(&lines.collect::<String>())?;
    if added.ends_counting {
        let report = format!(
            "`{}` has counted so far, now it goes on with timestamps\n  \
             = from here on `new` numbers with the time, also without `--timestamp`\n  \
             = help: to go on counting, delete this migration and add it without `--timestamp`",
            set.shown
        );
        output::warn(paint, &report);
    }
    Ok(ExitCode::SUCCESS)
}

/// A migration that was added.
pub(crate) struct Added {
    /// The paths of its files as they are shown.
    pub(crate) paths: Vec<String>,
    /// Whether it is the first with a timestamp in a folder that counts.
    pub(crate) ends_counting: bool,
}

/// Adds the next migration.
pub(crate) fn add(set: &Set, new: &New) -> Result<Added, Error> {
    let words = words(&new.name)?;
    let (listing, folder) = match set.folder.exists() {
        true => set.read().map_err(|fault| of_fault(&fault))?,
        false => (Listing::default(), Folder::read(&[], &set.options)),
    };
    let hides = |finding: &&migrate_source::Finding| naming::hides_number(finding.problem);
    if let Some(finding) = folder.findings.iter().find(hides) {
        return Err(of_finding(finding, &set.shown)
            .note("no migration was added: what its number is, is not clear before"));
    }
    let taken = folder.lock.iter().flat_map(|lock| &lock.lines);
    let taken = taken.map(|line| line.version).max().unwrap_or(0);
    let draft = naming::next(
        &listing.files,
        &folder,
        &set.options,
        new,
        &words,
        taken,
        SystemTime::now(),
    );
    let Draft { version, mut files } =
        draft.map_err(|message| Error::new(message).note("no migration was added"))?;
    let newest = folder.migrations.last().map(|newest| newest.version);
    let ends_counting = naming::is_timestamp(version)
        && newest.is_some_and(|newest| !naming::is_timestamp(newest.max(taken)));
    if new.rs {
        let driver = Driver::of(&folder, set.options.database, &set.folder);
        files[0].bytes = skeleton::rust(driver, new.down).into_bytes();
    }
    let mut changes = Changes::of(set);
    for file in &files {
        changes.create(&file.path, &file.bytes)?;
    }
    if let Some(mut lock) = folder.lock {
        lock.reserve(version, &words)
            .map_err(|finding| of_finding(&finding, &set.shown))?;
        changes.replace(lock::FILE, lock.to_string().as_bytes())?;
    }
    changes.keep();
    Ok(Added {
        paths: files.iter().map(|file| set.path(&file.path)).collect(),
        ends_counting,
    })
}

/// The name of a migration as it stands in the names of its files.
pub(crate) fn words(name: &[String]) -> Result<String, Error> {
    naming::words(&name.join(" ")).map_err(|message| {
        Error::new(message).help("say in a few words what it does: `cargo migrate new add_phone`")
    })
}
