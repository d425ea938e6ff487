//! What is not known for certain of a database, since something could not be run.

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::schema::{Difference, Schema};
use migrate_source::sql::{tokens, unquoted};

use crate::failure::{Failure, Kind};
use crate::run::{Effect, Failed};
use crate::set::Script;

/// What is not known for certain, since something could not be run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// Any name may stand for something after all.
    pub(crate) schema: bool,
    /// These names may, in lower case.
    pub(crate) names: BTreeSet<String>,
    /// Rows may meet a constraint after all.
    pub(crate) rows: bool,
    /// The functions, in lower case, that views and triggers may use which only the application provides.
    pub(crate) application: BTreeSet<String>,
}

impl Doubt {
    /// Whether a failure is one for certain.
    pub(crate) fn believes(&self, failure: &Failure) -> bool {
        let doubtful = |name: &&str| self.names.contains(&unquoted(name).to_lowercase());
        match failure.kind {
            Kind::Name if self.is_provided(failure) => false,
            Kind::Name => !self.schema && !failure.names().iter().any(doubtful),
            Kind::Constraint => !self.rows,
            Kind::Refused => false,
            Kind::Endless | Kind::Large | Kind::Other => true,
        }
    }

    fn is_provided(&self, failure: &Failure) -> bool {
        let mut names = failure.names().into_iter();
        failure.is_about_function()
            && names.any(|name| self.application.contains(&name.to_lowercase()))
    }

    /// Whether a down is to blame for a difference; `made` is the schema before it.
    ///
    /// Where any name may stand for something else, a down may bring back what was not seen here. What
    /// it passes over that its up made or dropped is left behind or missing all the same.
    pub(crate) fn is_sure_of(&self, difference: &Difference<'_>, made: &Schema) -> bool {
        let objects = [difference.before(), difference.after()];
        let doubtful = objects.into_iter().flatten().any(|object| {
            let names = [object.name(), object.table()];
            names
                .iter()
                .any(|name| self.names.contains(&name.to_lowercase()))
        });
        let sure = match objects {
            _ if !self.schema => true,
            [None, Some(left)] => made
                .objects()
                .any(|object| object.kind() == left.kind() && object.name() == left.name()),
            [Some(_), None] => true,
            _ => false,
        };
        sure && !doubtful
    }

    /// Notes that a statement was not run.
    pub(crate) fn add(&mut self, failed: &Failed) {
        match &failed.effect {
            Effect::Nothing => return,
            Effect::Rows => {}
            Effect::Names(names) => self.names.extend(names.iter().cloned()),
            Effect::Anything => self.schema = true,
        }
        self.rows = true;
    }

    pub(crate) fn knows_schema(&self) -> bool {
        !self.schema && self.names.is_empty()
    }
}

/// The functions that a script has, in lower case: the words before a parenthesis.
pub(crate) fn called(script: &Script<'_>) -> BTreeSet<String> {
    let tokens = tokens(script.sql, Database::Sqlite).filter(|token| !token.kind.is_comment());
    let tokens: Vec<_> = tokens.collect();
    let calls = tokens.windows(2).filter(|pair| pair[1].is_punctuation('('));
    calls
        .map(|pair| unquoted(pair[0].text).to_lowercase())
        .collect()
}
