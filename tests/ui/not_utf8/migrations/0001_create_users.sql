CREATE TABLE users (name TEXT DEFAULT 'André');
