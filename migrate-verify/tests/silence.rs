//! What must give no finding. An alarm without a cause costs more than one that is missing.

mod support;

use migrate_source::Problem;
use support::{run, run_ups, run_with, strict, told};

/// Ups that nothing is wrong with.
#[track_caller]
fn check(ups: &[&str]) {
    assert_eq!(told(&run_ups(ups).findings), "");
}

/// Files that nothing is wrong with.
#[track_caller]
fn check_files(files: &[(&str, &str)]) {
    assert_eq!(told(&run(files).findings), "");
}

/// Files that nothing is wrong with but what these problems stand for, which are allowed.
#[track_caller]
fn check_allowing(problems: &[Problem], files: &[(&str, &str)]) {
    let mut options = strict();
    options.allow.extend(problems.iter().copied());
    assert_eq!(told(&run_with(&options, files, |_| {}).findings), "");
}

// Rebuilds.

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT);";

const NOTES: &str = "CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  body TEXT
);";

#[test]
fn rebuild_by_create_copy_drop_rename() {
    check(&[
        USERS,
        "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL DEFAULT 0);
         INSERT INTO users_new (id, name, age) SELECT id, name, coalesce(age, 0) FROM users;
         DROP TABLE users;
         ALTER TABLE users_new RENAME TO users;",
    ]);
}

#[test]
fn rebuild_of_a_parent_with_cascading_children() {
    check(&[
        USERS,
        NOTES,
        "CREATE TABLE _users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO _users_new SELECT id, name FROM users;
         DROP TABLE users;
         ALTER TABLE _users_new RENAME TO users;",
    ]);
}

#[test]
fn rebuild_of_a_parent_with_its_indexes_triggers_and_views() {
    check(&[
        USERS,
        NOTES,
        "CREATE UNIQUE INDEX users_name ON users (name);
         CREATE VIEW names AS SELECT name FROM users;
         CREATE TRIGGER users_touched AFTER UPDATE ON users BEGIN
           UPDATE notes SET body = body WHERE user_id = new.id;
         END;",
        "DROP VIEW names;
         CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);
         INSERT INTO users_new (id, name) SELECT id, name FROM users;
         DROP TABLE users;
         ALTER TABLE users_new RENAME TO users;
         CREATE UNIQUE INDEX users_name ON users (name);
         CREATE TRIGGER users_touched AFTER UPDATE ON users BEGIN
           UPDATE notes SET body = body WHERE user_id = new.id;
         END;
         CREATE VIEW names AS SELECT name FROM users;",
    ]);
}

#[test]
fn rebuild_by_renaming_the_old_table() {
    check(&[
        USERS,
        "ALTER TABLE users RENAME TO users_old;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO users (id, name) SELECT id, name FROM users_old;
         DROP TABLE users_old;",
    ]);
}

#[test]
fn rebuild_of_a_child_by_renaming_the_old_table() {
    check(&[
        USERS,
        NOTES,
        "ALTER TABLE notes RENAME TO notes_old;
         CREATE TABLE notes (
           id INTEGER PRIMARY KEY,
           user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE SET NULL,
           body TEXT NOT NULL DEFAULT ''
         );
         INSERT INTO notes SELECT id, user_id, coalesce(body, '') FROM notes_old;
         DROP TABLE notes_old;",
    ]);
}

#[test]
fn rebuild_through_a_backup_table() {
    check(&[
        USERS,
        "CREATE TABLE users_backup AS SELECT * FROM users;
         DROP TABLE users;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age REAL);
         INSERT INTO users SELECT * FROM users_backup;
         DROP TABLE users_backup;",
    ]);
}

#[test]
fn rebuild_through_a_temporary_table() {
    check(&[
        USERS,
        "CREATE TEMPORARY TABLE users_backup (id, name, age);
         INSERT INTO users_backup SELECT id, name, age FROM users;
         DROP TABLE users;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age REAL);
         INSERT INTO users SELECT id, name, age FROM users_backup;
         DROP TABLE users_backup;",
    ]);
}

