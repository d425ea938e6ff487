//! The words of an error: what happened, where, what was kept or rolled back, what to do.

use std::fmt;

use migrate_source::place;

use crate::plan::script::one_line;
use crate::report::Action;

use super::{Changed, Error, ErrorKind, Failed, Holder, Outcome, Violation};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        let report = self.report();
        if let Some(failed) = self.failed() {
            match (failed.action, failed.outcome) {
                (Action::Down, Outcome::RolledBack) => {
                    f.write_str("\n  = rolled back: nothing of it was taken back")?;
                }
                (_, outcome) => write!(f, "\n  = {outcome}")?,
            }
        }
        if !report.is_empty() {
            write!(f, "\n  = kept: this run had {report}")?;
        }
        for cure in self.kind().cures() {
            write!(f, "\n  = help: {cure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Changed { changed } => {
                let versions = Versions(changed.iter().map(|c| c.version).collect());
                write!(f, "{versions} changed after having been applied")?;
                for Changed {
                    version,
                    file,
                    applied_as,
                    description,
                    applied,
                    now,
                    ..
                } in changed
                {
                    write!(f, "\n --> {file}")?;
                    if applied_as != description {
                        write!(
                            f,
                            "\n  = applied as \"{applied_as}\", now \"{description}\": two migrations with number {version}?"
                        )?;
                    }
                    write!(f, "\n  = applied with checksum {applied}")?;
                    write!(f, "\n  = the program has       {now}")?;
                }
                Ok(())
            }
            ErrorKind::Newer {
                database, program, ..
            } => write!(
                f,
                "the database is at version {database}, newer than this program, which knows up to version {program}"
            ),
            ErrorKind::Missing { versions } => write!(
                f,
                "{} applied to the database, but {} not part of this program",
                Versions(versions.clone()).verb("was", "were"),
                if versions.len() == 1 { "is" } else { "are" }
            ),
            ErrorKind::OutOfOrder { versions, database } => write!(
                f,
                "{} pending, but the database is at version {database} already",
                Versions(versions.clone()).verb("is", "are")
            ),
            ErrorKind::Irreversible { versions, .. } => write!(
                f,
                "{} no down that this program can run, so nothing was taken back",
                Versions(versions.clone()).verb("has", "have")
            ),
            ErrorKind::Unfinished {
                version,
                action: Action::Down,
            } => write!(
                f,
                "migration {version} was taken back half-way, so nothing can be applied"
            ),
            ErrorKind::Unfinished { version, .. } => write!(
                f,
                "migration {version} has not run to its end, so it cannot be taken back"
            ),
            ErrorKind::Overtaken { seen, now } => write!(
                f,
                "another run has brought the database from version {seen} to {now} meanwhile, so nothing more was taken back"
            ),
            ErrorKind::ResumeChanged {
                version,
                file,
                statements,
            } => write!(
                f,
                "migration {version} stopped after statement {statements}, and what had run was edited since\n --> {file}"
            ),
            ErrorKind::UnknownVersion { version, known } => {
                write!(f, "there is no migration {version}")?;
                match (known.first(), known.last()) {
                    (Some(first), Some(last)) => write!(f, ": this program has {first} to {last}"),
                    _ => write!(f, ": this program has none"),
                }
            }
            ErrorKind::LockTimeout { waited, holder } => {
                write!(
                    f,
                    "another process has held the lock on the database for {:.1} s",
                    waited.as_secs_f64()
                )?;
                match holder {
                    Some(holder) => write!(f, "\n  = {holder}"),
                    None => Ok(()),
                }
            }
            ErrorKind::LockNotAvailable {
                failed,
                tries,
                waited,
                holder,
            } => {
                let times = if *tries == 1 { "time" } else { "times" };
                write!(
                    f,
                    "{failed}\n  = tried {tries} {times} in {:.1} s",
                    waited.as_secs_f64()
                )?;
                match holder {
                    Some(holder) => write!(f, "\n  = a table that it names is {holder}"),
                    None => Ok(()),
                }
            }
            ErrorKind::NotADatabase => f.write_str("the file is not a database"),
            ErrorKind::ReadOnly => {
                f.write_str("there is something to do, but the database cannot be written")
            }
            ErrorKind::ForeignHistory { table, lacking } => write!(
                f,
                "the table `{table}` is not a history of migrations: it lacks {}",
                Names(lacking)
            ),
            ErrorKind::InTransaction => {
                f.write_str("the connection is inside a transaction already")
            }
            ErrorKind::WrongDatabase {
                migrations,
                connection,
            } => write!(
                f,
                "the migrations are written for {migrations}, the connection is to {connection}"
            ),
            ErrorKind::WrongDriver {
                version,
                file,
                is_async,
            } => {
                let (code, connection) = match is_async {
                    true => ("tokio-postgres", "postgres"),
                    false => ("postgres", "tokio-postgres"),
                };
                write!(
                    f,
                    "migration {version} is code for {code}, the connection is one of {connection}\n --> {file}"
                )
            }
            ErrorKind::InvalidSet { reason } => {
                write!(f, "the set of migrations is no history: {reason}")
            }
            ErrorKind::Sql { failed }
            | ErrorKind::Code { failed }
            | ErrorKind::TransactionEnded { failed } => write!(f, "{failed}"),
            ErrorKind::ForeignKeys {
                failed, violations, ..
            } => {
                write!(f, "{failed}")?;
                for Violation {
                    table,
                    parent,
                    columns,
                    rows,
                } in violations
                {
                    let rows_of = if *rows == 1 { "row" } else { "rows" };
                    write!(
                        f,
                        "\n  = {rows} {rows_of} of `{table}` ({}) without a row in `{parent}`",
                        columns.join(", ")
                    )?;
                }
                Ok(())
            }
            ErrorKind::CodeNotCompiled { version, file } => {
                write!(
                    f,
                    "migration {version} is code, which this program does not contain\n --> {file}"
                )
            }
            ErrorKind::RepeatLimit { version, steps } => {
                write!(
                    f,
                    "migration {version} still changes rows after {steps} steps"
                )
            }
            ErrorKind::VersionTooLarge { version } => {
                write!(
                    f,
                    "version {version} does not fit `PRAGMA user_version`, which ends at {}",
                    i32::MAX
                )
            }
            ErrorKind::CounterWithoutHistory { counter } => write!(
                f,
                "`PRAGMA user_version` is {counter}, but the database has no history of migrations"
            ),
            ErrorKind::Database {
                message,
                sqlstate,
                notes,
                ..
            } => {
                f.write_str(message)?;
                if let Some(sqlstate) = sqlstate {
                    write!(f, " (SQLSTATE {sqlstate})")?;
                }
                notes.iter().try_for_each(|note| write!(f, "\n  = {note}"))
            }
        }
    }
}

