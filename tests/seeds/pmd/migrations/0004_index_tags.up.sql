-- migrate: description "Find documents by tag and texts by document"

CREATE INDEX IF NOT EXISTS document_tags_by_tag ON document_tags (tag);
CREATE INDEX IF NOT EXISTS documents_by_hash ON documents (hash);
