migrate_core::embed_migrations!("/migrations");

fn main() {}
