//! What a database remembers of the migrations that ran on it.

use std::sync::Arc;
use std::time::Duration;

use migrate_source::Chain;

use crate::compare;
use crate::migration::Migration;
use crate::report::Action;
use crate::units::marked;

/// A migration that was applied to a database: one row of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub(crate) version: i64,
    pub(crate) description: String,
    pub(crate) checksum: String,
    pub(crate) chain: String,
    pub(crate) applied_at: String,
    pub(crate) duration_ms: i64,
    pub(crate) down: Option<String>,
    pub(crate) resume_at: Option<String>,
}

impl Applied {
    /// Its version.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What it was for, as the program said that applied it.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its checksum with the name of its scheme: `t1:` and 64 hexadecimal digits.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// When it was applied: RFC 3339, UTC.
    #[must_use]
    pub fn applied_at(&self) -> &str {
        &self.applied_at
    }

    /// How long it took, to the millisecond.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.duration_ms).unwrap_or(0))
    }

    /// The SQL that takes it back, as it was when the migration was applied. `None`: there is
    /// none, or it is code.
    #[must_use]
    pub fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    /// Whether it has run to its end. A file that runs statement by statement may have stopped
    /// in between; the next run goes on from there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.resume_at.is_none()
    }

    /// What it has not come to the end of, if anything: its up or its down.
    pub(crate) fn unfinished(&self) -> Option<Action> {
        self.resume_at.as_deref().map(marked)
    }

    /// Whether both say the same as far as a run depends on it.
    fn agrees(&self, other: &Applied) -> bool {
        (self.version, &self.checksum, &self.chain, &self.resume_at)
            == (
                other.version,
                &other.checksum,
                &other.chain,
                &other.resume_at,
            )
    }
}

/// A time as the history keeps it.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A repeatable migration that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) name: String,
    pub(crate) checksum: String,
    pub(crate) applied_at: String,
    pub(crate) duration_ms: i64,
    pub(crate) down: Option<String>,
}

/// All that a database remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// By version. Every transaction of a run has its own idea of the history, and they share rows.
    pub(crate) rows: Vec<Arc<Applied>>,
    /// By name.
    pub(crate) repeated: Vec<Repeated>,
    /// The database's own counter (`PRAGMA user_version`), where it has one.
    pub(crate) counter: Option<i64>,
}

/// The end of a history: enough to know that there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) chain: Option<String>,
    pub(crate) unfinished: bool,
    /// Names and checksums, by name.
    pub(crate) repeated: Vec<(String, String)>,
}

impl History {
    /// The version of the database: that of the last migration which ran to its end, 0 without one.
    pub(crate) fn version(&self) -> i64 {
        let finished = self.rows.iter().rev().find(|row| row.is_finished());
        finished.map_or(0, |row| row.version)
    }

    /// The highest version that is recorded, finished or not; 0 without one.
    pub(crate) fn highest(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.version)
    }

    pub(crate) fn row(&self, version: i64) -> Option<&Applied> {
        let at = self.rows.binary_search_by_key(&version, |row| row.version);
        at.ok().map(|at| &*self.rows[at])
    }

    pub(crate) fn repeated(&self, name: &str) -> Option<&Repeated> {
        self.repeated.iter().find(|row| row.name == name)
    }

    /// Writes a row, in place of one of the same version.
    pub(crate) fn record(&mut self, row: Applied) {
        let row = Arc::new(row);
        match self
            .rows
            .binary_search_by_key(&row.version, |row| row.version)
        {
            Ok(at) => self.rows[at] = row,
            Err(at) => self.rows.insert(at, row),
        }
    }

    pub(crate) fn erase(&mut self, version: i64) {
        self.rows.retain(|row| row.version != version);
    }

    pub(crate) fn record_repeated(&mut self, row: Repeated) {
        self.erase_repeated(&row.name);
        self.repeated.push(row);
        self.repeated.sort_by(|a, b| a.name.cmp(&b.name));
    }

    pub(crate) fn erase_repeated(&mut self, name: &str) {
        self.repeated.retain(|row| row.name != name);
    }

    /// The chain that a row of this version would continue. A row that is not finished is no part
    /// of it, so that a chain which is whole always means that everything has run.
    pub(crate) fn chain_before(&self, version: i64) -> Chain {
        let mut before = self.rows.iter().rev().filter(|row| row.is_finished());
        let before = before.find(|row| row.version < version);
        before
            .and_then(|row| row.chain.parse().ok())
            .unwrap_or(Chain::START)
    }

    /// Writes how far a migration is from being taken back.
    pub(crate) fn resume(&mut self, version: i64, resume_at: &str) {
        if let Ok(at) = self.rows.binary_search_by_key(&version, |row| row.version) {
            Arc::make_mut(&mut self.rows[at]).resume_at = Some(resume_at.to_owned());
        }
    }

    /// Makes the chain of every row above `version` continue the one before it, and tells which
    /// rows that changed. A chain is over what was applied, not over what the program has now. A
    /// row whose checksum has no known scheme ends it: its chain proves nothing to this program.
    /// An earlier text that `set` accepts counts as the one that was locked first.
    pub(crate) fn rechain(&mut self, version: i64, set: &[Migration<'_>]) -> Vec<(i64, String)> {
        let mut chain = self.chain_before(version.saturating_add(1));
        let mut changed = Vec::new();
        let first = self.rows.partition_point(|row| row.version <= version);
        for row in self.rows[first..]
            .iter_mut()
            .filter(|row| row.is_finished())
        {
            let Ok(checksum) = row.checksum.parse() else {
                break;
            };
            let own = compare::find(set, row.version);
            let checksum = own.map_or(checksum, |own| own.in_chain(checksum));
            chain = chain.then(row.version, &checksum);
            let text = chain.to_string();
            if row.chain != text {
                Arc::make_mut(row).chain.clone_from(&text);
                changed.push((row.version, text));
            }
        }
        changed
    }

    /// Whether a run planned on `self` may go on when the database now says `now`.
    pub(crate) fn agrees(&self, now: &History) -> bool {
        self.rows.len() == now.rows.len()
            && self.rows.iter().zip(&now.rows).all(|(a, b)| a.agrees(b))
            && self.repeated.len() == now.repeated.len()
            && self
                .repeated
                .iter()
                .zip(&now.repeated)
                .all(|(a, b)| (&a.name, &a.checksum) == (&b.name, &b.checksum))
    }
}
