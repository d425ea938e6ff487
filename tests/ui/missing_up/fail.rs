migrate_core::embed_migrations!("ui/missing_up/migrations");

fn main() {}
