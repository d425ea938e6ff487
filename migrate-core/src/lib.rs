#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// A program and a build script are shown as they are written.
#![allow(clippy::needless_doctest_main)]

mod backend;
mod compare;
mod connection;
mod engine;
mod error;
mod history;
mod migration;
mod migrator;
mod observer;
mod plan;
mod plan_script;
mod poll;
mod report;
mod settings;
mod status;
mod units;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "folder")]
pub mod folder;

pub use connection::Connection;
pub use error::{Changed, Error, ErrorKind, Failed, Outcome, Violation};
pub use history::Applied;
pub use migrate_source::place::Place;
pub use migrate_source::{Chain, Checksum, Database, Mode};
pub use migration::{BoxError, Migration};
pub use migrator::Migrator;
pub use observer::Event;
pub use plan::{Goal, Plan, Step, Transaction};
pub use report::{Action, Done, Report};
pub use settings::{Policy, Transactions};
pub use status::{Line, RepeatableLine, State, Status, Verification};

#[cfg(feature = "sqlite")]
pub use rusqlite;

/// Embeds a folder of migrations: reads and judges it while the crate compiles.
///
/// `embed_migrations!("migrations");` stands where an item can stand, and makes
/// `pub static MIGRATIONS: [Migration; N]`. The path is relative to the package's `Cargo.toml`.
/// Everything that is wrong with the folder is a compile error of its own, with the place in the
/// file and the cure.
///
/// ```
/// migrate_core::embed_migrations!("migrations");
///
/// assert_eq!(MIGRATIONS[0].version(), Some(1));
/// assert_eq!(MIGRATIONS[0].description(), "create notes");
/// ```
///
/// With a name and a visibility of its own, and with every option there is:
///
/// ```
/// migrate_core::embed_migrations!(
///     pub(crate) static TENANT = "migrations",
///     database = "sqlite",  // or "postgres"
///     allow(gap, empty_down), // problems that are none here, by name
///     trust_through = 1,    // up to here the files are in production and taken as they are
/// );
///
/// assert_eq!(TENANT.len(), 2);
/// ```
///
/// # New files
///
/// The compiler notices when a file changes or goes. To notice a new one, the package needs a
/// build script; without one, the macro warns.
///
/// ```
/// // build.rs
/// fn main() {
///     println!("cargo::rerun-if-changed=migrations");
/// }
/// ```
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! embed_migrations {
    ($($arguments:tt)*) => {
        $crate::__private::embed! { [$crate] $($arguments)* }
    };
}
