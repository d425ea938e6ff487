//! Runs a set of migrations on a SQLite in memory and tells what is wrong with it.

mod rows;
