//! What SQLite has and others have not.

mod files;
mod foreign_keys;
mod schema;
mod scripts;
mod session;
mod user_version;
