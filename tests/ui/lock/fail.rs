migrate_core::embed_migrations!(static SET = "ui/lock/migrations");

fn main() {}
