// Gives every document its number of words, those that were there before too.
//
// The rule stands here in full and does not call the program's own, which may change. A migration
// does the same for ever.

use migrate_core::rusqlite::{Connection, Result};

pub const DESCRIPTION: &str = "Count the words of every document";
pub const CHANGES_SCHEMA: bool = true;

pub fn up(db: &Connection) -> Result<()> {
    if !db.column_exists(None, "documents", "words")? {
        db.execute("ALTER TABLE documents ADD COLUMN words INTEGER NOT NULL DEFAULT 0", ())?;
    }
    let mut texts = db.prepare("SELECT id, body FROM documents JOIN content USING (hash)")?;
    let mut count = db.prepare("UPDATE documents SET words = ?2 WHERE id = ?1")?;
    let mut rows = texts.query(())?;
    let mut words: Vec<(i64, i64)> = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(1)?.as_str()?;
        let number = body.split_whitespace().count();
        words.push((row.get(0)?, i64::try_from(number).unwrap_or(i64::MAX)));
    }
    for (id, number) in words {
        count.execute((id, number))?;
    }
    Ok(())
}

pub fn down(db: &Connection) -> Result<()> {
    db.execute("ALTER TABLE documents DROP COLUMN words", ())?;
    Ok(())
}
