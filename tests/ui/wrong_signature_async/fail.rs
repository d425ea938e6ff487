#![allow(deprecated)]

migrate_core::embed_migrations!("ui/wrong_signature_async/migrations", database = "postgres");

fn main() {}