#[test]
fn rebuild_of_a_table_that_refers_to_itself() {
    check(&[
        "CREATE TABLE folders (
           id TEXT NOT NULL PRIMARY KEY,
           parent_id TEXT REFERENCES folders (id) ON DELETE CASCADE,
           name TEXT NOT NULL
         );",
        "CREATE TABLE folders_new (
           id TEXT NOT NULL PRIMARY KEY,
           parent_id TEXT REFERENCES folders (id) ON DELETE CASCADE,
           name TEXT NOT NULL,
           position INTEGER NOT NULL DEFAULT 0
         );
         INSERT INTO folders_new (id, parent_id, name) SELECT id, parent_id, name FROM folders;
         DROP TABLE folders;
         ALTER TABLE folders_new RENAME TO folders;",
    ]);
}

#[test]
fn rebuild_of_a_table_that_refers_to_its_new_name() {
    check(&[
        "CREATE TABLE nodes (id INTEGER PRIMARY KEY, up INTEGER REFERENCES nodes (id));",
        "CREATE TABLE nodes_new (id INTEGER PRIMARY KEY, up INTEGER REFERENCES nodes_new (id) ON DELETE SET NULL);
         INSERT INTO nodes_new SELECT id, up FROM nodes;
         DROP TABLE nodes;
         ALTER TABLE nodes_new RENAME TO nodes;",
    ]);
}

#[test]
fn rebuild_within_a_cycle_of_foreign_keys() {
    check(&[
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, lead INTEGER REFERENCES people (id));
         CREATE TABLE people (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE);",
        "CREATE TABLE teams_new (id INTEGER PRIMARY KEY, lead INTEGER REFERENCES people (id), title TEXT);
         INSERT INTO teams_new (id, lead) SELECT id, lead FROM teams;
         DROP TABLE teams;
         ALTER TABLE teams_new RENAME TO teams;",
        "CREATE TABLE people_new (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams (id));
         INSERT INTO people_new (id, team) SELECT id, team FROM people;
         DROP TABLE people;
         ALTER TABLE people_new RENAME TO people;",
    ]);
}

#[test]
fn rebuild_with_foreign_keys_switched_off_by_the_file() {
    check_allowing(
        &[Problem::ForeignKeysPragma, Problem::TransactionStatement],
        &[
            ("0001_users.sql", USERS),
            ("0002_notes.sql", NOTES),
            (
                "0003_rebuild.sql",
                "PRAGMA foreign_keys=OFF;
                 BEGIN TRANSACTION;
                 CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                 INSERT INTO new_users SELECT id, name FROM users;
                 DROP TABLE users;
                 ALTER TABLE new_users RENAME TO users;
                 PRAGMA foreign_key_check;
                 COMMIT;
                 PRAGMA foreign_keys=ON;",
            ),
            ("0004_more.sql", "ALTER TABLE users ADD COLUMN email TEXT;"),
        ],
    );
}

#[test]
fn rebuild_with_deferred_foreign_keys() {
    check(&[
        USERS,
        NOTES,
        "PRAGMA defer_foreign_keys = ON;
         CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO new_users (id, name) SELECT id, name FROM users;
         DROP TABLE users;
         ALTER TABLE new_users RENAME TO users;
         PRAGMA defer_foreign_keys = OFF;",
    ]);
}

#[test]
fn rebuild_of_several_tables_at_once() {
    check(&[
        USERS,
        NOTES,
        "CREATE TABLE u2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE n2 (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES u2 (id), body TEXT);
         INSERT INTO u2 SELECT id, name FROM users;
         INSERT INTO n2 SELECT id, user_id, body FROM notes;
         DROP TABLE notes;
         DROP TABLE users;
         ALTER TABLE u2 RENAME TO users;
         ALTER TABLE n2 RENAME TO notes;",
    ]);
}

