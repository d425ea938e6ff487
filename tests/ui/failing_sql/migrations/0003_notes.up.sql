CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES user (id)
);
CREATE VIEW authors AS SELECT users.nmae FROM users JOIN notes ON user_id = users.id;
