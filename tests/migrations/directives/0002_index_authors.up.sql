-- migrate: no-transaction
CREATE INDEX notes_author ON notes (author);
ANALYZE;
