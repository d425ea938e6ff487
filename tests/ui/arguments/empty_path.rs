migrate_core::embed_migrations!("");

fn main() {}
