//! Where the folder is: on disk, in messages, and seen from the file that names it.

use std::env;
use std::path::{Path, PathBuf};

use migrate_source::folder::path::{normalized, relative};
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
    /// The file that names the folder. Nobody tells when paths are remapped.
    pub(crate) file: Option<PathBuf>,
    /// Whether an editor expands the macro, not the compiler.
    pub(crate) editor: bool,
}

impl Caller {
    /// The caller whose code has `span` in it.
    pub(crate) fn of(span: Span) -> Caller {
        let working_dir = env::current_dir().unwrap_or_default();
        let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
        let editor = in_editor(span);
        let file = span.unwrap().local_file().filter(|_| !editor);
        Caller {
            editor,
            file: file.map(|file| normalized(&working_dir.join(file))),
            working_dir,
            package,
        }
    }

    /// Whether an editor expands the macro, not the compiler. An editor keeps what it was told
    /// until the Rust file changes, so messages about other files would be stale there.
    pub(crate) fn is_editor(&self) -> bool {
        self.editor
    }

    /// The package that has `folder` in it: cargo's, unless that is one of trybuild's making, which
    /// holds neither the calling file nor the folder. Then the nearest one above that file.
    fn package_with(&self, folder: &Path) -> &Path {
        let made_up = self.package.iter().any(|part| part == "trybuild");
        let outside = |file: &&PathBuf| made_up && !file.starts_with(&self.package);
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
        let relative = self.beside.as_deref().and_then(|beside| {
            let path = relative(beside, &file)?;
            let same = beside.join(&path).canonicalize().ok()? == file.canonicalize().ok()?;
            same.then_some(path)
        });
        relative.unwrap_or_else(|| self.absolute_path(path))
    }

    /// The absolute path of a file of the folder.
    pub(crate) fn absolute_path(&self, path: &str) -> String {
        self.folder.join(path).display().to_string()
    }
}

/// A message with a place on its second line, where editors look for one and nowhere else: that of
/// `span`, unless it has one. A message of a single line is followed by the compiler's own.
pub(crate) fn located(message: &str, span: Span) -> String {
    let placed = |(_, rest): &(&str, &str)| rest.trim_start().starts_with("--> ");
    let parts = message.split_once('\n').filter(|parts| !placed(parts));
    match parts.zip(in_caller(span)) {
        Some(((title, rest), place)) => format!("{title}\n --> {place}\n{rest}"),
        None => message.to_owned(),
    }
}

/// Where a span of the caller's begins, as the compiler prints it. Nobody tells where the caller is
/// when the span is that of `embed_migrations!` itself. An editor shows a message in its place.
fn in_caller(span: Span) -> Option<String> {
    if in_editor(span) {
        return None;
    }
    let (span, own) = (span.unwrap(), Span::call_site().unwrap());
    let file = span.file();
    (file != own.file()).then(|| format!("{file}:{}:{}", span.line(), span.column()))
}

/// Whether an editor expands the macro, not the compiler.
///
/// The compiler always knows a name for a file. Most editors do not; rust-analyzer does where
/// `RUST_ANALYZER_USE_POSTCARD` is set, and once it is asked, expands the macro anew whenever a Rust
/// file comes or goes. The program in which it runs macros is never the compiler.
fn in_editor(span: Span) -> bool {
    let program = env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default();
    span.unwrap().file().is_empty() || program.to_string_lossy().starts_with("rust-analyzer")
}

/// What about a folder outside the package?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    Refused,
    Allowed,
}

