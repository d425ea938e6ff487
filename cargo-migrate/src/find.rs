//! Which sets of migrations a command is about.

use std::io;
use std::path::{Path, PathBuf};

use migrate_source::arguments::Args;
use migrate_source::folder::Folder;
use migrate_source::folder::disk::{self, Listing};
use migrate_source::{Database, Finding, Options, Place, Problem};

use crate::call::{Call, Fault};
use crate::error::{Error, of_finding};
use crate::package::{Package, Workspace};
use crate::paths;

/// A set of migrations: its folder, and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    /// Its name, if a call of the macro makes it.
    pub(crate) name: Option<String>,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its folder as it is shown.
    pub(crate) shown: String,
    pub(crate) options: Options,
    /// Where a call of the macro names it.
    pub(crate) call: Option<Place>,
}

/// The sets that were found, and what is wrong with the calls that should make sets.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sets: Vec<Set>,
    pub(crate) faults: Vec<Fault>,
}

/// Finds sets for an author who stands somewhere.
#[derive(Debug)]
pub(crate) struct Finder {
    here: PathBuf,
    /// The folder or the name of a set that the author asks for.
    folder: Option<String>,
    /// How it is to be read, if not as the macro reads it.
    options: Option<Options>,
    /// The words of that.
    options_text: Option<String>,
}

impl Finder {
    pub(crate) fn new(folder: Option<String>, options: Option<String>) -> Result<Finder, Error> {
        let here = paths::here();
        let here = here.map_err(|error| Error::file("found", "the current directory", &error))?;
        let options_text = options;
        let options = options_text.as_deref().map(Args::options).transpose();
        let options = options.map_err(|error| {
            let text = error.to_string();
            let mut lines = text.split("\n  = help: ");
            let message = lines.next().unwrap_or_default();
            lines.fold(Error::new(format!("`--options`: {message}")), Error::help)
        })?;
        Ok(Finder {
            here,
            folder,
            options,
            options_text,
        })
    }

    /// The same for the folder or set that is asked for as `folder`.
    pub(crate) fn of(self, folder: Option<String>) -> Finder {
        Finder {
            folder: folder.or(self.folder),
            ..self
        }
    }

    /// The folder or the name of a set that is asked for.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }

    /// How the folder is to be read, where that is said.
    pub(crate) fn options(&self) -> Option<&Options> {
        self.options.as_ref()
    }

    /// The words of that.
    pub(crate) fn options_text(&self) -> Option<&str> {
        self.options_text.as_deref()
    }

    /// The one set that is meant.
    pub(crate) fn one(&self) -> Result<Set, Error> {
        let mut found = self.all(false)?;
        if let Some(fault) = found.faults.first() {
            return Err(of_fault(fault));
        }
        match found.sets.len() {
            1 => Ok(found.sets.remove(0)),
            sets => Err(found.sets.iter().fold(
                Error::new(format!("there are {sets} sets of migrations here")).help(format!(
                    "choose one by its name or folder: `--folder {}`",
                    found.sets[0].shown
                )),
                |error, set| error.note(set.described()),
            )),
        }
    }

    /// All sets that are meant, of the whole workspace if that is asked for; at least one, or what
    /// is wrong.
    pub(crate) fn all(&self, workspace: bool) -> Result<Found, Error> {
        let mut found = match &self.folder {
            Some(folder) => Found {
                sets: vec![self.asked_for(folder)?],
                faults: Vec::new(),
            },
            None => self.around(workspace)?,
        };
        if let Some(options) = &self.options {
            for set in &mut found.sets {
                set.options.clone_from(options);
            }
        }
        Ok(found)
    }

