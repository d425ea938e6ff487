migrate_core::embed_migrations!("ui/near_miss/migrations");

fn main() {}
