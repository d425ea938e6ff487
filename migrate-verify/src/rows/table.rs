//! What the schema says of a table.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use migrate_source::Database;
use migrate_source::sql::{Token, TokenKind, tokens};
use rusqlite::Connection;

use super::column::Column;
use super::hints::Hints;
use super::literal::unquoted;

/// The tables of a database, read as they are needed.
pub(super) struct Schema<'c> {
    db: &'c Connection,
    /// Names in lower case, with the name and whether the table is `STRICT`.
    names: BTreeMap<String, (String, bool)>,
    read: BTreeMap<String, Rc<Table>>,
    /// The tables that were read and refer to a table, by its name.
    children: BTreeMap<String, BTreeSet<String>>,
}

/// A table that rows can be put into.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) keys: Vec<ForeignKey>,
    pub(super) checks: Vec<Check>,
    /// What its own definition says of its columns.
    pub(super) hints: Hints,
    /// The columns that each generated column is made of.
    sources: BTreeMap<usize, Vec<usize>>,
    /// The columns that its triggers look at in a new row.
    triggering: Vec<usize>,
    /// Whether inserting may roll back the transaction of the caller.
    pub(super) rolls_back: bool,
}

/// A foreign key.
pub(super) struct ForeignKey {
    /// The name of the table that it refers to; `None` when there is none.
    pub(super) parent: Option<String>,
    /// Its columns.
    pub(super) from: Vec<usize>,
    /// The columns that it refers to; `None` when they are the primary key.
    pub(super) to: Option<Vec<String>>,
}

/// A CHECK.
pub(super) struct Check {
    /// Its name, or its expression.
    name: String,
    /// The columns that it is about.
    columns: Vec<usize>,
}

