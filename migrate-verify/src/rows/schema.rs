//! The tables of a database.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rusqlite::Connection;

use super::column::Column;
use super::table::{ForeignKey, Table, position};

/// The tables of a database, read as they are needed.
pub(super) struct Schema<'c> {
    db: &'c Connection,
    /// Names in lower case, with the name and whether the table is `STRICT`.
    names: BTreeMap<String, (String, bool)>,
    read: BTreeMap<String, Rc<Table>>,
    /// The tables that were read and refer to a table, by its name.
    children: BTreeMap<String, BTreeSet<String>>,
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
        let keys = self.foreign_keys(name, &columns)?;
        let mut table = Table::new(name, columns, keys);
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
        Ok(table.columns_named(&sql.unwrap_or_default()))
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
