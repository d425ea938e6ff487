migrate_core::embed_migrations!("../example-app/migrations");

fn main() {}