#[test]
fn rebuild_with_a_check_that_rows_may_meet() {
    check(&[
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, tries INT);",
        "CREATE TABLE jobs_new (
           id INTEGER PRIMARY KEY,
           state TEXT NOT NULL CHECK (state IN ('new', 'running', 'done')),
           tries INT NOT NULL CHECK (tries >= 0)
         );
         INSERT INTO jobs_new SELECT id, state, tries FROM jobs;
         DROP TABLE jobs;
         ALTER TABLE jobs_new RENAME TO jobs;",
    ]);
}

#[test]
fn rebuild_with_not_null_and_unique_that_rows_may_meet() {
    check(&[
        "CREATE TABLE keys (a TEXT, b TEXT, c TEXT);",
        "CREATE TABLE keys_new (a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL, UNIQUE (a, b));
         INSERT INTO keys_new SELECT a, b, c FROM keys;
         DROP TABLE keys;
         ALTER TABLE keys_new RENAME TO keys;",
        "CREATE UNIQUE INDEX keys_c ON keys (c);",
        "CREATE UNIQUE INDEX keys_lower ON keys (lower(a));",
    ]);
}

#[test]
fn rebuild_with_a_check_on_json_or_length_that_rows_may_meet() {
    check(&[
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, data TEXT NOT NULL, code TEXT);",
        "CREATE TABLE docs_new (
           id INTEGER PRIMARY KEY,
           data TEXT NOT NULL CHECK (json_valid(data)),
           code TEXT CHECK (length(code) = 2)
         );
         INSERT INTO docs_new SELECT id, data, code FROM docs;
         DROP TABLE docs;
         ALTER TABLE docs_new RENAME TO docs;",
    ]);
}

#[test]
fn rebuild_that_splits_a_table() {
    check(&[
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, theme TEXT);",
        "CREATE TABLE settings (user_id INTEGER PRIMARY KEY REFERENCES users (id), theme TEXT);
         INSERT INTO settings SELECT id, theme FROM users WHERE theme IS NOT NULL;
         ALTER TABLE users DROP COLUMN theme;",
    ]);
}

#[test]
fn rebuild_that_numbers_rows_anew() {
    check(&[
        "CREATE TABLE tags (name TEXT PRIMARY KEY);",
        "CREATE TABLE tags_new (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
         INSERT INTO tags_new (name) SELECT DISTINCT name FROM tags ORDER BY name;
         DROP TABLE tags;
         ALTER TABLE tags_new RENAME TO tags;",
    ]);
}

#[test]
fn rebuild_with_quotes_of_all_kinds() {
    check(&[
        "CREATE TABLE \"group\" (`id` INTEGER PRIMARY KEY, [order] TEXT);",
        "CREATE TABLE [new_group] (`id` INTEGER PRIMARY KEY, \"order\" TEXT, 'extra' TEXT);
         INSERT INTO \"new_group\" (id, [order]) SELECT `id`, `order` FROM 'group';
         DROP TABLE \"group\";
         ALTER TABLE `new_group` RENAME TO \"group\";",
    ]);
}

// Rows that go, and rows that may stay.

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

// What SQLite has.

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

// How files are run.

#[test]
fn outside_of_a_transaction() {
    check(&[
        USERS,
        "-- migrate: no-transaction\nVACUUM;",
        "-- migrate: no-transaction\nPRAGMA journal_mode = WAL;",
        "-- migrate: no-transaction\nPRAGMA auto_vacuum = INCREMENTAL;\nVACUUM;\nPRAGMA synchronous = NORMAL;",
        "-- migrate: no-transaction\nBEGIN;\nALTER TABLE users ADD COLUMN x INT;\nCOMMIT;\nCREATE INDEX ux ON users (x);",
    ]);
}

#[test]
fn repeated() {
    check(&[
        USERS,
        "ALTER TABLE users ADD COLUMN slug TEXT;",
        "-- migrate: repeat\nUPDATE users SET slug = 'u' || id WHERE id IN (SELECT id FROM users WHERE slug IS NULL LIMIT 1);",
        "-- migrate: repeat\nDELETE FROM users WHERE id IN (SELECT id FROM users WHERE name = 'x' LIMIT 100);",
    ]);
}

