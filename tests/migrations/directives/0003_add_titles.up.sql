-- migrate: repeat
UPDATE notes SET title = substr(text, 1, 20)
WHERE rowid IN (SELECT rowid FROM notes WHERE title IS NULL AND text IS NOT NULL LIMIT 100);
