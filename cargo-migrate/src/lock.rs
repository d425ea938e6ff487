//! `lock`: writes `migrations.lock`, or checks it.

use std::process::ExitCode;

use migrate_source::folder::lock::{self, Line, Lock as Locks};

use crate::args::Lock;
use crate::check::{self, counted};
use crate::disk::Changes;
use crate::error::Error;
use crate::find::{Finder, Set, of_fault};
use crate::output::{self, Paint};

pub(crate) fn run(finder: &Finder, lock: &Lock, paint: Paint) -> Result<ExitCode, Error> {
    let set = finder.one()?;
    let (_, folder) = set.read().map_err(|fault| of_fault(&fault))?;
    let before = folder.lock.as_ref();
    if lock.check && before.is_none() {
        return Err(
            Error::new(format!("`{}` is not there", set.path(lock::FILE)))
                .help("`cargo migrate lock` writes it"),
        );
    }
    let updated = match lock::updated(&folder, before, &lock.accept) {
        Ok(updated) => updated,
        Err(findings) => return Ok(check::tell_findings(&set, &findings, paint)),
    };
    // What runs badly is mended before it is locked.
    let others = check::findings(&set, &folder)?;
    let others: Vec<_> = others
        .into_iter()
        .filter(|finding| !folder.findings.contains(finding))
        .collect();
    if !others.is_empty() {
        return Ok(check::tell_findings(&set, &others, paint));
    }
    let changes = changes(before, &updated, lock.check);
    let path = set.path(lock::FILE);
    if lock.check && before != Some(&updated) {
        let error = Error::new(format!("`{path}` is not up to date"));
        let error = changes.iter().fold(error, Error::note);
        return Err(error.help("`cargo migrate lock` brings it up to date"));
    }
    if before != Some(&updated) {
        write(&set, &updated)?;
    }
    let mut said = match before == Some(&updated) {
        true => String::new(),
        false => changes.iter().map(|change| format!("{change}\n")).collect(),
    };
    let locked = updated.lines.iter().filter(|line| line.locked.is_some());
    said.push_str(&format!(
        "{path}: {} locked\n",
        counted(locked.count(), "migration")
    ));
    output::answer(&said)?;
    Ok(ExitCode::SUCCESS)
}

fn write(set: &Set, lock: &Locks) -> Result<(), Error> {
    let mut changes = Changes::of(set);
    changes.replace(lock::FILE, lock.to_string().as_bytes())?;
    changes.keep();
    Ok(())
}

/// What an update changes, a line each; what it would change with `check`.
fn changes(before: Option<&Locks>, updated: &Locks, check: bool) -> Vec<String> {
    let word = |(done, due): (&'static str, &'static str)| if check { due } else { done };
    let old = |version: i64| before.and_then(|lock| lock.line(version));
    let changed = updated.lines.iter().filter_map(|line| {
        let Line { version, name, .. } = line;
        let what = word(what_changes(old(*version), line)?);
        Some(format!("{what}: {version} {name}"))
    });
    let gone = before.into_iter().flat_map(|lock| &lock.lines);
    let gone = gone.filter(|line| updated.line(line.version).is_none());
    let dropped = word(("dropped", "has no file any more"));
    let gone = gone.map(|line| format!("{dropped}: {} {}", line.version, line.name));
    changed.chain(gone).collect()
}

/// What an update changes of a line, in words for when it is done and for when it is due.
fn what_changes(old: Option<&Line>, new: &Line) -> Option<(&'static str, &'static str)> {
    let (old_locked, locked) = (
        old.and_then(|old| old.locked.as_ref()),
        new.locked.as_ref()?,
    );
    let Some(old_locked) = old_locked else {
        return Some(("locked", "not locked yet"));
    };
    if old_locked.accepts != locked.accepts {
        return Some(("accepted", "not accepted yet"));
    }
    if old_locked.down != locked.down {
        return Some(("its down, brought up to date", "its down has changed"));
    }
    let renamed = old.is_some_and(|old| old.name != new.name);
    renamed.then_some(("its name, brought up to date", "its name has changed"))
}
