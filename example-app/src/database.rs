//! Where the database is, and how it is opened.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use migrate_core::rusqlite::Connection;
use migrate_core::{Migrator, sqlite};

migrate_core::embed_migrations!("migrations");

pub(crate) fn migrator() -> Migrator<'static> {
    Migrator::new(&MIGRATIONS)
}

/// Opens the database and brings it to the version of this program.
pub(crate) fn open(path: &Path) -> Result<Connection, Box<dyn Error>> {
    let mut db = open_as_it_is(path, true)?;
    let migrated = migrator().up(&mut db);
    migrated.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(db)
}

/// Opens the database and leaves it at the version it has.
pub(crate) fn open_as_it_is(path: &Path, to_write: bool) -> Result<Connection, Box<dyn Error>> {
    let db = if to_write {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        Connection::open(path)?
    } else {
        sqlite::open_to_look(path)?
    };
    db.pragma_update(None, "foreign_keys", true)?;
    Ok(db)
}

/// The path that the user wishes, else a file in the user's data folder.
pub(crate) fn path(wish: Option<PathBuf>) -> Result<PathBuf, Box<dyn Error>> {
    if let Some(path) = wish {
        return Ok(path);
    }
    let folders = ProjectDirs::from("", "", "notes")
        .ok_or("you have no home folder to keep notes in: name a file with `--database`")?;
    Ok(folders.data_dir().join("notes.db"))
}
