CREATE TABLE recalls (
    memory_id INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    recalled_at TEXT NOT NULL
);
CREATE INDEX recalls_by_memory ON recalls (memory_id, recalled_at);
