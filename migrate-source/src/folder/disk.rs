//! The one place that touches the file system.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::misnamed::is_script;
use super::{File, Finding, Folder, Options, Problem};
use crate::near::distance;
use crate::place::Place;

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Listing {
    /// Its files, in the order of their paths, and those of the directories in it.
    pub files: Vec<File>,
    /// What could not be read, in the same order.
    pub findings: Vec<Finding>,
}

/// Reads the files of the folder `dir`, and of the directories directly in it.
///
/// Links are followed. What is no file that can be read comes back as a finding, beside the files
/// that can; names that begin with a dot are passed over, whatever they are.
///
/// # Errors
///
/// Fails when `dir` itself cannot be listed: it does not exist (see [`nearest`]), is no directory,
/// or may not be read.
pub fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in sorted(dir)? {
        listing.add(dir, "", &entry, true);
    }
    listing.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

/// A folder that exists and was probably meant by `dir`, which does not.
///
/// It is one with a similar name beside it (`migration` for `migrations`), one of that name a level
/// further down (`db/migrations`), or one called `migrations`.
#[must_use]
pub fn nearest(dir: &Path) -> Option<PathBuf> {
    let ancestor = dir.ancestors().skip(1).find(|ancestor| ancestor.is_dir())?;
    let wanted = dir.strip_prefix(ancestor).ok()?.iter().next()?.to_str()?;
    let last = dir.file_name()?;
    let children = directories(ancestor);
    let similar = children
        .iter()
        .filter_map(|child| Some((distance(child.file_name()?.to_str()?, wanted), child)))
        .filter(|(slips, _)| *slips <= 2)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, child)| {
            child.join(
                dir.strip_prefix(ancestor.join(wanted))
                    .unwrap_or(Path::new("")),
            )
        });
    let below = |name: &OsStr| {
        let here = Some(ancestor.join(name));
        here.into_iter()
            .chain(children.iter().map(|child| child.join(name)))
            .find(|path| path.is_dir())
    };
    similar
        .filter(|path| path.is_dir())
        .or_else(|| below(last))
        .or_else(|| below(OsStr::new("migrations")))
}

impl Listing {
    /// Reads and judges the listed files; what could not be read is among the findings.
    #[must_use]
    pub fn read(&self, options: &Options) -> Folder {
        let mut folder = Folder::read(&self.files, options);
        let unread = self
            .findings
            .iter()
            .filter(|f| !options.relax(f.problem, None))
            .map(|finding| finding.clone().relaxable(None, 0));
        folder.findings.extend(unread);
        Finding::sort(&mut folder.findings);
        folder
    }

    fn add(&mut self, dir: &Path, prefix: &str, name: &OsStr, descend: bool) {
        let Some(readable) = name.to_str() else {
            let shown = format!("{prefix}{}", name.to_string_lossy());
            self.findings.push(
                Finding::new(
                    Problem::NameNotUtf8,
                    format!("the name `{shown}` is not UTF-8"),
                )
                .at(Place::file(&shown))
                .help("rename the file"),
            );
            return;
        };
        if readable.starts_with('.') {
            return;
        }
        let path = format!("{prefix}{readable}");
        let on_disk = dir.join(name);
        let kind = match fs::metadata(&on_disk) {
            Ok(kind) => kind,
            Err(error) => return self.unreadable(&path, &reason(&error)),
        };
        if kind.is_dir() {
            self.add_directory(&on_disk, &path, descend);
        } else if kind.is_file() {
            match fs::read(&on_disk) {
                Ok(bytes) => self.files.push(File { path, bytes }),
                Err(error) => self.unreadable(&path, &reason(&error)),
            }
        } else {
            // A pipe would be waited for, a device never end.
            self.unreadable(&path, "it is neither a file nor a directory");
        }
    }

    fn add_directory(&mut self, on_disk: &Path, path: &str, descend: bool) {
        if !descend {
            let names = sorted(on_disk).unwrap_or_default();
            let is_script = |name: &str| name == "up.sql" || is_script(name);
            let script = names.iter().find(|n| n.to_str().is_some_and(is_script));
            return match script {
                Some(script) => self.hidden(path, &script.to_string_lossy()),
                None => self.unknown(path, "a directory in a migration"),
            };
        }
        match sorted(on_disk) {
            Ok(entries) if entries.is_empty() => self.unknown(path, "an empty directory"),
            Ok(entries) => {
                for entry in entries {
                    self.add(on_disk, &format!("{path}/"), &entry, false);
                }
            }
            Err(error) => self.unreadable(path, &reason(&error)),
        }
    }

    fn unreadable(&mut self, path: &str, reason: &str) {
        self.findings.push(
            Finding::new(
                Problem::UnreadableFile,
                format!("`{path}` cannot be read: {reason}"),
            )
            .at(Place::file(path))
            .help("put a file in its place, or remove it"),
        );
    }

    /// A file that is named as a migration, where none is looked for.
    fn hidden(&mut self, path: &str, script: &str) {
        let path = format!("{path}/{script}");
        self.findings.push(
            Finding::new(
                Problem::NearMiss,
                format!("`{path}` is in a directory of a directory"),
            )
            .at(Place::file(&path))
            .help("move it into the folder itself"),
        );
    }

    fn unknown(&mut self, path: &str, what: &str) {
        self.findings.push(
            Finding::new(Problem::UnknownFile, format!("`{path}` is {what}"))
                .at(Place::file(path))
                .help("remove it, or begin its name with a dot"),
        );
    }
}

/// The names in a directory, sorted.
fn sorted(dir: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name());
    }
    names.sort();
    Ok(names)
}

fn directories(dir: &Path) -> Vec<PathBuf> {
    let names = sorted(dir).unwrap_or_default();
    let visible = names
        .iter()
        .filter(|name| !name.to_string_lossy().starts_with('.'));
    visible
        .map(|name| dir.join(name))
        .filter(|path| path.is_dir())
        .collect()
}

/// What an error says, without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        return "the link leads nowhere".to_owned();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
