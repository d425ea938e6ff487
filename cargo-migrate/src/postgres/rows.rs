//! Rows that are made up, as far as that can be done: of what type a column is, what it refers to. A
//! table for which none can be made stays empty, and nothing is said of it.

use std::collections::{BTreeMap, BTreeSet};

use migrate_core::postgres;
use migrate_core::postgres::SimpleQueryRow;
use migrate_core::postgres::error::DbError;
use migrate_source::{Finding, Problem};

use crate::error::Error;
use crate::postgres::late;
use crate::postgres::scratch::Scratch;
use crate::postgres::set::Set;
use crate::postgres::words::is_about_name;

/// What is known of the rows of a database.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The tables that have some, by their object identifiers.
    filled: BTreeSet<String>,
    /// Statements that have failed.
    given_up: BTreeSet<String>,
}

/// A trigger that fails for want of a name.
#[derive(Debug)]
pub(super) struct Broken {
    table: String,
    /// The function that fails.
    function: String,
    message: String,
}

#[derive(Debug)]
struct Table {
    id: String,
    /// With its schema, quoted.
    name: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    /// Quoted.
    name: String,
    /// The name of its type, or of that below its domain.
    kind: String,
    /// What kinds of type that is: those of `typtype` and `typcategory`.
    class: String,
    /// What is behind its type in parentheses, as the catalog has it.
    modifier: i32,
    required: bool,
    /// Whether it has a value without one being given.
    has_default: bool,
    generated: bool,
    labels: Vec<String>,
    /// The table and the column that it refers to.
    parent: Option<(String, String)>,
}

/// How long to try with one row. What is slow, or waits, is given up.
const PATIENCE: &str = "SET LOCAL statement_timeout = '5s'; SET CONSTRAINTS ALL IMMEDIATE;";

impl Rows {
    /// Brings every table that has none to two rows.
    pub(super) fn fill(&mut self, scratch: &mut Scratch<'_>) -> Result<(), Error> {
        const ROUNDS: usize = 4;
        let tables = tables(scratch)?;
        let names: BTreeMap<&str, &str> = tables
            .iter()
            .map(|t| (t.name.as_str(), t.id.as_str()))
            .collect();
        if tables.iter().all(|table| self.filled.contains(&table.id)) {
            return Ok(());
        }
        let db = scratch.db()?;
        let mut filled = self.filled.clone();
        if execute(db, &format!("BEGIN; {PATIENCE}")).is_err() {
            return Ok(());
        }
        for round in 0..ROUNDS {
            for table in &tables {
                let lacks = |column: &Column| {
                    let parent = column.parent.as_ref().map(|(parent, _)| parent);
                    let id = parent.and_then(|parent| names.get(parent.as_str()));
                    id.is_some_and(|id| *id != table.id && !filled.contains(*id))
                };
                // In the end what may do without its parent does.
                let waits =
                    |column: &Column| lacks(column) && (column.required || round + 1 < ROUNDS);
                if !filled.contains(&table.id)
                    && !table.columns.iter().any(waits)
                    && (1..=2).filter(|row| self.insert(db, table, *row)).count() > 0
                {
                    filled.insert(table.id.clone());
                }
            }
        }
        if execute(db, "COMMIT").is_ok() {
            self.filled = filled;
        }
        Ok(())
    }

    /// Inserts a row in one way or another.
    fn insert(&mut self, db: &mut postgres::Client, table: &Table, row: usize) -> bool {
        for sql in table.inserts(row) {
            if self.given_up.contains(&sql) {
                continue;
            }
            match in_savepoint(db, &sql, "RELEASE r") {
                Ok(()) => return true,
                Err(_) => self.given_up.insert(sql),
            };
        }
        false
    }

