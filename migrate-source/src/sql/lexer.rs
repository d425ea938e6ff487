//! SQL text to tokens, by the lexical rules of each database.
//!
//! Checksums are taken over these tokens, so where one ends and the next begins is frozen: see
//! [`crate::checksum`]. The rules are those of SQLite's `tokenize.c` and of the PostgreSQL manual,
//! chapter "Lexical Structure", with `standard_conforming_strings` on, but for operators: every
//! character of punctuation is a token of its own.

use crate::Database;

/// The tokens of `text`, comments included, white space not. A leading byte order mark is skipped.
///
/// Any text has tokens: what is not understood is punctuation, and a quote that is never closed
/// runs to the end of the text.
///
/// ```
/// # use migrate_source::{Database, sql::tokens};
/// let tokens = tokens("SELECT $$it's$$; -- done", Database::Postgres);
/// let texts: Vec<_> = tokens.map(|token| token.text).collect();
/// assert_eq!(texts, ["SELECT", "$$it's$$", ";", "-- done"]);
/// ```
pub fn tokens(text: &str, database: Database) -> impl Iterator<Item = Token<'_>> + Clone {
    Lexer {
        text,
        postgres: database == Database::Postgres,
        at: if text.starts_with(BOM) { BOM.len() } else { 0 },
        at_statement: true,
        escape_string_end: None,
    }
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

impl Token<'_> {
    /// Where it ends, in bytes from the start of the text.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.offset + self.text.len()
    }

    /// Whether it is the keyword `keyword`, in any case. A quoted name is never a keyword.
    #[must_use]
    pub const fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.kind, TokenKind::Word) && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this character of punctuation.
    #[must_use]
    pub fn is_punctuation(&self, character: char) -> bool {
        self.kind == TokenKind::Punctuation && self.text.starts_with(character)
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name: `"x"`; on SQLite also `` `x` `` and `[x]`, on PostgreSQL `U&"x"`.
    QuotedName,
    /// A string, its prefix included: `'x'`, `x'00'`, and on PostgreSQL `E'x'`, `$tag$x$tag$`.
    String,
    /// A number: `1`, `.5`, `1.5e-3`, `0x1F`.
    Number,
    /// A parameter of PostgreSQL: `$1`.
    Parameter,
    /// One character of punctuation or of an operator.
    Punctuation,
    /// A `--` comment, without its line end.
    LineComment,
    /// A `/* */` comment. Those of PostgreSQL nest.
    BlockComment,
    /// A line from a `#` at the start of a statement. Neither database knows such comments, but no
    /// statement of theirs can begin that way either, and people who come from MySQL write them.
    HashComment,
}

impl TokenKind {
    /// Whether it may be a name: a word, which may be a keyword as well, or a name in quotes.
    #[must_use]
    pub const fn is_name(self) -> bool {
        matches!(self, TokenKind::Word | TokenKind::QuotedName)
    }

    /// Whether it is a comment of any kind.
    #[must_use]
    pub const fn is_comment(self) -> bool {
        matches!(
            self,
            TokenKind::LineComment | TokenKind::BlockComment | TokenKind::HashComment
        )
    }
}

const BOM: &str = "\u{feff}";

#[derive(Clone)]
struct Lexer<'a> {
    text: &'a str,
    postgres: bool,
    at: usize,
    /// Whether only comments were read since the start or the last `;`.
    at_statement: bool,
    /// Where the last token ended, if it was an `E''` string: PostgreSQL takes a string that
    /// follows on another line for its continuation, backslash escapes included.
    escape_string_end: Option<usize>,
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let offset = self.at;
        let rest = &self.text[offset..];
        let first = *rest.as_bytes().first()?;
        let continues = first == b'\'' && self.continues_escape_string();
        let (kind, length) = match continues {
            true => (TokenKind::String, escape_string_length(rest, 0)),
            false => self.measure(rest, first),
        };
        self.at += length.unwrap_or(rest.len());
        self.escape_string_end = match kind {
            TokenKind::String if continues || matches!(first, b'e' | b'E') => Some(self.at),
            TokenKind::LineComment => self.escape_string_end,
            _ => None,
        };
        if !kind.is_comment() {
            self.at_statement = first == b';';
        }
        Some(Token {
            kind,
            text: &self.text[offset..self.at],
            offset,
            closed: length.is_some(),
        })
    }
}

