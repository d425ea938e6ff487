//! What PostgreSQL takes and the parser does not.

use migrate_source::Database;
use migrate_source::sql::tokens;

/// The first words of statements that are right and would be taken for wrong.
const GAPS: &[&[&str]] = &[
    &["ALTER", "STATISTICS", "IF", "EXISTS"],
    &["ALTER", "USER", "MAPPING"],
    &["SET", "LOCAL", "ROLE", "TO"],
    &["SET", "ROLE", "TO"],
    &["SET", "SESSION", "ROLE", "TO"],
];

/// Whether nothing may be said of a statement.
pub(crate) fn is_gap(statement: &str) -> bool {
    let words = tokens(statement, Database::Postgres).filter(|token| !token.kind.is_comment());
    GAPS.iter().any(|gap| {
        let mut words = words.clone();
        gap.iter()
            .all(|keyword| words.next().is_some_and(|word| word.is_keyword(keyword)))
    })
}
