//! What can be wrong with the SQL of a script, as far as it can be known without a database.

use super::script::Role;
use super::{Finding, Problem, Script, marker};
use crate::Database;
use crate::directive::{Directives, Mode};
use crate::place::Place;
use crate::sql::{
    Control, Goose, Statement, Token, TokenKind, attaches, control, creates_unnamed_index,
    drops_table, foreign_keys_pragma, outside_transaction, psql_command, single_statements,
    statements, tokens,
};

/// Everything that is wrong with the SQL of `script`. Of each problem the first occurrence is
/// reported: its cure is the same for all of them.
///
/// With `goose` every statement must be finished, as goose wants it.
pub(super) fn script(script: &Script, role: Role, goose: bool, database: Database) -> Vec<Finding> {
    let tokens: Vec<Token<'_>> = tokens(&script.sql, database).collect();
    let statements = statements(&script.sql, database);
    let mut judge = Judge {
        script,
        database,
        findings: Vec::new(),
    };
    judge.all(&tokens, &statements, role, goose);
    let findings = judge.findings.into_iter();
    match database {
        Database::Postgres => findings.collect(),
        // Of several, the first one says so.
        _ => findings
            .enumerate()
            .map(|(at, finding)| match at {
                0 => finding.perhaps_postgres(&script.sql),
                _ => finding,
            })
            .collect(),
    }
}

