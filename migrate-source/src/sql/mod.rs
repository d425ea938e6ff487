//! Reading SQL: tokens, statements, and the few statements a runner must know by name.

mod lexer;
mod statement;
mod transaction;

pub use lexer::{Token, TokenKind, tokens};
pub use statement::{Statement, statements};
pub use transaction::{Control, control, outside_transaction};
