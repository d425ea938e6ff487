//! Where in a statement its failure lies, as SQLite tells it.

use super::tokens;
use crate::Database;

/// What SQLite says of a statement that it does not understand, and the bytes it means: offset and
/// length. `text` is the text of rusqlite's error.
///
/// `rusqlite::Error::SqlInputError` has both, but up to rusqlite 0.40 the variant exists only with
/// some features, and a library cannot see with which. Its text always has the form
/// `MESSAGE in STATEMENT at offset N`. SQLite knows no offset of some errors, such as a missing table.
///
/// ```
/// # use migrate_source::sql::sqlite_failure;
/// let sql = "ALTER TABEL users";
/// let text = format!(r#"near "TABEL": syntax error in {sql} at offset 6"#);
/// let failure = sqlite_failure(&text, sql);
/// assert_eq!(failure, Some((r#"near "TABEL": syntax error"#.to_owned(), (6, 5))));
/// ```
#[must_use]
pub fn sqlite_failure(text: &str, statement: &str) -> Option<(String, (usize, usize))> {
    let (text, offset) = text.rsplit_once(" at offset ")?;
    let offset: usize = offset.parse().ok()?;
    let message = text.strip_suffix(statement)?.strip_suffix(" in ")?;
    let meant = statement.get(offset..)?;
    let len = tokens(meant, Database::Sqlite)
        .next()
        .map_or(1, |token| token.text.len());
    Some((message.to_owned(), (offset, len)))
}
