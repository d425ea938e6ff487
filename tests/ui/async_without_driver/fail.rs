#![allow(deprecated)]

migrate_core::embed_migrations!("ui/async_without_driver/migrations");

fn main() {}
