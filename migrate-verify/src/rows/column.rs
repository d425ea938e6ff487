//! The columns of a table, and what they may hold.

use migrate_source::Database;
use migrate_source::sql::tokens;
use rusqlite::types::Value;

use super::hints::Hint;
use super::literal::literal;
use super::value::{Shape, of_hint, others};

/// A column.
pub(super) struct Column {
    pub(super) name: String,
    /// Whether it can have no NULL, or should have none.
    pub(super) not_null: bool,
    /// Its place in the primary key, from 1.
    pub(super) key: usize,
    pub(super) generated: bool,
    /// Whether its table is `STRICT`.
    pub(super) strict: bool,
    /// Its type in upper case.
    declared: String,
    default: Option<Value>,
    shape: Shape,
    /// Whether it is the row's number.
    rowid: bool,
}

/// How the rows of a variation are.
#[derive(Clone, Copy)]
pub(super) struct Taste {
    variation: usize,
    /// Whether it is that of a column that tells rows apart.
    key: bool,
}

impl Taste {
    pub(super) const fn of(variation: usize) -> Taste {
        Taste {
            variation,
            key: false,
        }
    }

    /// The taste for a column that tells rows apart: it has a value, and not the same in all rows.
    pub(super) const fn for_key(self) -> Taste {
        Taste { key: true, ..self }
    }

    pub(super) const fn prefers_null(self) -> bool {
        matches!(self.variation, 2 | 5)
    }

    /// Whether a row refers to itself where it could refer to none.
    pub(super) const fn refers_to_itself(self) -> bool {
        self.variation == 4
    }

    pub(super) const fn prefers_hints(self) -> bool {
        self.variation % 2 == 1
    }

    /// `hints` of scripts in the order in which the row with this number prefers them.
    pub(super) fn ordered(self, hints: &[Hint], number: usize) -> Vec<&Hint> {
        let first = match self.variation {
            1 => number - 1,
            3 => 0,
            _ => hints.len().saturating_sub(1),
        };
        rotated(hints, first)
    }
}

impl Column {
    pub(super) fn new(name: &str, declared: &str) -> Column {
        Column {
            name: name.to_owned(),
            not_null: false,
            key: 0,
            generated: false,
            strict: false,
            declared: declared.trim().to_ascii_uppercase(),
            default: None,
            shape: Shape::Integer,
            rowid: false,
        }
    }

    /// The column with a default, as SQL.
    pub(super) fn with_default(mut self, sql: &str) -> Column {
        let tokens: Vec<_> = tokens(sql, Database::Sqlite).collect();
        let value = literal(&tokens).filter(|(_, length)| *length == tokens.len());
        self.default = value.map(|(value, _)| value);
        self
    }

    /// Draws conclusions from the rest. `alone` says that a primary key has no other column.
    pub(super) fn settle(&mut self, alone: bool) {
        self.rowid = self.key > 0 && alone && self.declared == "INTEGER";
        self.shape = match self.rowid {
            true => Shape::Integer,
            false => self.guess(),
        };
    }

    /// What it may hold in the row with this number, best first. `own` is what its table says about
    /// it, `hinted` what scripts say.
    pub(super) fn candidates(
        &self,
        own: &[Hint],
        hinted: &[Hint],
        taste: Taste,
        number: usize,
    ) -> Vec<Value> {
        let of = |hint: &Hint, hints| of_hint(hint, hints, self.shape, number);
        let own_values = rotated(own, number - 1);
        let own_values = own_values.into_iter().flat_map(|hint| of(hint, own));
        let hinted_values = taste.ordered(hinted, number);
        let hinted_values = hinted_values.into_iter().flat_map(|hint| of(hint, hinted));
        let tasted = match taste.variation {
            _ if taste.key => None,
            2 | 5 => Some(Value::Null),
            3 => Some(self.shape.zero()),
            4 => Some(self.shape.one()),
            _ => None,
        };
        let hinted_values: Vec<Value> = hinted_values.collect();
        let (first, last) = match taste.prefers_hints() {
            true => (hinted_values, Vec::new()),
            false => (Vec::new(), hinted_values),
        };
        let mut values = first;
        values.extend(tasted);
        values.extend(own_values);
        values.push(self.shape.value(number));
        values.push(Value::Null);
        values.extend(self.default.clone());
        values.extend((1..=3).map(|by| self.shape.value(number + by)));
        values.extend(last);
        values.extend(others(number));
        values.push(self.shape.value(number + 1000));
        let mut found: Vec<Value> = Vec::new();
        for value in values {
            if self.can_hold(&value) && !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }

    fn can_hold(&self, value: &Value) -> bool {
        match value {
            Value::Null => !self.not_null,
            Value::Integer(_) if self.rowid => true,
            _ if self.rowid => false,
            _ if !self.strict => true,
            Value::Integer(_) => {
                matches!(self.declared.as_str(), "INT" | "INTEGER" | "REAL" | "ANY")
            }
            Value::Real(_) => matches!(self.declared.as_str(), "REAL" | "ANY"),
            Value::Text(_) => matches!(self.declared.as_str(), "TEXT" | "ANY"),
            Value::Blob(_) => matches!(self.declared.as_str(), "BLOB" | "ANY"),
        }
    }

    fn guess(&self) -> Shape {
        let name = self.name.to_ascii_lowercase();
        let declares = |part: &str| self.declared.contains(part);
        let is_date = name.ends_with("_at")
            || name.ends_with("_on")
            || name.ends_with("_ts")
            || name.ends_with("date")
            || name.ends_with("time")
            || name.ends_with("timestamp");
        if declares("BOOL") {
            return Shape::Boolean;
        }
        if declares("JSON") || self.default_is_json() {
            return Shape::Json;
        }
        // The rules for affinity, section 3.1 of https://www.sqlite.org/datatype3.html, in their order.
        if declares("INT") {
            return if is_date {
                Shape::Seconds
            } else {
                Shape::Integer
            };
        }
        if declares("CHAR") || declares("CLOB") || declares("TEXT") {
            return match name.as_str() {
                _ if is_date => Shape::Moment,
                "id" | "uuid" | "guid" => Shape::Uuid,
                _ if name.ends_with("_id") || name.ends_with("uuid") => Shape::Uuid,
                _ => Shape::Text,
            };
        }
        match () {
            () if self.declared.is_empty() || declares("BLOB") => Shape::Blob,
            () if declares("REAL") || declares("FLOA") || declares("DOUB") => Shape::Real,
            () if declares("UUID") || declares("GUID") => Shape::Uuid,
            () if declares("DATETIME") || declares("TIME") => Shape::Moment,
            () if declares("DATE") => Shape::Date,
            () if declares("STRING") => Shape::Text,
            () => Shape::Integer,
        }
    }

    fn default_is_json(&self) -> bool {
        matches!(&self.default, Some(Value::Text(text)) if text.starts_with(['{', '[']))
    }
}

/// `hints` from the one at `first` on, then those before it.
fn rotated(hints: &[Hint], first: usize) -> Vec<&Hint> {
    let start = first.checked_rem(hints.len()).unwrap_or(0);
    hints[start..].iter().chain(&hints[..start]).collect()
}
