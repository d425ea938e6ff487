-- migrate: foreign-keys on
-- migrate: unverified "the user may be there again"
INSERT INTO users (id) VALUES (0);
