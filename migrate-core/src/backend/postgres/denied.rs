//! What is said where the role may not do what the history needs.

use migrate_source::sql::quoted_name as name;

use crate::backend::postgres::Postgres;
use crate::backend::postgres::driver::Driver;
use crate::backend::tables::repeatable;
use crate::backend::{Failure, Order};

/// `insufficient_privilege`
pub(super) const DENIED: &str = "42501";

/// What is done with the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Create,
    Read,
    Write,
}

impl Access {
    /// What an order does with the history, if anything.
    pub(super) fn of(order: &Order<'_>) -> Option<Access> {
        match order {
            Order::Create { .. } => Some(Access::Create),
            Order::Expect(_) => Some(Access::Read),
            order if order.writes_history() => Some(Access::Write),
            _ => None,
        }
    }
}

impl<D: Driver> Postgres<'_, D> {
    /// Adds to a failure for want of a right what the run was about to do, and who has to be granted what.
    pub(super) fn explain_denied(&self, failure: &mut Failure, access: Access) {
        if failure.told.sqlstate.as_deref() != Some(DENIED) {
            return;
        }
        let table = &self.settings.table;
        let (history, schema, mut tables) = match &self.tables {
            Some(of) => (
                format!("{}.{table}", of.schema),
                name(&of.schema),
                of.history(),
            ),
            None => (table.clone(), "…".to_owned(), name(table)),
        };
        if self.there.repeated {
            tables = format!("{tables}, {schema}.{}", name(&repeatable(table)));
        }
        let role = match self.role.as_str() {
            "" => "…".to_owned(),
            role => name(role),
        };
        let (done, grants) = match access {
            Access::Create => (
                "created",
                format!("GRANT CREATE, USAGE ON SCHEMA {schema} TO {role}"),
            ),
            Access::Read => (
                "read",
                format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {tables} TO {role}"
                ),
            ),
            Access::Write => (
                "written",
                format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}"),
            ),
        };
        // Whose record cannot be written is told by the step that it is of.
        if access != Access::Write {
            failure.message = format!(
                "the history `{history}` cannot be {done}: {}",
                failure.message
            );
        }
        let help = &mut failure.told.help;
        if access == Access::Create && self.settings.create_schema {
            help.push(
                "where the schema is not there yet, to create it takes `GRANT CREATE ON DATABASE`"
                    .to_owned(),
            );
        }
        help.push(format!("grant the role what it needs: `{grants}`"));
        help.push(
            match access {
                Access::Create => "or name a schema in which it may create tables with the setting `schema`",
                _ => "or name another schema, if the history is kept elsewhere, with the setting `schema`",
            }
            .to_owned(),
        );
    }
}