struct Judge<'a> {
    script: &'a Script,
    database: Database,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    /// Reports a problem of the `len` bytes at `offset`, unless it was reported before.
    fn report(
        &mut self,
        problem: Problem,
        (offset, len): (usize, usize),
        message: impl Into<String>,
        help: &[&str],
    ) {
        if self
            .findings
            .iter()
            .any(|finding| finding.problem == problem)
        {
            return;
        }
        let Script {
            path, sql, line, ..
        } = self.script;
        let finding = Finding::new(problem, message).at(Place::at(path, sql, *line, offset, len));
        self.findings.push(
            help.iter()
                .fold(finding, |finding, cure| finding.help(*cure)),
        );
    }

    fn all(&mut self, tokens: &[Token<'_>], statements: &[Statement<'_>], role: Role, goose: bool) {
        self.psql(statements);
        if !self.findings.is_empty() {
            // What follows such a command may be data, which has no tokens.
            return;
        }
        self.unterminated(tokens);
        if !self.findings.is_empty() {
            // The last statement is not what its author meant.
            return;
        }
        self.hash_comments(tokens);
        if statements.is_empty() {
            self.empty(tokens, role);
        }
        if goose {
            self.unfinished(tokens, statements);
        }
        let single = single_statements(&self.script.sql, self.database);
        self.repeat(&single);
        self.dropped_tables(&single);
        self.transactions(&single);
        self.reach(&single);
    }

    fn psql(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            if let Some(command) = psql_command(statement.text, self.database) {
                let (start, len) = span(statement);
                let at = statement.text.find(command);
                let at = at.map(|at| (start + at, command.len()));
                let cure = match command {
                    "\\restrict" | "\\unrestrict" => {
                        "delete both lines, `\\restrict` and `\\unrestrict`: pg_dump writes them for psql"
                    }
                    _ => "write it in SQL, data as `INSERT`; for a dump use `pg_dump --inserts`",
                };
                self.report(
                    Problem::PsqlCommand,
                    at.unwrap_or((start, len)),
                    format!("`{command}` is a command of psql, not SQL"),
                    &[cure],
                );
            }
        }
    }

    fn unterminated(&mut self, tokens: &[Token<'_>]) {
        for token in tokens.iter().filter(|token| !token.closed) {
            let span = (token.offset, token.text.len());
            let (problem, message, help) = match token.kind {
                TokenKind::String if token.text.starts_with('$') => (
                    Problem::UnterminatedDollarQuote,
                    "this dollar-quoted string is not closed",
                    "close it with the tag that opens it",
                ),
                TokenKind::String => (
                    Problem::UnterminatedString,
                    "this string is not closed",
                    "close it with `'`; a `'` inside a string is written twice",
                ),
                TokenKind::BlockComment => (
                    Problem::UnterminatedComment,
                    "this comment is not closed",
                    match self.database {
                        Database::Postgres => "close it with `*/`, once for each `/*` inside it",
                        _ => "close it with `*/`",
                    },
                ),
                _ => (
                    Problem::UnterminatedName,
                    "this quoted name is not closed",
                    "close it with the quote that opens it",
                ),
            };
            self.report(problem, span, message, &[help]);
        }
    }

    fn hash_comments(&mut self, tokens: &[Token<'_>]) {
        for token in tokens
            .iter()
            .filter(|token| token.kind == TokenKind::HashComment)
        {
            self.report(
                Problem::HashComment,
                (token.offset, token.text.len()),
                "a comment does not begin with `#` in SQL",
                &["begin it with `--`"],
            );
        }
    }

    fn empty(&mut self, tokens: &[Token<'_>], role: Role) {
        let mut comments = tokens.iter();
        if role == Role::Seed || comments.any(|token| says_something(token, self.database)) {
            return;
        }
        let (problem, what) = match role.is_down() {
            false => (Problem::EmptyUp, "up"),
            true => (Problem::EmptyDown, "down"),
        };
        let mut help = vec![
            "write its SQL here",
            "if it does nothing on purpose, say why in a comment",
        ];
        if role == Role::Down {
            help.push(
                "without a down, leave it out, or write `-- migrate: irreversible` in the up",
            );
        }
        let Script { path, line, .. } = self.script;
        let finding = Finding::new(problem, format!("this {what} does nothing")).at(Place {
            line: *line,
            ..Place::file(path)
        });
        self.findings.push(
            help.iter()
                .fold(finding, |finding, cure| finding.help(*cure)),
        );
    }

    fn unfinished(&mut self, tokens: &[Token<'_>], statements: &[Statement<'_>]) {
        let mut block = None;
        for token in tokens
            .iter()
            .filter(|token| token.kind == TokenKind::LineComment)
        {
            match Goose::of(token.text) {
                Some(Goose::StatementBegin) => block = Some(token),
                Some(Goose::StatementEnd) => block = None,
                _ => {}
            }
        }
        let end = block.map_or(usize::MAX, |block| block.offset);
        let open = statements.iter().find(|statement| !statement.terminated);
        if let Some(statement) = open.filter(|statement| statement.offset < end) {
            self.report(
                Problem::UnfinishedStatement,
                span(statement),
                "this statement is not finished",
                &["end it with `;`"],
            );
        } else if let Some(block) = block {
            self.report(
                Problem::UnfinishedStatement,
                (block.offset, block.text.len()),
                "this `StatementBegin` has no `StatementEnd`",
                &["write `-- +goose StatementEnd` behind the statement"],
            );
        }
    }

    fn repeat(&mut self, statements: &[Statement<'_>]) {
        if self.script.directives.mode != Mode::Repeat {
            return;
        }
        if let [only] = statements {
            self.endless(only);
        }
        if let [_, second, ..] = statements {
            self.report(
                Problem::RepeatNotSingle,
                span(second),
                "a script that is repeated holds one statement, this is a second one",
                &["move it to a migration of its own"],
            );
        }
    }

    /// `UPDATE` without `WHERE` changes every row, whatever it did before.
    fn endless(&mut self, statement: &Statement<'_>) {
        let mut words =
            tokens(statement.text, self.database).filter(|token| !token.kind.is_comment());
        let updates = words.next().is_some_and(|token| token.is_keyword("UPDATE"));
        if updates && !words.any(|token| token.is_keyword("WHERE")) {
            self.report(
                Problem::EndlessRepeat,
                span(statement),
                "this statement changes every row each time, so it is repeated without an end",
                &["add a `WHERE` that the rows which are done do not meet"],
            );
        }
    }

    /// With foreign keys enforced, `DROP TABLE` deletes the rows of the table first, and what
    /// refers to them with it: <https://www.sqlite.org/foreignkeys.html#fk_schemacommands>.
    fn dropped_tables(&mut self, statements: &[Statement<'_>]) {
        if !self.script.directives.foreign_keys {
            return;
        }
        let database = self.database;
        let drops = |s: &&Statement<'_>| drops_table(s.text, database);
        for statement in statements.iter().filter(drops) {
            self.report(
                Problem::DropWithForeignKeys,
                span(statement),
                "with foreign keys enforced, dropping a table deletes the rows that refer to it",
                &[
                    "remove `-- migrate: foreign-keys on`: a table is rebuilt with them off",
                    "delete the rows with them on in a migration before this one",
                ],
            );
        }
    }

    /// Walks through the script with an eye on whether a transaction is open.
    fn transactions(&mut self, statements: &[Statement<'_>]) {
        let own = self.script.directives.mode == Mode::NoTransaction;
        let mut open = !own;
        let mut begun = None;
        for statement in statements {
            let control = control(statement.text, self.database);
            match control {
                Some(Control::Rollback) => self.report(
                    Problem::RollbackStatement,
                    span(statement),
                    "a migration cannot roll back what it does",
                    &["remove it: a migration that fails is rolled back by the runner"],
                ),
                Some(Control::Begin) if own && !open => begun = Some(statement),
                Some(Control::Commit) if own && open => begun = None,
                Some(_) if own => self.report(
                    Problem::TransactionStatement,
                    span(statement),
                    "this statement has no counterpart",
                    &["write `BEGIN` and `COMMIT` in pairs"],
                ),
                Some(_) => self.report(
                    Problem::TransactionStatement,
                    span(statement),
                    "the runner begins and ends the transaction of a migration",
                    &[
                        "remove it: every migration runs in a transaction of its own",
                        "or run the file statement by statement: `-- migrate: no-transaction`",
                    ],
                ),
                None => {}
            }
            open = match control {
                Some(Control::Begin) => true,
                Some(Control::Commit | Control::Rollback) => false,
                None => open,
            };
            // The pragma has a problem of its own.
            if open && control.is_none() && !foreign_keys_pragma(statement.text, self.database) {
                self.needs_no_transaction(statement, own);
            }
            if !open && creates_unnamed_index(statement.text, self.database) {
                self.report(
                    Problem::UnnamedIndex,
                    span(statement),
                    "this index has no name, by which a run could find out how far another came with it",
                    &["name it: `CREATE INDEX CONCURRENTLY name ON …`"],
                );
            }
        }
        if let Some(begin) = begun.filter(|_| open) {
            self.report(
                Problem::TransactionStatement,
                span(begin),
                "this transaction is not committed",
                &["end it with `COMMIT`"],
            );
        }
    }

    fn needs_no_transaction(&mut self, statement: &Statement<'_>, own: bool) {
        let Some(words) = outside_transaction(statement.text, self.database) else {
            return;
        };
        let help = match own {
            true => "move it out of `BEGIN … COMMIT`",
            false => {
                "move it to a migration of its own that begins with `-- migrate: no-transaction`"
            }
        };
        self.report(
            Problem::NotInTransaction,
            span(statement),
            format!("`{words}` cannot run in a transaction"),
            &[help],
        );
    }

    /// What reaches beyond the script: settings and files that the runner keeps to itself.
    fn reach(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            if foreign_keys_pragma(statement.text, self.database) {
                self.report(
                    Problem::ForeignKeysPragma,
                    span(statement),
                    "the runner takes care of foreign keys",
                    &[
                        "remove it: they are off while migrations run, and checked before each commit",
                        "to run a script with them enforced: `-- migrate: foreign-keys on`",
                    ],
                );
            }
            if attaches(statement.text, self.database) {
                self.report(
                    Problem::Attach,
                    span(statement),
                    "a migration changes its own database only",
                    &["give the other database a migrations folder of its own"],
                );
            }
        }
    }
}

fn span(statement: &Statement<'_>) -> (usize, usize) {
    (statement.offset, statement.text.len())
}

/// What the author's tool and the generators of others write into a new file, which says nothing
/// about it.
const TEMPLATES: &[&str] = &[
    "Write here what brings a database to this version",
    "Write here what takes this version back",
    "Your SQL goes here",
    "This file should undo anything in `up.sql`",
    "Add migration script here",
    "Add up migration script here",
    "Add down migration script here",
];

/// Whether a token is a comment that an author wrote for a reader.
fn says_something(token: &Token<'_>, database: Database) -> bool {
    let text = token
        .text
        .trim_matches(|c: char| "-/*#".contains(c) || c.is_whitespace());
    let directive = Directives::read(token.text, database) != Default::default();
    token.kind.is_comment()
        && text.contains(char::is_alphanumeric)
        && !TEMPLATES.contains(&text)
        && !directive
        && !marker::is_marker(token.text)
}
