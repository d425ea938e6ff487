//! Which migrations get other numbers, and what becomes of the lock. Nothing here touches the disk.

use std::collections::BTreeMap;
use std::time::SystemTime;

use migrate_source::folder::lock::{self, Line, Lock, Side};
use migrate_source::folder::{File, Folder, Migration, Options};
use migrate_source::{Chain, Finding, Problem};

use crate::error::{Error, of_finding};
use crate::find::Set;
use crate::items::{Item, items, stem};
use crate::naming;

/// What is to be changed.
#[derive(Debug)]
pub(crate) struct Moves {
    /// The files and directories that get another name, in an order in which no name is taken.
    pub(crate) renames: Vec<(String, String)>,
    /// The migrations that get another version.
    pub(crate) versions: Vec<Renumbered>,
    /// The lock as it is to be, if there is one.
    pub(crate) lock: Option<Lock>,
}

/// A migration that gets another version.
#[derive(Debug)]
pub(crate) struct Renumbered {
    pub(crate) name: String,
    pub(crate) old: i64,
    pub(crate) new: i64,
    /// Whether a database can take it back.
    pub(crate) has_down: bool,
}

/// Decides which migrations move: those that are `named`, or else those that must.
pub(crate) fn decide(
    set: &Set,
    files: &[File],
    folder: &Folder,
    named: &[String],
    now: SystemTime,
) -> Result<Moves, Error> {
    let unclear = |finding: &&Finding| naming::hides_version(finding.problem);
    if let Some(finding) = folder.findings.iter().find(unclear) {
        return Err(of_finding(finding, &set.shown)
            .note("nothing was renumbered: which versions there are is not clear before"));
    }
    let misread = |finding: &&Finding| finding.problem == Problem::LockMalformed;
    if let Some(finding) = folder.findings.iter().find(misread)
        && !is_understood(files, folder)
    {
        return Err(of_finding(finding, &set.shown).note("nothing was renumbered"));
    }
    let items = items(files, folder, &set.options);
    let chosen = match named {
        [] => must_move(&items, folder, set)?,
        named => with_their_side(named_items(&items, named, set)?, &items),
    };
    let chosen: Vec<&Item> = items
        .iter()
        .enumerate()
        .filter(|(at, _)| chosen.contains(at))
        .map(|(_, item)| item)
        .collect();
    let (renames, after) = renamed(files, folder, &chosen, &set.options, now);
    let read = Folder::read(&after, &set.options);
    let versions = versions(&chosen, &renames, &read)
        .ok_or_else(|| Error::new("no numbers were found that follow the last one"))?;
    let lock = folder.lock.as_ref();
    let lock = lock.map(|lock| mended(lock, &chosen, &versions, set));
    let moves = Moves {
        // The last first, so that each finds its new name free.
        renames: renames.into_iter().flatten().rev().collect(),
        versions,
        lock: lock.transpose()?,
    };
    moves.refuse_new_problems(set, after, folder)?;
    Ok(moves)
}

impl Moves {
    /// Refuses what would make something else wrong.
    fn refuse_new_problems(
        &self,
        set: &Set,
        mut files: Vec<File>,
        before: &Folder,
    ) -> Result<(), Error> {
        if let Some(lock) = &self.lock {
            files.retain(|file| file.path != lock::FILE);
            files.push(File {
                path: lock::FILE.to_owned(),
                bytes: lock.to_string().into_bytes(),
            });
        }
        let after = Folder::read(&files, &set.options);
        let of = |folder: &Folder, finding: &Finding| {
            let same = |other: &&Finding| other.problem == finding.problem;
            folder.findings.iter().filter(same).count()
        };
        let new = after
            .findings
            .iter()
            .find(|f| of(&after, f) > of(before, f) && !is_of_one_without_line(f));
        match new {
            Some(finding) => Err(of_finding(finding, &set.shown)
                .note("nothing was renumbered: this would be wrong afterwards")),
            None => Ok(()),
        }
    }
}

/// Whether this is about a migration that the lock does not speak of: what moves gets a line there, so
/// that this one stayed. Nothing was said of it while it shared its version.
fn is_of_one_without_line(finding: &Finding) -> bool {
    let in_lock = |place: &migrate_source::Place| place.path == lock::FILE;
    matches!(finding.problem, Problem::LockExtra | Problem::LockBelow)
        && !finding.place.as_ref().is_some_and(in_lock)
}

/// Whether each line of the lock is understood, whatever is wrong with their order: none gets lost
/// when it is written anew.
fn is_understood(files: &[File], folder: &Folder) -> bool {
    let file = files.iter().find(|file| file.path == lock::FILE);
    let (Some(file), Some(lock)) = (file, &folder.lock) else {
        return true;
    };
    let text = String::from_utf8_lossy(&file.bytes);
    let mut in_base = false;
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| {
        let is = |marker: &str| line.starts_with(marker);
        if is("|||||||") || is("=======") {
            in_base = is("|||||||");
        }
        let line = line.trim();
        let marker = is("<<<<<<<") || is("=======") || is(">>>>>>>");
        !in_base && !marker && !line.is_empty() && !line.starts_with('#')
    });
    lines.count() == lock.lines.len()
}

