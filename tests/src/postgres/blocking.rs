//! The contract on `postgres`.

use migrate_core::postgres::Client;
use migrate_core::{
    Applied, Database, Error, Goal, Migration, Migrator, Plan, Report, Status, Verification,
};

use crate::contract::{TestConnection, TestDatabase, blocking_verbs};
use crate::postgres::{Scratch, looks};

/// A database that is taken through `postgres`.
pub struct Blocking(Scratch);

impl TestDatabase for Blocking {
    const DATABASE: Database = Database::Postgres;
    const TOLD_AFTERWARDS: bool = true;

    type Connection = Client;

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
