//! Changes to the files of a folder: all of them, or none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::find::Set;

/// Changes that were made, and are taken back unless they are kept.
pub(crate) struct Changes<'s> {
    set: &'s Set,
    made: Vec<Made>,
}

enum Made {
    Created(PathBuf),
    Renamed(PathBuf, PathBuf),
}

impl<'s> Changes<'s> {
    pub(crate) fn of(set: &'s Set) -> Changes<'s> {
        Changes {
            set,
            made: Vec::new(),
        }
    }

    /// Makes a file, and the directories that it is in, but never over one that is there.
    pub(crate) fn create(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.set.folder.join(file);
        let made = path.parent().map_or(Ok(()), |dir| self.directory(dir));
        let written = made.and_then(|()| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            self.made.push(Made::Created(path));
            file.write_all(bytes)
        });
        written.map_err(|error| Error::file("written", self.set.path(file), &error))
    }

    /// Renames a file or directory, but never over one that is there.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        let (old, new) = (self.set.folder.join(from), self.set.folder.join(to));
        let renamed = match fs::symlink_metadata(&new) {
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("there is a `{to}` already"),
            )),
            Err(_) => fs::rename(&old, &new),
        };
        renamed.map_err(|error| Error::file("renamed", self.set.path(from), &error))?;
        self.made.push(Made::Renamed(old, new));
        Ok(())
    }

    /// Puts a text in the place of a file, whether that is there or not. Who reads it meanwhile
    /// sees the old text or the new one. It cannot be taken back, so it comes last.
    pub(crate) fn replace(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.set.folder.join(file);
        // Begins with a dot, so that no one takes it for a part of the folder.
        let beside = self
            .set
            .folder
            .join(format!(".{file}.{}", std::process::id()));
        let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &path));
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            Error::file("written", self.set.path(file), &error)
        })
    }

    /// Keeps what was changed.
    pub(crate) fn keep(mut self) {
        self.made.clear();
    }

    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        if let Some(above) = dir.parent() {
            self.directory(above)?;
        }
        match fs::create_dir(dir) {
            Ok(()) => self.made.push(Made::Created(dir.to_owned())),
            // Another process has just made it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        // What cannot be taken back stays; the first error is the one that is told.
        while let Some(made) = self.made.pop() {
            let _ = match made {
                Made::Created(path) if path.is_dir() => fs::remove_dir(path),
                Made::Created(path) => fs::remove_file(path),
                Made::Renamed(old, new) => fs::rename(new, old),
            };
        }
    }
}
