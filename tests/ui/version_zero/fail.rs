migrate_core::embed_migrations!("ui/version_zero/migrations");

fn main() {}