fn slashes(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use migrate_source::folder::path::{normalized, relative};

    use super::{Caller, Outside, Place};

    /// A caller in the package `dir/member` of the workspace `dir`, or in one that trybuild made.
    fn caller(dir: &Path, file: &str) -> Caller {
        let made_up = file.starts_with("elsewhere/ui");
        Caller {
            working_dir: dir.to_path_buf(),
            package: dir.join(if made_up { "trybuild" } else { "member" }),
            file: Some(dir.join(file)),
            editor: false,
        }
    }

    fn workspace() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "member/Cargo.toml",
            "member/db/migrations/1_a.rs",
            "member/src/deep/er.rs",
            "shared/1_a.rs",
            "elsewhere/Cargo.toml",
            "elsewhere/ui/migrations/1_a.rs",
            "elsewhere/db/migrations/1_a.rs",
            "elsewhere/ui/fail.rs",
            "copies/doc.rs",
        ] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    /// Finds `named` from `file`: how it is shown, and how that file includes one of its files; or
    /// what is wrong.
    #[track_caller]
    fn check(file: &str, named: &str, outside: Outside, expected: Result<(&str, &str), &str>) {
        let dir = workspace();
        let found = Place::find(named, &caller(dir.path(), file), outside);
        let found = found.map(|place| (place.shown.clone(), place.path_from_caller("1_a.rs")));
        let root = dir.path().display().to_string();
        let found = match &found {
            Ok((shown, path)) => Ok((shown.as_str(), path.replace(&root, "/…"))),
            Err(finding) => Err(finding.render("")),
        };
        let expected = expected.map(|(shown, path)| (shown, path.to_owned()));
        assert_eq!(found, expected.map_err(ToOwned::to_owned), "{file} {named}");
    }

    #[test]
    fn folders() {
        let refused = Outside::Refused;
        let shown = "member/db/migrations";
        for (file, named, shown, path) in [
            (
                "member/src/lib.rs",
                "db/migrations",
                shown,
                "../db/migrations/1_a.rs",
            ),
            (
                "member/src/lib.rs",
                "./db/./migrations/",
                shown,
                "../db/migrations/1_a.rs",
            ),
            (
                "member/src/lib.rs",
                "src/../db/migrations",
                shown,
                "../db/migrations/1_a.rs",
            ),
            (
                "member/src/deep/er.rs",
                "db/migrations",
                shown,
                "../../db/migrations/1_a.rs",
            ),
            (
                "member/build.rs",
                "db/migrations",
                shown,
                "db/migrations/1_a.rs",
            ),
            (
                "member/db/migrations/mod.rs",
                "db/migrations",
                shown,
                "1_a.rs",
            ),
            // A documentation test is a copy of the code in a file elsewhere.
            (
                "copies/doc.rs",
                "db/migrations",
                shown,
                "../member/db/migrations/1_a.rs",
            ),
            (
                "nowhere/doc.rs",
                "db/migrations",
                shown,
                "/…/member/db/migrations/1_a.rs",
            ),
            // In a test of the compiler, cargo compiles another package than that of the file.
            (
                "elsewhere/ui/fail.rs",
                "ui/migrations",
                "elsewhere/ui/migrations",
                "migrations/1_a.rs",
            ),
        ] {
            check(file, named, refused, Ok((shown, path)));
        }
        check(
            "member/src/lib.rs",
            "../shared",
            Outside::Allowed,
            Ok(("shared", "../../shared/1_a.rs")),
        );
    }

    /// A macro of another package's may call ours: the folder is the caller's all the same.
    #[test]
    fn folder_of_another_package_is_not_taken() {
        let dir = workspace();
        let caller = caller(dir.path(), "elsewhere/src/lib.rs");
        let found = Place::find("ui/migrations", &caller, Outside::Refused);
        let wrong = found.expect_err("it is not in the package").render("");
        assert!(wrong.contains("`ui/migrations` does not exist"), "{wrong}");
    }

    #[test]
    fn no_folders() {
        let refused = Outside::Refused;
        for (named, wrong) in [
            (
                "/db/migrations",
                "`/db/migrations` is an absolute path\n  \
                 = help: name the folder relative to the package's Cargo.toml: `migrations`",
            ),
            (
                "../shared",
                "the folder `../shared` is outside the package\n  \
                 = help: move it below the package's Cargo.toml: `cargo package` leaves it out where it is\n  \
                 = help: a package that is never published may say `allow(outside_package)`",
            ),
            (
                "db/migration",
                "the folder `db/migration` does not exist\n  \
                 = help: there is a folder `db/migrations`",
            ),
            (
                "migrations",
                "the folder `migrations` does not exist\n  \
                 = help: there is a folder `db/migrations`",
            ),
        ] {
            check("member/src/lib.rs", named, refused, Err(wrong));
        }
    }

    /// A package that is no member of what the compiler runs in, as one from the registry.
    #[test]
    fn a_package_of_its_own() {
        let dir = workspace();
        let mut caller = caller(dir.path(), "member/src/lib.rs");
        caller.working_dir = dir.path().join("elsewhere");
        let place = Place::find("db/migrations", &caller, Outside::Refused).unwrap();
        assert_eq!(place.shown, "db/migrations");
    }

    #[test]
    fn an_editor() {
        let dir = workspace();
        let mut caller = caller(dir.path(), "member/src/lib.rs");
        caller.file = None;
        caller.editor = true;
        assert!(caller.is_editor());
        let place = Place::find("db/migrations", &caller, Outside::Refused).unwrap();
        assert_eq!(
            place.path_from_caller("1_a.rs"),
            place.absolute_path("1_a.rs")
        );
        assert!(Path::new(&place.absolute_path("1_a.rs")).is_file());
    }

    /// Where a link leads elsewhere, `..` does too, and the path is absolute.
    #[test]
    #[cfg(unix)]
    fn a_linked_source_folder() {
        let dir = workspace();
        std::os::unix::fs::symlink(dir.path().join("copies"), dir.path().join("member/linked"))
            .unwrap();
        let caller = caller(dir.path(), "member/linked/doc.rs");
        let place = Place::find("db/migrations", &caller, Outside::Refused).unwrap();
        assert_eq!(
            place.path_from_caller("1_a.rs"),
            place.absolute_path("1_a.rs")
        );
    }

    #[test]
    fn paths() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", "."),
            ("/a/b", "/a/b/c", "c"),
            ("/a/b", "/a", ".."),
            ("/a/b", "/c/d", "../../c/d"),
        ] {
            let found = relative(Path::new(from), Path::new(to));
            assert_eq!(found.as_deref(), Some(expected), "{from} {to}");
        }
        for (path, expected) in [
            ("/a/./b/../c", "/a/c"),
            ("../a/..", ".."),
            ("a/../../b", "../b"),
        ] {
            assert_eq!(normalized(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