impl ErrorKind {
    /// What to do, a cure a line.
    fn cures(&self) -> Vec<String> {
        let one = |cure: &str| vec![cure.to_owned()];
        match self {
            ErrorKind::Changed { changed } => vec![
                "restore the text that was applied and add a new migration for the change".to_owned(),
                while_writing(changed),
                "comments, white space and line ends never count".to_owned(),
            ],
            ErrorKind::Newer { program, way_back, .. } => {
                let mut cures = one("use a program that is at least as new as the database");
                cures.push(if *way_back {
                    format!("or take the database back with `down_to({program})`: its history holds what is needed, rows that newer versions added are lost")
                } else {
                    "the database cannot be taken back: its history lacks a down on the way".to_owned()
                });
                cures
            }
            ErrorKind::Missing { .. } => vec![
                "put the files back: a migration that was applied somewhere is part of the program for ever".to_owned(),
                "or accept them with the setting `missing(Policy::Accept)`".to_owned(),
            ],
            ErrorKind::OutOfOrder { database, versions } => vec![
                match versions.len() {
                    1 => format!("renumber it above {database} if no database has it yet"),
                    _ => format!("renumber them above {database} if no database has them yet"),
                },
                "or run what is pending where it is with the setting `out_of_order(Policy::Accept)`".to_owned(),
            ],
            ErrorKind::Irreversible { unknown, files, .. } => {
                let mut cures = one("add a migration that changes things forward instead");
                if !files.is_empty() {
                    let downs = if files.len() == 1 { "its down" } else { "the downs" };
                    let files: Vec<String> = files.iter().map(|file| place_of_down(file)).collect();
                    cures.push(format!("or write {downs}: {}", files.join(", ")));
                }
                if !unknown.is_empty() {
                    cures.push(format!(
                        "a down that is code is not kept in the database: if {} one, take it back with the program that has it",
                        Versions(unknown.clone()).verb("has", "have")
                    ));
                }
                cures
            }
            ErrorKind::Unfinished {
                action: Action::Down,
                ..
            } => vec![
                "take it back with `down` first, which goes on where it stopped".to_owned(),
                "or finish by hand and say so with `Migrator::unmark`".to_owned(),
            ],
            ErrorKind::Overtaken { .. } => one("look at the status, and ask again"),
            ErrorKind::Unfinished { .. } => vec![
                "run `up` to finish it first".to_owned(),
                "or undo by hand what it did and say so with `Migrator::unmark`".to_owned(),
            ],
            ErrorKind::ResumeChanged { statements, .. } => vec![
                format!("restore its first {statements} statements; those after them may change freely"),
                "or finish it by hand and say so with `Migrator::mark`".to_owned(),
            ],
            ErrorKind::LockTimeout { .. } => {
                one("find out what keeps the database, or wait longer with the setting `lock_timeout`")
            }
            ErrorKind::LockNotAvailable { .. } => vec![
                "find out what keeps the table, such as a transaction that was left open, and try again".to_owned(),
                "or try for longer with the setting `lock_timeout`, or wait longer each time with `statement_lock_timeout`".to_owned(),
            ],
            ErrorKind::NotADatabase => one("check the path: nothing was written to the file"),
            ErrorKind::ReadOnly => one("open it for writing, or with an account that may change the schema"),
            ErrorKind::ForeignHistory { .. } => {
                one("choose another name for the history with the setting `table`; this one was left untouched")
            }
            ErrorKind::InTransaction => one("commit or roll back before migrating"),
            ErrorKind::WrongDatabase { connection, .. } => vec![
                format!("if they are meant for it, name it where they are embedded: `embed_migrations!(\"…\", database = \"{connection}\")`"),
                "otherwise check to which database the program connects".to_owned(),
            ],
            ErrorKind::WrongDriver { is_async: true, .. } => one(
                "use a `tokio_postgres::Client` and the verbs that end in `_async`, or write it as `pub fn up(db: &mut postgres::Client)`",
            ),
            ErrorKind::WrongDriver { .. } => one(
                "use a `postgres::Client` and the verbs without `_async`, or write it as `pub async fn up(db: &tokio_postgres::Client)`",
            ),
            ErrorKind::ForeignKeys {
                failed,
                drops_table,
                ..
            } => {
                let stopped = matches!(failed.outcome, Outcome::Stopped { .. });
                let mut cures = one("foreign keys are off while a migration runs and checked at its end");
                if stopped {
                    cures[0] = "foreign keys are off while a migration runs and checked after each statement".to_owned();
                    cures.push("put statements that belong together between `BEGIN;` and `COMMIT;`".to_owned());
                }
                cures.push(if *drops_table {
                    "a rebuilt table must keep the rows that others refer to: look at its `INSERT … SELECT`".to_owned()
                } else {
                    "a file that relies on cascades says `-- migrate: foreign-keys on` in its first lines".to_owned()
                });
                cures
            }
            ErrorKind::TransactionEnded { failed } if failed.file.ends_with(".rs") => vec![
                "code runs in a transaction of the runner's, which it must leave open".to_owned(),
                "what is taken back in part goes between `SAVEPOINT s` and `ROLLBACK TO s`".to_owned(),
            ],
            ErrorKind::TransactionEnded { .. } => vec![
                "a migration runs in a transaction of the runner's, which it must leave open".to_owned(),
                "a file that needs its own says `-- migrate: no-transaction` in its first lines".to_owned(),
            ],
            ErrorKind::CodeNotCompiled { .. } => one("run it with the program that embeds it"),
            ErrorKind::RepeatLimit { .. } => vec![
                "check that each step leaves fewer rows for the next; what was changed is kept".to_owned(),
                "or allow more with the setting `repeat_limit`".to_owned(),
            ],
            ErrorKind::VersionTooLarge { .. } => one("do without the setting `user_version`, or number from 1"),
            ErrorKind::CounterWithoutHistory { counter } => vec![
                "another tool has migrated this database: nothing was run".to_owned(),
                format!("if it is as this program's version {counter} would have left it, record that with `Migrator::mark` for each version"),
            ],
            ErrorKind::Sql { failed }
                if failed.action == Action::Up && failed.message.contains("already exists") =>
            {
                one("if another tool or an older program has made it, record that with `Migrator::mark` instead of running it again")
            }
            ErrorKind::Sql { failed }
                if failed.refuses_transactions() && !matches!(failed.outcome, Outcome::Stopped { .. }) =>
            {
                one("move it to a migration of its own that begins with `-- migrate: no-transaction`")
            }
            ErrorKind::Sql { failed } if failed.sqlstate.as_deref().is_some_and(|s| s.starts_with("57P0")) => {
                one("the server has ended the connection, it was not the statement's fault: start again")
            }
            // `unsafe_new_enum_value_usage`
            ErrorKind::Sql { failed } if failed.sqlstate.as_deref() == Some("55P04") => {
                one("add the value in a migration of its own, before this one")
            }
            ErrorKind::UnknownVersion { .. }
            | ErrorKind::InvalidSet { .. }
            | ErrorKind::Sql { .. }
            | ErrorKind::Code { .. } => Vec::new(),
            ErrorKind::Database { help, .. } => help.clone(),
        }
    }
}

