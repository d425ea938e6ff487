//! The migrations of a folder one by one, also those that share a version after a merge: the files of
//! each, and how it stands in the lock.

use migrate_source::folder::lock::{self, Line, Lock, Side};
use migrate_source::folder::{File, Folder, Migration, Options, Up};

/// A migration with its files. There may be several of one version.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) version: i64,
    /// The words of its name.
    pub(crate) name: String,
    /// Its up.
    pub(crate) path: String,
    /// As it is read; its down only if it is its own.
    pub(crate) migration: Migration,
    /// Its files.
    pub(crate) files: Vec<String>,
    /// Its line in the lock: which one, and whether it is locked there.
    pub(crate) line: Option<usize>,
    pub(crate) is_locked: bool,
    pub(crate) side: Side,
}

impl Item {
    /// Whether it can be taken back.
    pub(crate) fn has_down(&self) -> bool {
        let in_code = matches!(&self.migration.up, Up::Code(code) if code.has_down);
        self.migration.down.is_some() || in_code
    }

    /// Whether it may get another number.
    pub(crate) fn is_free(&self) -> bool {
        !self.is_locked
    }
}

/// The migrations of a folder, all of them: where several have one version, reading the folder gives
/// the first, and reading what is left gives the others.
pub(crate) fn items(files: &[File], folder: &Folder, options: &Options) -> Vec<Item> {
    let mut rest: Vec<File> = files
        .iter()
        .filter(|f| f.path != lock::FILE)
        .cloned()
        .collect();
    let mut items = Vec::new();
    loop {
        let read = Folder::read(&rest, options);
        let before = rest.len();
        for migration in &read.migrations {
            let own = own_files(migration, &rest);
            rest.retain(|file| !own.contains(&file.path));
            let mut migration = migration.clone();
            // Of two with one version, the first is read with the down of either.
            migration.down = migration.down.filter(|down| own.contains(&down.path));
            items.push((migration, own));
        }
        if rest.len() == before {
            break;
        }
    }
    items.sort_by_key(|(migration, _)| migration.version);
    let lock = folder.lock.as_ref();
    let several = |version: i64| items.iter().filter(|(m, _)| m.version == version).count() > 1;
    let item = |(migration, files): &(Migration, Vec<String>)| {
        let line = lock.and_then(|lock| line_of(lock, migration, several(migration.version)));
        let said = line.and_then(|at| lock?.lines.get(at));
        Item {
            version: migration.version,
            name: migration.name.clone(),
            path: migration.up.path().to_owned(),
            migration: migration.clone(),
            files: files.clone(),
            line,
            is_locked: said.is_some_and(|line| line.locked.is_some()),
            side: said.map_or(Side::Both, |line| line.side),
        }
    };
    items.iter().map(item).collect()
}

/// The files of a migration: its up, the down that belongs to it by its name, and what else is in its
/// directory.
fn own_files(migration: &Migration, files: &[File]) -> Vec<String> {
    let up = migration.up.path();
    let down = migration.down.as_ref().map(|down| down.path.as_str());
    let twin = |path: &str| {
        files
            .iter()
            .any(|f| f.path != path && stem(&f.path) == stem(path))
    };
    let belongs = |path: &str| {
        path == up
            || (stem(path) == stem(up) && (path.contains('/') || is_down(path)))
            // A down with another name than its up, but with no other up of that name.
            || (Some(path) == down && !twin(path))
    };
    let paths = files.iter().map(|file| file.path.clone());
    paths.filter(|path| belongs(path)).collect()
}

/// What the names of an up and its down have in common.
pub(crate) fn stem(path: &str) -> &str {
    if let Some((dir, _)) = path.split_once('/') {
        return dir;
    }
    let path = path.trim_start_matches(['V', 'U']);
    let path = path.trim_end_matches(".sql").trim_end_matches(".rs");
    let path = path.trim_end_matches('.');
    let path = path
        .strip_suffix(".up")
        .or(path.strip_suffix(".down"))
        .unwrap_or(path);
    path.trim_end_matches('.')
}

fn is_down(path: &str) -> bool {
    path.starts_with('U')
        || path
            .trim_end_matches(".sql")
            .trim_end_matches('.')
            .ends_with(".down")
}

/// The line of a migration. Where `several` have its version, it is the one with its name, or else
/// with its text.
fn line_of(lock: &Lock, migration: &Migration, several: bool) -> Option<usize> {
    let lines = || {
        let lines = lock.lines.iter().enumerate();
        lines.filter(|(_, line)| line.version == migration.version)
    };
    let name = migration
        .name
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("_");
    let named = |(_, line): &(usize, &Line)| line.name == name;
    // A locked line of the same name tells more than an open one.
    let named = lines()
        .filter(named)
        .max_by_key(|(_, line)| line.locked.is_some());
    let by_text = |(_, line): &(usize, &Line)| {
        let locked = line.locked.as_ref();
        locked.is_some_and(|locked| locked.accepts(&migration.checksum))
    };
    let found = named.or_else(|| lines().find(by_text));
    let found = found.or_else(|| lines().next().filter(|_| !several && lines().count() == 1));
    found.map(|(at, _)| at)
}
