//! What a migrations folder is, and everything that can be wrong with it.
//!
//! This crate takes names and bytes and gives migrations and problems back. It knows no database
//! driver, starts nothing and never panics on its input; only [`folder::disk`] touches the file
//! system. The macro of `migrate-core`, its runner and its tests all read through it, so that a
//! folder means the same thing everywhere.
//!
//! Without the feature `folder` it is what a shipped program needs at run time: the lexer
//! ([`sql`]), the [checksum] scheme, the [directives](directive) of a script, the [schema] and the
//! layout of a message about a [place] in one. With the feature `arguments` it also reads the
//! arguments of the macro.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "arguments")]
pub mod arguments;
pub mod checksum;
mod database;
pub mod directive;
mod finding;
#[cfg(feature = "folder")]
pub mod folder;
mod near;
mod options;
pub mod place;
mod problem;
pub mod schema;
pub mod sql;

pub use checksum::{Chain, Checksum};
pub use database::Database;
pub use directive::Mode;
pub use finding::Finding;
pub use options::Options;
pub use place::Place;
pub use problem::Problem;