/// How a migration is edited that was applied where it is written.
fn while_writing(changed: &[Changed]) -> String {
    let how = match changed {
        [one] if one.has_down && one.is_newest => {
            "`redo` takes back what was applied and applies the new text".to_owned()
        }
        [first, ..] if changed.iter().all(|one| one.has_down) => format!(
            "`down_to({})` takes back what was applied, then `up` applies the new text",
            first.version - 1
        ),
        _ => {
            let without = changed.iter().filter(|one| !one.has_down);
            let files = without.filter_map(|one| Some(place_of_down(one.down_file.as_ref()?)));
            let files: Vec<String> = files.collect();
            let files = match &files[..] {
                [] => String::new(),
                files => format!(" ({})", files.join(", ")),
            };
            format!(
                "there is no down that takes back what was applied. Put the old text back, write the down{files}, \
                 and go `down` before you edit it; or undo by hand what it did and say so with `Migrator::unmark`"
            )
        }
    };
    format!("while you are still writing it: {how}")
}

/// Where a down is written.
fn place_of_down(file: &str) -> String {
    match file.ends_with(".rs") {
        true => format!("`pub fn down` in `{file}`"),
        false => format!("`{file}`"),
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match &self.sqlstate {
            Some(sqlstate) => &format!("{} (SQLSTATE {sqlstate})", self.message),
            None => &self.message,
        };
        match &self.place {
            Some(_) => f.write_str(&place::report(message, self.place.as_ref(), "", &[]))?,
            None => write!(f, "{message}\n --> {}", self.file)?,
        }
        match self.version {
            Some(version) if self.action == Action::Down => {
                write!(
                    f,
                    "\n  = in the down of migration {version} \"{}\"",
                    self.description
                )
            }
            Some(version) => write!(f, "\n  = in migration {version} \"{}\"", self.description),
            None => write!(
                f,
                "\n  = in the repeatable migration `{}`",
                self.description
            ),
        }?;
        if let Some(detail) = &self.detail {
            write!(f, "\n  = {detail}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  = hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "held by process {} of the server", self.pid)?;
        if let Some(application) = &self.application {
            write!(f, ", `{}`", one_line(application))?;
        }
        match &self.since {
            Some(since) => write!(f, ", in its transaction since {since}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::RolledBack => f.write_str("rolled back: nothing of it was applied"),
            Outcome::Escaped => f.write_str(
                "not recorded: what the migration committed itself is kept, the rest is rolled back",
            ),
            Outcome::GroupRolledBack => f.write_str(
                "rolled back: the database ended the transaction, with all that was grouped in it",
            ),
            Outcome::Stopped { statements: 0 } => f.write_str("stopped: nothing of it was done"),
            Outcome::Stopped { statements: 1 } => f.write_str(
                "stopped: its first statement is kept, the next run goes on from there",
            ),
            Outcome::Stopped { statements } => write!(
                f,
                "stopped: its first {statements} statements are kept, the next run goes on from there"
            ),
            Outcome::Repeated { times: 0 } => {
                f.write_str("stopped: nothing of it was applied in this run")
            }
            Outcome::Repeated { times: 1 } => {
                f.write_str("stopped: what it did once is kept, the next run goes on from there")
            }
            Outcome::Repeated { times } => write!(
                f,
                "stopped: what it did {times} times is kept, the next run goes on from there"
            ),
        }
    }
}

/// Versions as the subject of a sentence: `migration 3`, `migrations 3, 5 and 7`.
struct Versions(Vec<i64>);

impl Versions {
    fn verb(self, one: &str, more: &str) -> String {
        let verb = if self.0.len() == 1 { one } else { more };
        format!("{self} {verb}")
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 {
            "migration "
        } else {
            "migrations "
        })?;
        list(f, self.0.iter())
    }
}

struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(|name| format!("`{name}`")))
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl ExactSizeIterator<Item = T>,
) -> fmt::Result {
    let last = items.len().saturating_sub(1);
    for (at, item) in items.enumerate() {
        f.write_str(match at {
            0 => "",
            at if at == last => " and ",
            _ => ", ",
        })?;
        write!(f, "{item}")?;
    }
    Ok(())
}
