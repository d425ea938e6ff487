//! Records what coding agents do in a SQLite database, which it brings up to date by itself.

pub mod daemon;
pub mod rollback;
pub mod storage;
