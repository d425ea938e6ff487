//! Histories such as real projects have.

use crate::{check, check_files};

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
            "CREATE TABLE \"networks\" (\"id\" TEXT PRIMARY KEY);
             INSERT INTO networks (id) VALUES (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))));
             ALTER TABLE identities ADD COLUMN \"nid\" char(36);
             UPDATE identities SET nid = (SELECT id FROM networks LIMIT 1);
             CREATE TABLE \"_identities_tmp\" (\"id\" TEXT PRIMARY KEY, \"schema_id\" TEXT NOT NULL, \"traits\" TEXT NOT NULL, \"created_at\" DATETIME NOT NULL, \"nid\" char(36) NOT NULL, FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE cascade);
             INSERT INTO \"_identities_tmp\" (id, schema_id, traits, created_at, nid) SELECT id, schema_id, traits, created_at, nid FROM \"identities\";
             DROP TABLE \"identities\";
             ALTER TABLE \"_identities_tmp\" RENAME TO \"identities\";",
        ),
    ]);
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