#[test]
fn foreign_keys_enforced() {
    check(&[
        USERS,
        NOTES,
        "-- migrate: foreign-keys on\nDELETE FROM users WHERE age IS NULL;",
        "-- migrate: foreign-keys on\nDELETE FROM users;",
    ]);
}

#[test]
fn pragmas() {
    check(&[
        "PRAGMA user_version = 7; PRAGMA application_id = 1234;",
        "PRAGMA case_sensitive_like = ON; CREATE TABLE a (x TEXT);",
        "PRAGMA recursive_triggers = ON; PRAGMA cache_size = -2000; PRAGMA secure_delete = ON;",
        "PRAGMA legacy_alter_table = ON;
         ALTER TABLE a RENAME TO b;
         PRAGMA legacy_alter_table = OFF;",
        "PRAGMA integrity_check; PRAGMA quick_check; PRAGMA table_info(b); PRAGMA foreign_key_check;",
    ]);
}

#[test]
fn rebuild_under_legacy_alter_table() {
    check(&[
        USERS,
        NOTES,
        "PRAGMA legacy_alter_table = ON;
         ALTER TABLE users RENAME TO users_old;
         CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
         INSERT INTO users SELECT id, name FROM users_old;
         DROP TABLE users_old;
         PRAGMA legacy_alter_table = OFF;",
    ]);
}

#[test]
fn temporary_objects() {
    check(&[
        USERS,
        "CREATE TEMP TABLE ids AS SELECT id FROM users;
         CREATE TEMP TRIGGER watch AFTER UPDATE ON users BEGIN DELETE FROM ids WHERE id = new.id; END;
         CREATE TEMP VIEW many AS SELECT count(*) FROM ids;
         UPDATE users SET age = 1 WHERE id IN (SELECT id FROM ids);
         DROP TRIGGER watch; DROP VIEW many; DROP TABLE ids;",
        "CREATE TEMP TABLE scratch (x);",
        "CREATE TABLE scratch (y);",
    ]);
}

#[test]
fn comments_alone() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.up.sql", "-- done by hand on the servers"),
        ("0002_b.down.sql", "-- nothing to undo"),
        (
            "0003_c.up.sql",
            "-- migrate: irreversible\nUPDATE users SET age = 0;",
        ),
        ("0004_d.up.sql", "UPDATE users SET age = 1;"),
        (
            "0004_d.down.sql",
            "-- the old values are not known any more",
        ),
    ]);
}

#[test]
fn downs() {
    check_files(&[
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "DROP TABLE users;"),
        ("0002_b.up.sql", NOTES),
        ("0002_b.down.sql", "DROP TABLE IF EXISTS notes;"),
        ("0003_c.up.sql", "ALTER TABLE users ADD COLUMN mail TEXT; CREATE INDEX um ON users (mail);"),
        ("0003_c.down.sql", "DROP INDEX um; ALTER TABLE users DROP COLUMN mail;"),
        (
            "0004_d.up.sql",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO u SELECT id, name FROM users;
             DROP TABLE users; ALTER TABLE u RENAME TO users;",
        ),
        (
            "0004_d.down.sql",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT, mail TEXT);
             INSERT INTO u (id, name) SELECT id, name FROM users;
             DROP TABLE users; ALTER TABLE u RENAME TO users; CREATE INDEX um ON users(mail);",
        ),
        ("0005_e.up.sql", "INSERT INTO users (id, name) VALUES (77, 'x');"),
        ("0005_e.down.sql", "DELETE FROM users WHERE id = 77;"),
        ("0006_f.up.sql", "ALTER TABLE users RENAME TO people;"),
        ("0006_f.down.sql", "alter table people rename to users;"),
        ("0007_g.up.sql", "-- migrate: no-transaction\nCREATE TABLE g (x);\nVACUUM;"),
        ("0007_g.down.sql", "-- migrate: no-transaction\nDROP TABLE g;\nVACUUM;"),
        ("0008_h.up.sql", "-- migrate: foreign-keys on\nCREATE TABLE h (x);"),
        ("0008_h.down.sql", "DROP TABLE h;"),
    ]);
}

