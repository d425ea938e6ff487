-- From 0, not worth keeping, to 10. The memories of older vaults have not been rated.
ALTER TABLE memories ADD COLUMN importance INTEGER CHECK (importance BETWEEN 0 AND 10);
CREATE INDEX memories_by_importance ON memories (importance DESC);
