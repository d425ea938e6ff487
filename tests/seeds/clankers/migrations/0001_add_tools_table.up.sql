-- migrate: description "Add tools table"
CREATE TABLE IF NOT EXISTS tools (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    file_path TEXT,
    created_at INTEGER NOT NULL
);
