DROP TABLE IF EXISTS file_operations;
