//! The lock as it should be: what is written by an author's tool.

use super::{FILE, Finding, Line, Lock, Locked, Side, shown_name};
use crate::Chain;
use crate::folder::{Folder, Migration, Problem};
use crate::place::Place;

/// `lock` brought up to date with `folder`: every migration is locked as it is, those without a line and
/// those whose line is open; the names and the checksums of the downs are those of the files; the
/// current texts of the versions in `accept` are accepted beside those that were locked.
///
/// What was locked first stays for ever, and the chain with it. Without a `lock` a new one is made.
/// Nothing is written: that is for the caller to do.
///
/// ```
/// # use migrate_source::{Database, folder::{File, Folder, Options, lock}};
/// let file = |path: &str, text: &str| File { path: path.into(), bytes: text.into() };
/// let options = Options::new(Database::Sqlite);
/// let folder = Folder::read(&[file("1_a.sql", "CREATE TABLE a (x);")], &options);
/// let lock = lock::updated(&folder, None, &[]).unwrap();
///
/// // The text was edited since.
/// let files = [file("1_a.sql", "CREATE TABLE a (x, y);"), file(lock::FILE, &lock.to_string())];
/// let folder = Folder::read(&files, &options);
/// assert_eq!(folder.findings[0].problem.name(), "lock_edited");
/// assert!(lock::updated(&folder, Some(&lock), &[]).is_err());
/// let accepting = lock::updated(&folder, Some(&lock), &[1]).unwrap();
/// assert_eq!(accepting.lines[0].locked.as_ref().unwrap().accepts.len(), 1);
/// ```
///
/// # Errors
///
/// Everything that is wrong with the folder or the lock, but for what the update mends; and every
/// version to accept that is not locked.
pub fn updated(folder: &Folder, lock: Option<&Lock>, accept: &[i64]) -> Result<Lock, Vec<Finding>> {
    let before = lock.cloned().unwrap_or_default();
    let findings = obstacles(folder, &before, accept);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut lock = Lock {
        lines: Vec::new(),
        ..before.clone()
    };
    let mut chain = Chain::START;
    for migration in &folder.migrations {
        let line = updated_line(migration, before.line(migration.version), chain, accept);
        chain = line.locked.as_ref().map_or(chain, |locked| locked.chain);
        lock.lines.push(line);
    }
    keep_head(&before, &mut lock);
    Ok(lock)
}

/// Keeps what stands at the head of the file there, whichever line is the first.
fn keep_head(before: &Lock, lock: &mut Lock) {
    let was_first = before.lines.first();
    let Some(first) = lock.lines.first_mut() else {
        let head = was_first.map_or(&[][..], |line| &line.comments);
        lock.comments_below.splice(..0, head.iter().cloned());
        return;
    };
    match was_first {
        None => first.comments = std::mem::take(&mut lock.comments_below),
        Some(line) if line.version != first.version => {
            first.comments.splice(..0, line.comments.iter().cloned());
        }
        Some(_) => {}
    }
}

fn updated_line(
    migration: &Migration,
    before: Option<&Line>,
    chain: Chain,
    accept: &[i64],
) -> Line {
    let version = migration.version;
    let (checksum, down) = (migration.checksum, migration.down_checksum);
    let locked = match before.and_then(|line| line.locked.clone()) {
        None => Locked {
            checksum,
            chain: chain.then(version, &checksum),
            down,
            accepts: Vec::new(),
        },
        Some(mut locked) => {
            if accept.contains(&version) && !locked.accepts(&checksum) {
                locked.accepts.push(checksum);
            }
            Locked { down, ..locked }
        }
    };
    Line {
        version,
        name: shown_name(&migration.name),
        locked: Some(locked),
        side: Side::Both,
        comments: before.map_or_else(Vec::new, |line| line.comments.clone()),
    }
}

/// What an update cannot mend.
fn obstacles(folder: &Folder, lock: &Lock, accept: &[i64]) -> Vec<Finding> {
    // What the folder says of its own lock may be out of date: `lock` is another one.
    let other = folder.findings.iter().filter(|f| !is_about_lock(f.problem));
    let mut findings: Vec<Finding> = other.cloned().collect();
    let accepted =
        |version: i64, problem| problem == Problem::LockEdited && accept.contains(&version);
    let faults = lock.faults(&folder.migrations).into_iter();
    findings.extend(
        faults
            .filter(|f| !f.cured_by_update && !accepted(f.version, f.finding.problem))
            .map(|fault| fault.finding),
    );
    let unknown = accept.iter().filter(|version| {
        let line = lock.line(**version);
        line.is_none_or(|line| line.locked.is_none())
    });
    findings.extend(unknown.map(|version| {
        Finding::new(
            Problem::LockMissing,
            format!("version {version} is not locked, so that there is nothing to accept"),
        )
        .at(Place::file(FILE))
        .help("name a version that is locked; the text of another may simply be edited")
    }));
    findings
}

fn is_about_lock(problem: Problem) -> bool {
    use Problem::*;
    matches!(
        problem,
        LockEdited
            | LockMissing
            | LockExtra
            | LockRenumbered
            | LockBelow
            | LockMalformed
            | LockConflict
    )
}
