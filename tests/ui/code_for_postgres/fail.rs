migrate_core::embed_migrations!("ui/code_for_postgres/migrations", database = "postgres");

fn main() {}
