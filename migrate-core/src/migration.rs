//! What a program carries: its migrations, as constant data.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;

use migrate_source::schema::{Change, Fingerprint};
use migrate_source::{Chain, Checksum, Database, Mode};

/// The error of a code migration: anything that can be turned into a boxed error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an asynchronous code migration returns, whatever its type was.
#[doc(hidden)]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// One migration: what brings a database a step further, and back.
///
/// [`embed_migrations!`](crate::embed_migrations) makes a `static` array of them; it borrows
/// everything from the program itself and costs nothing at start-up.
#[derive(Debug, Clone)]
pub struct Migration<'a> {
    pub(crate) id: Id<'a>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) database: Database,
    pub(crate) up: Body<'a>,
    pub(crate) down: Option<Body<'a>>,
    pub(crate) check: Option<Check>,
    pub(crate) checksum: Checksum,
    /// What counts in the chain: the checksum of the text that was locked first.
    pub(crate) first: Checksum,
    /// The checksums of earlier texts that a database may have run as well.
    pub(crate) accepted: &'a [Checksum],
    pub(crate) chain: Chain,
    pub(crate) schema: Option<Led<'a>>,
    /// The release of the database that it was run on while the program was compiled.
    pub(crate) verified: Option<i32>,
}

/// The schema that a migration leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Led<'a> {
    pub(crate) fingerprint: Fingerprint,
    /// What it does to the schema before it.
    pub(crate) changes: &'a [Change<'a>],
}

/// What a migration is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Id<'a> {
    /// Its number: it runs once.
    Version(i64),
    /// Its name: it runs again whenever it changes.
    Repeatable(Cow<'a, str>),
}

/// What is run: SQL or code.
#[derive(Debug, Clone)]
pub(crate) enum Body<'a> {
    Sql(Script<'a>),
    Code(Code<'a>),
}

/// SQL text and how it is run.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Script<'a> {
    pub(crate) sql: Cow<'a, str>,
    /// Its file, as the compiler would print it.
    pub(crate) file: Cow<'a, str>,
    /// The line of the file on which `sql` begins.
    pub(crate) line: u32,
    pub(crate) mode: Mode,
    pub(crate) foreign_keys: bool,
}

/// Compiled code and where it was written.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Code<'a> {
    pub(crate) file: Cow<'a, str>,
    pub(crate) run: Run,
}

/// The compiled function of a code migration.
#[doc(hidden)]
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Run {
    /// It was read from a folder at run time and cannot be run.
    NotCompiled,
    /// A function on a SQLite connection.
    #[cfg(feature = "sqlite")]
    Sqlite(fn(&rusqlite::Connection) -> Result<(), BoxError>),
    /// A function on a connection of `postgres`.
    #[cfg(feature = "postgres")]
    Postgres(fn(&mut postgres::Client) -> Result<(), BoxError>),
    /// An asynchronous function on a connection of `tokio-postgres`.
    #[cfg(feature = "tokio-postgres")]
    TokioPostgres(for<'a> fn(&'a tokio_postgres::Client) -> BoxFuture<'a, ()>),
}

/// The compiled `check` of a code migration: is it in place already?
#[doc(hidden)]
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Check {
    /// A function on a SQLite connection.
    #[cfg(feature = "sqlite")]
    Sqlite(fn(&rusqlite::Connection) -> Result<bool, BoxError>),
    /// A function on a connection of `postgres`.
    #[cfg(feature = "postgres")]
    Postgres(fn(&mut postgres::Client) -> Result<bool, BoxError>),
    /// An asynchronous function on a connection of `tokio-postgres`.
    #[cfg(feature = "tokio-postgres")]
    TokioPostgres(for<'a> fn(&'a tokio_postgres::Client) -> BoxFuture<'a, bool>),
}

