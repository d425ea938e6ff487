-- migrate: no-transaction
DROP INDEX CONCURRENTLY visits_by_page;
