//! What SQLite has.

use crate::{USERS, check, check_files};

#[test]
fn full_text_index_with_external_content() {
    check(&[
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT);",
        "CREATE VIRTUAL TABLE posts_fts USING fts5 (title, body, content = 'posts', content_rowid = 'id');
         INSERT INTO posts_fts (rowid, title, body) SELECT id, title, body FROM posts;
         CREATE TRIGGER posts_ai AFTER INSERT ON posts BEGIN
           INSERT INTO posts_fts (rowid, title, body) VALUES (new.id, new.title, new.body);
         END;
         CREATE TRIGGER posts_ad AFTER DELETE ON posts BEGIN
           INSERT INTO posts_fts (posts_fts, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
         END;
         CREATE TRIGGER posts_au AFTER UPDATE ON posts BEGIN
           INSERT INTO posts_fts (posts_fts, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
           INSERT INTO posts_fts (rowid, title, body) VALUES (new.id, new.title, new.body);
         END;",
        "INSERT INTO posts_fts (posts_fts) VALUES ('rebuild');",
        "ALTER TABLE posts ADD COLUMN author TEXT;
         UPDATE posts SET author = 'nobody';",
        "DROP TRIGGER posts_ai; DROP TRIGGER posts_ad; DROP TRIGGER posts_au;
         DROP TABLE posts_fts;
         CREATE VIRTUAL TABLE posts_fts USING fts5 (title, body, author, tokenize = 'porter unicode61');
         INSERT INTO posts_fts (rowid, title, body, author) SELECT id, title, body, author FROM posts;",
    ]);
}

#[test]
fn full_text_index_with_a_down() {
    check_files(&[
        (
            "0001_posts.sql",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);",
        ),
        (
            "0002_search.up.sql",
            "CREATE VIRTUAL TABLE search USING fts5 (title);
             CREATE TRIGGER posts_search AFTER INSERT ON posts BEGIN
               INSERT INTO search (rowid, title) VALUES (new.id, new.title);
             END;",
        ),
        (
            "0002_search.down.sql",
            "DROP TRIGGER posts_search; DROP TABLE search;",
        ),
    ]);
}

#[test]
fn rtree() {
    check(&[
        "CREATE VIRTUAL TABLE places USING rtree (id, min_x, max_x, min_y, max_y);
         CREATE VIEW wide AS SELECT id FROM places WHERE max_x - min_x > 10;",
        "INSERT INTO places VALUES (1, 0, 1, 0, 1);",
    ]);
}

#[test]
fn generated_columns() {
    check(&[
        "CREATE TABLE items (
           id INTEGER PRIMARY KEY,
           data TEXT NOT NULL CHECK (json_valid(data)),
           name TEXT GENERATED ALWAYS AS (json_extract(data, '$.name')) VIRTUAL,
           size INT AS (length(data)) STORED
         );
         CREATE INDEX items_name ON items (name);",
        "ALTER TABLE items ADD COLUMN kind TEXT AS (json_extract(data, '$.kind'));",
        "CREATE TABLE items_new (id INTEGER PRIMARY KEY, data TEXT NOT NULL CHECK (json_valid(data)),
           name TEXT AS (data ->> 'name'));
         INSERT INTO items_new (id, data) SELECT id, data FROM items;
         DROP TABLE items;
         ALTER TABLE items_new RENAME TO items;",
    ]);
}

#[test]
fn strict_and_without_rowid() {
    check(&[
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x REAL, y BLOB NOT NULL, z ANY) STRICT;
         CREATE TABLE b (k TEXT NOT NULL, l INT NOT NULL, PRIMARY KEY (k, l)) WITHOUT ROWID;
         CREATE TABLE c (k TEXT PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id)) STRICT, WITHOUT ROWID;",
        "CREATE TABLE b_new (k TEXT NOT NULL, l INTEGER NOT NULL, PRIMARY KEY (k, l)) STRICT;
         INSERT INTO b_new SELECT k, l FROM b;
         DROP TABLE b;
         ALTER TABLE b_new RENAME TO b;",
    ]);
}

#[test]
fn partial_and_expression_indexes() {
    check(&[
        "CREATE TABLE m (id INTEGER PRIMARY KEY, mail TEXT COLLATE NOCASE, deleted_at TEXT, data TEXT);",
        "CREATE UNIQUE INDEX m_mail ON m (mail) WHERE deleted_at IS NULL;
         CREATE INDEX m_lower ON m (lower(mail) DESC, coalesce(deleted_at, ''));
         CREATE UNIQUE INDEX m_one ON m ((1)) WHERE deleted_at = 'never';",
        "DROP INDEX m_lower;",
    ]);
}