/// The migrations that cannot keep their number and may lose it.
fn must_move(items: &[Item], folder: &Folder, set: &Set) -> Result<Vec<usize>, Error> {
    let lines = folder.lock.iter().flat_map(|lock| &lock.lines);
    let locked = lines.filter(|line| line.locked.is_some());
    let last_locked = locked.map(|line| line.version).max().unwrap_or(0);
    let mut by_version: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        by_version.entry(item.version).or_default().push(at);
    }
    let mut chosen = Vec::new();
    for (version, same) in &by_version {
        let (free, fixed): (Vec<_>, Vec<_>) = same.iter().partition(|at| items[**at].is_free());
        if free.is_empty() && fixed.len() == 1 {
            continue;
        }
        let only = same.len() == 1;
        if same.len() > 1 && fixed.len() != 1 {
            return Err(ambiguous(*version, same, items, set));
        }
        if !only || *version < last_locked {
            chosen.extend(free.into_iter().copied());
        }
    }
    Ok(with_their_side(chosen, items))
}

fn ambiguous(version: i64, same: &[usize], items: &[Item], set: &Set) -> Error {
    let locked = items[same[0]].is_locked;
    let error = Error::new(format!(
        "version {version} is that of {} migrations, and {} of them is locked",
        same.len(),
        if locked { "each" } else { "none" }
    ));
    let error = same.iter().fold(error, |error, at| {
        error.note(format!("`{}`", set.path(&items[*at].path)))
    });
    let last = same.last().map_or("", |at| stem(&items[*at].path));
    error.note("nothing was renumbered").help(format!(
        "name the one that no database in use has run: `cargo migrate renumber {last}`"
    ))
}

/// The migrations that are meant by their versions, files or names.
fn named_items(items: &[Item], named: &[String], set: &Set) -> Result<Vec<usize>, Error> {
    let mut chosen = Vec::new();
    for name in named {
        let wanted = name.trim_end_matches('/').replace('\\', "/");
        let is = |item: &Item| -> bool {
            let version = wanted.parse() == Ok(item.version);
            let file = item.files.iter().any(|file| {
                wanted == *file || wanted.ends_with(&format!("/{file}")) || {
                    let last = wanted.rsplit('/').next().unwrap_or_default();
                    stem(last) == stem(file) || last == file.split('/').next().unwrap_or_default()
                }
            });
            version || file || wanted == item.name
        };
        let found: Vec<usize> = (0..items.len()).filter(|at| is(&items[*at])).collect();
        match found.as_slice() {
            [one] => {
                let item = &items[*one];
                let others = items.iter().filter(|other| other.version == item.version);
                let (locked, others) = (others.clone().all(|i| i.is_locked), others.count());
                if item.is_locked && !(locked && others > 1) {
                    return Err(Error::new(format!(
                        "version {}, `{}`, is locked: databases have run it under that number",
                        item.version, item.name
                    ))
                    .note("nothing was renumbered")
                    .help("renumber one that is not locked"));
                }
                chosen.push(*one);
            }
            [] => {
                return Err(Error::new(format!("there is no migration `{name}`"))
                    .note("nothing was renumbered")
                    .help("`cargo migrate list` shows those that there are"));
            }
            several => {
                let error = Error::new(format!("`{name}` may mean {} migrations", several.len()));
                let error = several.iter().fold(error, |error, at| {
                    error.note(format!("`{}`", set.path(&items[*at].path)))
                });
                let last = several.last().map_or("", |at| stem(&items[*at].path));
                return Err(error.note("nothing was renumbered").help(format!(
                    "name it by its file: `cargo migrate renumber {last}`"
                )));
            }
        }
    }
    Ok(chosen)
}

