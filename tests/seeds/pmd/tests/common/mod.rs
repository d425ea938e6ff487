//! Stores in a folder of their own, the program, and the program as it was at version 1.
#![allow(dead_code)] // Each file of tests needs its part of this.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use migrate_core::rusqlite::{Connection, types::Value};
use tempfile::TempDir;

pub(crate) const LATEST: i64 = 4;

pub(crate) const TABLES: [&str; 10] = [
    "collections",
    "content",
    "content_vectors",
    "document_metadata",
    "document_tags",
    "documents",
    "documents_fts",
    "ollama_cache",
    "path_contexts",
    "source_metadata",
];

/// A folder with a store in it, which may not be there yet.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.path().join("pmd.db")
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(crate) fn connect(&self) -> Connection {
        seed_pmd::open_as_it_is(&self.store()).unwrap()
    }

    /// What `pmd` says on this store.
    #[track_caller]
    pub(crate) fn pmd(&self, arguments: &[&str]) -> Said {
        self.run(env!("CARGO_BIN_EXE_pmd").as_ref(), arguments)
    }

    /// What the program of version 1 says on this store.
    #[track_caller]
    pub(crate) fn old(&self, arguments: &[&str]) -> String {
        let arguments = [&["pmd.db"], arguments].concat();
        self.run(old(), &arguments).well()
    }

    #[track_caller]
    fn run(&self, program: &Path, arguments: &[&str]) -> Said {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(self.0.path()).output();
        Said(output.unwrap())
    }

    /// A store that the program of version 1 has made, with rows in each of its tables.
    pub(crate) fn in_use_since_version_1() -> Place {
        let place = Place::new();
        place.file("bread.md", "# Bread\n\nMix flour, water and salt.\n");
        place.file("empty.md", "");
        assert_eq!(
            place.old(&["add", "bread.md"]),
            "migrated from version 0 to 1\n"
        );
        assert_eq!(place.old(&["add", "empty.md"]), "up to date at version 1\n");
        place
            .connect()
            .execute_batch(
                "INSERT INTO content_vectors VALUES ((SELECT max(hash) FROM content), 0, 0, 'm', x'00ff');
                 INSERT INTO path_contexts VALUES (1, '/', 'recipes');
                 INSERT INTO ollama_cache VALUES ('k', 'yes', '2025-03-01T09:30:00Z');
                 INSERT INTO source_metadata VALUES (1, 'file:bread.md', NULL, '2025-03-01T09:30:00Z');
                 INSERT INTO document_metadata VALUES (1, 'author', 'Zoë');
                 INSERT INTO document_tags VALUES (1, 'baking');",
            )
            .unwrap();
        place
    }
}

/// What a program said.
pub(crate) struct Said(Output);

impl Said {
    /// Its output, when it ended well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        let out = String::from_utf8(self.0.stdout).unwrap();
        let err = String::from_utf8(self.0.stderr).unwrap();
        assert!(self.0.status.success(), "{out}{err}");
        assert_eq!(err, "");
        out
    }

    /// Its messages, when it failed.
    #[track_caller]
    pub(crate) fn badly(self) -> String {
        let err = String::from_utf8(self.0.stderr).unwrap();
        assert!(!self.0.status.success(), "{err}");
        assert_eq!(self.0.stdout, b"");
        err
    }

    /// Its log, when it ended well.
    #[track_caller]
    pub(crate) fn log(self) -> String {
        let err = String::from_utf8(self.0.stderr).unwrap();
        assert!(self.0.status.success(), "{err}");
        err
    }
}

/// What a store says about its schema: all that a migration may change but the rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Stand {
    pub(crate) user_version: i64,
    /// Versions and checksums.
    pub(crate) history: Vec<(i64, String)>,
    /// Name and SQL of everything that is in the store.
    pub(crate) schema: Vec<(String, Option<String>)>,
}

impl Stand {
    pub(crate) fn of(db: &Connection) -> Stand {
        let pairs = |sql: &str| db.prepare(sql).unwrap();
        let has_history = db.table_exists(None, "_migrate_history").unwrap();
        let history = has_history.then(|| {
            let mut rows = pairs("SELECT version, checksum FROM _migrate_history ORDER BY version");
            let rows = rows
                .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        });
        let mut schema = pairs("SELECT name, sql FROM sqlite_schema ORDER BY name");
        let schema = schema
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        Stand {
            user_version: user_version(db),
            history: history.unwrap_or_default(),
            schema: schema.collect::<Result<_, _>>().unwrap(),
        }
    }

    /// That of a store which the program has just made.
    pub(crate) fn fresh() -> Stand {
        let place = Place::new();
        place.pmd(&["init"]).well();
        Stand::of(&place.connect())
    }
}

pub(crate) fn user_version(db: &Connection) -> i64 {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// Every row of the ten tables, without the column `words` that version 3 adds.
pub(crate) fn rows(db: &Connection) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let of_table = |table: &'static str| {
        let sql = format!(
            "SELECT group_concat(quote(name)) FROM pragma_table_info('{table}') WHERE name <> 'words'"
        );
        let columns: String = db.query_row(&sql, (), |row| row.get(0)).unwrap();
        let columns = columns.replace('\'', "\"");
        let mut rows = db
            .prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let width = rows.column_count();
        let rows = rows.query_map((), |row| (0..width).map(|at| row.get(at)).collect());
        (table, rows.unwrap().collect::<Result<_, _>>().unwrap())
    };
    TABLES.into_iter().map(of_table).collect()
}

/// The program of version 1: a package of its own, which cargo builds beside this one.
fn old() -> &'static Path {
    static OLD: OnceLock<PathBuf> = OnceLock::new();
    OLD.get_or_init(|| {
        let profile = Path::new(env!("CARGO_BIN_EXE_pmd")).parent().unwrap();
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (name, _) in env::vars_os() {
            // What belongs to the package that is tested, and not to the one that is built.
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&*name);
            }
        }
        cargo
            .args([
                "build",
                "--quiet",
                "--locked",
                "--offline",
                "--package",
                "seed-pmd-old",
            ])
            .arg("--target-dir")
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let output = cargo.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        profile
            .join("pmd-old")
            .with_extension(env::consts::EXE_EXTENSION)
    })
}
