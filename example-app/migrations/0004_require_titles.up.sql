-- SQLite cannot add NOT NULL to a column that is there, so the table is made anew:
-- https://www.sqlite.org/lang_altertable.html#otheralter
-- Dropping the old one takes no tags along, since migrations run with foreign keys off.
CREATE TABLE new_notes (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at TEXT NOT NULL
);

INSERT INTO new_notes (id, title, text, created_at)
SELECT id, title, text, created_at FROM notes;

DROP TABLE notes;
ALTER TABLE new_notes RENAME TO notes;
