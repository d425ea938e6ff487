//! Literals of SQL, as values.

use migrate_source::sql::{Token, TokenKind, unquoted};
use rusqlite::types::Value;

/// The literal at the start of `tokens`, and how many of them it is made of.
pub(super) fn literal(tokens: &[Token<'_>]) -> Option<(Value, usize)> {
    let first = tokens.first()?;
    if first.is_punctuation('-') || first.is_punctuation('+') {
        let negative = first.is_punctuation('-');
        let number = tokens
            .get(1)
            .filter(|token| token.kind == TokenKind::Number)?;
        return Some((number_of(number.text, negative)?, 2));
    }
    let value = match first.kind {
        TokenKind::Number => number_of(first.text, false)?,
        TokenKind::String => string_of(first)?,
        // Where SQLite finds no column of that name it takes it for a string.
        TokenKind::QuotedName if first.text.starts_with('"') => {
            Value::Text(unquoted(first.text).into_owned())
        }
        _ if first.is_keyword("NULL") => Value::Null,
        _ if first.is_keyword("TRUE") => Value::Integer(1),
        _ if first.is_keyword("FALSE") => Value::Integer(0),
        _ => return None,
    };
    Some((value, 1))
}

fn string_of(token: &Token<'_>) -> Option<Value> {
    if !token.closed {
        return None;
    }
    let Some(digits) = token.text.strip_prefix(['x', 'X']) else {
        return Some(Value::Text(unquoted(token.text).into_owned()));
    };
    let digits = digits.trim_matches('\'').as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.map(Value::Blob)
}

fn number_of(text: &str, negative: bool) -> Option<Value> {
    let text = text.replace('_', "");
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let integer = match hexadecimal {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    if let Some(integer) = integer {
        let integer: i64 = integer;
        return Some(Value::Integer(if negative { -integer } else { integer }));
    }
    let real: f64 = text.parse().ok()?;
    Some(Value::Real(if negative { -real } else { real }))
}
