//! What a new code migration says.

use std::fs;
use std::path::Path;

use migrate_source::Database;
use migrate_source::folder::{Folder, Up};

/// The driver that the code of a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    Rusqlite,
    Postgres,
    TokioPostgres,
}

impl Driver {
    /// That of the newest code; else the one that the package names, which is in `path`.
    pub(crate) fn of(folder: &Folder, database: Database, path: &Path) -> Driver {
        let newest = folder.migrations.iter().rev().find_map(|m| match &m.up {
            Up::Code(code) => Some(code.is_async),
            Up::Sql(_) => None,
        });
        let manifests = path.ancestors().map(|dir| dir.join("Cargo.toml"));
        let nearest = || manifests.map(fs::read_to_string).find_map(Result::ok);
        match (database, newest) {
            (Database::Sqlite, _) => Driver::Rusqlite,
            (_, Some(false)) => Driver::Postgres,
            (_, Some(true)) => Driver::TokioPostgres,
            (_, None) => Driver::named_in(&nearest().unwrap_or_default()),
        }
    }

    /// That of a package with these features of `migrate-core`, and this Cargo.toml.
    pub(crate) fn of_package(database: Database, features: &[String], manifest: &str) -> Driver {
        let has = |feature: &str| features.iter().any(|one| one == feature);
        match database {
            Database::Sqlite => Driver::Rusqlite,
            _ if has("postgres") => Driver::Postgres,
            _ if has("tokio-postgres") => Driver::TokioPostgres,
            _ => Driver::named_in(manifest),
        }
    }

    /// The driver for PostgreSQL that a Cargo.toml names, as a feature or as a package.
    fn named_in(manifest: &str) -> Driver {
        let names = |driver| {
            let mut words = manifest.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c)));
            words.any(|word| word == driver)
        };
        match (names("tokio-postgres"), names("postgres")) {
            (true, false) => Driver::TokioPostgres,
            _ => Driver::Postgres,
        }
    }
}

/// A file that does not compile before something is written into it.
pub(crate) fn rust(driver: Driver, down: bool) -> String {
    let (names, signature, client, call) = match driver {
        Driver::Rusqlite => (
            "rusqlite::{Connection, Result}",
            "pub fn",
            "&Connection) -> Result<()>",
            "()",
        ),
        Driver::Postgres => (
            "postgres::{Client, Error}",
            "pub fn",
            "&mut Client) -> Result<(), Error>",
            "&[]",
        ),
        Driver::TokioPostgres => (
            "tokio_postgres::{Client, Error}",
            "pub async fn",
            "&Client) -> Result<(), Error>",
            "&[]",
        ),
    };
    let wait = match driver {
        Driver::TokioPostgres => ".await",
        _ => "",
    };
    let function = |name: &str, what: &str| {
        format!(
            "\n{signature} {name}(db: {client} {{\n    \
             compile_error!(\"write here what {what}\");\n    \
             db.execute(\"…\", {call}){wait}?;\n    \
             Ok(())\n}}\n"
        )
    };
    let mut text = format!("use migrate_core::{names};\n");
    text.push_str(&function("up", "brings a database to this version"));
    if down {
        text.push_str(&function("down", "takes this version back"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn driver_that_a_package_names() {
        let check =
            |manifest, expected| assert_eq!(Driver::named_in(manifest), expected, "{manifest}");
        check(
            "features = [\"macros\", \"tokio-postgres\"]",
            Driver::TokioPostgres,
        );
        check("tokio-postgres = \"0.7\"", Driver::TokioPostgres);
        check("features = [\"postgres\"]", Driver::Postgres);
        check(
            "features = [\"postgres\", \"tokio-postgres\"]",
            Driver::Postgres,
        );
        check(
            "features = [\"postgres-syntax\", \"tokio-postgres\"]",
            Driver::TokioPostgres,
        );
        check("", Driver::Postgres);
    }
}
