//! Names with their quotes and without.

use std::borrow::Cow;

/// A name as it may stand in SQL, whatever it is: in the double quotes that every database knows.
///
/// ```
/// # use migrate_source::sql::quoted_name;
/// assert_eq!(quoted_name("odd \"one\""), r#""odd ""one""""#);
/// ```
#[must_use]
pub fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name as it is meant, in the case it is written in: without its quotes, of any kind that SQLite
/// knows, which takes a string for a name as well.
///
/// ```
/// # use migrate_source::sql::unquoted;
/// for name in ["a", "\"a\"", "`a`", "[a]", "'a'"] {
///     assert_eq!(unquoted(name), "a");
/// }
/// ```
#[must_use]
pub fn unquoted(name: &str) -> Cow<'_, str> {
    let (end, quote) = match name.as_bytes().first() {
        Some(b'[') => ("]", None),
        Some(b'"') => ("\"", Some("\"\"")),
        Some(b'`') => ("`", Some("``")),
        Some(b'\'') => ("'", Some("''")),
        _ => return Cow::Borrowed(name),
    };
    let inner = &name[1..];
    let inner = inner.strip_suffix(end).unwrap_or(inner);
    match quote {
        Some(doubled) if inner.contains(doubled) => Cow::Owned(inner.replace(doubled, end)),
        _ => Cow::Borrowed(inner),
    }
}
