//! What the integration tests share.

pub mod contract;
pub mod corpora;
pub mod package;
pub mod postgres;
pub mod proxy;
pub mod sqlite;

use migrate_core::Database;
use migrate_core::folder::{File, Folder, Options};

/// A set of SQLite migrations made of names and texts, read as a folder is.
///
/// # Panics
///
/// When something is wrong with it.
#[must_use]
pub fn set(files: &[(&str, &str)]) -> Folder {
    set_for(Database::Sqlite, files)
}

/// A set of migrations of `database`, read as a folder is.
///
/// # Panics
///
/// When something is wrong with it.
#[must_use]
pub fn set_for(database: Database, files: &[(&str, &str)]) -> Folder {
    folder(Options::new(database), files)
}

/// A set of migrations, read as a folder with these options is.
///
/// # Panics
///
/// When something is wrong with it.
#[must_use]
pub fn folder(options: Options, files: &[(&str, &str)]) -> Folder {
    match read(options, files) {
        Ok(folder) => folder,
        Err(problems) => panic!("{}", problems.join("\n\n")),
    }
}

/// A folder of these files, or what is wrong with it.
///
/// # Errors
///
/// Everything that is wrong with it, as a compiler would print it.
pub fn read(options: Options, files: &[(&str, &str)]) -> Result<Folder, Vec<String>> {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<File> = files.iter().map(file).collect();
    Folder::of_files("migrations", &files, options)
}
