DROP VIEW authors;
