//! What a script says about rows that shall go.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::sql::{Statement, Token, TokenKind, single_statements, tokens};

use crate::failure::Failure;
use crate::run::bare;
use crate::set::Script;

/// The rows that a script says it deletes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deletions {
    /// Of whichever table.
    any: bool,
    /// Of these, in lower case.
    tables: BTreeSet<String>,
}

impl Deletions {
    /// All there are: of code nothing is known.
    pub(crate) fn any() -> Deletions {
        Deletions {
            any: true,
            ..Deletions::default()
        }
    }

    /// A script says so by `DELETE`, by taking the place of rows, or by dropping a table and creating
    /// another of that name without a look at what was in the first.
    pub(crate) fn of(script: &Script<'_>) -> Deletions {
        let statements = single_statements(script.sql, Database::Sqlite);
        let statements: Vec<Words<'_>> = statements.iter().map(Words::of).collect();
        let any = statements.iter().any(Words::deletes);
        let mut tables = BTreeSet::new();
        for (at, statement) in statements.iter().enumerate() {
            let Some(dropped) = statement.table_after("DROP") else {
                continue;
            };
            let created = |other: &Words<'_>| other.table_after("CREATE") == Some(dropped.clone());
            let read = |other: &Words<'_>| other.mentions(&dropped);
            if statements[at..].iter().any(created) && !statements[..at].iter().any(read) {
                tables.insert(dropped);
            }
        }
        Deletions { any, tables }
    }

    /// Whether rows of `table`, in lower case, may go.
    pub(crate) fn rows_of(&self, table: &str) -> bool {
        self.any || self.tables.contains(table)
    }
}

/// The table, in lower case, for which a script has a row that one of its own is in the way of: one
/// that was there before. Where the application has made no such row, there is none in the way.
pub(crate) fn seeded(script: &Script<'_>, failure: &Failure) -> Option<String> {
    let table = failure.not_unique()?.to_lowercase();
    let statements = single_statements(script.sql, Database::Sqlite);
    let failing = statements
        .iter()
        .rfind(|statement| statement.offset <= failure.span.0)?;
    let inserts = ["INSERT", "REPLACE", "WITH"];
    let inserts = inserts.iter().any(|word| Words::of(failing).begins(word));
    let created = statements
        .iter()
        .any(|statement| Words::of(statement).table_after("CREATE").as_ref() == Some(&table));
    (inserts && !created).then_some(table)
}

/// A statement as its tokens, without comments.
struct Words<'s>(Vec<Token<'s>>);

impl<'s> Words<'s> {
    fn of(statement: &Statement<'s>) -> Words<'s> {
        let tokens = tokens(statement.text, Database::Sqlite);
        Words(tokens.filter(|token| !token.kind.is_comment()).collect())
    }

    fn begins(&self, word: &str) -> bool {
        self.0.first().is_some_and(|token| token.is_keyword(word))
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|token| token.is_keyword(word))
    }

    fn deletes(&self) -> bool {
        let pairs = self.0.windows(2);
        let or_replace = pairs
            .into_iter()
            .any(|pair| pair[0].is_keyword("OR") && pair[1].is_keyword("REPLACE"));
        self.begins("DELETE")
            || self.begins("REPLACE")
            || (self.begins("WITH") && self.has("DELETE"))
            || (or_replace && !self.begins("CREATE"))
    }

    /// The table of `DROP TABLE IF EXISTS t` or `CREATE TABLE IF NOT EXISTS t`, in lower case.
    fn table_after(&self, verb: &str) -> Option<String> {
        let mut tokens = self.0.iter().peekable();
        tokens.next_if(|token| token.is_keyword(verb))?;
        while tokens
            .next_if(|token| token.is_keyword("TEMP") || token.is_keyword("VIRTUAL"))
            .is_some()
        {}
        tokens.next_if(|token| token.is_keyword("TABLE"))?;
        while tokens
            .next_if(|token| {
                ["IF", "NOT", "EXISTS"]
                    .iter()
                    .any(|word| token.is_keyword(word))
            })
            .is_some()
        {}
        let mut name = tokens.next()?;
        if tokens.next_if(|token| token.is_punctuation('.')).is_some() {
            name = tokens.next()?;
        }
        Some(bare(name.text).to_lowercase())
    }

    /// Whether it names a table in any way.
    fn mentions(&self, table: &str) -> bool {
        let mut names = self
            .0
            .iter()
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName));
        names.any(|token| bare(token.text).eq_ignore_ascii_case(table))
    }
}
