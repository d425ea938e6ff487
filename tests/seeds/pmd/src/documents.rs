//! Documents: adding them and finding them.

use std::path::Path;

use hmac_sha256::Hash;
use migrate_core::rusqlite::{Connection, Result, TransactionBehavior, params};

/// The documents of a store.
#[derive(Debug)]
pub struct Documents<'d> {
    db: &'d mut Connection,
}

/// A document to add.
#[derive(Debug, Clone, Copy)]
pub struct NewDocument<'t> {
    /// The collection it belongs to, which is made when there is none of this name.
    pub collection: &'t str,
    /// Its name in the collection. One that is there already is replaced.
    pub path: &'t str,
    /// Its text.
    pub body: &'t str,
}

/// A document of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its number in the store.
    pub id: i64,
    /// The first line with words, without the signs of a heading; else its path.
    pub title: String,
    /// How many words it has.
    pub words: i64,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name in its collection.
    pub path: String,
    /// Its title.
    pub title: String,
    /// The words around those that were searched, which stand in brackets.
    pub excerpt: String,
}

impl<'d> Documents<'d> {
    pub(crate) fn new(db: &'d mut Connection) -> Documents<'d> {
        Documents { db }
    }

    /// Adds a document, or replaces the one of the same path.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn add(&mut self, new: &NewDocument<'_>) -> Result<Document> {
        // Immediate: one that reads before it writes is refused where another process writes too.
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT INTO collections (name, created_at) VALUES (?1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
             ON CONFLICT (name) DO NOTHING",
            [new.collection],
        )?;
        let hash = hash(new.body);
        transaction.execute(
            "INSERT INTO content (hash, body, created_at) VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
             ON CONFLICT (hash) DO NOTHING",
            [hash.as_str(), new.body],
        )?;
        let words = i64::try_from(new.body.split_whitespace().count()).unwrap_or(i64::MAX);
        let title = title(new.body, new.path);
        let id = transaction.query_row(
            "INSERT INTO documents (collection_id, path, title, hash, words, modified_at)
             SELECT id, ?2, ?3, ?4, ?5, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
             FROM collections WHERE name = ?1
             ON CONFLICT (collection_id, path) DO UPDATE SET
               title = excluded.title, hash = excluded.hash, words = excluded.words,
               modified_at = excluded.modified_at
             RETURNING id",
            params![new.collection, new.path, title, hash, words],
            |row| row.get(0),
        )?;
        transaction.commit()?;
        Ok(Document { id, title, words })
    }

    /// The documents that have all of `words`, the best match first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn search(&self, words: &[String]) -> Result<Vec<Found>> {
        let mut statement = self.db.prepare(
            "SELECT path, title, snippet(documents_fts, 2, '[', ']', '…', 12)
             FROM documents_fts WHERE documents_fts MATCH ?1 ORDER BY rank, rowid",
        )?;
        let found = statement.query_map([query(words)], |row| {
            Ok(Found {
                path: row.get(0)?,
                title: row.get(1)?,
                excerpt: row.get(2)?,
            })
        })?;
        found.collect()
    }
}

fn hash(body: &str) -> String {
    let bytes = Hash::hash(body.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn title(body: &str, path: &str) -> String {
    let lines = body.lines().map(|line| line.trim_start_matches('#').trim());
    let mut titles = lines.filter(|line| !line.is_empty());
    let name = || {
        Path::new(path)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
    };
    titles
        .next()
        .map_or_else(|| name().into_owned(), str::to_owned)
}

/// Words of a user as a query of FTS5: each a quoted string, so that none of them is an operator
/// (<https://www.sqlite.org/fts5.html#full_text_query_syntax>).
fn query(words: &[String]) -> String {
    let quoted = words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}
