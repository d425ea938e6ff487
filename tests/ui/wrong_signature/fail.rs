#![allow(deprecated)]

migrate_core::embed_migrations!("ui/wrong_signature/migrations");

fn main() {}
