CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NUL);
ALTER TABEL users ADD COLUMN email text;
