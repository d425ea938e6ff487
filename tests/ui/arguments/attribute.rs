migrate_core::embed_migrations!(#[cfg(test)] static SET = "migrations/layouts/plain");

fn main() {}
