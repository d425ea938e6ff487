-- migrate: no-transaction
DROP INDEX notes_author;