#[test]
fn downs_of_what_sqlite_makes_for_itself() {
    check_files(&[
        (
            "0001_a.up.sql",
            "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT UNIQUE);",
        ),
        ("0001_a.down.sql", "DROP TABLE a;"),
        (
            "0002_b.up.sql",
            "CREATE INDEX ax ON a (x); INSERT INTO a (x) VALUES ('x'); ANALYZE;",
        ),
        ("0002_b.down.sql", "DELETE FROM a; DROP INDEX ax;"),
        (
            "0003_c.up.sql",
            "CREATE VIRTUAL TABLE f USING fts5 (x); CREATE VIRTUAL TABLE r USING rtree (id, a, b);",
        ),
        ("0003_c.down.sql", "DROP TABLE r; DROP TABLE f;"),
        (
            "0004_d.up.sql",
            "CREATE TEMP TABLE d (x); CREATE TEMP VIEW e AS SELECT 1;",
        ),
        ("0004_d.down.sql", "-- what is temporary goes by itself"),
    ]);
}

#[test]
fn downs_that_write_it_differently() {
    check_files(&[
        ("0001_a.up.sql", "create table a(x int,\n  y text);"),
        ("0001_a.down.sql", "DROP TABLE a;"),
        ("0002_b.up.sql", "DROP TABLE a;"),
        (
            "0002_b.down.sql",
            "CREATE TABLE \"A\" (\n  X INT, -- the x\n  [y] TEXT\n);",
        ),
    ]);
}

const CODE: &str = "pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

const CODE_WITH_DOWN: &str = "
pub const CHANGES_SCHEMA: bool = true;
pub fn up(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }
pub fn down(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }";

#[test]
fn code_that_is_not_run() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.sql", "ALTER TABLE users ADD COLUMN slug TEXT;"),
        ("0003_c.rs", CODE),
        (
            "0004_d.sql",
            "CREATE UNIQUE INDEX users_slug ON users (slug);",
        ),
        ("0005_e.sql", NOTES),
        ("0006_f.sql", "INSERT INTO notes (user_id) VALUES (1);"),
    ]);
}

#[test]
fn code_that_changes_the_schema() {
    check_files(&[
        ("0001_a.sql", USERS),
        ("0002_b.rs", CODE_WITH_DOWN),
        (
            "0003_c.up.sql",
            "ALTER TABLE made_by_code ADD COLUMN x INT; CREATE VIEW v AS SELECT y FROM users;",
        ),
        (
            "0003_c.down.sql",
            "ALTER TABLE made_by_code DROP COLUMN x; DROP VIEW v;",
        ),
        (
            "R__views.sql",
            "DROP VIEW IF EXISTS w; CREATE VIEW w AS SELECT z FROM users, made_by_code;",
        ),
    ]);
}

#[test]
fn repeatables() {
    check_files(&[
        ("0001_a.up.sql", USERS),
        ("0001_a.down.sql", "DROP TABLE users;"),
        (
            "R__views.sql",
            "DROP VIEW IF EXISTS names; CREATE VIEW names AS SELECT name FROM users;
             DROP TRIGGER IF EXISTS touched;
             CREATE TRIGGER touched AFTER UPDATE ON users BEGIN SELECT 1; END;",
        ),
        (
            "R__views.down.sql",
            "DROP VIEW names; DROP TRIGGER touched;",
        ),
        (
            "R__more.sql",
            "CREATE VIEW IF NOT EXISTS more AS SELECT name FROM names;",
        ),
    ]);
}

// Histories such as real projects have.

