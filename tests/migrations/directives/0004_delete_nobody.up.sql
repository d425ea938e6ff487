-- migrate: foreign-keys on
DELETE FROM users WHERE id = 0;
