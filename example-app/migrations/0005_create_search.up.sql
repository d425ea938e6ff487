-- An index over the words of all notes. It keeps no copy of the text, so triggers tell it what
-- has changed: https://www.sqlite.org/fts5.html#external_content_tables
CREATE VIRTUAL TABLE search USING fts5 (text, content = 'notes', content_rowid = 'id');

INSERT INTO search (search) VALUES ('rebuild');

CREATE TRIGGER search_insert AFTER INSERT ON notes BEGIN
  INSERT INTO search (rowid, text) VALUES (new.id, new.text);
END;

CREATE TRIGGER search_delete AFTER DELETE ON notes BEGIN
  INSERT INTO search (search, rowid, text) VALUES ('delete', old.id, old.text);
END;

CREATE TRIGGER search_update AFTER UPDATE OF id, text ON notes BEGIN
  INSERT INTO search (search, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO search (rowid, text) VALUES (new.id, new.text);
END;