impl Lexer<'_> {
    fn skip_space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += match rest.as_bytes().first() {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b'\x0c') => 1,
                // White space for PostgreSQL since version 16, for SQLite never.
                Some(b'\x0b') if self.postgres => 1,
                // SQLite takes a byte order mark for white space wherever a token could begin.
                Some(_) if !self.postgres && rest.starts_with(BOM) => BOM.len(),
                _ => return,
            };
        }
    }

    /// The kind of the token at the start of `rest`, and its length if it is closed.
    fn measure(&self, rest: &str, first: u8) -> (TokenKind, Option<usize>) {
        let second = rest.as_bytes().get(1).copied().unwrap_or(0);
        match first {
            b'-' if second == b'-' => (TokenKind::LineComment, Some(self.line_length(rest))),
            b'#' if self.at_statement => (TokenKind::HashComment, Some(self.line_length(rest))),
            b'/' if second == b'*' => (TokenKind::BlockComment, self.block_comment_length(rest)),
            b'\'' => (TokenKind::String, quoted_length(rest, 0)),
            b'"' => (TokenKind::QuotedName, quoted_length(rest, 0)),
            b'`' if !self.postgres => (TokenKind::QuotedName, quoted_length(rest, 0)),
            b'[' if !self.postgres => (TokenKind::QuotedName, rest.find(']').map(|at| at + 1)),
            b'$' if self.postgres => measure_dollar(rest),
            b'0'..=b'9' => (TokenKind::Number, Some(number_length(rest))),
            b'.' if second.is_ascii_digit() => (TokenKind::Number, Some(number_length(rest))),
            _ if is_word(first) => self.measure_word(rest, first, second),
            _ => (TokenKind::Punctuation, Some(1)),
        }
    }

    /// A word, or the string or name that it is the prefix of.
    fn measure_word(&self, rest: &str, first: u8, second: u8) -> (TokenKind, Option<usize>) {
        match (first.to_ascii_lowercase(), second) {
            (b'x', b'\'') => (TokenKind::String, quoted_length(rest, 1)),
            (b'b' | b'n', b'\'') if self.postgres => (TokenKind::String, quoted_length(rest, 1)),
            (b'e', b'\'') if self.postgres => (TokenKind::String, escape_string_length(rest, 1)),
            (b'u', b'&') if self.postgres && rest[2..].starts_with('\'') => {
                (TokenKind::String, quoted_length(rest, 2))
            }
            (b'u', b'&') if self.postgres && rest[2..].starts_with('"') => {
                (TokenKind::QuotedName, quoted_length(rest, 2))
            }
            _ => (TokenKind::Word, Some(length_while(rest, is_word))),
        }
    }

    /// PostgreSQL ends a line at a carriage return, too; SQLite only at a line feed.
    fn line_length(&self, rest: &str) -> usize {
        let end = if self.postgres {
            rest.find(['\n', '\r'])
        } else {
            rest.find('\n')
        };
        end.map_or(rest.len(), |end| {
            rest[..end].strip_suffix('\r').map_or(end, str::len)
        })
    }

    fn block_comment_length(&self, rest: &str) -> Option<usize> {
        let mut depth = 1;
        let mut at = 2;
        while depth > 0 {
            at += rest[at..].find(['*', '/'])?;
            if rest[at..].starts_with("*/") {
                at += 2;
                depth -= 1;
            } else if self.postgres && rest[at..].starts_with("/*") {
                at += 2;
                depth += 1;
            } else {
                at += 1;
            }
        }
        Some(at)
    }

    /// The manual, section "String Constants": strings with nothing but white space between them
    /// are one, if the white space has a line end. A line comment counts as white space here.
    fn continues_escape_string(&self) -> bool {
        self.escape_string_end
            .is_some_and(|end| self.text[end..self.at].contains(['\n', '\r']))
    }
}

/// A dollar quote, a parameter, or a lone `$`. Within a word `$` begins nothing.
fn measure_dollar(rest: &str) -> (TokenKind, Option<usize>) {
    let digits = length_while(&rest[1..], |byte| byte.is_ascii_digit());
    if digits > 0 {
        return (TokenKind::Parameter, Some(1 + digits));
    }
    let tag = length_while(&rest[1..], |byte| is_word(byte) && byte != b'$');
    let Some(body) = rest[1 + tag..].strip_prefix('$') else {
        return (TokenKind::Punctuation, Some(1));
    };
    let delimiter = &rest[..tag + 2];
    let end = body.find(delimiter).map(|at| at + 2 * delimiter.len());
    (TokenKind::String, end)
}

/// The length of a quoted text after a prefix of `prefix` bytes: a doubled quote stands for itself.
fn quoted_length(rest: &str, prefix: usize) -> Option<usize> {
    let bytes = rest.as_bytes();
    let quote = bytes[prefix];
    let mut at = prefix + 1;
    loop {
        at += bytes[at..].iter().position(|&byte| byte == quote)? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Like [`quoted_length`], where a backslash takes the next character with it.
fn escape_string_length(rest: &str, prefix: usize) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = prefix + 1;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', _) | (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Digits, letters, `_` and `.`, and the sign of an exponent.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut decimal = true;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let exponent = decimal && matches!(byte, b'e' | b'E');
        if exponent
            && matches!(bytes.get(at + 1), Some(b'+' | b'-'))
            && bytes.get(at + 2).is_some_and(u8::is_ascii_digit)
        {
            at += 2;
        } else if byte == b'$' || !(is_word(byte) || byte == b'.') {
            break;
        }
        decimal &= matches!(byte, b'0'..=b'9' | b'_' | b'.');
        at += 1;
    }
    at
}

/// Whether a byte may stand in a word. Every character outside of ASCII may, in both databases, so
/// that a word ends between two characters.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

fn length_while(text: &str, accept: impl Fn(u8) -> bool) -> usize {
    text.bytes()
        .position(|byte| !accept(byte))
        .unwrap_or(text.len())
}
