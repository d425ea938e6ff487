//! What a SQLite schema is, and how two of them differ.
//!
//! A [`Schema`] is read from the rows of `sqlite_master` ([`Schema::QUERY`]). Two are the same when the
//! tokens of their objects are: comments, white space, the case of words and the quotes of names do
//! not count, since SQLite itself changes them when a table or a column is renamed.
//! [`Schema::differences`] says in words what differs, [`changes`] what one migration did.

mod change;
mod difference;
mod table;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use hmac_sha256::Hash;

pub use change::{Change, changes};
pub use difference::Difference;

/// Every object of a SQLite database, but for SQLite's own.
///
/// ```
/// # use migrate_source::schema::Schema;
/// # fn row(sql: &str) -> (&str, &str, &str, Option<&str>) { ("table", "users", "users", Some(sql)) }
/// let before = Schema::of_rows([row("CREATE TABLE users (email VARCHAR(40))")])?;
/// let same = Schema::of_rows([row("CREATE TABLE \"users\"(\"email\" varchar(40)) -- people")])?;
/// assert_eq!(before, same);
///
/// let after = Schema::of_rows([row("CREATE TABLE users (email TEXT)")])?;
/// let differences = before.differences(&after);
/// assert_eq!(
///     differences[0].after_down(),
///     "column `email` of `users` comes back as TEXT, was VARCHAR(40)"
/// );
/// # Ok::<(), migrate_source::schema::Malformed>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// In order of [`Key`].
    objects: Vec<Arc<Object>>,
}

impl Schema {
    /// Gives the rows that [`Schema::of_rows`] takes. A SQLite before 3.33 knows no other name for
    /// the table it reads.
    pub const QUERY: &'static str = "SELECT type, name, tbl_name, sql FROM sqlite_master";

    /// The schema of these rows: `type`, `name`, `tbl_name` and `sql`, in any order.
    ///
    /// Names that begin with `sqlite_` are SQLite's own and left out: indexes of constraints,
    /// `sqlite_sequence`, `sqlite_stat1`.
    ///
    /// # Errors
    ///
    /// When no SQLite writes such rows: a type is unknown, or two objects have one name.
    pub fn of_rows<T, S>(
        rows: impl IntoIterator<Item = (T, S, S, Option<S>)>,
    ) -> Result<Schema, Malformed>
    where
        T: AsRef<str>,
        S: Into<String>,
    {
        let mut objects = BTreeMap::new();
        for (kind, name, table, sql) in rows {
            let name: String = name.into();
            if is_internal(&name) {
                continue;
            }
            let kind = Kind::from_name(kind.as_ref())
                .ok_or_else(|| Malformed(format!("`{name}` is of the type `{}`", kind.as_ref())))?;
            let object = Object::new(kind, name, table.into(), sql.map(Into::into));
            // Triggers alone have names of their own; a table and an index cannot share one.
            let unique = (kind == Kind::Trigger, object.name.to_ascii_lowercase());
            if let Some(other) = objects.insert(unique, object) {
                return Err(Malformed(format!("`{}` is there twice", other.name)));
            }
        }
        let mut objects: Vec<_> = objects.into_values().map(Arc::new).collect();
        objects.sort_by_cached_key(|object| object.key());
        Ok(Schema { objects })
    }

    /// The same without these tables, whatever the case of their names, and without what is on them.
    #[must_use]
    pub fn without(mut self, tables: &[impl AsRef<str>]) -> Schema {
        let is = |one: &str, name: &str| one.eq_ignore_ascii_case(name);
        self.objects
            .retain(|object| !tables.iter().any(|table| is(table.as_ref(), &object.table)));
        self
    }

    /// The same, but what is written exactly as in `before` is shared with it. Nothing is compared or
    /// hashed twice then, which counts for a thousand schemas that follow one another.
    #[must_use]
    pub fn sharing(mut self, before: &Schema) -> Schema {
        let before: BTreeMap<_, _> = before
            .objects
            .iter()
            .map(|object| ((object.kind, &object.name), object))
            .collect();
        for object in &mut self.objects {
            if let Some(shared) = before.get(&(object.kind, &object.name))
                && object.is_written_as(shared)
            {
                *object = Arc::clone(shared);
            }
        }
        self
    }

