//! `new`: the next migration of a folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use migrate_source::Database;
use migrate_source::folder::disk::Listing;
use migrate_source::folder::{File, Folder};

use crate::args::New;
use crate::error::{Error, of_finding};
use crate::find::{Finder, Set, of_fault};
use crate::naming::{self, Draft};
use crate::output;

pub(crate) fn run(finder: &Finder, new: &New) -> Result<ExitCode, Error> {
    let set = finder.one()?;
    let paths = add(&set, new)?;
    output::answer(
        &paths
            .iter()
            .map(|path| format!("{path}\n"))
            .collect::<String>(),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Adds the next migration, and gives the paths of its files as they are shown.
pub(crate) fn add(set: &Set, new: &New) -> Result<Vec<String>, Error> {
    let words = words(&new.name)?;
    if new.rs && set.options.database != Database::Sqlite {
        return Err(Error::new("code migrations run on SQLite only").help("write it in SQL"));
    }
    let (listing, folder) = match set.folder.exists() {
        true => set.read().map_err(|fault| of_fault(&fault))?,
        false => (Listing::default(), Folder::read(&[], &set.options)),
    };
    let hides = |finding: &&migrate_source::Finding| naming::hides_number(finding.problem);
    if let Some(finding) = folder.findings.iter().find(hides) {
        return Err(of_finding(finding, &set.shown)
            .note("no migration was added: what its number is, is not clear before"));
    }
    let Draft { files, .. } = naming::next(
        &listing.files,
        &folder,
        &set.options,
        new,
        &words,
        SystemTime::now(),
    )
    .map_err(|message| Error::new(message).note("no migration was added"))?;
    create(&set.folder, &files)
        .map_err(|(path, error)| Error::file("written", set.path(&path), &error))?;
    Ok(files.iter().map(|file| set.path(&file.path)).collect())
}

/// The name of a migration as it stands in the names of its files.
pub(crate) fn words(name: &[String]) -> Result<String, Error> {
    naming::words(&name.join(" ")).map_err(|message| {
        Error::new(message).help("say in a few words what it does: `cargo migrate new add_phone`")
    })
}

/// Writes new files, all of them or none, and never over one that is there.
fn create(folder: &Path, files: &[File]) -> Result<(), (String, io::Error)> {
    let mut made = Made::default();
    for file in files {
        let path = folder.join(&file.path);
        let dir = path.parent().unwrap_or(folder);
        let written = made
            .directory(dir)
            .and_then(|()| made.file(&path, &file.bytes));
        if let Err(error) = written {
            made.remove();
            return Err((file.path.clone(), error));
        }
    }
    Ok(())
}

/// What was made, to be removed again if the rest cannot be.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        if let Some(above) = dir.parent() {
            self.directory(above)?;
        }
        match fs::create_dir(dir) {
            Ok(()) => self.0.push(dir.to_owned()),
            // Another process has just made it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        self.0.push(path.to_owned());
        file.write_all(bytes)
    }

    fn remove(self) {
        for path in self.0.iter().rev() {
            // What cannot be removed stays; the first error is the one that is told.
            let _ = match path.is_dir() {
                true => fs::remove_dir(path),
                false => fs::remove_file(path),
            };
        }
    }
}
