migrate_core::embed_migrations!("migrations/layouts/plain", databse = "sqlite");

fn main() {}