    /// Its objects: by table, and then tables, indexes, views and triggers, each by name.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = &Object> + Clone {
        self.objects.iter().map(|object| &**object)
    }

    /// Whether it has no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// What it is known by: the SHA-256 over `schema\n` and the digests of its objects, sorted.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digests: Vec<_> = self.objects().map(Object::digest).collect();
        digests.sort_unstable();
        let mut hash = Hash::new();
        hash.update(b"schema\n");
        hash.update(digests.as_flattened());
        Fingerprint(hash.finalize())
    }

    /// What differs in `after`, a fact each, by name of table; nothing if both are the same.
    ///
    /// Where a whole table is gone or new, its indexes and triggers are not named, nor are the tables
    /// that a virtual table keeps for itself.
    #[must_use]
    pub fn differences<'a>(&'a self, after: &'a Schema) -> Vec<Difference<'a>> {
        difference::differences(self, after)
    }

    /// Every object of this one and of `after` as a pair, in order of [`Key`].
    fn pairs<'a>(&'a self, after: &'a Schema) -> Vec<(Option<&'a Object>, Option<&'a Object>)> {
        let mut pairs: BTreeMap<_, (Option<&Object>, Option<&Object>)> = BTreeMap::new();
        for object in self.objects() {
            pairs.entry(object.identity()).or_default().0 = Some(object);
        }
        for object in after.objects() {
            pairs.entry(object.identity()).or_default().1 = Some(object);
        }
        let mut pairs: Vec<_> = pairs.into_values().collect();
        pairs.sort_by_cached_key(|(before, after)| before.or(*after).map(Object::key));
        pairs
    }
}

/// A table, an index, a view or a trigger.
///
/// Two are equal when they are of one kind, their names and their tables are the same in any case, and
/// so are the tokens of their SQL.
#[derive(Clone)]
pub struct Object {
    kind: Kind,
    name: String,
    table: String,
    sql: Option<String>,
    digest: OnceLock<[u8; 16]>,
}

/// What objects are sorted by: table, kind, name; names in lower case.
type Key = (String, Kind, String);

impl Object {
    fn new(kind: Kind, name: String, table: String, sql: Option<String>) -> Object {
        Object {
            kind,
            name,
            table,
            sql,
            digest: OnceLock::new(),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table that an index or a trigger is on. A table and a view name themselves.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its SQL, as SQLite keeps it.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        self.sql.as_deref()
    }

    /// What it is known by: the first half of a SHA-256.
    ///
    /// It is taken over `schema object\n`, its kind, its name and its table in lower case, and its tokens.
    /// Each of them is the length of its text in bytes (64-bit, big-endian) and the text; before a
    /// token stands a byte that says what it is: `n` for a word or a name, `l` for a string or a number, `p` for a
    /// character of punctuation. A word is in lower case, and so is a name, its quotes taken off; comments are
    /// left out; strings and numbers count to the byte. Only ASCII has lower case here, as in SQLite.
    /// A string in double quotes after `DEFAULT` is a string, and one in single quotes after `CREATE TABLE` is a
    /// name, as for SQLite.
    ///
    /// It is kept in programs only, not in databases: another version may take it over other things.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        *self.digest.get_or_init(|| {
            let mut hash = Hash::new();
            hash.update(b"schema object\n");
            let mut add = |text: &str| {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            };
            add(self.kind.name());
            add(&self.name.to_ascii_lowercase());
            add(&self.table.to_ascii_lowercase());
            for token in self.tokens() {
                hash.update([token.class.letter()]);
                hash.update((token.text.len() as u64).to_be_bytes());
                hash.update(token.text.as_bytes());
            }
            let mut half = [0; 16];
            half.copy_from_slice(&hash.finalize()[..16]);
            half
        })
    }

    fn tokens(&self) -> Vec<tokens::Token<'_>> {
        tokens::tokens(self.sql.as_deref().unwrap_or_default())
    }

    fn key(&self) -> Key {
        (
            self.table.to_ascii_lowercase(),
            self.kind,
            self.name.to_ascii_lowercase(),
        )
    }

    /// What makes it the same object in another schema, however it is written there.
    fn identity(&self) -> (Kind, String) {
        (self.kind, self.name.to_ascii_lowercase())
    }

    fn is_virtual(&self) -> bool {
        self.tokens()
            .get(1)
            .is_some_and(|token| token.is_keyword("virtual"))
    }

    fn is_written_as(&self, other: &Object) -> bool {
        (self.kind, &self.name, &self.table, &self.sql)
            == (other.kind, &other.name, &other.table, &other.sql)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        std::ptr::eq(self, other)
            || self.is_written_as(other)
            || self.kind == other.kind
                && self.name.eq_ignore_ascii_case(&other.name)
                && self.table.eq_ignore_ascii_case(&other.table)
                && self.tokens() == other.tokens()
    }
}

impl Eq for Object {}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        match &self.sql {
            Some(sql) => write!(f, ": {sql}"),
            None => Ok(()),
        }
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A table, virtual or not.
    Table,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: &'static [Kind] = &[Kind::Table, Kind::Index, Kind::View, Kind::Trigger];

    /// Its name: `table`, `index`, `view`, `trigger`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Index => "index",
            Kind::View => "view",
            Kind::Trigger => "trigger",
        }
    }

    /// The kind with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a schema is known by. Its text form is 64 hexadecimal digits.
///
/// It is kept in programs only, not in databases: another version may take it over other things.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A fingerprint from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Fingerprint {
        Fingerprint(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Rows that are no schema: no SQLite writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the database's own list of its schema is damaged: {}",
            self.0
        )
    }
}

impl std::error::Error for Malformed {}

fn is_internal(name: &str) -> bool {
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}
