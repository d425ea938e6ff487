//! What a folder holds, once read.

use super::Finding;
use super::lock::{Lock, State};
use crate::{Chain, Checksum, directive::Directives};

/// A file of the folder, as names and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder, with `/` between the parts.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a folder holds. It can be used only when nothing was [found](Folder::findings) wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folder {
    /// The numbered migrations, in the order of their versions.
    pub migrations: Vec<Migration>,
    /// The repeatable migrations, in the order of their names.
    pub repeatables: Vec<Repeatable>,
    /// Its sample data, `seed.sql`: what a verification puts into the tables. It is no migration and
    /// never part of a program.
    pub seed: Option<Script>,
    /// Its lock file, if it has one.
    pub lock: Option<Lock>,
    /// Everything that is wrong, in the order of the files.
    pub findings: Vec<Finding>,
}

/// A numbered migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Its version: the number of its file.
    pub version: i64,
    /// The words of its file's name, as they stand there: `create_users`.
    pub name: String,
    /// What it is for: its directive `description`, else the words of its file name.
    pub description: String,
    /// What brings a database to this version.
    pub up: Up,
    /// What brings it back, unless that is code.
    pub down: Option<Script>,
    /// Whether it says `-- migrate: irreversible`.
    pub irreversible: bool,
    /// The checksum of its up.
    pub checksum: Checksum,
    /// The checksum that was locked first; that of the text as it is, where nothing is locked.
    pub first_checksum: Checksum,
    /// What else a database may have recorded for it: the checksums of earlier texts that its lock
    /// names, the one that was locked first before those that were accepted later.
    pub accepted: Vec<Checksum>,
    /// The chain up to and with it: over the first checksums.
    pub chain: Chain,
    /// The checksum of its down, unless there is none or it is code.
    pub down_checksum: Option<Checksum>,
    /// How it stands to the lock.
    pub lock: State,
}

/// What brings a database to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Up {
    /// A script.
    Sql(Script),
    /// A Rust file.
    Code(Code),
}

impl Up {
    /// Its file, below the folder.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Up::Sql(script) => &script.path,
            Up::Code(code) => &code.path,
        }
    }
}

/// A script that is run again whenever its text changes: `R__views.sql`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repeatable {
    /// Its name: `views`.
    pub name: String,
    /// What it is for: its directive `description`, else its name in words.
    pub description: String,
    /// What is run.
    pub up: Script,
    /// What is run before anything is taken down: `R__views.down.sql`.
    pub down: Option<Script>,
    /// The checksum of its up.
    pub checksum: Checksum,
}

/// SQL text and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// Its file, below the folder.
    pub path: String,
    /// The line of the file on which `sql` begins, from 1. It always begins at the start of a line.
    pub line: u32,
    /// Its text: UTF-8 without a byte order mark, its line ends `\n`.
    pub sql: String,
    /// What its head says.
    pub directives: Directives,
}

/// A code migration: what can be known of a Rust file without compiling it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// Its file, below the folder.
    pub path: String,
    /// Whether its `pub fn up` is `async`, and so for an asynchronous driver.
    pub is_async: bool,
    /// Whether it has `pub fn down`.
    pub has_down: bool,
    /// Whether it has `pub fn check`.
    pub has_check: bool,
    /// Whether it has `pub const DESCRIPTION`.
    pub has_description: bool,
    /// Its `pub const REVISION: u32`, which is 0 without one.
    pub revision: Option<u32>,
    /// Its `pub const CHANGES_SCHEMA: bool`, which is `false` without one.
    pub changes_schema: Option<bool>,
}
