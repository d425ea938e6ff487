//! The program's set beside the database's history: what is pending, and what does not fit.

use crate::error::{Changed, ErrorKind};
use crate::history::{Applied, History};
use crate::migration::{Id, Migration, Text};
use crate::settings::{Policy, Settings};

/// How a set and a history stand to each other. Nothing is decided here.
#[derive(Debug)]
pub(crate) struct Comparison<'m, 'h> {
    /// In the set and not finished in the database, by version.
    pub(crate) pending: Vec<&'m Migration<'m>>,
    /// Those of `pending` that lie below something the database already has.
    pub(crate) out_of_order: Vec<i64>,
    /// Finished, but with another checksum.
    pub(crate) changed: Vec<Changed>,
    /// Finished, with an earlier text that the lock accepts.
    pub(crate) accepted: Vec<i64>,
    /// In the database, not in the set, below its newest.
    pub(crate) missing: Vec<&'h Applied>,
    /// In the database, above the newest of the set.
    pub(crate) newer: Vec<&'h Applied>,
    /// Repeatable migrations that never ran or have changed since; none when the database is newer,
    /// since it has those of the newer program.
    pub(crate) due: Vec<&'m Migration<'m>>,
}

impl<'m, 'h> Comparison<'m, 'h> {
    pub(crate) fn of(set: &'m [Migration<'m>], history: &'h History) -> Comparison<'m, 'h> {
        let newest = newest(set);
        let highest = history.highest();
        let mut found = Comparison {
            pending: Vec::new(),
            out_of_order: Vec::new(),
            changed: Vec::new(),
            accepted: Vec::new(),
            missing: Vec::new(),
            newer: Vec::new(),
            due: Vec::new(),
        };
        for migration in set {
            match &migration.id {
                Id::Version(version) => match history.row(*version) {
                    None => {
                        found.pending.push(migration);
                        if *version < highest {
                            found.out_of_order.push(*version);
                        }
                    }
                    Some(row) if !row.is_finished() => found.pending.push(migration),
                    Some(row) => match migration.text_of(&row.checksum) {
                        Text::Own => {}
                        Text::Accepted => found.accepted.push(*version),
                        Text::Other => found.changed.push(Changed {
                            version: *version,
                            file: migration.file().to_owned(),
                            applied_as: row.description.clone(),
                            description: migration.description().to_owned(),
                            applied: row.checksum.clone(),
                            now: migration.checksum,
                            has_down: row.down.is_some()
                                || (migration.is_code() && migration.down.is_some()),
                            is_newest: *version == highest,
                            down_file: migration.down_file(),
                        }),
                    },
                },
                Id::Repeatable(name) => {
                    let ran = history.repeated(name);
                    if ran.is_none_or(|ran| ran.checksum != migration.checksum.to_string()) {
                        found.due.push(migration);
                    }
                }
            }
        }
        for row in &history.rows {
            if row.version > newest {
                found.newer.push(row);
            } else if find(set, row.version).is_none() {
                found.missing.push(row);
            }
        }
        if !found.newer.is_empty() {
            found.due.clear();
        }
        found
    }

    /// The first reason not to bring this database up to `target`, by the caller's policies. What
    /// is out of order above the target is none: it is not asked for.
    pub(crate) fn refusal(
        &self,
        set: &[Migration<'_>],
        history: &History,
        settings: &Settings,
        target: i64,
    ) -> Result<(), ErrorKind> {
        if let Some(counter) = history.counter.filter(|c| settings.user_version && *c > 0)
            && history.rows.is_empty()
        {
            return Err(ErrorKind::CounterWithoutHistory { counter });
        }
        if settings.newer == Policy::Refuse && !self.newer.is_empty() {
            let undoable = |row: &&Applied| row.is_finished() && row.down.is_some();
            return Err(ErrorKind::Newer {
                database: history.highest(),
                program: newest(set),
                way_back: self.newer.iter().all(undoable),
            });
        }
        if settings.missing == Policy::Refuse && !self.missing.is_empty() {
            return Err(ErrorKind::Missing {
                versions: self.missing.iter().map(|row| row.version).collect(),
            });
        }
        self.refuse_changed()?;
        let below = self
            .out_of_order
            .iter()
            .copied()
            .filter(|version| *version <= target);
        let versions: Vec<i64> = below.collect();
        if settings.out_of_order == Policy::Refuse && !versions.is_empty() {
            let database = history.highest();
            return Err(ErrorKind::OutOfOrder { versions, database });
        }
        Ok(())
    }

    pub(crate) fn refuse_changed(&self) -> Result<(), ErrorKind> {
        if self.changed.is_empty() {
            return Ok(());
        }
        Err(ErrorKind::Changed {
            changed: self.changed.clone(),
        })
    }
}

/// The newest version of a set, 0 without one.
pub(crate) fn newest(set: &[Migration<'_>]) -> i64 {
    set.iter().rev().find_map(Migration::version).unwrap_or(0)
}

/// The migration of a set with this version.
pub(crate) fn find<'m>(set: &'m [Migration<'m>], version: i64) -> Option<&'m Migration<'m>> {
    // Numbered migrations come first and in order, `check_set` has seen to that.
    let numbered = set.partition_point(|m| m.version().is_some());
    let at = set[..numbered].binary_search_by_key(&Some(version), Migration::version);
    at.ok().map(|at| &set[at])
}

/// Whether a set is in order: the macro only makes such, but a set can be put together by hand.
pub(crate) fn check_set(set: &[Migration<'_>]) -> Result<(), ErrorKind> {
    let invalid = |reason: String| Err(ErrorKind::InvalidSet { reason });
    for pair in set.windows(2) {
        match (&pair[0].id, &pair[1].id) {
            (a, b) if a == b => return invalid(format!("{} is in it twice", label(a))),
            (Id::Version(a), Id::Version(b)) if a > b => {
                return invalid(format!("version {a} stands before version {b}"));
            }
            (Id::Repeatable(name), Id::Version(version)) => {
                return invalid(format!(
                    "`{name}` is repeatable, but version {version} follows it"
                ));
            }
            (Id::Repeatable(a), Id::Repeatable(b)) if a > b => {
                return invalid(format!("`{a}` stands before `{b}`"));
            }
            _ => {}
        }
    }
    if let Some(Id::Version(version)) = set.first().map(|m| &m.id)
        && *version < 1
    {
        return invalid(format!("version {version} is below 1"));
    }
    Ok(())
}

fn label(id: &Id<'_>) -> String {
    match id {
        Id::Version(version) => format!("version {version}"),
        Id::Repeatable(name) => format!("`{name}`"),
    }
}
