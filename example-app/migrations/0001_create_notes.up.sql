CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  created_at TEXT NOT NULL
);

-- A tag goes with its note.
CREATE TABLE tags (
  note_id INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,
  name TEXT NOT NULL,
  PRIMARY KEY (note_id, name)
) WITHOUT ROWID;
