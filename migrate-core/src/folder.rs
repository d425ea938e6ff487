//! Sets that are read from a folder at run time: for tools and tests. A program that ships embeds
//! its migrations instead.

use std::path::Path;

use migrate_source::folder::{self, Code as CodeFile, Script as ScriptFile, Up};
pub use migrate_source::folder::{File, Options, Problem};

use crate::migration::{Body, Code, Migration, Run, Script};

/// A folder that was read and found faultless. It lends its migrations to a
/// [`Migrator`](crate::Migrator), so that a tool and a program run through the same engine.
///
/// Code migrations are part of the set, but cannot be run: a tool does not contain their code.
#[derive(Debug, Clone)]
pub struct Folder {
    folder: folder::Folder,
    options: Options,
    /// What is printed before the names of its files.
    shown: String,
}

impl Folder {
    /// Reads a folder of the file system.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, as text, each thing with its place and its cure.
    pub fn read(path: impl AsRef<Path>, options: Options) -> Result<Folder, Vec<String>> {
        let shown = path.as_ref().display().to_string();
        match folder::disk::list(path.as_ref()) {
            Ok(listing) => Folder::judged(shown, listing.read(&options), options),
            Err(error) => Err(vec![format!(
                "the folder `{shown}` cannot be read: {error}"
            )]),
        }
    }

    /// Reads files that are in memory; `shown` is what messages call their folder.
    ///
    /// ```
    /// use migrate_core::folder::{File, Folder, Options};
    /// use migrate_core::{Database, Migrator};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = File { path: "0001_a.sql".into(), bytes: b"CREATE TABLE a (x);".into() };
    /// let folder = Folder::of_files("migrations", &[file], Options::new(Database::Sqlite))
    ///     .map_err(|problems| problems.join("\n"))?;
    /// let set = folder.migrations();
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// assert_eq!(Migrator::new(&set).up(&mut db)?.to(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Folder::read`].
    pub fn of_files(shown: &str, files: &[File], options: Options) -> Result<Folder, Vec<String>> {
        Folder::judged(
            shown.to_owned(),
            folder::Folder::read(files, &options),
            options,
        )
    }

    fn judged(
        shown: String,
        folder: folder::Folder,
        options: Options,
    ) -> Result<Folder, Vec<String>> {
        if folder.findings.is_empty() {
            Ok(Folder {
                folder,
                options,
                shown,
            })
        } else {
            Err(folder
                .findings
                .iter()
                .map(|finding| finding.render(&shown))
                .collect())
        }
    }

    /// Its migrations.
    #[must_use]
    pub fn migrations(&self) -> Vec<Migration<'_>> {
        let database = self.options.database;
        let numbered = self.folder.migrations.iter().map(|m| {
            let mut migration = match &m.up {
                Up::Sql(up) => Migration::sql(
                    m.version,
                    &m.description,
                    database,
                    self.script(up),
                    m.checksum,
                    m.chain,
                ),
                Up::Code(up) => {
                    let code = self.code(up);
                    let version = m.version;
                    Migration::code(version, &m.description, database, code, m.checksum, m.chain)
                }
            };
            if !m.accepted.is_empty() {
                migration = migration.accepting(m.first_checksum, &m.accepted);
            }
            migration.down = match (&m.down, &m.up) {
                (Some(down), _) => Some(Body::Sql(self.script(down))),
                (None, Up::Code(code)) if code.has_down => Some(Body::Code(self.code(code))),
                _ => None,
            };
            migration
        });
        let repeatable = self.folder.repeatables.iter().map(|r| {
            let mut migration = Migration::repeatable(
                &r.name,
                &r.description,
                database,
                self.script(&r.up),
                r.checksum,
            );
            migration.down = r.down.as_ref().map(|down| Body::Sql(self.script(down)));
            migration
        });
        numbered.chain(repeatable).collect()
    }

    fn script<'f>(&self, script: &'f ScriptFile) -> Script<'f> {
        Script {
            sql: script.sql.as_str().into(),
            file: self.path(&script.path).into(),
            line: script.line,
            mode: script.directives.mode,
            foreign_keys: script.directives.foreign_keys,
        }
    }

    fn code(&self, code: &CodeFile) -> Code<'static> {
        Code {
            file: self.path(&code.path).into(),
            run: Run::NotCompiled,
        }
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.shown.trim_end_matches('/'))
    }
}