impl<'c> Schema<'c> {
    pub(super) fn read(db: &'c Connection) -> rusqlite::Result<Schema<'c>> {
        let names = list(db)?.into_iter();
        Ok(Schema {
            db,
            names: names
                .map(|(name, strict)| (name.to_ascii_lowercase(), (name, strict)))
                .collect(),
            read: BTreeMap::new(),
            children: BTreeMap::new(),
        })
    }

    /// The name as the schema has it of a table called `name` in any case.
    pub(super) fn named(&self, name: &str) -> Option<String> {
        let (name, _) = self.names.get(&name.to_ascii_lowercase())?;
        Some(name.clone())
    }

    /// The names of the tables that the table `name` refers to, but for itself.
    pub(super) fn parents(&mut self, name: &str) -> rusqlite::Result<Vec<String>> {
        let table = self.table(name)?;
        let parents = table.keys.iter().filter_map(|key| key.parent.clone());
        Ok(parents.filter(|parent| parent != name).collect())
    }

    /// The table `name`, which must be there under this very name.
    pub(super) fn table(&mut self, name: &str) -> rusqlite::Result<Rc<Table>> {
        if let Some(table) = self.read.get(name) {
            return Ok(Rc::clone(table));
        }
        let strict = self.names[&name.to_ascii_lowercase()].1;
        let table = Rc::new(self.read_table(name, strict)?);
        for parent in table.keys.iter().filter_map(|key| key.parent.clone()) {
            let children = self.children.entry(parent).or_default();
            children.insert(name.to_owned());
        }
        self.read.insert(name.to_owned(), Rc::clone(&table));
        Ok(table)
    }

    /// The columns of tables that were read which refer to the column at `at` of `table`.
    pub(super) fn referring(&self, table: &Table, at: usize) -> Vec<(Rc<Table>, usize)> {
        let mut found = Vec::new();
        let children = self.children.get(&table.name).into_iter().flatten();
        for child in children.filter_map(|name| self.read.get(name)) {
            for key in &child.keys {
                if key.parent.as_ref() != Some(&table.name) {
                    continue;
                }
                let to = key.target(table).unwrap_or_default();
                let pairs = key.from.iter().zip(to);
                let from = pairs.filter(|(_, to)| *to == at).map(|(&from, _)| from);
                found.extend(from.map(|from| (Rc::clone(child), from)));
            }
        }
        found
    }

    fn read_table(&self, name: &str, strict: bool) -> rusqlite::Result<Table> {
        let mut statement = self.db.prepare(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden
             FROM pragma_table_xinfo(?1, 'main') ORDER BY cid",
        )?;
        let columns = statement.query_map([name], |row| {
            let default: Option<String> = row.get(3)?;
            let mut column = Column::new(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?);
            column.not_null = row.get::<_, bool>(2)? || row.get::<_, i64>(4)? > 0;
            column.key = usize::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
            column.generated = row.get::<_, i64>(5)? != 0;
            column.strict = strict;
            Ok(match default {
                Some(default) => column.with_default(&default),
                None => column,
            })
        })?;
        let mut columns: Vec<Column> = columns.collect::<Result<_, _>>()?;
        let keys = columns.iter().filter(|column| column.key > 0).count();
        for column in &mut columns {
            column.settle(keys == 1);
        }

        let mut statement = self.db.prepare(
            "SELECT type, sql FROM main.sqlite_master
             WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('table', 'trigger')",
        )?;
        let texts = statement.query_map([name], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            ))
        })?;
        let mut table = Table {
            name: name.to_owned(),
            keys: self.foreign_keys(name, &columns)?,
            columns,
            checks: Vec::new(),
            hints: Hints::default(),
            sources: BTreeMap::new(),
            triggering: Vec::new(),
            rolls_back: false,
        };
        for text in texts {
            let (kind, sql) = text?;
            match kind.as_str() {
                "table" => table.define(&sql),
                _ => table.trigger(&sql),
            }
        }
        Ok(table)
    }

    fn foreign_keys(&self, name: &str, columns: &[Column]) -> rusqlite::Result<Vec<ForeignKey>> {
        let mut statement = self.db.prepare(
            "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1, 'main')
             ORDER BY id, seq",
        )?;
        let mut rows = statement.query([name])?;
        let mut keys: BTreeMap<i64, ForeignKey> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let parent: String = row.get(1)?;
            let key = keys.entry(row.get(0)?).or_insert_with(|| ForeignKey {
                parent: self.named(&parent),
                from: Vec::new(),
                to: Some(Vec::new()),
            });
            let from: String = row.get(2)?;
            key.from.extend(position(columns, &from));
            match (row.get(3)?, &mut key.to) {
                (Some(column), Some(to)) => to.push(column),
                _ => key.to = None,
            }
        }
        Ok(keys.into_values().collect())
    }

    /// The columns of an index that are mentioned anywhere in its definition.
    pub(super) fn columns_of_index(
        &self,
        table: &Table,
        index: &str,
    ) -> rusqlite::Result<Vec<usize>> {
        let mut statement = self
            .db
            .prepare("SELECT sql FROM main.sqlite_master WHERE type = 'index' AND name = ?1")?;
        let mut rows = statement.query([index])?;
        let sql: Option<String> = rows.next()?.map(|row| row.get(0)).transpose()?.flatten();
        Ok(table.mentioned(&all_tokens(&sql.unwrap_or_default())))
    }
}

impl ForeignKey {
    /// The columns of `parent` that it refers to; `None` when there are none to match its own.
    pub(super) fn target(&self, parent: &Table) -> Option<Vec<usize>> {
        let columns: Vec<usize> = match &self.to {
            Some(columns) => {
                let columns = columns.iter().map(|name| parent.column(name));
                columns.collect::<Option<_>>()?
            }
            None => parent.primary_key(),
        };
        (columns.len() == self.from.len()).then_some(columns)
    }
}

impl Table {
    /// The columns that a failing CHECK is about, by what SQLite calls it; none when there is no such.
    pub(super) fn columns_of_check(&self, name: &str) -> Vec<usize> {
        let text = spelt(&all_tokens(name));
        let same = |check: &&Check| check.name.eq_ignore_ascii_case(name) || check.name == text;
        let columns = self
            .checks
            .iter()
            .filter(same)
            .flat_map(|check| &check.columns);
        self.sources_of(&columns.copied().collect::<Vec<_>>())
    }

    /// The columns that any CHECK, generated column or trigger is about.
    pub(super) fn columns_of_expressions(&self) -> Vec<usize> {
        let checks = self.checks.iter().flat_map(|check| &check.columns);
        let others = self.sources.values().flatten().chain(&self.triggering);
        let columns = checks.chain(others).copied();
        self.sources_of(&columns.collect::<Vec<_>>())
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        position(&self.columns, name)
    }

