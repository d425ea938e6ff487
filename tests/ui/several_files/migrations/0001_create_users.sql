CREATE TABLE users (name TEXT DEFAULT 'none);
