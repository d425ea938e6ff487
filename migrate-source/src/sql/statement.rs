//! Tokens to statements.
//!
//! A statement ends at its `;`. Some have more of them inside, and they are found by the grammar of
//! the database, not by counting words, so that columns called `begin`, `end` or `case` do no harm:
//!
//! - the body of `CREATE TRIGGER … BEGIN …; END` on SQLite and of `CREATE FUNCTION … BEGIN ATOMIC …;
//!   END` on PostgreSQL ends at an `END` that follows a `;`. There no statement can begin with
//!   `END`, and the `END` of a `CASE` never follows a `;`. `sqlite3_complete` relies on it, too.
//! - the commands of `CREATE RULE … DO (…; …)` on PostgreSQL stand in parentheses.
//!
//! Parentheses protect no `;` elsewhere. It would be a syntax error there, and splitting keeps one
//! forgotten parenthesis from swallowing the rest of the script.
//!
//! Between goose's `-- +goose StatementBegin` and `-- +goose StatementEnd` all is one statement.

use super::{Goose, Token, tokens};
use crate::Database;

/// The statements of `script`, in order. An empty one, as in `;;`, is none; every other token that
/// is no comment is in exactly one of them.
///
/// ```
/// # use migrate_source::{Database, sql::statements};
/// let script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END; -- b is derived
///     DROP TABLE c";
/// let found = statements(script, Database::Sqlite);
/// assert_eq!(found[0].text, "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;");
/// assert_eq!((found[1].text, found[1].terminated), ("DROP TABLE c", false));
/// ```
#[must_use]
pub fn statements(script: &str, database: Database) -> Vec<Statement<'_>> {
    split(script, database, true)
}

/// The statements of `script` as the database sees them: what goose takes for one, between
/// `StatementBegin` and `StatementEnd`, is cut like the rest.
///
/// ```
/// # use migrate_source::{Database, sql::single_statements};
/// let script = "-- +goose StatementBegin\nCREATE TABLE a (x);\nCREATE TABLE b (x);\n-- +goose StatementEnd";
/// assert_eq!(single_statements(script, Database::Sqlite).len(), 2);
/// ```
#[must_use]
pub fn single_statements(script: &str, database: Database) -> Vec<Statement<'_>> {
    split(script, database, false)
}

fn split(script: &str, database: Database, blocks: bool) -> Vec<Statement<'_>> {
    let mut splitter = Splitter {
        script,
        database,
        found: Vec::new(),
        open: None,
        blocks,
        block: false,
    };
    for token in tokens(script, database) {
        splitter.take(&token);
    }
    splitter.close(false);
    splitter.found
}

/// One statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Statement<'a> {
    /// From its first token to its `;` (included) or to its last token: comments around it are
    /// not part of it, comments inside it are. In a block of goose's those behind it are, too.
    pub text: &'a str,
    /// Where it begins, in bytes from the start of the script.
    pub offset: usize,
    /// Whether its end was found: a `;`, or the end of its block.
    pub terminated: bool,
}

struct Splitter<'a> {
    script: &'a str,
    database: Database,
    found: Vec<Statement<'a>>,
    open: Option<Open>,
    /// Whether a block of goose's is one statement.
    blocks: bool,
    /// Whether this is between `StatementBegin` and `StatementEnd`.
    block: bool,
}

/// A statement whose end has not been read.
struct Open {
    start: usize,
    end: usize,
    form: Form,
}

/// What the tokens of a statement so far say of the `;` that ends it.
enum Form {
    /// Nothing yet.
    Unread,
    /// It creates something.
    Create,
    /// The next `;` ends it.
    Plain,
    /// A body may begin.
    BeforeBody {
        /// Whether the last token was `BEGIN`.
        begin: bool,
    },
    /// It is in a body, where no `;` ends it.
    Body {
        /// Whether the last token lets an `END` close the body.
        may_end: bool,
    },
    /// It creates a rule, and this many parentheses are open.
    Rule(u32),
}

impl<'a> Splitter<'a> {
    fn take(&mut self, token: &Token<'a>) {
        if token.kind.is_comment() {
            self.take_comment(token);
            return;
        }
        let semicolon = token.is_punctuation(';');
        if semicolon && self.open.is_none() {
            return;
        }
        let open = self.open.get_or_insert(Open {
            start: token.offset,
            end: token.offset,
            form: Form::Unread,
        });
        open.end = token.end();
        if self.block {
            return;
        }
        if semicolon && !matches!(open.form, Form::Body { .. } | Form::Rule(1..)) {
            self.close(true);
        } else {
            open.form = open.form.after(token, self.database == Database::Postgres);
        }
    }

    fn take_comment(&mut self, comment: &Token<'a>) {
        match Goose::of(comment.text) {
            Some(Goose::StatementBegin) if !self.block => {
                self.close(false);
                self.block = self.blocks;
            }
            Some(Goose::StatementEnd) if self.block || !self.blocks => {
                self.close(self.block);
                self.block = false;
            }
            _ if self.block => {
                if let Some(open) = &mut self.open {
                    open.end = comment.end();
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, terminated: bool) {
        if let Some(Open { start, end, .. }) = self.open.take() {
            let text = &self.script[start..end];
            self.found.push(Statement {
                text,
                offset: start,
                terminated,
            });
        }
    }
}

impl Form {
    fn after(&self, token: &Token<'_>, postgres: bool) -> Form {
        let is = |keywords: &[&str]| keywords.iter().any(|keyword| token.is_keyword(keyword));
        match *self {
            Form::Unread if is(&["CREATE"]) => Form::Create,
            Form::Unread if !postgres && is(&["EXPLAIN", "QUERY", "PLAN"]) => Form::Unread,
            Form::Create if is(&["OR", "REPLACE", "TEMP", "TEMPORARY"]) => Form::Create,
            Form::Create if postgres && is(&["RULE"]) => Form::Rule(0),
            Form::Create if postgres && is(&["FUNCTION", "PROCEDURE"]) => {
                Form::BeforeBody { begin: false }
            }
            Form::Create if !postgres && is(&["TRIGGER"]) => Form::BeforeBody { begin: false },
            // An empty body is allowed on PostgreSQL only.
            Form::BeforeBody { begin: true } if is(&["ATOMIC"]) => Form::Body { may_end: true },
            Form::BeforeBody { .. } if !postgres && is(&["BEGIN"]) => Form::Body { may_end: false },
            Form::BeforeBody { .. } => Form::BeforeBody {
                begin: postgres && is(&["BEGIN"]),
            },
            Form::Body { may_end: true } if is(&["END"]) => Form::Plain,
            Form::Body { .. } => Form::Body {
                may_end: token.is_punctuation(';'),
            },
            Form::Rule(open) if token.is_punctuation('(') => Form::Rule(open.saturating_add(1)),
            Form::Rule(open) if token.is_punctuation(')') => Form::Rule(open.saturating_sub(1)),
            Form::Rule(open) => Form::Rule(open),
            Form::Unread | Form::Create | Form::Plain => Form::Plain,
        }
    }
}
