migrate_core::embed_migrations!("ui/syntax_error/migrations", database = "postgres");

fn main() {}
