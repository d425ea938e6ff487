//! Where the folder is: on disk, in messages, and seen from the file that names it.

use std::env;
use std::path::{Component, Path, PathBuf};

use migrate_source::folder::{Finding, disk};

use crate::Found;
use crate::args::Args;

/// A folder that was found.
pub(crate) struct Place {
    /// Its absolute path.
    pub(crate) folder: PathBuf,
    /// Its path in messages: relative to where the compiler runs, as the compiler prints paths.
    pub(crate) shown: String,
    /// The folder of the source file that calls the macro; `None` in an editor's expansion.
    caller: Option<PathBuf>,
    /// The folder of the package.
    package: PathBuf,
}

impl Place {
    /// Finds the folder that the arguments name, relative to the package.
    pub(crate) fn find(args: &Args) -> Found<Place> {
        let named = args.folder.value();
        let path = Path::new(&named);
        if path.is_absolute() {
            return Err(Finding::absolute_path(&named).into());
        }
        let here = env::current_dir().unwrap_or_default();
        let source = args
            .folder
            .span()
            .unwrap()
            .local_file()
            .map(|file| here.join(file));
        let package = package(source.as_deref());
        let folder = normalized(&package.join(path));
        let shown = match folder.strip_prefix(&here) {
            Ok(below) => slashes(below),
            Err(_) => slashes(&normalized(path)),
        };
        let outside = !folder.starts_with(&package);
        if outside
            && !args
                .allow
                .contains(&migrate_source::folder::Problem::OutsidePackage)
        {
            return Err(Finding::outside_package(&named).into());
        }
        if !folder.is_dir() {
            let nearest = disk::nearest(&folder);
            let nearest = nearest
                .as_deref()
                .and_then(|near| near.strip_prefix(&package).ok());
            let nearest = nearest.map(slashes);
            return Err(Finding::missing_folder(&shown, nearest.as_deref()).into());
        }
        let caller = source.and_then(|file| Some(normalized(file.parent()?)));
        Ok(Place {
            folder,
            shown,
            caller,
            package,
        })
    }

    /// Whether an editor expands the macro, not the compiler. An editor keeps what it was told
    /// until the Rust file changes, so messages about other files would be stale there.
    pub(crate) fn in_editor(&self) -> bool {
        self.caller.is_none()
    }

    /// The path by which `include!` finds a file of the folder. Relative to the calling file, since
    /// an absolute path would stay in the binary, as part of a panic's location.
    pub(crate) fn include_path(&self, path: &str) -> String {
        let file = self.folder.join(path);
        let relative = self
            .caller
            .as_deref()
            .and_then(|caller| self.relative(caller, &file));
        relative.unwrap_or_else(|| file.display().to_string())
    }

    fn relative(&self, caller: &Path, file: &Path) -> Option<String> {
        // Outside the package, such as for a documentation test, the way up leads nowhere.
        let depth = caller
            .strip_prefix(&self.package)
            .ok()?
            .components()
            .count();
        let below = file.strip_prefix(&self.package).ok()?;
        Some(format!("{}{}", "../".repeat(depth), slashes(below)))
    }
}

/// The folder of the package: cargo's, except where the calling file is outside of it, as in tests
/// by trybuild; then the nearest folder above that file with a Cargo.toml.
fn package(source: Option<&Path>) -> PathBuf {
    let cargo = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    match source {
        Some(source) if !source.starts_with(&cargo) => {
            let above = source
                .ancestors()
                .skip(1)
                .find(|dir| dir.join("Cargo.toml").is_file());
            above.map_or(cargo, Path::to_path_buf)
        }
        _ => cargo,
    }
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
