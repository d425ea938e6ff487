//! Reading SQL: tokens, statements, and the few statements a runner must know by name.

mod failure;
mod goose;
mod lexer;
mod name;
mod pattern;
mod statement;
mod transaction;

pub use failure::sqlite_failure;
pub use goose::Goose;
pub use lexer::{Token, TokenKind, tokens};
pub use name::{quoted_name, unquoted};
pub use statement::{Statement, single_statements, statements};
pub use transaction::{
    Control, attaches, control, creates_unnamed_index, drops_table, foreign_keys_pragma,
    outside_transaction, psql_command, sets_for_session, waits_for_commit,
};
