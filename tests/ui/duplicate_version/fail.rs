migrate_core::embed_migrations!("ui/duplicate_version/migrations");

fn main() {}
