#![allow(deprecated)]

migrate_core::embed_migrations!("ui/wrong_signature_blocking/migrations", database = "postgres");

fn main() {}