    /// Writes to every table once, and takes it back: triggers bind what they use when they fire first.
    pub(super) fn exercise(&self, scratch: &mut Scratch<'_>) -> Result<Vec<Broken>, Error> {
        let tables = tables(scratch)?;
        let path = late::whole_path(scratch)?;
        let db = scratch.db()?;
        let mut broken: Vec<Broken> = Vec::new();
        if execute(db, &format!("BEGIN; {PATIENCE} {path}")).is_err() {
            return Ok(broken);
        }
        for table in &tables {
            let one = format!("ctid = (SELECT ctid FROM ONLY {} LIMIT 1)", table.name);
            let mut writes = table.inserts(3);
            if let Some(column) = table.columns.iter().find(|column| !column.generated) {
                let (table, column) = (&table.name, &column.name);
                writes.push(format!(
                    "UPDATE ONLY {table} SET {column} = {column} WHERE {one}"
                ));
            }
            writes.push(format!("DELETE FROM ONLY {} WHERE {one}", table.name));
            for write in writes {
                let Err(error) = in_savepoint(db, &write, "ROLLBACK TO r") else {
                    continue;
                };
                let found = error
                    .as_db_error()
                    .and_then(|db| Broken::of(&table.name, db));
                let new = found.filter(|found| broken.iter().all(|b| b.function != found.function));
                broken.extend(new);
            }
        }
        // What is left of it goes with the connection in any case.
        let _ = execute(db, "ROLLBACK");
        Ok(broken)
    }
}

impl Broken {
    fn of(table: &str, error: &DbError) -> Option<Broken> {
        let is_binding = is_about_name(error.code().code()) && error.code().code() != "42704";
        let context = error.where_().filter(|_| is_binding)?;
        // "PL/pgSQL function audit() line 3 at SQL statement"
        // What a statement is put together from is the program's.
        if context.contains(" at EXECUTE") {
            return None;
        }
        let (_, rest) = context.split_once("PL/pgSQL function ")?;
        let (function, _) = rest.split_once('(')?;
        let function = function.rsplit('.').next()?.trim_matches('"');
        Some(Broken {
            table: table.to_owned(),
            function: function.to_owned(),
            message: format!("{} (SQLSTATE {})", error.message(), error.code().code()),
        })
    }

    pub(super) fn finding(self, set: &Set<'_>) -> (Option<i64>, Finding) {
        let Broken {
            table,
            function,
            message,
        } = self;
        let finding = Finding::new(
            Problem::BrokenTrigger,
            format!("on a write to {table}, function `{function}` of a trigger fails: {message}"),
        )
        .help("correct its text, or drop the trigger before what it uses goes");
        late::blame(set, &function, finding)
    }
}

impl Table {
    /// Ways to insert a row: with a value in each column, and in those alone that need one; and with the
    /// first row of what it refers to where another was tried before. None where a value is not known.
    fn inserts(&self, row: usize) -> Vec<String> {
        let mut all = Vec::new();
        for (full, parent) in [(true, row), (false, row), (true, 1), (false, 1)] {
            let sql = self.insert(row, full, parent);
            all.extend(sql.filter(|sql| !all.contains(sql)));
        }
        all
    }

    fn insert(&self, row: usize, full: bool, parent: usize) -> Option<String> {
        let mut columns = Vec::new();
        let mut values = Vec::new();
        for column in &self.columns {
            let needed = column.required && !column.has_default;
            if column.generated || column.has_default || !(needed || full) {
                continue;
            }
            let value = match &column.parent {
                Some((other, _)) if *other == self.name && !needed => continue,
                Some((other, theirs)) => Some(format!(
                    "(SELECT p.{theirs} FROM ONLY {other} p ORDER BY p.ctid LIMIT 1 OFFSET {})",
                    parent - 1
                )),
                None => column.value(row),
            };
            match value {
                Some(value) => {
                    columns.push(column.name.as_str());
                    values.push(value);
                }
                None if needed => return None,
                None => {}
            }
        }
        let table = &self.name;
        Some(match columns.is_empty() {
            true => format!("INSERT INTO {table} DEFAULT VALUES"),
            false => format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                columns.join(", "),
                values.join(", ")
            ),
        })
    }
}

impl Column {
    fn of(row: &SimpleQueryRow) -> Column {
        let text = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let is = |at: usize| row.get(at) == Some("t");
        let labels = row.get(9).unwrap_or_default().split('\u{1f}');
        Column {
            name: text(2),
            kind: text(3),
            class: text(4),
            modifier: row.get(5).and_then(|text| text.parse().ok()).unwrap_or(-1),
            required: is(6),
            has_default: is(7),
            generated: is(8),
            labels: labels.map(str::to_owned).collect(),
            parent: row
                .get(10)
                .map(str::to_owned)
                .zip(row.get(11).map(str::to_owned)),
        }
    }

