migrate_core::embed_migrations!("ui/missing_folder/migration");

fn main() {}
