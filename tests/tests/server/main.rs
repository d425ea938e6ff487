//! What a PostgreSQL server can be set up for that a run must get along with, and what runs on one do to each
//! other there.

mod claims;
mod encodings;
mod found_there;
mod isolation;
mod read_only;
mod settings;
mod words;