    /// The folder at a path, or the set with a name.
    fn asked_for(&self, folder: &str) -> Result<Set, Error> {
        let path = paths::normalized(&self.here.join(folder));
        if path.is_dir() {
            let said = match self.options {
                Some(_) => None,
                None => self.call_about(&path)?,
            };
            let shown = match folder.trim_end_matches('/') {
                "" => folder,
                trimmed => trimmed,
            };
            return Ok(Set {
                shown: shown.to_owned(),
                ..said.unwrap_or_else(|| self.uncalled(path))
            });
        }
        let is_name = !folder.contains(['/', '\\', '.']) && !path.exists();
        let workspace = match is_name {
            true => Workspace::around(&self.here)?,
            false => None,
        };
        let Some(workspace) = workspace else {
            return Err(self.missing(folder, &path));
        };
        let mut others = Vec::new();
        for package in workspace.nearest_first() {
            let mut sets: Vec<Set> = Vec::new();
            for call in package.calls(&self.here)? {
                let in_test = call.in_test;
                match self.set(package, call) {
                    Ok(set) if set.name.as_deref() == Some(folder) => {
                        if !in_test {
                            return Ok(set);
                        }
                        sets.push(set);
                    }
                    Ok(set) => others.push(set),
                    Err(_) => {}
                }
            }
            if !sets.is_empty() {
                return Ok(sets.remove(0));
            }
        }
        Err(others
            .iter()
            .fold(self.missing(folder, &path), |error, set| {
                error.note(format!("there is {}", set.described()))
            }))
    }

