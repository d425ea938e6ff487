//! A store of documents that are found again by their words.
//!
//! The schema is made by the migrations in `migrations/` and nowhere else. [`Database::open`] brings
//! a store of any age to the version of the program; what works with the tables gets them from there.

mod database;
mod documents;
mod log;
mod metadata;

pub use database::{Database, MIGRATIONS, migrator, open_as_it_is, schema};
pub use documents::{Document, Documents, Found, NewDocument};
pub use log::Log;
pub use metadata::DocumentMetadataRepository;

/// What can go wrong: the words for a user, and the error below it by downcasting.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