#[test]
fn a_password_manager() {
    check_files(&[
        (
            "2018-01-14-171611_create_tables/up.sql",
            "CREATE TABLE users (uuid TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL UNIQUE, akey TEXT NOT NULL, created_at DATETIME NOT NULL);
             CREATE TABLE devices (uuid TEXT NOT NULL PRIMARY KEY, user_uuid TEXT NOT NULL REFERENCES users (uuid), name TEXT NOT NULL);
             CREATE TABLE ciphers (uuid TEXT NOT NULL PRIMARY KEY, user_uuid TEXT NOT NULL REFERENCES users (uuid), type INTEGER NOT NULL, data TEXT NOT NULL, favorite BOOLEAN NOT NULL);
             CREATE TABLE attachments (id TEXT NOT NULL PRIMARY KEY, cipher_uuid TEXT NOT NULL REFERENCES ciphers (uuid), file_size INTEGER NOT NULL);",
        ),
        ("2018-01-14-171611_create_tables/down.sql", "DROP TABLE attachments; DROP TABLE ciphers; DROP TABLE devices; DROP TABLE users;"),
        (
            "2018-02-17-205753_collections/up.sql",
            "CREATE TABLE collections (uuid TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE users_collections (user_uuid TEXT NOT NULL REFERENCES users (uuid), collection_uuid TEXT NOT NULL REFERENCES collections (uuid), PRIMARY KEY (user_uuid, collection_uuid));",
        ),
        ("2018-02-17-205753_collections/down.sql", "DROP TABLE users_collections; DROP TABLE collections;"),
        (
            "2018-04-27-155151_nullable_owner/up.sql",
            "ALTER TABLE ciphers RENAME TO oldCiphers;
             CREATE TABLE ciphers (uuid TEXT NOT NULL PRIMARY KEY, user_uuid TEXT REFERENCES users (uuid), type INTEGER NOT NULL, data TEXT NOT NULL, favorite BOOLEAN NOT NULL);
             CREATE TABLE folders_ciphers (cipher_uuid TEXT NOT NULL REFERENCES ciphers (uuid), folder TEXT NOT NULL, PRIMARY KEY (cipher_uuid, folder));
             INSERT INTO ciphers SELECT * FROM oldCiphers;
             ALTER TABLE attachments RENAME TO oldAttachments;
             CREATE TABLE attachments (id TEXT NOT NULL PRIMARY KEY, cipher_uuid TEXT NOT NULL REFERENCES ciphers (uuid), file_size INTEGER NOT NULL);
             INSERT INTO attachments SELECT * FROM oldAttachments;
             DROP TABLE oldAttachments;
             DROP TABLE oldCiphers;",
        ),
        (
            "2019-05-26-216651_favorites/up.sql",
            "CREATE TABLE favorites (user_uuid TEXT NOT NULL REFERENCES users (uuid), cipher_uuid TEXT NOT NULL REFERENCES ciphers (uuid), PRIMARY KEY (user_uuid, cipher_uuid));
             INSERT INTO favorites (user_uuid, cipher_uuid) SELECT user_uuid, uuid FROM ciphers WHERE favorite = 1 AND user_uuid IS NOT NULL;
             ALTER TABLE ciphers DROP COLUMN favorite;",
        ),
    ]);
}

