CREATE TABLE old_notes (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  created_at TEXT NOT NULL,
  title TEXT
);

INSERT INTO old_notes (id, text, created_at, title)
SELECT id, text, created_at, title FROM notes;

DROP TABLE notes;
ALTER TABLE old_notes RENAME TO notes;
