-- migrate: description "Initial schema with all core tables"
--
-- Stores from before there were versions have these tables already, so each is made only where it
-- is lacking.

CREATE TABLE IF NOT EXISTS collections (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL
);

-- Each text once, whichever documents have it. The key is its SHA-256.
CREATE TABLE IF NOT EXISTS content (
  hash TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS documents (
  id INTEGER PRIMARY KEY,
  collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  path TEXT NOT NULL,
  title TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES content,
  modified_at TEXT NOT NULL,
  UNIQUE (collection_id, path)
);

-- A row for each document, with its id.
CREATE VIRTUAL TABLE IF NOT EXISTS documents_fts USING fts5 (
  path, title, body, tokenize = 'porter unicode61'
);

-- A text is embedded piece by piece; `position` is where a piece begins.
CREATE TABLE IF NOT EXISTS content_vectors (
  hash TEXT NOT NULL REFERENCES content ON DELETE CASCADE,
  piece INTEGER NOT NULL,
  position INTEGER NOT NULL,
  model TEXT NOT NULL,
  embedding BLOB NOT NULL,
  PRIMARY KEY (hash, piece)
) WITHOUT ROWID;

-- What the documents below a path are about.
CREATE TABLE IF NOT EXISTS path_contexts (
  collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  path TEXT NOT NULL,
  context TEXT NOT NULL,
  PRIMARY KEY (collection_id, path)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ollama_cache (
  request_hash TEXT PRIMARY KEY,
  response TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;

-- Where a document was fetched from, so that it is fetched again only when it has changed.
CREATE TABLE IF NOT EXISTS source_metadata (
  document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
  uri TEXT NOT NULL,
  etag TEXT,
  fetched_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS document_metadata (
  document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (document_id, key)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS document_tags (
  document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (document_id, tag)
) WITHOUT ROWID;
