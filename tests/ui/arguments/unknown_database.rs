migrate_core::embed_migrations!("migrations/layouts/plain", database = "oracle");

fn main() {}