impl Run {
    /// Whether it is for an asynchronous driver; `None` where it cannot be run at all.
    fn is_async(self) -> Option<bool> {
        match self {
            Run::NotCompiled => None,
            #[cfg(feature = "tokio-postgres")]
            Run::TokioPostgres(_) => Some(true),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => Some(false),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Run::NotCompiled => "NotCompiled",
            #[cfg(feature = "sqlite")]
            Run::Sqlite(_) => "Sqlite(fn)",
            #[cfg(feature = "postgres")]
            Run::Postgres(_) => "Postgres(fn)",
            #[cfg(feature = "tokio-postgres")]
            Run::TokioPostgres(_) => "TokioPostgres(fn)",
        })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check(fn)")
    }
}

impl Migration<'_> {
    /// Its version: the number of its file. A repeatable migration has none.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        match self.id {
            Id::Version(version) => Some(version),
            Id::Repeatable(_) => None,
        }
    }

    /// The name of a repeatable migration: `views` for `R__views.sql`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.id {
            Id::Version(_) => None,
            Id::Repeatable(name) => Some(name),
        }
    }

    /// What it is for, in words.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The database it is written for.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database
    }

    /// The checksum of what brings a database to this version.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// The checksums of earlier texts that a database may have run as well, since the folder's lock
    /// accepts them: `cargo migrate lock --accept`.
    #[must_use]
    pub fn accepted(&self) -> &[Checksum] {
        self.accepted
    }

    /// The SQL that brings a database to this version; `None` when code does.
    #[must_use]
    pub fn up_sql(&self) -> Option<&str> {
        self.up.sql()
    }

    /// The SQL that takes it back; `None` when code does, or nothing.
    #[must_use]
    pub fn down_sql(&self) -> Option<&str> {
        self.down.as_ref().and_then(Body::sql)
    }

    /// What the schema is known by that it leads to, together with all before it. `None` where that is
    /// not known: it was not run while the program was compiled, or code before it changes the schema.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.schema.map(|schema| schema.fingerprint)
    }

    /// Whether it can be taken back, by SQL or by code.
    #[must_use]
    pub fn has_down(&self) -> bool {
        self.down.is_some()
    }

    /// Whether it is code rather than SQL.
    #[must_use]
    pub fn is_code(&self) -> bool {
        matches!(self.up, Body::Code(_))
    }

    /// The file it was written in, relative to the workspace it was compiled in.
    #[must_use]
    pub fn file(&self) -> &str {
        self.up.file()
    }
}

impl Migration<'_> {
    /// How its text stands to the one whose checksum a database has recorded.
    pub(crate) fn text_of(&self, recorded: &str) -> Text {
        if recorded == self.checksum.to_string() {
            Text::Own
        } else if self.accepted.iter().any(|c| recorded == c.to_string()) {
            Text::Accepted
        } else {
            Text::Other
        }
    }

    /// The file in which its down is, or can be written; `None` where the layout has none, or another.
    pub(crate) fn down_file(&self) -> Option<String> {
        let (stem, line) = match &self.up {
            Body::Code(code) => return Some(code.file.to_string()),
            Body::Sql(script) => (script.file.strip_suffix(".sql")?, script.line),
        };
        let name = stem.rsplit(['/', '\\']).next()?;
        if name == "up" {
            return Some(format!("{}down.sql", &stem[..stem.len() - name.len()]));
        }
        // Behind a marker, the down is in the same file; `V1__a.sql` has another name for it.
        let is_plain = line == 1 && name.starts_with(|c: char| c.is_ascii_digit());
        let stem = stem.strip_suffix(".up").unwrap_or(stem);
        is_plain.then(|| format!("{stem}.down.sql"))
    }

    /// Whether its code is for an asynchronous driver; `None` where it has none that can be run.
    pub(crate) fn is_async(&self) -> Option<bool> {
        let bodies = [Some(&self.up), self.down.as_ref()];
        bodies.into_iter().flatten().find_map(|body| match body {
            Body::Code(code) => code.run.is_async(),
            Body::Sql(_) => None,
        })
    }

    /// What counts in the chain where a database has recorded `checksum`.
    pub(crate) fn in_chain(&self, checksum: Checksum) -> Checksum {
        if checksum == self.checksum || self.accepted.contains(&checksum) {
            self.first
        } else {
            checksum
        }
    }
}

