migrate_core::embed_migrations!(concat!("migrations/layouts/", "plain"));

fn main() {}
