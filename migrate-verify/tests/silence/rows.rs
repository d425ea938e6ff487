//! Rows that go, and rows that may stay.

use crate::{NOTES, USERS, check};

#[test]
fn filter_for_some_kinds_of_rows() {
    check(&[
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, level TEXT, user_id INT);",
        "CREATE TABLE logs_new (id INTEGER PRIMARY KEY, level TEXT, user_id INT NOT NULL);
         INSERT INTO logs_new SELECT * FROM logs WHERE user_id IS NOT NULL;
         DROP TABLE logs;
         ALTER TABLE logs_new RENAME TO logs;",
    ]);
}

#[test]
fn filter_for_a_kind() {
    check(&[
        "CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);",
        "CREATE TABLE events_new (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);
         INSERT INTO events_new SELECT id, kind FROM events WHERE kind <> 'obsolete';
         DROP TABLE events;
         ALTER TABLE events_new RENAME TO events;",
        "CREATE TABLE events_new (id INTEGER PRIMARY KEY, kind TEXT NOT NULL);
         INSERT INTO events_new SELECT id, kind FROM events WHERE kind IN ('login', 'logout');
         DROP TABLE events;
         ALTER TABLE events_new RENAME TO events;",
    ]);
}

#[test]
fn insert_or_ignore() {
    check(&[
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL);",
        "CREATE TABLE tags_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
         INSERT OR IGNORE INTO tags_new SELECT id, name FROM tags;
         DROP TABLE tags;
         ALTER TABLE tags_new RENAME TO tags;",
        "INSERT OR IGNORE INTO tags (id, name) VALUES (1, 'first');",
        "INSERT INTO tags (name) VALUES ('second') ON CONFLICT (name) DO NOTHING;",
    ]);
}

#[test]
fn duplicates_deleted_before_unique() {
    check(&[
        "CREATE TABLE links (id INTEGER PRIMARY KEY, url TEXT);",
        "DELETE FROM links WHERE id NOT IN (SELECT min(id) FROM links GROUP BY url);
         CREATE UNIQUE INDEX links_url ON links (url);",
    ]);
}

#[test]
fn deleted_rows() {
    check(&[
        USERS,
        NOTES,
        "DELETE FROM notes;",
        "DELETE FROM notes WHERE body IS NULL;",
        "WITH old AS (SELECT id FROM notes) DELETE FROM notes WHERE id IN (SELECT id FROM old);",
        "REPLACE INTO users (id, name) VALUES (1, 'x');",
        "DELETE FROM notes; DELETE FROM users;",
    ]);
}

#[test]
fn dropped_and_made_again() {
    check(&[
        "CREATE TABLE cache (k TEXT PRIMARY KEY, v BLOB);",
        "DROP TABLE cache; CREATE TABLE cache (k TEXT PRIMARY KEY, v BLOB, expires INT NOT NULL);",
        "DROP TABLE IF EXISTS cache; CREATE TABLE IF NOT EXISTS cache (k TEXT PRIMARY KEY);",
        "DROP TABLE \"main\".\"cache\"; CREATE TABLE \"main\".\"cache\" (k TEXT PRIMARY KEY) WITHOUT ROWID;",
        "drop table cache; create table Cache (k TEXT PRIMARY KEY);",
    ]);
}

#[test]
fn kept_under_another_name() {
    check(&[
        USERS,
        "ALTER TABLE users RENAME TO users_backup;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        "DROP TABLE users_backup;",
    ]);
    check(&[
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, line TEXT);
         CREATE TABLE archive (id INTEGER PRIMARY KEY, line TEXT);",
        "INSERT INTO archive (line) SELECT line FROM logs;
         DROP TABLE logs;
         CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT);",
        "CREATE TABLE logs_of_2024 AS SELECT * FROM logs;
         DROP TABLE logs;
         CREATE TABLE logs (line TEXT);",
    ]);
}

#[test]
fn rows_that_a_trigger_or_a_constraint_lets_go() {
    check(&[
        "CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT);
         CREATE TABLE latest (k INT UNIQUE ON CONFLICT REPLACE, x INT);",
        "CREATE TRIGGER only_the_last AFTER INSERT ON log BEGIN DELETE FROM log WHERE id < new.id; END;",
        "INSERT INTO log (line) VALUES ('started');",
        "UPDATE latest SET k = 1;",
    ]);
}

#[test]
fn dropped_child_and_parent() {
    check(&[USERS, NOTES, "DROP TABLE notes; DROP TABLE users;"]);
    check(&[USERS, NOTES, "DROP TABLE users; DROP TABLE notes;"]);
}

#[test]
fn filled_before_it_is_constrained() {
    check(&[
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        "ALTER TABLE users ADD COLUMN slug TEXT;
         UPDATE users SET slug = lower(coalesce(name, '')) || '-' || id;
         CREATE UNIQUE INDEX users_slug ON users (slug);",
        "ALTER TABLE users ADD COLUMN token TEXT;
         UPDATE users SET token = lower(hex(randomblob(16))) WHERE token IS NULL;
         CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, slug TEXT UNIQUE, token TEXT NOT NULL UNIQUE);
         INSERT INTO users_new SELECT id, name, slug, token FROM users;
         DROP TABLE users;
         ALTER TABLE users_new RENAME TO users;",
    ]);
}

#[test]
fn columns_with_defaults() {
    check(&[
        USERS,
        "ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user';
         ALTER TABLE users ADD COLUMN active BOOLEAN NOT NULL DEFAULT 1 CHECK (active IN (0, 1));
         ALTER TABLE users ADD COLUMN team_id INTEGER REFERENCES users (id);
         ALTER TABLE users ADD COLUMN note TEXT CHECK (length(note) < 100);",
        "ALTER TABLE users RENAME COLUMN role TO kind;",
        "ALTER TABLE users DROP COLUMN note;",
    ]);
}

#[test]
fn rows_of_the_migrations_themselves() {
    check(&[
        USERS,
        NOTES,
        "INSERT INTO users (id, name) VALUES (1, 'root');
         INSERT INTO notes (id, user_id, body) VALUES (1, 1, 'welcome');",
        "INSERT INTO users (id, name) SELECT 2, 'guest' WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 2);",
        "WITH RECURSIVE n (x) AS (SELECT 100 UNION ALL SELECT x + 1 FROM n WHERE x < 200)
         INSERT INTO users (id, name) SELECT x, 'user ' || x FROM n;",
        "UPDATE users SET name = 'admin' WHERE id = 1;",
    ]);
}

#[test]
fn configuration_with_fixed_keys() {
    check(&[
        "CREATE TABLE config (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
        "INSERT INTO config (name, value) VALUES ('theme', 'light'), ('lang', 'en');",
        "UPDATE config SET value = 'dark' WHERE name = 'theme';",
        "INSERT INTO config VALUES ('created', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));",
    ]);
}
