//! A folder that was read from a disk, as a set.

use std::collections::BTreeSet;
use std::path::Path;

use migrate_source::folder::{self, Folder, Up};
use migrate_source::{Finding, Options};

use crate::set::{Body, Code, Migration, Repeatable, Script, Set};
use crate::verified::{Verified, verify};

/// Runs the migrations of a folder that was read with these options, for SQLite, and tells what is
/// wrong with it besides what was found when it was read.
///
/// With such findings something may be lacking, so that nothing is kept in `store`, and what may only be
/// for want of something is not reported.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_folder(
    folder: &Folder,
    options: &Options,
    store: Option<&Path>,
) -> rusqlite::Result<Verified> {
    let set = Set::of_folder(folder, options);
    let mut verified = verify(&set, store.filter(|_| !set.is_incomplete))?;
    // What was read of a file wrongly says nothing when it is run.
    let misread: BTreeSet<&str> = folder.findings.iter().filter_map(path).collect();
    verified
        .findings
        .retain(|finding| path(finding).is_none_or(|path| !misread.contains(path)));
    Ok(verified)
}

fn path(finding: &Finding) -> Option<&str> {
    finding.place.as_ref().map(|place| place.path.as_str())
}

impl<'s> Set<'s> {
    /// The migrations of a folder that was read with these options.
    #[must_use]
    pub fn of_folder(folder: &'s Folder, options: &Options) -> Set<'s> {
        let migrations = folder.migrations.iter().map(migration);
        let repeatables = folder.repeatables.iter().map(|repeatable| Repeatable {
            up: script(&repeatable.up),
            down: repeatable.down.as_ref().map(script),
        });
        Set {
            migrations: migrations.collect(),
            repeatables: repeatables.collect(),
            seed: folder.seed.as_ref().map(script),
            options: options.clone(),
            is_incomplete: !folder.findings.is_empty(),
        }
    }
}

fn migration(migration: &folder::Migration) -> Migration<'_> {
    let (up, code) = match &migration.up {
        Up::Sql(up) => (Body::Sql(script(up)), None),
        Up::Code(code) => {
            let body = Body::Code(Code {
                path: &code.path,
                revision: code.revision.unwrap_or(0),
                changes_schema: code.changes_schema.unwrap_or(false),
                run: None,
            });
            (body, code.has_down.then_some(body))
        }
    };
    let down = migration.down.as_ref().map(|down| Body::Sql(script(down)));
    Migration {
        version: migration.version,
        up,
        down: down.or(code),
    }
}

fn script(script: &folder::Script) -> Script<'_> {
    Script {
        path: &script.path,
        line: script.line,
        sql: &script.sql,
        mode: script.directives.mode,
        foreign_keys: script.directives.foreign_keys,
        unverified: script.directives.unverified.is_some(),
    }
}