/// The same, and what comes after them on their side of a conflict: migrations of one branch keep
/// their order, as the later ones may need the earlier.
fn with_their_side(mut chosen: Vec<usize>, items: &[Item]) -> Vec<usize> {
    for side in [Side::Ours, Side::Theirs] {
        let first = chosen
            .iter()
            .filter(|at| items[**at].side == side)
            .min()
            .copied();
        let Some(first) = first else {
            continue;
        };
        let locked_too = items[first].is_locked;
        let follows = |at: &usize| {
            let item = &items[*at];
            item.side == side && *at > first && (item.is_free() || locked_too)
        };
        chosen.extend((0..items.len()).filter(follows));
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The new names of the chosen migrations, a list for each of them, and the files as they are then.
type Renamed = (Vec<Vec<(String, String)>>, Vec<File>);

fn renamed(
    files: &[File],
    folder: &Folder,
    chosen: &[&Item],
    options: &Options,
    now: SystemTime,
) -> Renamed {
    let moves = |path: &str| {
        chosen
            .iter()
            .any(|item| item.files.iter().any(|f| f == path))
    };
    let is_lock = |path: &str| path == lock::FILE;
    let kept: Vec<File> = files
        .iter()
        .filter(|file| !moves(&file.path) && !is_lock(&file.path))
        .cloned()
        .collect();
    let kept = (Folder::read(&kept, options), kept);
    let lines = folder
        .lock
        .iter()
        .flat_map(|lock| lock.lines.iter().enumerate());
    let stays = lines.filter(|(at, _)| chosen.iter().all(|item| item.line != Some(*at)));
    let taken = stays.map(|(_, line)| line.version).max().unwrap_or(0);
    let numbers = naming::numbers(&kept.1, &kept.0, taken, chosen.len(), now);
    let renames: Vec<Vec<(String, String)>> = chosen
        .iter()
        .zip(&numbers)
        .map(|(item, number)| {
            let mut names: Vec<&str> = item
                .files
                .iter()
                .map(|file| file.split('/').next().unwrap_or_default())
                .collect();
            names.dedup();
            let rename = |name: &str| (name.to_owned(), naming::renumbered(name, number));
            names.into_iter().map(rename).collect()
        })
        .collect();
    let new = |path: &str| {
        let (top, rest) = match path.split_once('/') {
            Some((top, rest)) => (top, Some(rest)),
            None => (path, None),
        };
        let renamed = renames.iter().flatten().find(|(from, _)| from == top);
        let top = renamed.map_or(top, |(_, to)| to);
        rest.map_or(top.to_owned(), |rest| format!("{top}/{rest}"))
    };
    let after = files
        .iter()
        .map(|file| File {
            path: new(&file.path),
            bytes: file.bytes.clone(),
        })
        .collect();
    (renames, after)
}

/// The old and the new version of each chosen migration.
fn versions(
    chosen: &[&Item],
    renames: &[Vec<(String, String)>],
    after: &Folder,
) -> Option<Vec<Renumbered>> {
    let versions = chosen.iter().zip(renames).map(|(item, names)| {
        let is = |migration: &&Migration| {
            let top = migration.up.path().split('/').next().unwrap_or_default();
            names.iter().any(|(_, to)| to == top)
        };
        let migration = after.migrations.iter().find(is)?;
        Some(Renumbered {
            name: item.name.clone(),
            old: item.version,
            new: migration.version,
            has_down: item.has_down(),
        })
    });
    versions.collect()
}

/// The lock without a conflict, the chosen migrations under their new versions in open lines.
fn mended(
    lock: &Lock,
    chosen: &[&Item],
    versions: &[Renumbered],
    set: &Set,
) -> Result<Lock, Error> {
    let mut mended = Lock::new();
    mended.comments_below.clone_from(&lock.comments_below);
    let mut lines: Vec<Line> = Vec::new();
    for (at, line) in lock.lines.iter().enumerate() {
        let mut line = line.clone();
        line.side = Side::Both;
        let moves = chosen.iter().zip(versions);
        if let Some((_, moved)) = { moves }.find(|(item, _)| item.line == Some(at)) {
            line.version = moved.new;
            line.locked = None;
        }
        let same = |other: &&mut Line| other.version == line.version && other.name == line.name;
        match lines.iter_mut().find(same) {
            Some(other) => join(other, line, set)?,
            None => lines.push(line),
        }
    }
    lines.sort_by_key(|line| line.version);
    // What was locked on two branches has a new order.
    let is_merged = lock.lines.iter().any(|line| line.side != Side::Both);
    let mut chain = Chain::START;
    for line in lines.iter_mut().filter(|_| is_merged || !chosen.is_empty()) {
        if let Some(locked) = &mut line.locked {
            locked.chain = chain.then(line.version, &locked.checksum);
            chain = locked.chain;
        }
    }
    mended.lines = lines;
    for (_, moved) in chosen
        .iter()
        .zip(versions)
        .filter(|(i, _)| i.line.is_none())
    {
        let reserved = mended.reserve(moved.new, &moved.name);
        reserved.map_err(|finding| of_finding(&finding, &set.shown))?;
    }
    Ok(mended)
}

/// Two lines of a conflict about the same migration, in one.
fn join(line: &mut Line, other: Line, set: &Set) -> Result<(), Error> {
    line.comments.extend(other.comments);
    match (&mut line.locked, other.locked) {
        (_, None) => {}
        (none @ None, locked) => *none = locked,
        (Some(one), Some(other)) if one.checksum == other.checksum => {
            let more = other
                .accepts
                .into_iter()
                .filter(|c| !one.accepts.contains(c));
            let more: Vec<_> = more.collect();
            one.accepts.extend(more);
        }
        (Some(_), Some(_)) => {
            return Err(Error::new(format!(
                "version {}, `{}`, is locked with another text on each side of the conflict",
                line.version, line.name
            ))
            .at(migrate_source::Place::file(&set.path(lock::FILE)))
            .note("nothing was renumbered")
            .help("keep the line of the text that databases have run"));
        }
    }
    Ok(())
}