#[test]
fn json_in_updates() {
    check(&[
        "CREATE TABLE prefs (id INTEGER PRIMARY KEY, data TEXT NOT NULL DEFAULT '{}');",
        "UPDATE prefs SET data = json_set(data, '$.theme', json_extract(data, '$.color'));",
        "UPDATE prefs SET data = json_remove(data, '$.color') WHERE json_valid(data);",
        "ALTER TABLE prefs ADD COLUMN theme TEXT;
         UPDATE prefs SET theme = data ->> '$.theme';
         INSERT INTO prefs (data, theme) SELECT '{}', value FROM prefs, json_each(prefs.data);",
    ]);
}

#[test]
fn triggers_that_refuse() {
    check(&[
        "CREATE TABLE ledger (id INTEGER PRIMARY KEY, amount INT NOT NULL);
         CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN
           SELECT RAISE (ABORT, 'entries stay');
         END;
         CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN
           SELECT RAISE (FAIL, 'entries stay');
         END;
         CREATE TRIGGER ledger_positive BEFORE INSERT ON ledger WHEN new.amount <= 0 BEGIN
           SELECT RAISE (ROLLBACK, 'too little');
         END;",
        "DROP TRIGGER ledger_no_update;
         ALTER TABLE ledger ADD COLUMN note TEXT;
         UPDATE ledger SET note = '';",
    ]);
}

#[test]
fn views_on_views_and_instead_of_triggers() {
    check(&[
        USERS,
        "CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
         CREATE VIEW adult_names (n) AS SELECT name FROM adults;
         CREATE TRIGGER adults_new INSTEAD OF INSERT ON adults BEGIN
           INSERT INTO users (name, age) VALUES (new.name, 18);
         END;
         CREATE TRIGGER adults_gone INSTEAD OF DELETE ON adults BEGIN
           DELETE FROM users WHERE id = old.id;
         END;",
        "DROP VIEW adult_names;
         DROP VIEW adults;
         ALTER TABLE users DROP COLUMN age;",
    ]);
}

#[test]
fn statistics_and_sequences() {
    check(&[
        "CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT, x INT);
         CREATE INDEX s_x ON s (x);
         INSERT INTO s (x) VALUES (1), (2);
         ANALYZE;",
        "UPDATE sqlite_sequence SET seq = 1000 WHERE name = 's';",
        "DELETE FROM sqlite_sequence WHERE name = 's';",
        "REINDEX; PRAGMA optimize;",
    ]);
}

#[test]
fn dates() {
    check(&[
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, day TEXT);",
        "UPDATE visits SET day = date(at), at = strftime('%Y-%m-%dT%H:%M:%SZ', at) WHERE at IS NOT NULL;",
        "CREATE TABLE visits_new (id INTEGER PRIMARY KEY, at INTEGER NOT NULL);
         INSERT INTO visits_new SELECT id, coalesce(unixepoch(at), 0) FROM visits;
         DROP TABLE visits;
         ALTER TABLE visits_new RENAME TO visits;",
    ]);
}

#[test]
fn dates_that_are_converted_without_a_net() {
    check(&[
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);",
        "CREATE TABLE visits_new (id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL);
         INSERT INTO visits_new SELECT id, CAST(strftime('%s', created_at) AS INTEGER) FROM visits;
         DROP TABLE visits;
         ALTER TABLE visits_new RENAME TO visits;",
    ]);
}

#[test]
fn window_functions_and_from_in_updates() {
    check(&[
        "CREATE TABLE list (id INTEGER PRIMARY KEY, owner INT NOT NULL, position INT);",
        "WITH ranked AS (SELECT id, row_number() OVER (PARTITION BY owner ORDER BY id) AS r FROM list)
         UPDATE list SET position = ranked.r FROM ranked WHERE ranked.id = list.id;
         CREATE UNIQUE INDEX list_position ON list (owner, position);",
    ]);
}

#[test]
fn foreign_keys_of_many_columns_and_to_unique_columns() {
    check(&[
        "CREATE TABLE a (x INT NOT NULL, y TEXT NOT NULL, z TEXT, PRIMARY KEY (x, y));
         CREATE UNIQUE INDEX a_z ON a (z);
         CREATE TABLE b (p INT, q TEXT, FOREIGN KEY (p, q) REFERENCES a ON UPDATE CASCADE);
         CREATE TABLE c (z TEXT REFERENCES a (z) DEFERRABLE INITIALLY DEFERRED);",
        "ALTER TABLE a RENAME TO alpha;",
        "ALTER TABLE alpha RENAME COLUMN z TO zeta;",
    ]);
}

#[test]
fn a_parent_that_comes_later() {
    check(&[
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id));
         CREATE VIEW v AS SELECT * FROM later;
         CREATE TRIGGER t AFTER INSERT ON child BEGIN INSERT INTO later (id) VALUES (new.id); END;",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE later (id INTEGER PRIMARY KEY);",
    ]);
}
