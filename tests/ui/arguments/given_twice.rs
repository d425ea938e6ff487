migrate_core::embed_migrations!("migrations/layouts/plain", trust_through = 1, trust_through = 2);

fn main() {}
