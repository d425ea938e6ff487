migrate_core::embed_migrations!(static SET = "ui/lock_conflict/migrations");

fn main() {}
