DROP TRIGGER search_update;
DROP TRIGGER search_delete;
DROP TRIGGER search_insert;
DROP TABLE search;
