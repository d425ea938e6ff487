//! The same migrations on tables that are in use: with rows in them.
//!
//! A row that is made up may fail where no real one would. So only that is told which must fail on any
//! row: a column that a statement adds and fills in a way which no row, or no second row, can have.

use migrate_source::sql::{Statement, TokenKind, single_statements, tokens, unquoted};
use migrate_source::{Database, Finding, Problem, folder::Script};

use crate::error::Error;
use crate::postgres::rows::Rows;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::{Set, Trouble};
use crate::postgres::words::{Failure, failure};

pub(super) struct Populated<'a, 's> {
    set: &'a Set<'a>,
    scratch: &'a mut Scratch<'s>,
    pub(super) findings: Vec<(Option<i64>, Finding)>,
}

impl<'a, 's> Populated<'a, 's> {
    pub(super) fn new(set: &'a Set<'a>, scratch: &'a mut Scratch<'s>) -> Populated<'a, 's> {
        Populated {
            set,
            scratch,
            findings: Vec::new(),
        }
    }

    /// Runs the first `count` migrations, which run on empty tables, with rows before each.
    pub(super) fn run(&mut self, count: usize) -> Result<(), Error> {
        let relaxed = |at: &usize| self.set.is_relaxed(*at, &[Problem::FailingOnRows]);
        let first = (0..count).find(|at| !relaxed(at)).unwrap_or(count);
        if !self.rebuild(first)? {
            return Ok(());
        }
        let mut rows = Rows::default();
        for at in first..count {
            rows.fill(self.scratch)?;
            let Err(trouble) = self.set.apply(self.scratch, at) else {
                continue;
            };
            let failure = failure(Problem::FailingOnRows, trouble)?;
            let script = self.set.up(at);
            let unverified = script.is_some_and(|script| script.directives.unverified.is_some());
            if let Some(finding) = script.and_then(|script| told(script, &failure))
                && !unverified
            {
                self.findings.push((failure.version, finding));
            }
            // It goes on as if there had been no rows.
            if !self.rebuild(at + 1)? {
                return Ok(());
            }
            rows = Rows::default();
        }
        if self.set.is_unknown(count) {
            return Ok(());
        }
        rows.fill(self.scratch)?;
        for broken in rows.exercise(self.scratch)? {
            self.findings.push(broken.finding(self.set));
        }
        Ok(())
    }

    /// A new database with the first `count` migrations. Whether they run on it as they have before.
    fn rebuild(&mut self, count: usize) -> Result<bool, Error> {
        match self.set.rebuild(self.scratch, count) {
            Ok(()) => Ok(true),
            Err(Trouble::Migration(_)) => Ok(false),
            Err(Trouble::Other(error)) => Err(error),
        }
    }
}

/// What is to be said of a migration that fails on tables with rows.
fn told(script: &Script, failure: &Failure) -> Option<Finding> {
    let mut finding = failure.finding.clone();
    if finding.problem != Problem::FailingOnRows {
        return Some(finding);
    }
    let db = failure.db()?;
    let statement = statement(script, &finding)?;
    let cure = match failure.sqlstate.as_str() {
        "23502" if adds(&statement, &[db.column()?]) => {
            "it runs on empty tables only: give existing rows a value first, or a `DEFAULT` that fits them"
        }
        "23505" if adds(&statement, &key(db.detail()?)?) => {
            "it runs on empty tables only: give every row a value of its own before it becomes `UNIQUE`"
        }
        _ => return None,
    };
    finding.message = format!("on tables with rows: {}", finding.message);
    finding.help.pop();
    Some(finding.help(cure))
}

/// The statement of a script that a finding is about.
fn statement<'s>(script: &'s Script, finding: &Finding) -> Option<Statement<'s>> {
    let place = finding.place.as_ref()?;
    let line = usize::try_from(place.line.checked_sub(script.line)?).ok()?;
    let start: usize = script
        .sql
        .split_inclusive('\n')
        .take(line)
        .map(str::len)
        .sum();
    let column = usize::try_from(place.column.saturating_sub(1)).ok()?;
    let offset: usize = script.sql[start..]
        .chars()
        .take(column)
        .map(char::len_utf8)
        .sum();
    single_statements(&script.sql, Database::Postgres)
        .into_iter()
        .rfind(|statement| statement.offset <= start + offset)
}

/// Whether a statement adds all of these columns to a table that is there.
fn adds(statement: &Statement<'_>, columns: &[&str]) -> bool {
    let tokens: Vec<_> = tokens(statement.text, Database::Postgres)
        .filter(|token| !token.kind.is_comment())
        .collect();
    if !tokens
        .first()
        .is_some_and(|token| token.is_keyword("ALTER"))
    {
        return false;
    }
    let mut added = Vec::new();
    for (at, _) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.is_keyword("ADD"))
    {
        let mut rest = tokens[at + 1..].iter().peekable();
        for word in ["COLUMN", "IF", "NOT", "EXISTS"] {
            rest.next_if(|token| token.is_keyword(word));
        }
        added.extend(rest.next().map(|token| match token.kind {
            TokenKind::QuotedName => unquoted(token.text).into_owned(),
            _ => token.text.to_lowercase(),
        }));
    }
    !columns.is_empty()
        && columns
            .iter()
            .all(|column| added.iter().any(|name| name == column))
}

/// The columns of "Key (a, b)=(1, 2) is duplicated."
fn key(detail: &str) -> Option<Vec<&str>> {
    let (_, rest) = detail.split_once('(')?;
    let (columns, _) = rest.split_once(")=")?;
    Some(
        columns
            .split(", ")
            .map(|name| name.trim_matches('"'))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use migrate_source::Database;
    use migrate_source::sql::single_statements;

    use super::{adds, key};

    #[test]
    fn columns_that_a_statement_adds() {
        let check = |sql: &str, columns: &[&str], expected: bool| {
            let statements = single_statements(sql, Database::Postgres);
            assert_eq!(adds(&statements[0], columns), expected, "{sql}");
        };
        check("ALTER TABLE a ADD b int NOT NULL", &["b"], true);
        check("alter table a add column if not exists B int", &["b"], true);
        check(
            "ALTER TABLE a ADD \"B c\" int, ADD d int",
            &["d", "B c"],
            true,
        );
        check("ALTER TABLE a ALTER b SET NOT NULL", &["b"], false);
        check(
            "ALTER TABLE a ADD c int, ALTER b SET NOT NULL",
            &["b"],
            false,
        );
        check("CREATE TABLE a (b int)", &["b"], false);
        check("ALTER TABLE a ADD b int", &[], false);
    }

    #[test]
    fn columns_of_a_key() {
        assert_eq!(
            key("Key (a, \"B\")=(1, 2) is duplicated."),
            Some(vec!["a", "B"])
        );
        assert_eq!(key("no key"), None);
    }
}
