//! Reading and judging a migrations folder.
//!
//! [`Folder::read`] takes the names and bytes of a folder's files and gives its migrations back,
//! and everything that is wrong with them. It is pure; [`disk::list`] is what fetches the files.
//!
//! # Layouts
//!
//! A file's number is its version, from 1 to [`i64::MAX`]. Four layouts are understood, told apart
//! for the folder as a whole:
//!
//! | layout | up | down |
//! |---|---|---|
//! | plain | `0001_create_users.up.sql`, `0001_create_users.sql` | `0001_create_users.down.sql` |
//! | one file | `0001_create_users.sql`, from its up marker on | from its down marker on |
//! | folders | `2024-01-01-000000_create_users/up.sql`, `01-create/up.sql` | `…/down.sql` |
//! | refinery, Flyway | `V1__create_users.sql` | `U1__create_users.sql` |
//!
//! A folder has the layout `one file` when every numbered script begins with an up marker, of one
//! of three kinds: `-- migrate:up`, `-- +goose Up`, `-- UP`. In the layout `folders` a timestamp is
//! filled up with zeros to 18 digits, so that it sorts as its text does; a `metadata.toml` may say
//! `run_in_transaction`.
//!
//! Two kinds of files join any layout: code migrations, `0003_backfill.rs`, whose down is
//! `pub fn down` in the file or else `0003_backfill.down.sql` beside it; and repeatable ones,
//! `R__views.sql` with `R__views.down.sql`. A repeatable migration has no place in the history where
//! it could be resumed, so of the directives only `description`, `foreign-keys on` and `unverified`
//! mean something in it.
//!
//! Versions below 10 000 000 are sequential: they begin at 1 and have no gap. Greater ones are
//! timestamps. A number that is all zeros is a timestamp, and version 1, if it has eight digits or
//! more.
//!
//! # Other files
//!
//! `migrations.lock` [locks](lock) the migrations that are shipped. `seed.sql` is sample data, which a
//! verification puts into the tables.
//!
//! # What is passed over
//!
//! Names that begin with a dot, `README*` and `*.md` are no migrations. Every other name that is not
//! understood is a problem.
//!
//! # What is relaxed
//!
//! [`Options::allow`] drops findings by the name of their problem, [`Options::trust_through`] drops
//! those about migrations up to a version, where a history that is in production may have them.
//! Which problems these are say [`Problem::can_be_allowed`] and [`Problem::can_be_trusted`].

mod code;
pub mod disk;
mod judge;
mod layout;
pub mod lock;
mod marker;
mod metadata;
mod misnamed;
mod model;
mod name;
pub mod path;
mod read;
mod script;
mod set;
mod text;

pub use crate::finding::Finding;
pub use crate::options::Options;
pub use crate::place::Place;
pub use crate::problem::Problem;
pub use model::{Code, File, Folder, Migration, Repeatable, Script, Up};
