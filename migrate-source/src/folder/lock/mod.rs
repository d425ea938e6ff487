//! The lock file of a folder: `migrations.lock`, whose presence turns it on.
//!
//! A migration that has shipped is locked: it can no longer be edited, removed or renumbered without
//! a [problem](super::Problem), since databases have run it. The file is text, made for version
//! control and for people: a line for each numbered migration, in the order of their versions.
//!
//! ```text
//! # Locks the migrations that are shipped. Written by `cargo migrate lock`; keep it in version control.
//! 1 create_users t1:… chain:… down:t1:…
//! 2 add_email t1:… chain:… accepts:t1:…,t1:…
//! 3 add_phone open
//! ```
//!
//! A line has the version, the words of the file name, and then either
//!
//! - the checksum that was locked first; `chain:`, the chain over the checksums that were locked first;
//!   `down:`, the checksum of the down if it is SQL; `accepts:`, the checksums of later texts that were
//!   taken on purpose; or
//! - `open`: the line only takes the number, so that two branches that take the same one conflict in
//!   version control. The text may still be edited. Open lines stand above all others.
//!
//! Comments and white space of a script may change at any time, since checksums do not count them.
//! So may its down and the words of its file name: what the lock says of them is brought up to date
//! with the next [update](updated). Repeatable migrations are not locked: they are made to change.
//!
//! [`Folder::read`](super::Folder::read) finds the file among the others and judges it with them.

mod judge;
mod read;
mod update;

use std::fmt;

use super::{Finding, Problem};
use crate::place::Place;
use crate::{Chain, Checksum};

pub(super) use judge::Judge;
pub(super) use read::Read;
pub use update::updated;

/// The name of the file, directly in the folder.
pub const FILE: &str = "migrations.lock";

/// What a lock file says, right or wrong: [`Lock::read`] tells what is wrong with it.
///
/// [`Display`](fmt::Display) gives its text back, comments included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lock {
    /// Its lines, in their order.
    pub lines: Vec<Line>,
    /// The comments and empty lines behind the last one.
    pub comments_below: Vec<String>,
}

/// What a lock file says about one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Its version.
    pub version: i64,
    /// The words of its file name, `_` for white space.
    pub name: String,
    /// What is locked; `None` where the line is open.
    pub locked: Option<Locked>,
    /// Which side of a conflict it stands on.
    pub side: Side,
    /// The comments and empty lines above it.
    pub comments: Vec<String>,
}

/// What is locked of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Locked {
    /// The checksum that was locked first.
    pub checksum: Checksum,
    /// The chain up to and with it, over the checksums that were locked first.
    pub chain: Chain,
    /// The checksum of its down when the line was written, unless there was none or it is code.
    pub down: Option<Checksum>,
    /// The checksums of the texts that were accepted later, in their order.
    pub accepts: Vec<Checksum>,
}

/// Which side of a conflict a line stands on, that version control has left in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Side {
    /// Both: it stands in no conflict.
    #[default]
    Both,
    /// The first, `<<<<<<<` to `=======`: in a merge, that of the branch that is merged into.
    Ours,
    /// The second, `=======` to `>>>>>>>`: in a merge, that of the branch that is merged.
    Theirs,
}

/// How a migration of a folder stands to its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It is locked: its text can change no more.
    Locked,
    /// It has taken its number; its text may still be edited.
    Open,
    /// It is not in the lock, or there is none.
    Absent,
}

impl Lock {
    /// A lock without a line, but with the comment that says what it is.
    #[must_use]
    pub fn new() -> Lock {
        Lock {
            lines: Vec::new(),
            comments_below: vec![HEADER.to_owned()],
        }
    }

    /// Reads a lock file. What is wrong with it by itself comes back beside it: lines that are not
    /// understood, a wrong order, a wrong chain, conflicts that version control has left. The lines
    /// that are understood are there nevertheless, those of both sides of a conflict included.
    ///
    /// ```
    /// # use migrate_source::folder::lock::{Lock, Side};
    /// let (lock, findings) = Lock::read(b"1 create_users open\n");
    /// assert!(findings.is_empty());
    /// assert_eq!((lock.lines[0].version, lock.lines[0].name.as_str()), (1, "create_users"));
    /// assert_eq!(lock.to_string(), "1 create_users open\n");
    ///
    /// let conflict = b"<<<<<<< HEAD\n1 a open\n=======\n1 b open\n>>>>>>> other\n";
    /// let (lock, findings) = Lock::read(conflict);
    /// assert_eq!(findings[0].problem.name(), "lock_conflict");
    /// assert_eq!(lock.lines[1].side, Side::Theirs);
    /// ```
    #[must_use]
    pub fn read(bytes: &[u8]) -> (Lock, Vec<Finding>) {
        let read = Read::bytes(bytes);
        (read.lock, read.findings)
    }

