-- Where to write to.
ALTER TABEL users ADD COLUMN email TEXT;
CREATE INDEX users_email ON users (email);
