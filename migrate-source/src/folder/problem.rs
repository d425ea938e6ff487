//! Everything that can be wrong with a folder.

/// One kind of thing that can be wrong. Its name is the same everywhere: here, in `allow(…)`, in
/// the fixture folders and in the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Problem {
    /// Two migrations have the same version.
    DuplicateVersion,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, below the folder.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters are meant.
    pub width: u32,
    /// The text of the line.
    pub excerpt: String,
}

/// One thing that is wrong: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub problem: Problem,
    /// What happened, in one line.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do, a cure a line.
    pub help: Vec<String>,
}
