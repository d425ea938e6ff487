//! What one migration does to a schema, as constant data.

use std::borrow::Cow;

use super::{Kind, Object, Schema};

/// What one migration does to one object of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    kind: Kind,
    name: Cow<'a, str>,
    table: Cow<'a, str>,
    digest: Option<[u8; 16]>,
}

impl<'a> Change<'a> {
    /// What brings the object `name` to this [digest](Object::digest), or drops it: `None`.
    ///
    /// ```
    /// # use migrate_source::schema::{Change, Kind};
    /// static DROPPED: Change<'static> = Change::new(Kind::Index, "iu", "users", None);
    /// assert_eq!(DROPPED.name(), "iu");
    /// ```
    #[must_use]
    pub const fn new(
        kind: Kind,
        name: &'a str,
        table: &'a str,
        digest: Option<[u8; 16]>,
    ) -> Change<'a> {
        Change {
            kind,
            name: Cow::Borrowed(name),
            table: Cow::Borrowed(table),
            digest,
        }
    }

    /// What the object is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table that it is on: its own name for a table and a view.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// What the object is known by afterwards; `None` when it is gone.
    #[must_use]
    pub fn digest(&self) -> Option<[u8; 16]> {
        self.digest
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Change<'static> {
        Change {
            kind: self.kind,
            name: Cow::Owned(self.name.into_owned()),
            table: Cow::Owned(self.table.into_owned()),
            digest: self.digest,
        }
    }
}

/// What leads from the schema `before` to the schema `after`, in order of their objects.
#[must_use]
pub fn changes<'a>(before: &'a Schema, after: &'a Schema) -> Vec<Change<'a>> {
    let change = |(before, after): (Option<&'a Object>, Option<&'a Object>)| {
        let object = after.or(before).filter(|_| before != after)?;
        let digest = after.map(Object::digest);
        Some(Change::new(
            object.kind,
            &object.name,
            &object.table,
            digest,
        ))
    };
    before.pairs(after).into_iter().filter_map(change).collect()
}
