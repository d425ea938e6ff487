//! Texts as they may stand in SQL, whatever they are and however the connection is set.

/// How many bytes a name has at most. The server cuts off what is more, without a word.
pub(super) const LONGEST_NAME: usize = 63;

/// A string. It is written so that it means the same whether a backslash is special in plain strings
/// (`standard_conforming_strings`) or not.
pub(super) fn text(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A string, or `NULL`.
pub(super) fn optional(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), text)
}

/// A `DO` statement with this body.
pub(super) fn block(body: &str) -> String {
    let mut tag = "$migrate_core$".to_owned();
    while body.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("DO {tag}{body}{tag}")
}

#[cfg(test)]
mod tests {
    use migrate_source::sql::quoted_name;

    use super::{block, text};

    #[test]
    fn what_is_quoted_stays_what_it_is() {
        assert_eq!(quoted_name("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("it's \\ 1"), "E'it''s \\\\ 1'");
        assert_eq!(
            block("BEGIN END"),
            "DO $migrate_core$BEGIN END$migrate_core$"
        );
        assert!(block("a $migrate_core$ b").starts_with("DO $migrate_core_$a"));
    }
}
