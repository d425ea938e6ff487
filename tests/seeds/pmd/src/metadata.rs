//! What is known about documents: values by key, and tags.

use migrate_core::rusqlite::{Connection, OptionalExtension, Result, params};

/// Reads and writes what is known about documents.
///
/// It relies on the tables being there, which [`Database::open`](crate::Database::open) sees to: it
/// makes none.
#[derive(Debug, Clone, Copy)]
pub struct DocumentMetadataRepository<'d> {
    db: &'d Connection,
}

impl<'d> DocumentMetadataRepository<'d> {
    /// The repository of a store that is at the version of this program.
    #[must_use]
    pub fn new(db: &'d Connection) -> DocumentMetadataRepository<'d> {
        DocumentMetadataRepository { db }
    }

    /// Keeps a value of a document, in place of the one before.
    ///
    /// # Errors
    ///
    /// When there is no such document, or the store cannot be written.
    pub fn set(&self, document: i64, key: &str, value: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO document_metadata (document_id, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (document_id, key) DO UPDATE SET value = excluded.value",
            params![document, key, value],
        )?;
        Ok(())
    }

    /// A value of a document, if it has one.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn get(&self, document: i64, key: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM document_metadata WHERE document_id = ?1 AND key = ?2";
        let found = self
            .db
            .query_row(sql, params![document, key], |row| row.get(0));
        found.optional()
    }

    /// Tags a document; once more changes nothing.
    ///
    /// # Errors
    ///
    /// When there is no such document, or the store cannot be written.
    pub fn tag(&self, document: i64, tag: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO document_tags (document_id, tag) VALUES (?1, ?2)
             ON CONFLICT (document_id, tag) DO NOTHING",
            params![document, tag],
        )?;
        Ok(())
    }

    /// The paths of the documents that have a tag, in order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn tagged(&self, tag: &str) -> Result<Vec<String>> {
        let mut statement = self.db.prepare(
            "SELECT path FROM documents JOIN document_tags ON document_id = documents.id
             WHERE tag = ?1 ORDER BY path, collection_id",
        )?;
        statement.query_map([tag], |row| row.get(0))?.collect()
    }
}
