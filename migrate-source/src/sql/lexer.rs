//! SQL text to tokens.

use crate::Database;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name: `"x"`, `` `x` ``, and on SQLite `[x]`.
    QuotedName,
    /// A string: `'x'`, `E'x'`, `x'00'`, `$tag$x$tag$`.
    String,
    /// A number.
    Number,
    /// One character of punctuation or of an operator.
    Punctuation,
    /// A `--` comment, without its line end.
    LineComment,
    /// A `/* */` comment.
    BlockComment,
}

/// A token of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, quotes included.
    pub text: &'a str,
    /// Where it begins, in bytes from the start of the text.
    pub offset: usize,
    /// Whether its closing quote or comment end was found. It was not for the last token of a
    /// text that ends inside one.
    pub closed: bool,
}

/// The tokens of `text`, comments included, white space not.
pub fn tokens(text: &str, database: Database) -> impl Iterator<Item = Token<'_>> {
    let _ = (text, database);
    std::iter::empty()
}
