//! Where the folder is: on disk, in messages, and seen from the file that names it.

use std::env;
use std::path::{Component, Path, PathBuf};

use migrate_source::folder::{Finding, disk};
use proc_macro2::Span;

/// A folder that was found.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    /// Its absolute path.
    pub(crate) folder: PathBuf,
    /// Its path in messages: relative to where the compiler runs, as the compiler prints paths.
    pub(crate) shown: String,
    /// The folder of the file that names it; `None` in an editor.
    beside: Option<PathBuf>,
}

/// Who calls the macro, as the compiler tells.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Where the compiler runs.
    pub(crate) working_dir: PathBuf,
    /// The folder of the package that is compiled, according to cargo.
    pub(crate) package: PathBuf,
    /// The file that names the folder; an editor does not tell.
    pub(crate) file: Option<PathBuf>,
}

impl Caller {
    /// The caller whose code has `span` in it.
    pub(crate) fn of(span: Span) -> Caller {
        let working_dir = env::current_dir().unwrap_or_default();
        let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
        let file = span.unwrap().local_file();
        Caller {
            file: file.map(|file| normalized(&working_dir.join(file))),
            working_dir,
            package,
        }
    }

    /// Whether an editor expands the macro, not the compiler. An editor keeps what it was told
    /// until the Rust file changes, so messages about other files would be stale there.
    pub(crate) fn is_editor(&self) -> bool {
        self.file.is_none()
    }

    /// The package that has `folder` in it: cargo's, unless the calling file is outside of that and
    /// the folder as well, as in tests by trybuild. Then the nearest one above that file.
    fn package_with(&self, folder: &Path) -> &Path {
        let outside = |file: &&PathBuf| !file.starts_with(&self.package);
        let above = self.file.as_ref().filter(outside).and_then(|file| {
            let mut above = file.ancestors().skip(1);
            above.find(|dir| dir.join("Cargo.toml").is_file())
        });
        match above {
            Some(above) if !self.package.join(folder).is_dir() => above,
            _ => &self.package,
        }
    }
}

impl Place {
    /// Finds the folder that `caller` names, relative to its package.
    pub(crate) fn find(named: &str, caller: &Caller, outside: Outside) -> Result<Place, Finding> {
        let path = Path::new(named);
        if path.is_absolute() {
            return Err(Finding::absolute_path(named));
        }
        let package = caller.package_with(path);
        let folder = normalized(&package.join(path));
        if outside == Outside::Refused && !folder.starts_with(package) {
            return Err(Finding::outside_package(named));
        }
        if !folder.exists() {
            let nearest = disk::nearest(&folder);
            let nearest = nearest.and_then(|nearest| relative(package, &nearest));
            return Err(Finding::missing_folder(named, nearest.as_deref()));
        }
        // A package that the compiler does not run in or above is elsewhere altogether.
        let shown = package
            .starts_with(&caller.working_dir)
            .then(|| relative(&caller.working_dir, &folder))
            .flatten();
        let beside = caller.file.as_deref().and_then(Path::parent);
        Ok(Place {
            shown: shown.unwrap_or_else(|| slashes(&normalized(path))),
            beside: beside.map(Path::to_path_buf),
            folder,
        })
    }

    /// The path by which `include!` finds a file of the folder. It is relative to the file of the
    /// call, since an absolute path would stay in the binary as part of a panic's location. Where
    /// that leads elsewhere, because of a link or because the file of the call is a copy, as in
    /// documentation tests, the path is absolute.
    pub(crate) fn path_from_caller(&self, path: &str) -> String {
        let file = self.folder.join(path);
        let same = |other: &Path| matches!((other.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b);
        let relative = self.beside.as_deref().and_then(|beside| {
            relative(beside, &file).filter(|relative| same(&beside.join(relative)))
        });
        relative.unwrap_or_else(|| self.absolute_path(path))
    }

    /// The absolute path of a file of the folder.
    pub(crate) fn absolute_path(&self, path: &str) -> String {
        self.folder.join(path).display().to_string()
    }
}

/// What about a folder outside the package?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    Refused,
    Allowed,
}

/// The path from the folder `from` to `to`, both absolute; `None` when they share no root.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let shared = from.components().zip(to.components());
    let shared = shared.take_while(|(from, to)| from == to).count();
    if shared == 0 {
        return None;
    }
    let up = from.components().skip(shared).map(|_| "..".into());
    let down = to.components().skip(shared);
    let down = down.map(|part| part.as_os_str().to_string_lossy());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// A path without `.` and `..`, by its text.
fn normalized(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.file_name().is_some() => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

fn slashes(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
