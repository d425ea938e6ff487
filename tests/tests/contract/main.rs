//! The contract, on every database that there is a backend for, and what only one of them promises.

migrate_tests::contract!(sqlite, migrate_tests::sqlite::SqliteFile);
migrate_tests::contract_of_schemas!(sqlite_schemas, migrate_tests::sqlite::SqliteFile);

mod every_case;
mod sqlite_only;
