//! A folder that was read from a disk, as a set.

use std::collections::BTreeSet;
use std::path::Path;

use migrate_source::folder::{self, Folder, Up};
use migrate_source::{Finding, Options, Problem};

use crate::set::{Body, Code, Migration, Repeatable, Script, Set};
use crate::verified::{Verified, verify};

/// Runs the migrations of a folder that was read with these options, for SQLite, and tells what is
/// wrong with it besides what was found when it was read.
///
/// With such findings nothing is kept in `store`. Where they mean that something is lacking, what may only be
/// for want of it is not reported.
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
    let mut verified = verify(&set, store.filter(|_| folder.findings.is_empty()))?;
    // A file that cannot be run as it is has been told of.
    let told = folder.findings.iter();
    let told = told.filter(|finding| effect(finding.problem) != Effect::None);
    let told: BTreeSet<&str> = told.filter_map(path).collect();
    verified
        .findings
        .retain(|finding| path(finding).is_none_or(|path| !told.contains(path)));
    Ok(verified)
}

/// What a problem of reading means for running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing: the file can be run.
    None,
    /// The file cannot be run as it is.
    File,
    /// Something of the set may be lacking, or be another than it seems.
    Set,
}

fn effect(problem: Problem) -> Effect {
    match problem {
        Problem::EmptyUp
        | Problem::NameMismatch
        | Problem::IrreversibleWithDown
        | Problem::EndlessRepeat
        | Problem::DropWithForeignKeys
        | Problem::ForeignKeysPragma
        | Problem::LockEdited
        | Problem::LockExtra
        | Problem::LockRenumbered
        | Problem::LockBelow
        | Problem::LockConflict
        | Problem::LockMalformed => Effect::None,
        // That it does not take its up back is the same once more.
        Problem::EmptyDown
        | Problem::RepeatNotSingle
        | Problem::TransactionStatement
        | Problem::RollbackStatement
        | Problem::NotInTransaction
        | Problem::Attach => Effect::File,
        _ => Effect::Set,
    }
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
            is_incomplete: folder
                .findings
                .iter()
                .any(|finding| effect(finding.problem) == Effect::Set),
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
