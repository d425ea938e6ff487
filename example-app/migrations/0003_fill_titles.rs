// Gives a title to the notes that were written before there were any: the first line of the text.
//
// The rule stands here in full and does not call the program's own, which may change. A migration
// does the same for ever.

use migrate_core::rusqlite::{Connection, Result};

pub fn up(db: &Connection) -> Result<()> {
    let mut notes = db.prepare("SELECT id, text FROM notes WHERE title IS NULL")?;
    let mut entitle = db.prepare("UPDATE notes SET title = ?2 WHERE id = ?1")?;
    let rows = notes.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let untitled: Vec<(i64, String)> = rows.collect::<Result<_>>()?;
    for (id, text) in untitled {
        let first_line = text.trim().lines().next().unwrap_or_default();
        let title: String = first_line.trim().chars().take(60).collect();
        entitle.execute((id, title))?;
    }
    Ok(())
}

pub fn down(db: &Connection) -> Result<()> {
    db.execute("UPDATE notes SET title = NULL", ())?;
    Ok(())
}
