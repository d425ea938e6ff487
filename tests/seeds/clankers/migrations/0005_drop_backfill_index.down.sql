CREATE INDEX tools_without_summary ON tools (created_at) WHERE summary IS NULL;
