migrate_core::embed_migrations!("migrations/layouts/plain", allow(not_utf8, misplaced_marker));

fn main() {}