    /// What the package or the workspace around the author says.
    fn around(&self, whole: bool) -> Result<Found, Error> {
        let Some(workspace) = Workspace::around(&self.here)? else {
            return Err(
                Error::new("there is no package here, nor in a folder above")
                    .help("name the folder: `--folder migrations`"),
            );
        };
        let mut aside = Vec::new();
        if let Some(nearest) = workspace.nearest().filter(|_| !whole) {
            let found = self.called(nearest, &mut aside)?;
            if !found.is_empty() {
                return Ok(found);
            }
            let usual = nearest.dir.join(USUAL);
            let is_set = |set: &Set| paths::same(&set.folder, &usual);
            // Where tests have their own sets, the folder may be full of those.
            if usual.is_dir() && (aside.is_empty() || aside.iter().any(is_set)) {
                let said = self.call_about(&usual)?;
                let set = said.unwrap_or_else(|| self.uncalled(usual));
                return Ok(Found {
                    sets: vec![set],
                    faults: Vec::new(),
                });
            }
            if aside.is_empty() {
                return Err(self.none_yet(&workspace));
            }
        } else {
            let mut found = Found::default();
            for package in &workspace.packages {
                found.add(self.called(package, &mut aside)?);
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let Some(first) = aside.first() else {
            return Err(self.none_yet(&workspace));
        };
        let error = Error::new("only tests and examples have migrations here").help(format!(
            "choose a set by its name or folder: `--folder {}`",
            first.shown
        ));
        Err(aside
            .iter()
            .fold(error, |error, set| error.note(set.described())))
    }

    /// Nothing is here yet. What other packages of the workspace have is told: who stands in a package
    /// does not mean theirs.
    fn none_yet(&self, workspace: &Workspace) -> Error {
        let mut others = Found::default();
        for package in &workspace.packages {
            // Their faults are not what is asked for.
            let found = self.called(package, &mut Vec::new());
            others.add(found.unwrap_or_default());
        }
        let error = Error::new("there are no migrations here yet")
            .note(
                "no `embed_migrations!` in a program or library, and no folder `migrations` \
                 beside its Cargo.toml",
            )
            .help("`cargo migrate init` prepares the package");
        let Some(first) = others.sets.first() else {
            return error;
        };
        let error = error.help(format!(
            "or choose a set of another package by its folder: `--folder {}`",
            first.shown
        ));
        let notes = others.sets.iter();
        notes.fold(error, |error, set| error.note(set.described()))
    }

    /// The sets of a package's program or library; those of its tests come to `aside`.
    fn called(&self, package: &Package, aside: &mut Vec<Set>) -> Result<Found, Error> {
        let mut found = Found::default();
        for call in package.calls(&self.here)? {
            let in_test = call.in_test;
            match self.set(package, call) {
                Ok(set) if in_test => aside.push(set),
                Ok(set) if found.sets.iter().any(|known| known.is_like(&set)) => {}
                Ok(set) => found.sets.push(set),
                Err(faults) if !in_test => found.faults.extend(faults),
                // Faults of a test are the test's business.
                Err(_) => {}
            }
        }
        Ok(found)
    }

    /// The set that a call makes of `folder`, those of programs first.
    fn call_about(&self, folder: &Path) -> Result<Option<Set>, Error> {
        let Some(workspace) = Workspace::around(folder)? else {
            return Ok(None);
        };
        let mut in_test = None;
        let mut faults = Vec::new();
        for package in workspace.nearest_first() {
            for call in package.calls(&self.here)? {
                let aside = call.in_test;
                match self.set(package, call) {
                    Ok(set) if !paths::same(&set.folder, folder) => {}
                    Ok(set) if !aside => return Ok(Some(set)),
                    Ok(set) => in_test = in_test.or(Some(set)),
                    Err(wrong) if !aside => faults.extend(wrong),
                    Err(_) => {}
                }
            }
        }
        // It may be the faulty call that is about this folder.
        match (in_test, faults.first()) {
            (None, Some(fault)) => Err(of_fault(fault)),
            (set, _) => Ok(set),
        }
    }

    /// The set that a call makes, or what is wrong with the call.
    fn set(&self, package: &Package, call: Call) -> Result<Set, Vec<Fault>> {
        let said = call.said?;
        let wrong = |finding: Finding| {
            vec![Fault {
                place: call.place.clone(),
                problem: Some(finding.problem),
                message: finding.message,
                help: finding.help,
            }]
        };
        if Path::new(&said.folder).is_absolute() {
            return Err(wrong(Finding::absolute_path(&said.folder)));
        }
        let folder = paths::normalized(&package.dir.join(&said.folder));
        let outside = !folder.starts_with(&package.dir);
        if outside && !said.options.relax(Problem::OutsidePackage, None) {
            return Err(wrong(Finding::outside_package(&said.folder)));
        }
        Ok(Set {
            name: Some(said.name),
            shown: paths::shown(&folder, &self.here),
            folder,
            options: said.options,
            call: Some(call.place),
        })
    }

    /// The set of a folder that no call names.
    fn uncalled(&self, folder: PathBuf) -> Set {
        Set {
            name: None,
            shown: paths::shown(&folder, &self.here),
            folder,
            options: Options::new(Database::Sqlite),
            call: None,
        }
    }

    fn missing(&self, folder: &str, path: &Path) -> Error {
        if path.exists() {
            return Error::new(format!("`{folder}` is no folder"));
        }
        let nearest = disk::nearest(path).map(|nearest| paths::shown(&nearest, &self.here));
        let mut finding = Finding::missing_folder(folder, nearest.as_deref());
        if nearest.is_none() {
            finding.help.clear();
        }
        of_finding(&finding, "")
    }
}

impl Found {
    fn is_empty(&self) -> bool {
        self.sets.is_empty() && self.faults.is_empty()
    }

    fn add(&mut self, more: Found) {
        for set in more.sets {
            if !self.sets.iter().any(|known| known.is_like(&set)) {
                self.sets.push(set);
            }
        }
        self.faults.extend(more.faults);
    }
}

impl Set {
    /// Reads and judges its folder.
    pub(crate) fn read(&self) -> Result<(Listing, Folder), Fault> {
        match disk::list(&self.folder) {
            Ok(listing) => {
                let folder = listing.read(&self.options);
                Ok((listing, folder))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault {
                place: self
                    .call
                    .clone()
                    .unwrap_or_else(|| Place::file(&self.shown)),
                problem: Some(Problem::MissingFolder),
                message: format!("the folder `{}` does not exist", self.shown),
                help: vec!["`cargo migrate new NAME` makes it, with a first migration".to_owned()],
            }),
            Err(error) => Err(Fault {
                place: Place::file(&self.shown),
                problem: None,
                message: format!("the folder `{}` cannot be read: {error}", self.shown),
                help: Vec::new(),
            }),
        }
    }

    /// The path of a file of its folder, as it is shown.
    pub(crate) fn path(&self, file: &str) -> String {
        match self.shown.as_str() {
            "." => file.to_owned(),
            shown => format!("{}/{file}", shown.trim_end_matches('/')),
        }
    }

    /// Its name, its folder and where it is made, for a list.
    fn described(&self) -> String {
        let name = self.name.as_deref().unwrap_or("a set");
        match &self.call {
            Some(call) => format!(
                "{name}: `{}`, at {}:{}:{}",
                self.shown, call.path, call.line, call.column
            ),
            None => format!("{name}: `{}`", self.shown),
        }
    }

    /// Whether both are one folder, read in one way: a program and its library may name it both.
    fn is_like(&self, other: &Set) -> bool {
        self.options == other.options && paths::same(&self.folder, &other.folder)
    }
}

/// The folder of a package that no call names.
const USUAL: &str = "migrations";

pub(crate) fn of_fault(fault: &Fault) -> Error {
    let error = Error::new(&fault.message).at(fault.place.clone());
    fault.help.iter().fold(error, Error::help)
}
