//! What the integration tests share.

use migrate_core::Database;
use migrate_core::folder::{File, Folder, Options};

/// A set of migrations made of names and texts, read as a folder is.
///
/// # Panics
///
/// When something is wrong with it.
#[must_use]
pub fn set(files: &[(&str, &str)]) -> Folder {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    match Folder::of_files("migrations", &files, Options::new(Database::Sqlite)) {
        Ok(folder) => folder,
        Err(problems) => panic!("{}", problems.join("\n\n")),
    }
}
