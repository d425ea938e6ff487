#![allow(deprecated)]

migrate_core::embed_migrations!("ui/mixed_drivers/migrations", database = "postgres");

fn main() {}
