//! The schema of a database, and in words how two differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::postgres::scratch::Scratch;

/// The schema of a database: what each object is, by PostgreSQL's own description of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Schema(BTreeMap<String, Object>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    definition: String,
    /// What it is a part of, and goes with.
    parent: Option<String>,
}

impl Schema {
    pub(super) fn of(scratch: &mut Scratch<'_>) -> Result<Schema, Error> {
        let rows = scratch.query_beside_history(include_str!("schema.sql"))?;
        let objects = rows.iter().filter_map(|row| {
            let object = Object {
                definition: row.get(1).unwrap_or_default().to_owned(),
                parent: row.get(2).map(str::to_owned),
            };
            // What PostgreSQL does not describe is gone meanwhile.
            Some((row.get(0)?.to_owned(), object))
        });
        Ok(Schema(objects.collect()))
    }

    /// What is not as it was before, in words, an object each. What is a part of another that is left
    /// behind or missing is not told.
    pub(super) fn after_down(before: &Schema, after: &Schema) -> Vec<String> {
        let names: BTreeSet<&String> = before.0.keys().chain(after.0.keys()).collect();
        let told = names.into_iter().filter_map(|name| {
            let (was, is) = (before.0.get(name), after.0.get(name));
            let whole = |schema: &Schema, object: &Object| {
                let parent = object.parent.as_ref();
                parent.is_none_or(|parent| parent == name || schema.0.contains_key(parent))
            };
            match (was, is) {
                (Some(was), Some(is)) => {
                    (was.definition != is.definition).then(|| different(name, was, is))
                }
                (Some(was), None) => whole(after, was).then(|| format!("{name} is missing")),
                (None, Some(is)) => whole(before, is).then(|| format!("{name} is left behind")),
                (None, None) => None,
            }
        });
        told.collect()
    }
}

/// Definitions that are short are told.
fn different(name: &str, was: &Object, is: &Object) -> String {
    const SHORT: usize = 120;
    let short = [was, is].iter().all(|object| {
        let text = &object.definition;
        text.len() <= SHORT && !text.contains('\n') && !text.is_empty()
    });
    match short {
        true => format!("{name} is `{}`, was `{}`", is.definition, was.definition),
        false => format!("{name} is different"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Schema};

    fn schema(objects: &[(&str, &str, &str)]) -> Schema {
        let objects = objects.iter().map(|(name, definition, parent)| {
            let object = Object {
                definition: (*definition).to_owned(),
                parent: Some((*parent).to_owned()).filter(|parent| !parent.is_empty()),
            };
            ((*name).to_owned(), object)
        });
        Schema(objects.collect())
    }

    #[test]
    fn what_differs_in_words() {
        let check = |before: &[_], after: &[_], expected: &[&str]| {
            assert_eq!(
                Schema::after_down(&schema(before), &schema(after)),
                expected
            );
        };
        let table = ("table a", "", "");
        let column = ("column x of table a", "integer", "table a");
        check(&[table, column], &[table, column], &[]);
        check(&[], &[table, column], &["table a is left behind"]);
        check(&[table, column], &[], &["table a is missing"]);
        check(
            &[table],
            &[table, column],
            &["column x of table a is left behind"],
        );
        check(
            &[table, column],
            &[table, ("column x of table a", "text", "table a")],
            &["column x of table a is `text`, was `integer`"],
        );
        check(
            &[("view v", "SELECT\n1", "")],
            &[("view v", "SELECT\n2", "")],
            &["view v is different"],
        );
    }
}
