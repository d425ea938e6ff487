DROP VIEW IF EXISTS authors;
CREATE VIEW authors AS SELECT DISTINCT name FROM users JOIN posts ON author = users.id;
