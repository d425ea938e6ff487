-- migrate: description "Add file_operations table"
CREATE TABLE IF NOT EXISTS file_operations (
    id TEXT PRIMARY KEY,
    tool_id TEXT NOT NULL REFERENCES tools (id),
    operation TEXT NOT NULL,
    file_path TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
