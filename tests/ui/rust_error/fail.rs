#![allow(deprecated)]

mod database {
    pub mod schema {
        migrate_core::embed_migrations!("ui/rust_error/migrations");
    }
}

fn main() {}
