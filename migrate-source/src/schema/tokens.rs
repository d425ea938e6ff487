//! The SQL of an object as what counts in it.

use std::borrow::Cow;

use crate::Database;
use crate::sql::{self, TokenKind, unquoted};

/// A token of an object's SQL. Two are equal when they mean the same.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(super) class: Class,
    /// What counts: a word or a name in lower case and without its quotes; else as it is written.
    pub(super) text: Cow<'a, str>,
    /// As it is written.
    pub(super) raw: sql::Token<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Name,
    Literal,
    Punctuation,
}

/// The tokens of `sql`, without its comments.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut named = false;
    for raw in sql::tokens(sql, Database::Sqlite) {
        if raw.kind.is_comment() {
            continue;
        }
        let before = tokens.last();
        let (class, text) = match raw.kind {
            TokenKind::String if !named && before.is_some_and(names_object) => {
                (Class::Name, fold(unquoted(raw.text)))
            }
            TokenKind::QuotedName if before.is_some_and(|token| token.is_keyword("default")) => {
                let text = unquoted(raw.text).replace('\'', "''");
                (Class::Literal, Cow::Owned(format!("'{text}'")))
            }
            TokenKind::Word | TokenKind::QuotedName => (Class::Name, fold(unquoted(raw.text))),
            TokenKind::Punctuation => (Class::Punctuation, Cow::Borrowed(raw.text)),
            _ => (Class::Literal, Cow::Borrowed(raw.text)),
        };
        named |= before.is_some_and(names_object);
        tokens.push(Token { class, text, raw });
    }
    tokens
}

impl Token<'_> {
    /// Whether it is this keyword, given in lower case. A quoted name never is.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.raw.is_keyword(keyword)
    }

    pub(super) fn is_punctuation(&self, character: char) -> bool {
        self.raw.is_punctuation(character)
    }
}

impl PartialEq for Token<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.class, &self.text) == (other.class, &other.text)
    }
}

impl Class {
    /// What it is in a digest.
    pub(super) fn letter(self) -> u8 {
        match self {
            Class::Name => b'n',
            Class::Literal => b'l',
            Class::Punctuation => b'p',
        }
    }
}

/// Whether the name of the object follows: SQLite takes a string for it, and writes a name when the
/// object is renamed.
fn names_object(token: &Token<'_>) -> bool {
    ["table", "index", "view", "trigger"]
        .iter()
        .any(|keyword| token.is_keyword(keyword))
}

fn fold(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        name
    }
}
