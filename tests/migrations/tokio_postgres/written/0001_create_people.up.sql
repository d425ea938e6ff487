CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO people VALUES (1, 'ada lovelace'), (2, 'grace hopper');
