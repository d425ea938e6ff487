CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO users_new SELECT id, email FROM users WHERE 0;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
