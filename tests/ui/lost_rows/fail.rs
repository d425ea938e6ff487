//! A rebuild of a table that forgets its rows.

migrate_core::embed_migrations!("ui/lost_rows/migrations");

fn main() {}
