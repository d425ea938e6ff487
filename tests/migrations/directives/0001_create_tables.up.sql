-- migrate: irreversible
-- migrate: description "all the tables"
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE notes (
    text TEXT,
    title TEXT,
    author INTEGER REFERENCES users (id) ON DELETE CASCADE
);
