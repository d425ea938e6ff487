-- migrate: repeat
-- migrate: description "Summarise the tools that are there"
UPDATE tools SET summary = tool_name || coalesce(' ' || file_path, '')
WHERE id IN (
    SELECT id FROM tools WHERE summary IS NULL ORDER BY created_at LIMIT 10000
);
