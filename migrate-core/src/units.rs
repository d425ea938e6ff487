//! A script that runs statement by statement: what of it commits together, and how far it has come.

use migrate_source::checksum::Digest;
use migrate_source::sql::{
    Control, Statement, control, outside_transaction, sets_for_session, single_statements,
};
use migrate_source::{Database, Mode};

use crate::migration::Script;
use crate::report::Action;

/// Statements that are committed together with the record of how far the script has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit<'s> {
    /// What is run; the `BEGIN` and `COMMIT` of the author's are not in it, the runner has its own.
    pub(crate) statements: Vec<Statement<'s>>,
    /// How many statements of the script have run once this unit has.
    pub(crate) end: usize,
    /// Whether it can run inside a transaction.
    pub(crate) atomic: bool,
}

/// How far a script has come: the text of `resume_at`.
///
/// It is `k:` and the checksum of the first k statements, which have run. For a down, a `-` stands
/// before it.
pub(crate) struct Mark<'s> {
    statements: Vec<Statement<'s>>,
    sign: &'static str,
    done: usize,
    digest: Digest,
}

impl<'s> Mark<'s> {
    pub(crate) fn new(script: &'s Script<'_>, database: Database, action: Action) -> Mark<'s> {
        Mark {
            statements: single_statements(&script.sql, database),
            sign: if action == Action::Down { DOWN } else { "" },
            done: 0,
            digest: Digest::new(database),
        }
    }

    /// The mark once `done` statements have run. It only ever goes forward.
    pub(crate) fn at(&mut self, done: usize) -> String {
        for statement in self.statements.iter().take(done).skip(self.done) {
            self.digest.add(statement.text);
        }
        self.done = done;
        format!("{}{done}:{}", self.sign, self.digest.checksum())
    }

    /// How many statements have run by a recorded mark, unless one of them was edited since.
    pub(crate) fn read(mut self, recorded: &str) -> Result<usize, usize> {
        let recorded = recorded.split(Claim::SIGN).next().unwrap_or_default();
        let unsigned = recorded.strip_prefix(self.sign).unwrap_or(recorded);
        let done = unsigned
            .split(':')
            .next()
            .and_then(|done| done.parse().ok());
        let done = done.unwrap_or(0);
        if done <= self.statements.len() && self.at(done) == recorded {
            Ok(done)
        } else {
            Err(done)
        }
    }
}

/// What follows a mark while a statement runs that cannot be in a transaction, where runs on one
/// database may meet over it: who runs it, and what it is.
///
/// It is `@`, the token of the run or `-` for one that gave up, `.` and a digest of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Nobody, once the statement has failed.
    pub(crate) token: Option<String>,
    digest: String,
}

impl Claim {
    const SIGN: char = '@';

    pub(crate) fn new(token: Option<String>, statement: &str, database: Database) -> Claim {
        let mut digest = Digest::new(database);
        digest.add(statement);
        let digest = digest.checksum().to_string();
        // The digits after the name of the scheme.
        let digits = digest.rsplit(':').next().unwrap_or_default();
        Claim {
            token,
            digest: digits.chars().take(16).collect(),
        }
    }

    /// The claim in a recorded mark.
    pub(crate) fn of(recorded: &str) -> Option<Claim> {
        let (token, digest) = recorded.split_once(Claim::SIGN)?.1.split_once('.')?;
        Some(Claim {
            token: Some(token.to_owned()).filter(|token| token != "-"),
            digest: digest.to_owned(),
        })
    }

    /// The mark with this claim.
    pub(crate) fn on(&self, mark: &str) -> String {
        let token = self.token.as_deref().unwrap_or("-");
        format!("{mark}{}{token}.{}", Claim::SIGN, self.digest)
    }

    /// The same, once its statement has failed.
    pub(crate) fn given_up(self) -> Claim {
        Claim {
            token: None,
            ..self
        }
    }

    /// Whether both are about one statement.
    pub(crate) fn is_about(&self, other: &Claim) -> bool {
        self.digest == other.digest
    }
}

const DOWN: &str = "-";

/// What a recorded mark is about.
pub(crate) fn marked(recorded: &str) -> Action {
    if recorded.starts_with(DOWN) {
        Action::Down
    } else {
        Action::Up
    }
}

/// The units that are left of a script of which the first statements have run. Those never run
/// again, also where the script was put into one transaction since.
pub(crate) fn left<'s>(script: &'s Script<'_>, database: Database, done: usize) -> Vec<Unit<'s>> {
    let all = single_statements(&script.sql, database);
    let next = all
        .get(done)
        .map_or(usize::MAX, |statement| statement.offset);
    let mut left = units(&all, script.mode, database);
    left.retain(|unit| unit.end > done);
    for unit in &mut left {
        unit.statements.retain(|statement| statement.offset >= next);
    }
    left
}

/// Those of the first `done` statements of a script that set something for the statements behind them.
pub(crate) fn settings<'s>(
    script: &'s Script<'_>,
    database: Database,
    done: usize,
) -> Vec<Statement<'s>> {
    if done == 0 {
        return Vec::new();
    }
    let all = single_statements(&script.sql, database);
    let ran = units(&all, script.mode, database);
    let ran = ran.into_iter().take_while(|unit| unit.end <= done);
    let mut settings = ran.flat_map(|unit| unit.statements).collect::<Vec<_>>();
    settings.retain(|statement| sets_for_session(statement.text, database));
    settings
}

/// The units of a script.
///
/// A script in transaction mode begins inside the runner's transaction, so that a file which says
/// `COMMIT; PRAGMA …; BEGIN; …` runs as it did under the tool it was written for.
fn units<'s>(all: &[Statement<'s>], mode: Mode, database: Database) -> Vec<Unit<'s>> {
    let mut units = Vec::new();
    let mut open = (mode == Mode::Transaction).then(Vec::new);
    for (at, statement) in all.iter().enumerate() {
        let end = at + 1;
        match control(statement.text, database) {
            Some(Control::Begin) => open = Some(open.unwrap_or_default()),
            Some(Control::Commit) => {
                let statements = open.take().unwrap_or_default();
                units.push(Unit {
                    statements,
                    end,
                    atomic: true,
                });
            }
            // What the author rolls back is not run at all.
            Some(Control::Rollback) => {
                open = None;
                units.push(Unit {
                    statements: Vec::new(),
                    end,
                    atomic: true,
                });
            }
            None => match &mut open {
                Some(statements) => statements.push(*statement),
                None => units.push(Unit {
                    statements: vec![*statement],
                    end,
                    atomic: outside_transaction(statement.text, database).is_none(),
                }),
            },
        }
    }
    match open {
        Some(statements) if !statements.is_empty() => {
            units.push(Unit {
                statements,
                end: all.len(),
                atomic: true,
            });
        }
        _ => {}
    }
    units
}
