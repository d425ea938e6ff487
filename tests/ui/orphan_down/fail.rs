migrate_core::embed_migrations!("ui/orphan_down/migrations");

fn main() {}
