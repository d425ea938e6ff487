//! Statements that run outside of any transaction, and what is left of one that did not come to its end.

use migrate_source::Database;
use migrate_source::sql::{Token, TokenKind, tokens, unquoted};

use crate::backend::postgres::blocked::OF_DATABASE;
use crate::backend::postgres::quote::{LONGEST_NAME, text};

/// The comment before a statement by which others see, in the list of what connections do, which run it
/// is of. The process that a claim was recorded by tells nothing: a pooler may give each statement
/// another one.
pub(super) fn mark(token: &str) -> String {
    format!("/* migrate_core {token} */")
}

/// Why it is not known what is left of an index without a name: PostgreSQL has named it, or none is there.
pub(super) const UNNAMED: &str = "a run that did not come to its end has begun to create an index without a name, and \
     may have left it, finished or invalid\n  = help: look for it, finish the migration by hand, and say so \
     with `Migrator::mark`";

/// A statement that creates or drops an index concurrently.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) creates: bool,
    /// The name as the catalog has it, where it is created.
    name: String,
    /// The table where it is created, the index where it is dropped: as it is written.
    on: String,
}

impl Index {
    /// `None` for any other statement, and for an index that is not named.
    pub(super) fn of(statement: &str) -> Option<Index> {
        let mut tokens = tokens(statement, Database::Postgres)
            .filter(|token| !token.kind.is_comment())
            .peekable();
        let creates = match tokens.next()? {
            word if word.is_keyword("CREATE") => true,
            word if word.is_keyword("DROP") => false,
            _ => return None,
        };
        tokens.next_if(|token| creates && token.is_keyword("UNIQUE"));
        tokens.next_if(|token| token.is_keyword("INDEX"))?;
        tokens.next_if(|token| token.is_keyword("CONCURRENTLY"))?;
        if tokens.next_if(|token| token.is_keyword("IF")).is_some() {
            tokens.next_if(|token| token.is_keyword("NOT"));
            tokens.next_if(|token| token.is_keyword("EXISTS"))?;
        }
        let mut name = String::new();
        if creates {
            let token = tokens.next_if(|token| !token.is_keyword("ON"))?;
            name = catalog_name(&token)?;
            tokens.next_if(|token| token.is_keyword("ON"))?;
            tokens.next_if(|token| token.is_keyword("ONLY"));
        }
        let mut on = tokens.next()?.text.to_owned();
        while let Some(dot) = tokens.next_if(|token| token.is_punctuation('.')) {
            on.push_str(dot.text);
            on.push_str(tokens.next()?.text);
        }
        Some(Index { creates, name, on })
    }

    /// Asks for the index: whether it is valid, its full name, and whether another connection has the
    /// lock on the table that building an index takes.
    pub(super) fn question(&self) -> String {
        let is_it = if self.creates {
            format!(
                "i.indrelid = pg_catalog.to_regclass({}) AND c.relname = {}",
                text(&self.on),
                text(&self.name)
            )
        } else {
            format!("c.oid = pg_catalog.to_regclass({})", text(&self.on))
        };
        format!(
            "SELECT i.indisvalid, pg_catalog.format('%I.%I', n.nspname, c.relname), \
             EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.relation = i.indrelid AND l.granted \
             AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() \
             AND {OF_DATABASE}) \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {is_it}"
        )
    }
}

/// A name as the catalog has it: without its quotes, or in lower case, and not longer than it can be.
fn catalog_name(token: &Token<'_>) -> Option<String> {
    let mut name = match token.kind {
        TokenKind::Word => token.text.to_ascii_lowercase(),
        TokenKind::QuotedName => unquoted(token.text).into_owned(),
        _ => return None,
    };
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn index_of_a_statement() {
        let check = |statement, expected: Option<(bool, &str, &str)>| {
            let expected = expected.map(|(creates, name, on)| Index {
                creates,
                name: name.to_owned(),
                on: on.to_owned(),
            });
            assert_eq!(Index::of(statement), expected, "{statement}");
        };
        check(
            "CREATE INDEX CONCURRENTLY A_x ON a (x);",
            Some((true, "a_x", "a")),
        );
        check(
            "create unique index concurrently if not exists \"A\"\"x\" on only s.\"A\" (x)",
            Some((true, "A\"x", "s.\"A\"")),
        );
        check(
            "DROP INDEX CONCURRENTLY IF EXISTS s . a_x;",
            Some((false, "", "s.a_x")),
        );
        check("CREATE INDEX CONCURRENTLY ON a (x);", None);
        check("CREATE INDEX a_x ON a (x);", None);
        check("VACUUM a", None);
        check("CREATE", None);
    }
}