    /// Its line about `version`, the first if there are several.
    #[must_use]
    pub fn line(&self, version: i64) -> Option<&Line> {
        self.lines.iter().find(|line| line.version == version)
    }

    /// Takes `version` for a migration that is still being written, by an open line at the end.
    ///
    /// ```
    /// # use migrate_source::folder::lock::Lock;
    /// let mut lock = Lock::new();
    /// lock.reserve(1, "create users").unwrap();
    /// assert!(lock.to_string().ends_with("\n1 create_users open\n"));
    /// ```
    ///
    /// # Errors
    ///
    /// Fails where `version` is not above every other in the lock.
    pub fn reserve(&mut self, version: i64, name: &str) -> Result<(), Finding> {
        let last = self.lines.iter().map(|line| line.version).max();
        if let Some(last) = last.filter(|last| *last >= version) {
            return Err(below(version, last, "the last one in the lock")
                .at(Place::file(FILE))
                .help(format!("take a version above {last}")));
        }
        self.lines.push(Line {
            version,
            name: shown_name(name),
            locked: None,
            side: Side::Both,
            comments: std::mem::take(&mut self.comments_below),
        });
        Ok(())
    }

    /// The newest version that is locked, 0 without one.
    fn last_locked(&self) -> i64 {
        let locked = self.lines.iter().filter(|line| line.locked.is_some());
        locked.map(|line| line.version).max().unwrap_or(0)
    }
}

impl Default for Lock {
    fn default() -> Lock {
        Lock::new()
    }
}

impl Locked {
    /// Every checksum that a database may have recorded, the one that was locked first before all.
    pub fn checksums(&self) -> impl Iterator<Item = Checksum> + '_ {
        std::iter::once(self.checksum).chain(self.accepts.iter().copied())
    }

    /// Every checksum that a database may have recorded but `current`, each once.
    pub(super) fn others(&self, current: &Checksum) -> Vec<Checksum> {
        let mut others = Vec::new();
        for checksum in self.checksums() {
            if checksum != *current && !others.contains(&checksum) {
                others.push(checksum);
            }
        }
        others
    }

    /// Whether a migration with this checksum may stand in its place.
    #[must_use]
    pub fn accepts(&self, checksum: &Checksum) -> bool {
        self.checksum == *checksum || self.accepts.contains(checksum)
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            for comment in &line.comments {
                writeln!(f, "{comment}")?;
            }
            writeln!(f, "{line}")?;
        }
        let mut below = self.comments_below.iter();
        below.try_for_each(|comment| writeln!(f, "{comment}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.version, self.name)?;
        match &self.locked {
            None => f.write_str(OPEN),
            Some(locked) => locked.fmt(f),
        }
    }
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {CHAIN}{}", self.checksum, digits(&self.chain))?;
        if let Some(down) = &self.down {
            write!(f, " {DOWN}{down}")?;
        }
        for (at, checksum) in self.accepts.iter().enumerate() {
            let before = if at == 0 { " accepts:" } else { "," };
            write!(f, "{before}{checksum}")?;
        }
        Ok(())
    }
}

const HEADER: &str = "# Locks the migrations that are shipped. Written by `cargo migrate lock`; keep it in version control.";
const OPEN: &str = "open";
const CHAIN: &str = "chain:";
const DOWN: &str = "down:";
const ACCEPTS: &str = "accepts:";
/// The scheme of the chain, which the one of the checksum before it implies.
const CHAIN_SCHEME: &str = "t1:";

/// The digits of a chain without its scheme.
fn digits(chain: &Chain) -> String {
    let text = chain.to_string();
    text.strip_prefix(CHAIN_SCHEME).unwrap_or(&text).to_owned()
}

/// A name as it stands in the lock, where white space parts the fields.
pub(super) fn shown_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("_")
}

fn below(version: i64, last: i64, what: &str) -> Finding {
    Finding::new(
        Problem::LockBelow,
        format!("version {version} is not above version {last}, {what}"),
    )
}
