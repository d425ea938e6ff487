-- migrate: description "Drop the index of the backfill"
DROP INDEX tools_without_summary;
