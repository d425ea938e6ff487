-- migrate: description "Keep the search index current by triggers"
--
-- Version 1 wrote to the index itself, and forgot documents that were taken away.

CREATE TRIGGER IF NOT EXISTS documents_fts_insert AFTER INSERT ON documents BEGIN
  INSERT INTO documents_fts (rowid, path, title, body)
  SELECT new.id, new.path, new.title, body FROM content WHERE hash = new.hash;
END;

CREATE TRIGGER IF NOT EXISTS documents_fts_delete AFTER DELETE ON documents BEGIN
  DELETE FROM documents_fts WHERE rowid = old.id;
END;

CREATE TRIGGER IF NOT EXISTS documents_fts_update AFTER UPDATE OF id, path, title, hash ON documents BEGIN
  DELETE FROM documents_fts WHERE rowid = old.id;
  INSERT INTO documents_fts (rowid, path, title, body)
  SELECT new.id, new.path, new.title, body FROM content WHERE hash = new.hash;
END;

DELETE FROM documents_fts;

INSERT INTO documents_fts (rowid, path, title, body)
SELECT documents.id, documents.path, documents.title, content.body
FROM documents JOIN content ON content.hash = documents.hash;
