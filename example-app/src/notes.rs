//! Notes: keeping, finding and listing them. This is all the SQL of the program.

use std::collections::BTreeSet;

use migrate_core::rusqlite::{Connection, Result, Row, TransactionBehavior, named_params, params};

/// A note, as it is listed.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) title: String,
    /// The day it was written: `2025-03-01`, UTC.
    pub(crate) day: String,
}

/// A note that was found, with the words around those that were searched.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) note: Note,
    pub(crate) excerpt: String,
}

/// Keeps a note.
pub(crate) fn add(db: &mut Connection, text: &str) -> Result<Note> {
    // Immediate: one that reads before it writes is refused where another process writes too.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let note = transaction.query_row(
        "INSERT INTO notes (title, text, created_at)
         VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
         RETURNING id, title, date(created_at)",
        params![title(text), text],
        note,
    )?;
    for tag in tags(text) {
        transaction.execute(
            "INSERT INTO tags (note_id, name) VALUES (?1, ?2)",
            params![note.id, tag],
        )?;
    }
    transaction.commit()?;
    Ok(note)
}

/// The notes that have all of `words`, the best match first.
pub(crate) fn find(db: &Connection, words: &[String]) -> Result<Vec<Found>> {
    let mut statement = db.prepare(
        "SELECT notes.id, notes.title, date(notes.created_at),
                snippet(search, 0, '[', ']', '…', 12)
         FROM search JOIN notes ON notes.id = search.rowid
         WHERE search MATCH ?1
         ORDER BY search.rank, notes.id",
    )?;
    let found = statement.query_map([query(words)], |row| {
        Ok(Found {
            note: note(row)?,
            excerpt: row.get(3)?,
        })
    })?;
    found.collect()
}

/// All notes, or those with a tag, the newest first.
pub(crate) fn list(db: &Connection, tag: Option<&str>) -> Result<Vec<Note>> {
    let mut statement = db.prepare(
        "SELECT id, title, date(created_at) FROM notes
         WHERE :tag IS NULL OR id IN (SELECT note_id FROM tags WHERE name = :tag)
         ORDER BY created_at DESC, id DESC",
    )?;
    let tag = tag.map(|tag| tag.trim_start_matches('#').to_lowercase());
    let notes = statement.query_map(named_params! {":tag": tag}, note)?;
    notes.collect()
}

fn note(row: &Row<'_>) -> Result<Note> {
    Ok(Note {
        id: row.get(0)?,
        title: row.get(1)?,
        day: row.get(2)?,
    })
}

/// The first line, or what of it fits into a list.
fn title(text: &str) -> String {
    let first_line = text.trim().lines().next().unwrap_or_default();
    first_line.trim().chars().take(60).collect()
}

/// The words that begin with `#`, without it.
fn tags(text: &str) -> BTreeSet<String> {
    text.split_whitespace()
        .filter_map(|word| word.strip_prefix('#'))
        .map(|tag| tag.trim_end_matches(|c: char| c.is_ascii_punctuation()))
        .filter(|tag| !tag.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Words of a user as a query of FTS5: each a quoted string, so that none of them can be an
/// operator, and the beginning of a word will do (<https://www.sqlite.org/fts5.html#full_text_query_syntax>).
fn query(words: &[String]) -> String {
    let quoted = words
        .iter()
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        let long = "ä".repeat(61);
        for (text, expected) in [
            ("milk", "milk"),
            ("\n  milk  \nand bread", "milk"),
            ("", ""),
            (long.as_str(), &long[..120]),
        ] {
            assert_eq!(title(text), expected, "{text:?}");
        }
    }

    #[test]
    fn tags_of_a_text() {
        for (text, expected) in [
            ("no tag", vec![]),
            ("#b and #A, #a.", vec!["a", "b"]),
            ("C# # #! a#b", vec![]),
        ] {
            assert_eq!(Vec::from_iter(tags(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn queries() {
        for (words, expected) in [
            (vec!["milk"], r#""milk"*"#),
            (vec!["milk", "OR", "a b"], r#""milk"* "OR"* "a b"*"#),
            (vec![r#"" OR title:x"#], r#"""" OR title:x"*"#),
        ] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            assert_eq!(query(&words), expected);
        }
    }
}
