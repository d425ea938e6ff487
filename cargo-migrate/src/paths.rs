//! Paths as they are shown: relative to where the author stands, so that a terminal opens them.

use std::path::{Component, Path, PathBuf};
use std::{env, io};

/// Where the author stands.
pub(crate) fn here() -> io::Result<PathBuf> {
    env::current_dir()
}

/// `path`, which is absolute, as it is shown to one who stands in `here`.
pub(crate) fn shown(path: &Path, here: &Path) -> String {
    let path = normalized(path);
    let shared = here.components().zip(path.components());
    let shared = shared.take_while(|(here, path)| here == path).count();
    if shared == 0 {
        return path.display().to_string();
    }
    let up = here.components().skip(shared).map(|_| "..".into());
    let down = path.components().skip(shared);
    let down = down.map(|part| part.as_os_str().to_string_lossy());
    match up.chain(down).collect::<Vec<_>>().join("/") {
        relative if relative.is_empty() => ".".to_owned(),
        relative => relative,
    }
}

/// A path without `.` and `..`, by its text.
pub(crate) fn normalized(path: &Path) -> PathBuf {
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