    /// The positions of its primary key, in the order of the key.
    pub(super) fn primary_key(&self) -> Vec<usize> {
        let mut key: Vec<usize> = (0..self.columns.len())
            .filter(|&at| self.columns[at].key > 0)
            .collect();
        key.sort_by_key(|&at| self.columns[at].key);
        key
    }

    /// Reads what only the text of its definition has.
    fn define(&mut self, sql: &str) {
        self.hints.add(sql);
        let tokens = all_tokens(sql);
        for part in definitions(&tokens) {
            let column = part.first().filter(|token| is_name(token));
            let column = column.and_then(|token| self.column(&unquoted(token.text)));
            if let Some(at) = column.filter(|&at| self.columns[at].generated) {
                let mut columns = self.mentioned(&part[1..]);
                columns.retain(|&other| other != at);
                self.sources.insert(at, columns);
            }
        }
        for at in 0..tokens.len() {
            let opens = tokens
                .get(at + 1)
                .is_some_and(|token| token.is_punctuation('('));
            if !tokens[at].is_keyword("CHECK") || !opens {
                continue;
            }
            let expression = &tokens[at + 2..closing(&tokens, at + 1)];
            let named = at >= 2 && tokens[at - 2].is_keyword("CONSTRAINT");
            self.checks.push(Check {
                name: match named {
                    true => unquoted(tokens[at - 1].text).into_owned(),
                    false => spelt(expression),
                },
                columns: self.mentioned(expression),
            });
        }
    }

    /// Reads one of its triggers.
    fn trigger(&mut self, sql: &str) {
        let tokens = all_tokens(sql);
        for tokens in tokens.windows(3) {
            if tokens[0].is_keyword("NEW") && tokens[1].is_punctuation('.') {
                let column = self.column(&unquoted(tokens[2].text));
                self.triggering.extend(column);
            }
            self.rolls_back |= tokens[0].is_keyword("RAISE")
                && tokens[1].is_punctuation('(')
                && tokens[2].is_keyword("ROLLBACK");
        }
    }

    /// The columns that are named in `tokens`; for a generated one those that it is made of.
    fn mentioned(&self, tokens: &[Token<'_>]) -> Vec<usize> {
        let names = tokens.iter().filter(|token| is_name(token));
        let columns = names.filter_map(|token| self.column(&unquoted(token.text)));
        self.sources_of(&columns.collect::<Vec<_>>())
    }

    /// `columns`, with those that it is made of in place of each generated one.
    pub(super) fn sources_of(&self, columns: &[usize]) -> Vec<usize> {
        let mut open = columns.to_vec();
        let mut found = Vec::new();
        let mut seen = vec![false; self.columns.len()];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match self.sources.get(&at) {
                Some(sources) => open.extend(sources),
                None => found.push(at),
            }
        }
        found.sort_unstable();
        found
    }
}

/// The ordinary tables, and whether each is `STRICT`.
pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<(String, bool)>> {
    let mut statement = db.prepare(
        "SELECT name, strict FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY name",
    )?;
    let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tables.collect()
}

/// A name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn position(columns: &[Column], name: &str) -> Option<usize> {
    columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(name))
}

fn all_tokens(sql: &str) -> Vec<Token<'_>> {
    let tokens = tokens(sql, Database::Sqlite);
    tokens.filter(|token| !token.kind.is_comment()).collect()
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}

/// `tokens` as one text, whatever the space between them was.
fn spelt(tokens: &[Token<'_>]) -> String {
    let texts: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    texts.join(" ")
}

/// The parts of the first parentheses in `tokens`: the columns and constraints of a table.
fn definitions<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let Some(open) = tokens.iter().position(|token| token.is_punctuation('(')) else {
        return Vec::new();
    };
    let end = closing(tokens, open);
    let (mut parts, mut start, mut depth) = (Vec::new(), open + 1, 0_usize);
    for at in open + 1..end {
        if tokens[at].is_punctuation('(') {
            depth += 1;
        } else if tokens[at].is_punctuation(')') {
            depth = depth.saturating_sub(1);
        } else if tokens[at].is_punctuation(',') && depth == 0 {
            parts.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    parts.push(&tokens[start..end.max(start)]);
    parts
}

/// Where the parenthesis that opens at `open` is closed; the end when it is not.
fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_punctuation('(') {
            depth += 1;
        } else if token.is_punctuation(')') {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len()
}