/// Which text of a migration a database has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// The one that the program has.
    Own,
    /// An earlier one, which the lock accepts.
    Accepted,
    /// Another one.
    Other,
}

impl Body<'_> {
    pub(crate) fn sql(&self) -> Option<&str> {
        match self {
            Body::Sql(script) => Some(&script.sql),
            Body::Code(_) => None,
        }
    }

    pub(crate) fn file(&self) -> &str {
        match self {
            Body::Sql(script) => &script.file,
            Body::Code(code) => &code.file,
        }
    }

    pub(crate) fn foreign_keys(&self) -> bool {
        matches!(self, Body::Sql(script) if script.foreign_keys)
    }
}

/// What the macro emits: everything here is `const`.
impl<'a> Migration<'a> {
    const fn new(
        id: Id<'a>,
        description: &'a str,
        database: Database,
        up: Body<'a>,
        checksum: Checksum,
        chain: Chain,
    ) -> Migration<'a> {
        Migration {
            id,
            description: Cow::Borrowed(description),
            database,
            up,
            down: None,
            check: None,
            checksum,
            first: checksum,
            accepted: &[],
            chain,
            schema: None,
            verified: None,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn sql(
        version: i64,
        description: &'a str,
        database: Database,
        up: Script<'a>,
        checksum: Checksum,
        chain: Chain,
    ) -> Migration<'a> {
        let id = Id::Version(version);
        Migration::new(id, description, database, Body::Sql(up), checksum, chain)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn code(
        version: i64,
        description: &'a str,
        database: Database,
        up: Code<'a>,
        checksum: Checksum,
        chain: Chain,
    ) -> Migration<'a> {
        let id = Id::Version(version);
        Migration::new(id, description, database, Body::Code(up), checksum, chain)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn repeatable(
        name: &'a str,
        description: &'a str,
        database: Database,
        up: Script<'a>,
        checksum: Checksum,
    ) -> Migration<'a> {
        let id = Id::Repeatable(Cow::Borrowed(name));
        let up = Body::Sql(up);
        Migration::new(id, description, database, up, checksum, Chain::START)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_down(self, down: Script<'a>) -> Migration<'a> {
        self.with_down_body(Body::Sql(down))
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_down_code(self, down: Code<'a>) -> Migration<'a> {
        self.with_down_body(Body::Code(down))
    }

    // Fields are moved one by one with `forget`: a `const fn` cannot drop what it replaces.
    const fn with_down_body(mut self, down: Body<'a>) -> Migration<'a> {
        let before = self.down.replace(down);
        std::mem::forget(before);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn accepting(mut self, first: Checksum, others: &'a [Checksum]) -> Migration<'a> {
        self.first = first;
        self.accepted = others;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_check(mut self, check: Check) -> Migration<'a> {
        self.check = Some(check);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_schema(
        mut self,
        fingerprint: [u8; 32],
        changes: &'a [Change<'a>],
    ) -> Migration<'a> {
        self.schema = Some(Led {
            fingerprint: Fingerprint::from_bytes(fingerprint),
            changes,
        });
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_verified(mut self, release: i32) -> Migration<'a> {
        self.verified = Some(release);
        self
    }
}

impl<'a> Script<'a> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(sql: &'a str, file: &'a str, line: u32) -> Script<'a> {
        Script {
            sql: Cow::Borrowed(sql),
            file: Cow::Borrowed(file),
            line,
            mode: Mode::Transaction,
            foreign_keys: false,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Script<'a> {
        self.mode = mode;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_foreign_keys(mut self) -> Script<'a> {
        self.foreign_keys = true;
        self
    }
}

impl<'a> Code<'a> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(file: &'a str, run: Run) -> Code<'a> {
        Code {
            file: Cow::Borrowed(file),
            run,
        }
    }
}
