-- migrate: description "Add summaries of tools"
ALTER TABLE tools ADD COLUMN summary TEXT;
-- The backfill finds its next rows by it, so that its last step is as short as its first.
CREATE INDEX tools_without_summary ON tools (created_at) WHERE summary IS NULL;
