//! Parses the SQL of a folder for PostgreSQL, without a server.
//!
//! [`syntax_errors`] tells what PostgreSQL would not understand. With the feature `lint`, [`lint`]
//! tells which statements take locks that others wait for.
//!
//! The parser is not PostgreSQL's own. It sees the form of a statement, not whether its tables, columns
//! and types are there; strings, which are the bodies of most functions and of `DO`, are not parsed.
//! A false alarm would be worse than a miss: what it is known to misread is left alone.

mod bounds;
mod errors;
mod gaps;
#[cfg(feature = "lint")]
mod lint;
#[cfg(feature = "lint")]
mod locks;
mod parse;
#[cfg(feature = "lint")]
mod rule;
mod words;

pub use errors::syntax_errors;
#[cfg(feature = "lint")]
pub use lint::{Lint, lint};
#[cfg(feature = "lint")]
pub use rule::Rule;
