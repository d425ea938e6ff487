//! What a script says about rows that shall go.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::sql::{Statement, Token, tokens, unquoted};

use crate::failure::Failure;
use crate::set::Script;

/// The rows that a script says it deletes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deletions {
    /// Of whichever table.
    any: bool,
    /// Of these, in lower case.
    tables: BTreeSet<String>,
    /// Those of `tables` from which it says to delete, so that triggers may delete elsewhere.
    deleted: BTreeSet<String>,
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
    /// another of that name, unless it looks into the first before. One that neither drops nor renames a
    /// table loses no rows but by its triggers and constraints, which are meant so.
    pub(crate) fn of(script: &Script<'_>) -> Deletions {
        let statements = script.statements();
        let statements: Vec<Words<'_>> = statements.iter().map(Words::of).collect();
        let takes_away =
            |words: &Words<'_>| words.table_after("DROP").is_some() || words.renamed_to().is_some();
        // With foreign keys enforced, a row takes others along.
        let mut deleted: BTreeSet<String> = statements.iter().filter_map(Words::deletes).collect();
        let any =
            (script.foreign_keys && !deleted.is_empty()) || !statements.iter().any(takes_away);
        for statement in &statements {
            // A table that was thinned out may be renamed.
            if let (Some(from), Some(to)) = (statement.table_after("ALTER"), statement.renamed_to())
                && deleted.contains(&from)
            {
                deleted.insert(to);
            }
        }
        let mut tables = deleted.clone();
        for (at, statement) in statements.iter().enumerate() {
            let (before, after) = (&statements[..at], &statements[at..]);
            if let Some(dropped) = statement.table_after("DROP") {
                let created =
                    |words: &Words<'_>| words.table_after("CREATE").as_ref() == Some(&dropped);
                // What is copied to a table that stays is not lost.
                let moved = |words: &Words<'_>| {
                    words
                        .target()
                        .is_some_and(|to| to != dropped && stays(&to, &statements))
                };
                let reads: Vec<_> = before
                    .iter()
                    .filter(|words| words.mentions(&dropped))
                    .collect();
                let let_go = reads.is_empty() || reads.into_iter().any(moved);
                if after.iter().any(created) && let_go {
                    tables.insert(dropped);
                }
            } else if let (Some(from), Some(to)) =
                (statement.table_after("ALTER"), statement.renamed_to())
                && stays(&to, after)
            {
                // The rows are there under another name.
                tables.insert(from);
            }
        }
        Deletions {
            any,
            tables,
            deleted,
        }
    }

    /// Whether rows of `table`, in lower case, may go.
    pub(crate) fn rows_of(&self, table: &str) -> bool {
        self.any || self.tables.contains(table)
    }

    /// The tables, in lower case, from which it says to delete.
    pub(crate) fn deleted(&self) -> &BTreeSet<String> {
        &self.deleted
    }
}

/// The table, in lower case, for which a script has a row that one of its own is in the way of: one
/// that was there before. Where the application has made no such row, there is none in the way.
pub(crate) fn seeded(script: &Script<'_>, failure: &Failure) -> Option<String> {
    let table = failure.not_unique()?.to_lowercase();
    let statements = script.statements();
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

/// Whether a table is there when all of these statements have run, under this very name.
fn stays(table: &str, statements: &[Words<'_>]) -> bool {
    let is = |name: Option<String>| name.as_deref() == Some(table);
    !statements.iter().any(|words| {
        is(words.table_after("DROP"))
            || (words.renamed_to().is_some() && is(words.table_after("ALTER")))
            || (words.is_temporary() && is(words.table_after("CREATE")))
    })
}

/// The name at the start of tokens, in lower case, without the schema that it belongs to.
fn name_of<'t, 's: 't>(tokens: impl Iterator<Item = &'t Token<'s>>) -> Option<String> {
    let mut tokens = tokens.peekable();
    let mut name = tokens.next()?;
    if tokens.next_if(|token| token.is_punctuation('.')).is_some() {
        name = tokens.next()?;
    }
    Some(unquoted(name.text).to_lowercase())
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

    /// The table, in lower case, of `DELETE FROM t`, `REPLACE INTO t`, `INSERT OR REPLACE INTO t` and
    /// `UPDATE OR REPLACE t`, perhaps after a `WITH`.
    fn deletes(&self) -> Option<String> {
        if self.begins("CREATE") {
            return None;
        }
        let pair = |first: &str, second: &str| {
            let mut pairs = self.0.windows(2);
            pairs.position(|pair| pair[0].is_keyword(first) && pair[1].is_keyword(second))
        };
        let replaces = self.begins("REPLACE") || pair("OR", "REPLACE").is_some();
        let at = match (pair("DELETE", "FROM"), replaces) {
            (Some(at), _) => at,
            (None, true) => pair("REPLACE", "INTO").or_else(|| pair("OR", "REPLACE"))?,
            (None, false) => return None,
        };
        name_of(self.0[at + 2..].iter())
    }

    /// The table of `DROP TABLE IF EXISTS t`, `CREATE TABLE IF NOT EXISTS t` or `ALTER TABLE t`, in lower
    /// case.
    fn table_after(&self, verb: &str) -> Option<String> {
        let mut tokens = self.0.iter().peekable();
        tokens.next_if(|token| token.is_keyword(verb))?;
        while tokens
            .next_if(|token| {
                ["TEMP", "TEMPORARY", "VIRTUAL"]
                    .iter()
                    .any(|word| token.is_keyword(word))
            })
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
        name_of(tokens)
    }

    /// The new name of `ALTER TABLE t RENAME TO u`, in lower case.
    fn renamed_to(&self) -> Option<String> {
        if !self.begins("ALTER") {
            return None;
        }
        let renames =
            |three: &[Token<'_>]| three[0].is_keyword("RENAME") && three[1].is_keyword("TO");
        let name = self.0.windows(3).find(|three| renames(three))?;
        Some(unquoted(name[2].text).to_lowercase())
    }

    /// The table that it puts rows into which it reads elsewhere, in lower case: of `INSERT INTO t SELECT …`
    /// or `CREATE TABLE t AS SELECT …`.
    fn target(&self) -> Option<String> {
        if !self.has("SELECT") {
            return None;
        }
        let into = self.0.iter().position(|token| token.is_keyword("INTO"));
        match into {
            Some(at) if !self.begins("CREATE") => name_of(self.0[at + 1..].iter()),
            _ => self.table_after("CREATE"),
        }
    }

    fn is_temporary(&self) -> bool {
        self.has("TEMP") || self.has("TEMPORARY")
    }

    /// Whether it names a table in any way.
    fn mentions(&self, table: &str) -> bool {
        let mut names = self.0.iter().filter(|token| token.kind.is_name());
        names.any(|token| unquoted(token.text).eq_ignore_ascii_case(table))
    }
}