    /// A value of its type, another for each row where there are as many.
    fn value(&self, row: usize) -> Option<String> {
        let length = usize::try_from(self.modifier - 4).unwrap_or(usize::MAX);
        let literal = match (self.kind.as_str(), self.class.as_str()) {
            ("int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" | "oid", _) => {
                row.to_string()
            }
            ("text" | "varchar" | "bpchar" | "name" | "citext", _) if length > 1 => {
                format!("a{row}")
            }
            ("varchar" | "bpchar", _) => row.to_string(),
            ("bool", _) => if row % 2 == 1 { "true" } else { "false" }.to_owned(),
            ("uuid", _) => format!("00000000-0000-4000-8000-{row:012}"),
            ("timestamp" | "timestamptz" | "date", _) => format!("2020-01-{:02}", row + 1),
            ("time" | "timetz", _) => format!("12:00:{row:02}"),
            ("interval", _) => format!("{row} days"),
            ("json" | "jsonb", _) => "{}".to_owned(),
            ("bytea", _) => format!("\\x{row:02x}"),
            ("inet" | "cidr", _) => format!("127.0.0.{row}"),
            ("macaddr", _) => format!("00:00:00:00:00:{row:02x}"),
            ("bit", _) => "0".repeat(usize::try_from(self.modifier).unwrap_or(1)),
            ("varbit", _) => "0".to_owned(),
            ("point", _) => format!("({row},{row})"),
            ("tsvector" | "ltree", _) => format!("a{row}"),
            ("hstore" | "xml", _) => String::new(),
            ("vector" | "halfvec", _) => {
                let size = usize::try_from(self.modifier).unwrap_or(1);
                format!("[{}]", vec![row.to_string(); size].join(","))
            }
            (_, class) if class.starts_with('e') => {
                let labels = &self.labels;
                labels.get((row - 1) % labels.len().max(1))?.clone()
            }
            (_, class) if class.starts_with('r') => "empty".to_owned(),
            (_, class) if class.starts_with('m') || class.ends_with('A') => "{}".to_owned(),
            _ => return None,
        };
        Some(format!(
            "E'{}'",
            literal.replace('\\', "\\\\").replace('\'', "''")
        ))
    }
}

/// The tables that rows may be made for, each column a row.
const TABLES: &str = "\
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname), b.typname, \
  b.typtype::text || b.typcategory::text, CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END, \
  a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR (t.typtype = 'd' AND t.typdefault IS NOT NULL), \
  a.attgenerated <> '', \
  (SELECT pg_catalog.string_agg(e.enumlabel, E'\\x1f' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e \
    WHERE e.enumtypid = b.oid), k.parent, k.name \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
  JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END \
  LEFT JOIN LATERAL (SELECT pg_catalog.format('%I.%I', pn.nspname, p.relname) AS parent, \
      pg_catalog.quote_ident(pa.attname) AS name \
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class p ON p.oid = k.confrelid \
      JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
      JOIN pg_catalog.pg_attribute pa ON pa.attrelid = p.oid \
        AND pa.attnum = k.confkey[pg_catalog.array_position(k.conkey, a.attnum)] \
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey) ORDER BY k.conname LIMIT 1) k ON true \
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
  AND c.relname NOT IN ({history}) \
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
ORDER BY c.oid, a.attnum";

fn tables(scratch: &mut Scratch<'_>) -> Result<Vec<Table>, Error> {
    let mut tables: Vec<Table> = Vec::new();
    for row in scratch.query_beside_history(TABLES)? {
        let (Some(id), Some(name)) = (row.get(0), row.get(1)) else {
            continue;
        };
        if tables.last().is_none_or(|table| table.id != id) {
            tables.push(Table {
                id: id.to_owned(),
                name: name.to_owned(),
                columns: Vec::new(),
            });
        }
        if let Some(table) = tables.last_mut() {
            table.columns.push(Column::of(&row));
        }
    }
    Ok(tables)
}

/// Executes a statement behind a savepoint, and what ends that.
fn in_savepoint(db: &mut postgres::Client, sql: &str, end: &str) -> Result<(), postgres::Error> {
    let done = execute(db, &format!("SAVEPOINT r; {sql}; {end}"));
    if done.is_err() {
        // Where that fails, too, the next statement does, and so does the end.
        let _ = execute(db, "ROLLBACK TO r");
    }
    done
}

fn execute(db: &mut postgres::Client, sql: &str) -> Result<(), postgres::Error> {
    db.batch_execute(sql)
}
