migrate_core::embed_migrations!("ui/gap/migrations");

fn main() {}
