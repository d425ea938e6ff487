CREATE INDEX tags_by_name ON tags (name);
