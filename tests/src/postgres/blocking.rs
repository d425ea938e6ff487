//! The contract on `postgres`.

use migrate_core::postgres::Client;
use migrate_core::{
    Applied, Database, Error, Goal, Migration, Migrator, Plan, Report, Status, Verification,
    embed_migrations,
};

use crate::contract::{CodeSet, TestConnection, TestDatabase, blocking_verbs};
use crate::postgres::{Scratch, looks};

/// A database that is taken through `postgres`.
pub struct Blocking(Scratch);

impl TestDatabase for Blocking {
    const DATABASE: Database = Database::Postgres;
    const TOLD_AFTERWARDS: bool = true;

    const CODE: &'static str = "migrations/postgres";

    type Connection = Client;

    #[allow(unnameable_test_items)]
    fn code(set: CodeSet) -> &'static [Migration<'static>] {
        embed_migrations!(static WRITTEN = "migrations/postgres/written", database = "postgres");
        embed_migrations!(static MISBEHAVING = "migrations/postgres/misbehaving", database = "postgres");
        embed_migrations!(static ADOPTING = "migrations/postgres/adopting", database = "postgres");
        embed_migrations!(static ASKING = "migrations/postgres/asking", database = "postgres");
        match set {
            CodeSet::Written => &WRITTEN,
            CodeSet::Misbehaving => &MISBEHAVING,
            CodeSet::Adopting => &ADOPTING,
            CodeSet::Asking => &ASKING,
        }
    }

    fn fresh() -> Blocking {
        Blocking(Scratch::fresh())
    }

    fn connect(&self) -> Client {
        self.0.connect()
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.snapshot()
    }
}

impl TestConnection for Client {
    blocking_verbs!();
    looks::looks!();

    fn rows(&mut self, sql: &str) -> Vec<String> {
        crate::postgres::rows(self, sql)
    }
}
