//! What comes of a verification.

use std::path::Path;

use migrate_source::Finding;
use migrate_source::schema::{Change, Fingerprint, Schema, changes};

use crate::doubt::Doubt;
use crate::set::Set;
use crate::store::{Kept, Keys, read_marks, write_marks};
use crate::walk::Walk;

/// What is known of a set once it was run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// What each numbered migration did to the schema.
    pub steps: Vec<Step>,
    /// What each repeatable migration did to it.
    pub repeatables: Vec<Step>,
    /// What had to be done to know.
    pub work: Work,
}

/// What a migration did to the schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Step {
    /// The schema that it leads to, and what it changed. Nothing is known after a migration that
    /// could not be run.
    pub schema: Option<(Fingerprint, Vec<Change<'static>>)>,
}

/// What a verification cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Work {
    /// How many numbered migrations were run.
    pub run: usize,
    /// How many were known from before.
    pub known: usize,
}

impl Step {
    /// The step from one schema to another, if they are known.
    pub(crate) fn of(schemas: Option<(&Schema, &Schema)>) -> Step {
        Step {
            schema: schemas.map(|(was, is)| {
                let changes = changes(was, is);
                let changes = changes.into_iter().map(Change::into_owned);
                (is.fingerprint(), changes.collect())
            }),
        }
    }
}

/// The release of SQLite that runs the migrations, as it numbers them: 3045001 is 3.45.1.
#[must_use]
pub fn sqlite_release() -> i32 {
    rusqlite::version_number()
}

/// Runs a set and tells what is wrong with it.
///
/// With `store`, what was verified is kept in that file, and not run again while nothing of it
/// changes. The file may be shared, lost or broken at any time. Nothing is kept of a set with code
/// that is run.
///
/// ```
/// use migrate_source::{Database, Options};
/// use migrate_verify::{Body, Migration, Script, Set, verify};
///
/// let set = Set {
///     migrations: vec![Migration {
///         version: 1,
///         up: Body::Sql(Script::new("0001_users.up.sql", "CREATE TABLE users (id INT NUL);\n")),
///         down: None,
///     }],
///     repeatables: Vec::new(),
///     seed: None,
///     options: Options::new(Database::Sqlite),
///     is_incomplete: false,
/// };
/// let verified = verify(&set, None)?;
/// assert_eq!(verified.findings, []);
/// # Ok::<(), rusqlite::Error>(())
/// ```
///
/// # Errors
///
/// When SQLite itself fails, as it does without memory. What is wrong with the set is no error.
pub fn verify(set: &Set<'_>, store: Option<&Path>) -> rusqlite::Result<Verified> {
    // What code does may change without a change of the set.
    let store = store.filter(|_| !set.runs_code());
    let keys = Keys::of(set);
    let kept = store.and_then(Kept::read).unwrap_or_default();
    if let Some((steps, repeatables)) = kept.whole(&keys) {
        return Ok(Verified {
            findings: Vec::new(),
            work: Work {
                run: 0,
                known: steps.len(),
            },
            steps,
            repeatables,
        });
    }
    let mut marks = match store {
        Some(path) if kept != Kept::default() => read_marks(path),
        _ => Vec::new(),
    };
    let mut walk = match kept.latest(&marks, &keys) {
        Some((mark, steps)) => Walk::after(set, mark, steps)?,
        None => {
            let unknown = set.is_incomplete;
            Walk::new(
                set,
                Doubt {
                    schema: unknown,
                    rows: unknown,
                    ..Doubt::default()
                },
            )?
        }
    };
    let known = walk.steps.len();
    marks.retain(|mark| {
        mark.count == known && keys.steps.get(known.wrapping_sub(1)) == Some(&mark.key)
    });
    let count = set.migrations.len();
    for (at, migration) in set.migrations.iter().enumerate().skip(known) {
        walk.step(migration)?;
        // After the last, so that one more costs one; and before it, as it is the one that is edited.
        if store.is_some() && walk.can_be_marked() && at + 2 >= count {
            marks.push(walk.mark(keys.steps[at])?);
        }
    }
    let clean = walk.can_be_marked();
    walk.unless_lost(None, None, |walk| walk.there_and_back(known))?;
    if clean && !walk.can_be_marked() {
        // It is not walked again from a place behind it.
        marks.retain(|mark| mark.count <= known);
    }
    let mut repeatables = walk.unless_lost(None, None, Walk::finish)?;
    repeatables.resize_with(set.repeatables.len(), Step::default);
    let (findings, steps) = (walk.findings, walk.steps);
    if let Some(path) = store {
        let skip = marks.len().saturating_sub(2);
        write_marks(&marks[skip..], path);
        Kept::new(&keys, &steps, &repeatables, findings.is_empty()).write(path);
    }
    Ok(Verified {
        findings,
        steps,
        repeatables,
        work: Work {
            run: count - known,
            known,
        },
    })
}
