//! Rebuilds, as SQLite documents them and as they are written.

use migrate_source::Problem;

use crate::{NOTES, USERS, check, check_allowing};

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
