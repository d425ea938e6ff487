DROP VIEW authors;
DROP TABLE note;
