#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// A program, a build script and a test are shown as they are written.
#![allow(clippy::needless_doctest_main, clippy::test_attr_in_doctest)]
// Without a database there is nothing to run, but the types are there; and some of the orders only
// SQLite needs.
#![cfg_attr(not(feature = "sqlite"), allow(dead_code))]

mod backend;
mod compare;
mod connection;
mod drift;
mod engine;
mod error;
mod history;
mod migration;
mod migrator;
mod observer;
mod plan;
mod poll;
mod report;
mod settings;
mod status;
mod units;
#[cfg(feature = "verify")]
mod verify;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "folder")]
pub mod folder;

pub use connection::Connection;
pub use drift::{Drift, DriftState, NotCompared};
pub use error::{Changed, Error, ErrorKind, Failed, Holder, Outcome, Violation};
pub use history::Applied;
pub use migrate_source::place::Place;
pub use migrate_source::schema::{Fingerprint, Kind as ObjectKind};
pub use migrate_source::{Chain, Checksum, Database, Mode};
pub use migration::{BoxError, Migration};
pub use migrator::Migrator;
pub use observer::Event;
pub use plan::{Goal, Plan, Step, Transaction};
pub use report::{Action, Done, Report};
pub use settings::{Policy, Transactions};
pub use status::{Line, RepeatableLine, State, Status, Verification};

#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres;
#[cfg(feature = "sqlite")]
pub use rusqlite;
#[cfg(feature = "tokio-postgres")]
pub use tokio_postgres;

/// Embeds a folder of migrations: reads and judges it while the crate compiles.
///
/// `embed_migrations!("migrations");` stands where an item can stand, and makes
/// `pub static MIGRATIONS: [Migration; N]`: constant data, for which nothing is done at start-up. The
/// path is relative to the folder of the package's `Cargo.toml`. Everything that is wrong with the
/// folder is a compile error of its own, with the place in the file and the cure.
///
/// ```
/// migrate_core::embed_migrations!("migrations");
///
/// assert_eq!(MIGRATIONS[0].version(), Some(1));
/// assert_eq!(MIGRATIONS[0].description(), "create notes");
/// ```
///
/// With a name, a visibility and documentation of its own, and with every option there is:
///
/// ```
/// migrate_core::embed_migrations!(
///     /// The schema of each tenant.
///     pub(crate) static TENANT = "migrations",
///     database = "sqlite",     // or "postgres"
///     allow(gap, empty_down),  // problems that are none here, by name
///     trust_through = 1,       // up to here the files are in production and taken as they are
/// );
///
/// assert_eq!(TENANT.len(), 2);
/// ```
///
/// # Code migrations
///
/// A file `0003_backfill.rs` with `pub fn up(db: &rusqlite::Connection) -> Result<…>` becomes a private module
/// beside the set. For PostgreSQL it is `pub fn up(db: &mut postgres::Client) -> Result<…>`, or
/// `pub async fn up(db: &tokio_postgres::Client) -> Result<…>`, whose future has to be `Send`; `down` and
/// `check` are alike. Code needs the feature of its driver.
///
/// Code runs inside the transaction of the migration and has to leave it open. It may be run again when it
/// was rolled back, and what it did outside of the database is not taken back.
/// What the compiler has to say about it, it says in that file, and tests in it are
/// run with those of the crate, unless the macro is called inside a function. The file is found from
/// the one that has the string literal with the folder in it; where that is in a `macro_rules!` of
/// your own, call that one from the same file.
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
///
/// The macro also makes a test, `migrations_folder::is_embedded`, which fails when the folder has
/// got a file that the compiler has not seen.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! embed_migrations {
    ($($arguments:tt)*) => {
        $crate::__private::embed! { [$crate] $($arguments)* }
    };
}
