//! What differs between two schemas, in words.

use std::borrow::Cow;

use super::table::{self, Column};
use super::{Kind, Object, Schema};

/// One thing that differs between the schema that should be and the one that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a> {
    before: Option<&'a Object>,
    after: Option<&'a Object>,
    what: What<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What<'a> {
    /// The object is in one of them only.
    Whole,
    /// The object is written differently, and that is all that is known.
    Text,
    ColumnGone(Cow<'a, str>),
    ColumnNew(Cow<'a, str>),
    Column {
        name: Cow<'a, str>,
        before: String,
        after: String,
    },
    Order,
    Constraints,
    Options,
}

impl<'a> Difference<'a> {
    /// The object in the schema that should be.
    #[must_use]
    pub fn before(&self) -> Option<&'a Object> {
        self.before
    }

    /// The object in the schema that is.
    #[must_use]
    pub fn after(&self) -> Option<&'a Object> {
        self.after
    }

    /// In words for one who wrote a down: "index `iu` is left behind".
    #[must_use]
    pub fn after_down(&self) -> String {
        one_line(&self.words(&AFTER_DOWN))
    }

    /// In words for one who looks at a schema that ought to be another: "index `iu` is missing".
    #[must_use]
    pub fn found(&self) -> String {
        one_line(&self.words(&FOUND))
    }

    fn words(&self, words: &Words) -> String {
        let Some(object) = self.before.or(self.after) else {
            return String::new();
        };
        let (kind, name) = (object.kind, &object.name);
        let is = |object: Option<&Object>| {
            if object.is_some() {
                words.gone
            } else {
                words.new
            }
        };
        match &self.what {
            What::Whole => format!("{kind} `{name}` {}", is(self.before)),
            What::Text => format!("{kind} `{name}` {}", words.different),
            What::ColumnGone(column) => format!("column `{column}` of `{name}` {}", words.gone),
            What::ColumnNew(column) => format!("column `{column}` of `{name}` {}", words.new),
            What::Column {
                name: column,
                before,
                after,
            } => {
                let (verb, was) = (words.is, words.was);
                let after = match after.as_str() {
                    "" => "without a type",
                    after => &format!("{}{after}", words.with),
                };
                let before = match before.as_str() {
                    "" => "without a type",
                    before => before,
                };
                format!("column `{column}` of `{name}` {verb} {after}, {was} {before}")
            }
            What::Order => format!("the columns of `{name}` {} in another order", words.are),
            What::Constraints => format!("the constraints of `{name}` {} different", words.are),
            What::Options => format!("the options of `{name}` {} different", words.are),
        }
    }
}

/// How it is said.
struct Words {
    gone: &'static str,
    new: &'static str,
    different: &'static str,
    is: &'static str,
    with: &'static str,
    was: &'static str,
    are: &'static str,
}

const AFTER_DOWN: Words = Words {
    gone: "does not come back",
    new: "is left behind",
    different: "comes back different",
    is: "comes back",
    with: "as ",
    was: "was",
    are: "come back",
};

const FOUND: Words = Words {
    gone: "is missing",
    new: "should not be there",
    different: "is different",
    is: "is",
    with: "",
    was: "should be",
    are: "are",
};

/// A name or a string may hold a line end.
fn one_line(words: &str) -> String {
    words.replace(char::is_control, " ")
}

pub(super) fn differences<'a>(before: &'a Schema, after: &'a Schema) -> Vec<Difference<'a>> {
    let pairs = before.pairs(after);
    let gone = Whole::of(pairs.iter().filter(|pair| pair.1.is_none()).map(|p| p.0));
    let new = Whole::of(pairs.iter().filter(|pair| pair.0.is_none()).map(|p| p.1));
    let mut found = Vec::new();
    for (before, after) in pairs {
        let whole = match (before, after) {
            (Some(before), Some(after)) => {
                compare(before, after, &mut found);
                continue;
            }
            (Some(object), None) => (object, &gone),
            (None, Some(object)) => (object, &new),
            (None, None) => continue,
        };
        if !whole.1.covers(whole.0) {
            found.push(Difference {
                before,
                after,
                what: What::Whole,
            });
        }
    }
    found
}

/// The tables and views that are in one schema only.
struct Whole {
    names: Vec<String>,
    /// What names of the tables begin with that virtual ones keep for themselves.
    prefixes: Vec<String>,
}

impl Whole {
    fn of<'a>(objects: impl Iterator<Item = Option<&'a Object>>) -> Whole {
        let mut whole = Whole {
            names: Vec::new(),
            prefixes: Vec::new(),
        };
        for object in objects.flatten() {
            let name = object.key.name.clone();
            if object.kind == Kind::Table && object.is_virtual() {
                whole.prefixes.push(format!("{name}_"));
            }
            if matches!(object.kind, Kind::Table | Kind::View) {
                whole.names.push(name);
            }
        }
        whole.names.sort_unstable();
        whole
    }

    /// Whether nothing needs to be said of `object`, since its table is named.
    fn covers(&self, object: &Object) -> bool {
        let table = &object.key.table;
        match object.kind {
            Kind::Index | Kind::Trigger => self.names.binary_search(table).is_ok(),
            Kind::Table => {
                self.prefixes.iter().any(|p| table.starts_with(p)) && !object.is_virtual()
            }
            Kind::View => false,
        }
    }
}

/// Adds what differs between two forms of one object.
fn compare<'a>(before: &'a Object, after: &'a Object, found: &mut Vec<Difference<'a>>) {
    if before == after {
        return;
    }
    let whats = match before.kind {
        Kind::Table => compare_tables(before, after),
        _ => Vec::new(),
    };
    let whats = if whats.is_empty() {
        vec![What::Text]
    } else {
        whats
    };
    found.extend(whats.into_iter().map(|what| Difference {
        before: Some(before),
        after: Some(after),
        what,
    }));
}

/// What differs between two forms of a table, as far as they can be read.
fn compare_tables<'a>(before: &'a Object, after: &'a Object) -> Vec<What<'a>> {
    let (Some(before), Some(after)) = (table::read(&before.tokens()), table::read(&after.tokens()))
    else {
        return Vec::new();
    };
    let mut whats = Vec::new();
    let find = |columns: &[Column<'a>], key: &str| columns.iter().position(|c| c.key == key);
    let mut places = Vec::new();
    for column in &before.columns {
        let Some(place) = find(&after.columns, &column.key) else {
            whats.push(What::ColumnGone(column.name.clone()));
            continue;
        };
        places.push(place);
        let now = &after.columns[place];
        if column.definition != now.definition {
            whats.push(What::Column {
                name: column.name.clone(),
                before: table::written(&column.definition),
                after: table::written(&now.definition),
            });
        }
    }
    for column in &after.columns {
        if find(&before.columns, &column.key).is_none() {
            whats.push(What::ColumnNew(column.name.clone()));
        }
    }
    if !places.is_sorted() {
        whats.push(What::Order);
    }
    if before.constraints != after.constraints {
        whats.push(What::Constraints);
    }
    if before.options != after.options {
        whats.push(What::Options);
    }
    whats
}
