//! Statements known by their words.

use super::{Token, TokenKind, tokens};
use crate::Database;

/// Whether `statement` begins as `pattern` says. The parts of a pattern stand one space apart:
///
/// - `WORD`: this keyword, in any case and not quoted
/// - `'`: a string
/// - `()`: nothing, or something in parentheses
/// - `*`: any tokens of the same statement, or none
/// - `;`: the end of the statement
/// - anything else: just that
pub(super) fn begins(statement: &str, pattern: &str, database: Database) -> bool {
    matches(pattern, &significant(statement, database))
}

/// The tokens of `text` that are no comments.
pub(super) fn significant(
    text: &str,
    database: Database,
) -> impl Iterator<Item = Token<'_>> + Clone {
    tokens(text, database).filter(|token| !token.kind.is_comment())
}

fn matches<'a>(pattern: &str, tokens: &(impl Iterator<Item = Token<'a>> + Clone)) -> bool {
    let (part, pattern) = pattern.split_once(' ').unwrap_or((pattern, ""));
    let mut rest = tokens.clone();
    let next = rest.next().filter(|token| !token.is_punctuation(';'));
    let matched = match part {
        "" => return true,
        ";" => next.is_none(),
        "'" => next.is_some_and(|token| token.kind == TokenKind::String),
        "()" => match next {
            Some(token) if token.is_punctuation('(') => skip_parentheses(&mut rest),
            _ => return matches(pattern, tokens),
        },
        "*" => {
            let mut rest = tokens.clone();
            while !matches(pattern, &rest) {
                if rest.next().is_none_or(|token| token.is_punctuation(';')) {
                    return false;
                }
            }
            return true;
        }
        word if word.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            next.is_some_and(|token| token.is_keyword(word))
        }
        text => next.is_some_and(|token| token.text == text),
    };
    matched && matches(pattern, &rest)
}

/// Skips to behind the parenthesis that closes the one just read.
fn skip_parentheses<'a>(tokens: &mut impl Iterator<Item = Token<'a>>) -> bool {
    let mut depth = 1;
    while depth > 0 {
        match tokens.next() {
            Some(token) if token.is_punctuation('(') => depth += 1,
            Some(token) if token.is_punctuation(')') => depth -= 1,
            Some(_) => {}
            None => return false,
        }
    }
    true
}
