-- migrate: foreign-keys on
DROP VIEW IF EXISTS titles;
CREATE VIEW titles AS SELECT title FROM notes;