#[test]
fn a_media_library() {
    check(&[
        "CREATE TABLE performers (id integer not null primary key autoincrement, name varchar(255), gender varchar(20), checksum varchar(255) not null);
         CREATE UNIQUE INDEX performers_checksum ON performers (checksum);
         CREATE TABLE scenes (id integer not null primary key autoincrement, path varchar(510) not null, rating tinyint, studio_id integer, foreign key (studio_id) references studios (id) on delete SET NULL);
         CREATE TABLE studios (id integer not null primary key autoincrement, name varchar(255), parent_id INTEGER DEFAULT NULL CHECK (id IS NOT parent_id) REFERENCES studios (id) on delete set null);
         CREATE TABLE performers_scenes (performer_id integer, scene_id integer, foreign key (performer_id) references performers (id) on delete CASCADE, foreign key (scene_id) references scenes (id) on delete CASCADE, PRIMARY KEY (scene_id, performer_id));",
        "UPDATE scenes SET rating = CASE WHEN rating > 5 THEN 5 WHEN rating < 1 THEN 1 ELSE rating END WHERE rating IS NOT NULL;
         ALTER TABLE scenes ADD COLUMN rating100 tinyint;
         UPDATE scenes SET rating100 = rating * 20;",
        "CREATE TABLE performers_new (id integer not null primary key autoincrement, name varchar(255) not null, disambiguation varchar(255), gender varchar(20));
         INSERT INTO performers_new (id, name, gender) SELECT id, name, gender FROM performers;
         DROP INDEX performers_checksum;
         DROP TABLE performers;
         ALTER TABLE performers_new RENAME TO performers;
         UPDATE performers SET disambiguation = cast(id as varchar) WHERE name IN (SELECT name FROM performers GROUP BY name HAVING count(*) > 1);
         CREATE UNIQUE INDEX performers_name ON performers (name, disambiguation) WHERE disambiguation IS NOT NULL;
         CREATE UNIQUE INDEX performers_name_only ON performers (name) WHERE disambiguation IS NULL;",
        "CREATE TABLE performer_aliases (performer_id integer NOT NULL, alias varchar(255) NOT NULL, foreign key (performer_id) references performers (id) on delete CASCADE, PRIMARY KEY (performer_id, alias));
         INSERT OR IGNORE INTO performer_aliases SELECT id, trim(disambiguation) FROM performers WHERE trim(disambiguation) <> '';",
    ]);
}

#[test]
fn an_identity_server() {
    check_files(&[
        (
            "20191100000000_identities.sqlite3.up.sql",
            "CREATE TABLE \"identities\" (\"id\" TEXT PRIMARY KEY, \"schema_id\" TEXT NOT NULL, \"traits\" TEXT NOT NULL, \"created_at\" DATETIME NOT NULL);
             CREATE TABLE \"credentials\" (\"id\" TEXT PRIMARY KEY, \"identity_id\" char(36) NOT NULL, FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE cascade);",
        ),
        ("20191100000000_identities.sqlite3.down.sql", "DROP TABLE \"credentials\"; DROP TABLE \"identities\";"),
        (
            "20200500000000_network.sqlite3.up.sql",
            "CREATE TABLE \"networks\" (\"id\" TEXT PRIMARY KEY); INSERT INTO networks (id) VALUES (uuid4());",
        ),
    ].map(|(name, text)| (name, if text.contains("uuid4") { "CREATE TABLE \"networks\" (\"id\" TEXT PRIMARY KEY); INSERT INTO networks (id) VALUES (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))));" } else { text })));
}

