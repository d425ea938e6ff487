//! Which statements lock something that others use: not what the script itself has made.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::sql::{Token, TokenKind, single_statements, tokens};

/// The tables and indexes that a script makes, and the statements on them.
pub(crate) struct Own {
    /// The bytes of the statements on what the script has made before.
    statements: Vec<std::ops::Range<usize>>,
}

impl Own {
    pub(crate) fn of(sql: &str) -> Own {
        let mut made = BTreeSet::new();
        let mut statements = Vec::new();
        for statement in single_statements(sql, Database::Postgres) {
            let words: Vec<Token<'_>> = tokens(statement.text, Database::Postgres)
                .filter(|token| !token.kind.is_comment())
                .collect();
            let Some((makes, name)) = object(&words) else {
                continue;
            };
            let on = if makes {
                indexed(&words)
            } else {
                Some(name.clone())
            };
            if on.is_some_and(|name| made.contains(&name)) {
                statements.push(statement.offset..statement.offset + statement.text.len());
            }
            if makes {
                made.insert(name);
            }
        }
        Own { statements }
    }

    /// Whether the statement at `offset` is on something that the script has made.
    pub(crate) fn has(&self, offset: usize) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.contains(&offset))
    }
}

/// The table, view or index that a statement is about, and whether it makes it.
fn object(words: &[Token<'_>]) -> Option<(bool, String)> {
    let makes = is(words, 0, &["CREATE"]);
    if !makes && !is(words, 0, &["ALTER", "DROP"]) {
        return None;
    }
    let kinds = [
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "GLOBAL",
        "LOCAL",
        "UNIQUE",
        "FOREIGN",
        "MATERIALIZED",
    ];
    let kind = (1..words.len()).find(|&at| !is(words, at, &kinds))?;
    if !is(words, kind, &["TABLE", "INDEX", "VIEW"]) {
        return None;
    }
    Some((makes, name_from(words, kind + 1)?))
}

/// The table of the index that a statement makes.
fn indexed(words: &[Token<'_>]) -> Option<String> {
    if !is(words, 1, &["INDEX", "UNIQUE"]) {
        return None;
    }
    let on = (2..words.len()).find(|&at| is(words, at, &["ON"]))?;
    name_from(words, on + 1)
}

/// The last part of the name that begins at `at`.
fn name_from(words: &[Token<'_>], at: usize) -> Option<String> {
    let before = ["IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"];
    let mut last = (at..words.len()).find(|&at| !is(words, at, &before))?;
    let is_dot = |at: usize| words.get(at).is_some_and(|word| word.is_punctuation('.'));
    while is_dot(last + 1) && last + 2 < words.len() {
        last += 2;
    }
    name(&words[last])
}

fn is(words: &[Token<'_>], at: usize, keywords: &[&str]) -> bool {
    let word = words.get(at);
    word.is_some_and(|word| keywords.iter().any(|keyword| word.is_keyword(keyword)))
}

/// A name as the database knows it.
fn name(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text.to_lowercase()),
        TokenKind::QuotedName => {
            let inner = token.text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    }
}
