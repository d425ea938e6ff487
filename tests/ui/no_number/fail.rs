migrate_core::embed_migrations!("ui/no_number/migrations");

fn main() {}