#[test]
fn a_bookmark_manager() {
    check(&[
        "CREATE TABLE `user` (`id` text PRIMARY KEY NOT NULL, `name` text NOT NULL, `email` text NOT NULL);
         CREATE UNIQUE INDEX `user_email_unique` ON `user` (`email`);
         CREATE TABLE `bookmarks` (`id` text PRIMARY KEY NOT NULL, `createdAt` integer NOT NULL, `favourited` integer DEFAULT false NOT NULL, `userId` text NOT NULL, FOREIGN KEY (`userId`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE cascade);
         CREATE TABLE `bookmarkLinks` (`id` text PRIMARY KEY NOT NULL, `url` text NOT NULL, FOREIGN KEY (`id`) REFERENCES `bookmarks`(`id`) ON UPDATE no action ON DELETE cascade);",
        "ALTER TABLE bookmarks ADD `type` text;
         UPDATE bookmarks SET `type` = 'link' WHERE id IN (SELECT id FROM bookmarkLinks);
         CREATE TABLE `__new_bookmarks` (`id` text PRIMARY KEY NOT NULL, `createdAt` integer NOT NULL, `favourited` integer DEFAULT false NOT NULL, `userId` text NOT NULL, `type` text NOT NULL, FOREIGN KEY (`userId`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE cascade);
         INSERT INTO `__new_bookmarks`(\"id\", \"createdAt\", \"favourited\", \"userId\", \"type\") SELECT \"id\", \"createdAt\", \"favourited\", \"userId\", \"type\" FROM `bookmarks`;
         DROP TABLE `bookmarks`;
         ALTER TABLE `__new_bookmarks` RENAME TO `bookmarks`;",
        "CREATE INDEX `bookmarks_userId_idx` ON `bookmarks` (`userId`);
         ALTER TABLE user ADD role text DEFAULT 'user';
         UPDATE user SET role = 'admin' WHERE id = (SELECT id FROM user ORDER BY rowid LIMIT 1);",
    ]);
}

#[test]
fn a_portfolio_tracker() {
    check(&[
        "CREATE TABLE accounts (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, account_type TEXT NOT NULL DEFAULT 'SECURITIES', currency TEXT NOT NULL, is_active BOOLEAN NOT NULL DEFAULT TRUE);
         CREATE TABLE assets (id TEXT NOT NULL PRIMARY KEY, symbol TEXT NOT NULL, data_source TEXT NOT NULL, attributes TEXT);
         CREATE TABLE activities (id TEXT NOT NULL PRIMARY KEY, account_id TEXT NOT NULL, asset_id TEXT NOT NULL, quantity NUMERIC NOT NULL, unit_price NUMERIC NOT NULL, activity_date DATETIME NOT NULL,
           CONSTRAINT fk_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE ON UPDATE CASCADE,
           FOREIGN KEY (asset_id) REFERENCES assets (id) ON DELETE RESTRICT);
         CREATE TABLE quotes (id TEXT PRIMARY KEY NOT NULL, symbol TEXT NOT NULL, date TIMESTAMP NOT NULL, close NUMERIC NOT NULL, FOREIGN KEY (symbol) REFERENCES assets (id));",
        "CREATE TABLE quotes_new (id TEXT PRIMARY KEY NOT NULL, symbol TEXT NOT NULL, date TEXT NOT NULL, close TEXT NOT NULL, FOREIGN KEY (symbol) REFERENCES assets (id));
         INSERT INTO quotes_new SELECT symbol || '_' || strftime('%Y%m%d', coalesce(date, 'now')), symbol, coalesce(date(date), '1970-01-01'), CAST(close AS TEXT) FROM quotes GROUP BY symbol, date;
         DROP TABLE quotes;
         ALTER TABLE quotes_new RENAME TO quotes;
         CREATE UNIQUE INDEX uq_quotes ON quotes (symbol, date);",
        "INSERT INTO assets (id, symbol, data_source) SELECT '$CASH-' || currency, currency, 'MANUAL' FROM accounts WHERE TRUE GROUP BY currency ON CONFLICT DO NOTHING;",
    ]);
}

#[test]
fn a_forge() {
    check(&[
        "CREATE TABLE issue (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, repo_id INTEGER NULL, `index` INTEGER NULL, is_closed INTEGER NULL, num_comments INTEGER NULL, UNIQUE (repo_id, `index`));
         CREATE TABLE repository (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, num_issues INTEGER DEFAULT 0 NOT NULL, num_closed INTEGER DEFAULT 0 NOT NULL);
         CREATE TABLE issue_index (group_id INTEGER PRIMARY KEY NOT NULL, max_index INTEGER NULL);",
        "INSERT INTO issue_index (group_id, max_index) SELECT repo_id, max(`index`) FROM issue WHERE repo_id IS NOT NULL GROUP BY repo_id;
         UPDATE repository SET num_issues = (SELECT count(*) FROM issue WHERE issue.repo_id = repository.id), num_closed = (SELECT count(*) FROM issue WHERE repo_id = repository.id AND is_closed = 1);",
        "CREATE TABLE tmp_recreate__issue (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, repo_id INTEGER NOT NULL, `index` INTEGER NOT NULL, is_closed INTEGER DEFAULT 0 NOT NULL);
         INSERT INTO tmp_recreate__issue (id, repo_id, `index`, is_closed) SELECT id, coalesce(repo_id, 0), coalesce(`index`, 0), coalesce(is_closed, 0) FROM issue;
         DROP TABLE issue;
         CREATE UNIQUE INDEX UQE_issue ON tmp_recreate__issue (repo_id, `index`);
         ALTER TABLE tmp_recreate__issue RENAME TO issue;",
    ]);
}
