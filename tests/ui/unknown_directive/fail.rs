migrate_core::embed_migrations!("ui/unknown_directive/migrations");

fn main() {}
