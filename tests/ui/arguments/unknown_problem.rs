migrate_core::embed_migrations!("migrations/layouts/plain", allow(gap, gaps));

fn main() {}
