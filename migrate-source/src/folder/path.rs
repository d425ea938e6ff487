//! Paths by their text, as messages and literals hold them; no disk is asked.

use std::path::{Component, Path, PathBuf};

/// The path from the folder `from` to `to`, both absolute, with `/` between its parts; `None` when
/// they share no root.
///
/// ```
/// # use std::path::Path;
/// # use migrate_source::folder::path::relative;
/// let path = relative(Path::new("/app/src"), Path::new("/app/migrations"));
/// assert_eq!(path.as_deref(), Some("../migrations"));
/// ```
#[must_use]
pub fn relative(from: &Path, to: &Path) -> Option<String> {
    let shared = from.components().zip(to.components());
    let shared = shared.take_while(|(from, to)| from == to).count();
    if shared == 0 {
        return None;
    }
    let up = from.components().skip(shared).map(|_| "..".into());
    let down = to.components().skip(shared);
    let down = down.map(|part| part.as_os_str().to_string_lossy());
    let path = up.chain(down).collect::<Vec<_>>().join("/");
    Some(match path.is_empty() {
        true => ".".to_owned(),
        false => path,
    })
}

/// A path without `.` and `..`.
///
/// ```
/// # use std::path::Path;
/// # use migrate_source::folder::path::normalized;
/// assert_eq!(normalized(Path::new("/app/./src/../db")), Path::new("/app/db"));
/// ```
#[must_use]
pub fn normalized(path: &Path) -> PathBuf {
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
