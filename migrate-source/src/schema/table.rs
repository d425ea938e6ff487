//! The columns of a `CREATE TABLE`, read from its tokens.

use std::borrow::Cow;

use super::tokens::Token;
use crate::sql::unquoted;

/// What a `CREATE TABLE` consists of.
pub(super) struct Table<'a> {
    pub(super) columns: Vec<Column<'a>>,
    /// The constraints after the columns.
    pub(super) constraints: Vec<Token<'a>>,
    /// What follows the last parenthesis: `STRICT`, `WITHOUT ROWID`.
    pub(super) options: Vec<Token<'a>>,
}

pub(super) struct Column<'a> {
    /// Its name in lower case, without quotes.
    pub(super) key: Cow<'a, str>,
    /// Its name as it is written, without quotes.
    pub(super) name: Cow<'a, str>,
    /// Its type and its constraints.
    pub(super) definition: Vec<Token<'a>>,
}

/// What these tokens say of a table's columns; `None` if they are of no plain `CREATE TABLE`.
pub(super) fn read<'a>(tokens: &[Token<'a>]) -> Option<Table<'a>> {
    let [create, table, _, open, rest @ ..] = tokens else {
        return None;
    };
    if !create.is_keyword("create") || !table.is_keyword("table") || !open.is_punctuation('(') {
        return None;
    }
    let (items, options) = split(rest)?;
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    for item in items {
        let name = item.first()?;
        if !constraints.is_empty() || begins_constraint(name) {
            constraints.extend_from_slice(item);
        } else {
            columns.push(Column {
                key: name.text.clone(),
                name: unquoted(name.raw.text),
                definition: item[1..].to_vec(),
            });
        }
    }
    let mut keys: Vec<_> = columns.iter().map(|column| &column.key).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return None;
    }
    Some(Table {
        columns,
        constraints,
        options: options.to_vec(),
    })
}

/// A piece of SQL without its comments, and with one space wherever something stood between two tokens.
pub(super) fn written(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|end| end < token.raw.offset) {
            text.push(' ');
        }
        text.push_str(token.raw.text);
        end = Some(token.raw.end());
    }
    text
}

/// What stands between the commas up to the closing parenthesis, and what follows it.
fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<(Vec<&'t [Token<'a>]>, &'t [Token<'a>])> {
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_punctuation('(') {
            depth += 1;
        } else if token.is_punctuation(')') && depth > 0 {
            depth -= 1;
        } else if token.is_punctuation(')') {
            items.push(&tokens[start..at]);
            return Some((items, &tokens[at + 1..]));
        } else if token.is_punctuation(',') && depth == 0 {
            items.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    None
}

fn begins_constraint(token: &Token<'_>) -> bool {
    ["constraint", "primary", "unique", "check", "foreign"]
        .iter()
        .any(|keyword| token.is_keyword(keyword))
}
