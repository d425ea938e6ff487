//! Records calls of tools in a SQLite database, which it brings up to date by itself.

pub mod daemon;
pub mod rollback;
pub mod storage;
