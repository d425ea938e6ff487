//! The contract, on every database that there is a backend for, and what only one of them promises.

migrate_tests::contract!(sqlite, migrate_tests::sqlite::SqliteFile);
migrate_tests::contract_of_schemas!(sqlite_schemas, migrate_tests::sqlite::SqliteFile);

migrate_tests::contract!(
    #[cfg_attr(
        not(have_postgres),
        ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
    )]
    postgres,
    migrate_tests::postgres::Blocking
);
migrate_tests::contract!(
    #[cfg_attr(
        not(have_postgres),
        ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
    )]
    tokio_postgres,
    migrate_tests::postgres::Asynchronous
);

mod every_case;
mod sqlite_only;
