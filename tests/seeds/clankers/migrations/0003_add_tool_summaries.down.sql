DROP INDEX tools_without_summary;
ALTER TABLE tools DROP COLUMN summary;
