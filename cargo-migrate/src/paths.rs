//! Paths as they are shown: relative to where the author stands, so that a terminal opens them.

use std::path::{Path, PathBuf};
use std::{env, io};

pub(crate) use migrate_source::folder::path::normalized;
use migrate_source::folder::path::relative;

/// Where the author stands.
pub(crate) fn here() -> io::Result<PathBuf> {
    env::current_dir()
}

/// `path`, which is absolute, as it is shown to one who stands in `here`.
pub(crate) fn shown(path: &Path, here: &Path) -> String {
    let path = normalized(path);
    relative(here, &path).unwrap_or_else(|| path.display().to_string())
}

/// Whether both are the same folder, also when a link is on the way.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => normalized(a) == normalized(b),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;
    use std::path::Path;

    #[test]
    fn paths() {
        for (path, here, expected) in [
            ("/a/b/c", "/a/b", "c"),
            ("/a/b", "/a/b", "."),
            ("/a/b", "/a/b/c/d", "../.."),
            ("/a/./b/../c", "/a/d", "../c"),
        ] {
            assert_eq!(shown(Path::new(path), Path::new(here)), expected);
        }
    }
}
