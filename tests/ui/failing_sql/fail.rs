//! SQL that SQLite does not take, in several files, each reported where it is.

migrate_core::embed_migrations!("ui/failing_sql/migrations");

fn main() {}
