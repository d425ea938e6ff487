migrate_core::embed_migrations!("ui/empty_up/migrations");

fn main() {}
