-- migrate: no-transation
CREATE TABLE users (id INTEGER PRIMARY KEY);
