//! Runs a set of migrations on a SQLite in memory and tells what is wrong with it.
//!
//! A migration that can be read can still fail when it is run, lose rows, or have a down that does not
//! take it back. [`verify`] runs all of them, as the runner of `migrate-core` would:
//!
//! 1. every up, in order;
//! 2. every down right after its up: the schema has to be what it was;
//! 3. every up on tables that have rows: it must not fail there, nor lose rows;
//! 4. all downs, from the last to the first, and the ups again;
//! 5. every view, trigger and foreign key once, since SQLite creates them without a look at what they
//!    refer to.
//!
//! The database lives in memory, cannot open files, and stops a statement that does not come to an
//! end. What was verified can be kept in a file, so that only what is new is run the next time.
//!
//! It needs SQLite 3.36. Before 3.37, which lists tables by `pragma_table_list`, there are no tables
//! with rows, and step 3 finds nothing; before 3.38 messages point at statements, not into them. This
//! matters where SQLite is that of the system, as in a test that is built without `bundled`.

mod again;
mod blame;
mod catalog;
mod deletions;
mod doubt;
mod failure;
#[cfg(feature = "folder")]
mod folder;
mod guard;
mod last;
mod orphans;
mod pair;
mod populated;
mod probe;
mod rows;
mod run;
mod scratch;
mod seed;
mod set;
mod settings;
mod store;
mod verified;
mod walk;
mod words;

#[cfg(feature = "folder")]
pub use folder::verify_folder;
pub use set::{Body, Code, Function, Migration, Repeatable, Script, Set};
pub use verified::{Step, Verified, Work, sqlite_release, verify};
