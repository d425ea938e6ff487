DROP INDEX memories_by_importance;
ALTER TABLE memories DROP COLUMN importance;
