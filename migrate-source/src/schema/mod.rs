//! What a SQLite schema is, and how two of them differ.
//!
//! A [`Schema`] is read from the rows of `sqlite_master` ([`Schema::QUERY`]). Two are the same when the
//! tokens of their objects are: comments, white space, the case of words and the quotes of names do
//! not count, since SQLite itself changes them when a table or a column is renamed.
//! [`Schema::differences`] says in words what differs, [`changes`] what one migration did.

mod change;
mod difference;
mod object;
mod table;
mod tokens;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use hmac_sha256::Hash;

use object::Key;

pub use change::{Change, changes};
pub use difference::Difference;
pub use object::{Kind, Object};

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
        let mut objects = Vec::new();
        for (kind, name, table, sql) in rows {
            let name: String = name.into();
            if is_internal(&name) {
                continue;
            }
            let kind = Kind::from_name(kind.as_ref())
                .ok_or_else(|| Malformed(format!("`{name}` is of the type `{}`", kind.as_ref())))?;
            let sql = sql.map(Into::into);
            objects.push(Arc::new(Object::new(kind, name, table.into(), sql)));
        }
        objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        // Triggers alone have names of their own; a table and an index cannot share one.
        let mut names = HashSet::with_capacity(objects.len());
        for Key { kind, name, .. } in objects.iter().map(|object| &object.key) {
            if !names.insert((*kind == Kind::Trigger, name)) {
                return Err(Malformed(format!("`{name}` is there twice")));
            }
        }
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
        let mut before = before.objects.iter().peekable();
        for object in &mut self.objects {
            while before.next_if(|other| other.key < object.key).is_some() {}
            if let Some(shared) = before.next_if(|other| object.is_written_as(other)) {
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

    /// What it is known by: the SHA-256 over `schema\n` and the digests of its objects, in their order.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digests: Vec<_> = self.objects().map(Object::digest).collect();
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

    /// Every object of this one and of `after` as a pair, in order of [`Key`], but for those that both
    /// share. An object that is on another table now is one pair.
    fn pairs<'a>(&'a self, after: &'a Schema) -> Vec<(Option<&'a Object>, Option<&'a Object>)> {
        let mut pairs: BTreeMap<_, (Option<&Object>, Option<&Object>)> = BTreeMap::new();
        let (mut olds, mut news) = (
            self.objects.iter().peekable(),
            after.objects.iter().peekable(),
        );
        loop {
            let order = match (olds.peek(), news.peek()) {
                (Some(old), Some(new)) if Arc::ptr_eq(old, new) => {
                    olds.next();
                    news.next();
                    continue;
                }
                (Some(old), Some(new)) => old.key.cmp(&new.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            if let Some(old) = olds.next_if(|_| order.is_le()) {
                pairs.entry(old.key.identity()).or_default().0 = Some(old);
            }
            if let Some(new) = news.next_if(|_| order.is_ge()) {
                pairs.entry(new.key.identity()).or_default().1 = Some(new);
            }
        }
        let mut pairs: Vec<_> = pairs.into_values().collect();
        pairs.sort_by_key(|(before, after)| before.or(*after).map(|object| &object.key));
        pairs
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
