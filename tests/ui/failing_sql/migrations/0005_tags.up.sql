CREATE TABLE tags (id INTEGER PRIMARY KEY, tag TEXT);
CREATE INDEX iu ON notes (user_id);
