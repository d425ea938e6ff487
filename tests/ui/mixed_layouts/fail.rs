migrate_core::embed_migrations!("ui/mixed_layouts/migrations");

fn main() {}
