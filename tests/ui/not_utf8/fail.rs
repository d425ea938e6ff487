migrate_core::embed_migrations!("ui/not_utf8/migrations");

fn main() {}
