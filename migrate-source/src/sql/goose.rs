//! The annotations of goose: comments by which a script is cut into parts and statements.

/// An annotation of goose, read from the text of a `--` comment. Its words may be in any case.
///
/// ```
/// # use migrate_source::sql::Goose;
/// assert_eq!(Goose::of("-- +goose statementbegin"), Some(Goose::StatementBegin));
/// assert_eq!(Goose::of("-- +goose ENVSUB ON"), Some(Goose::Unknown));
/// assert_eq!(Goose::of("-- a goose"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Goose {
    /// `-- +goose Up`: what follows is the up part.
    Up,
    /// `-- +goose Down`: what follows is the down part.
    Down,
    /// `-- +goose StatementBegin`: what follows is one statement, whatever `;` it has.
    StatementBegin,
    /// `-- +goose StatementEnd`: here it ends.
    StatementEnd,
    /// `-- +goose NO TRANSACTION`: the file is run outside of a transaction.
    NoTransaction,
    /// Another one, which is not understood here.
    Unknown,
}

impl Goose {
    /// The annotation that this comment is, if it is one.
    #[must_use]
    pub fn of(comment: &str) -> Option<Goose> {
        let mut words = comment.strip_prefix("--")?.split_ascii_whitespace();
        if words.next() != Some("+goose") {
            return None;
        }
        let words: Vec<_> = words.map(str::to_ascii_lowercase).collect();
        Some(match words.join(" ").as_str() {
            "up" => Goose::Up,
            "down" => Goose::Down,
            "statementbegin" => Goose::StatementBegin,
            "statementend" => Goose::StatementEnd,
            "no transaction" => Goose::NoTransaction,
            _ => Goose::Unknown,
        })
    }
}
