//! The contract, on every database that there is a backend for.

migrate_tests::contract!(sqlite, migrate_tests::sqlite::SqliteFile);
