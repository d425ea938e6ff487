//! Directives: what the head of a script says about how it is to be run.
//!
//! A directive is a line comment before the first statement: `-- migrate: NAME`, some with an
//! argument. Markers of other tools that mean the same are honoured: sqlx's `-- no-transaction`,
//! `-- +goose NO TRANSACTION` and `-- postgres-migrations disable-transaction`.
//!
//! `-- migrate:up` and `-- migrate:down`, without a space, cut a file into parts. They are no
//! directives and not read here.

use crate::Database;
use crate::near::distance;
use crate::sql::{Goose, Statement, TokenKind, control, tokens};

/// How a script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// In a transaction, together with its row in the history.
    #[default]
    Transaction,
    /// Statement by statement: `-- migrate: no-transaction`.
    NoTransaction,
    /// Its one statement again and again, a transaction each, until it changes no row:
    /// `-- migrate: repeat`.
    Repeat,
}

impl Mode {
    /// Whether the script of these statements cannot run as one transaction of the runner's in this
    /// mode: it says so, or it has transactions of its own, as histories written for other tools do.
    ///
    /// ```
    /// # use migrate_source::{Database, Mode, sql::single_statements};
    /// let is_stepwise = |sql| {
    ///     let statements = single_statements(sql, Database::Sqlite);
    ///     Mode::Transaction.is_stepwise(&statements, Database::Sqlite)
    /// };
    /// assert!(!is_stepwise("CREATE TABLE a (x);"));
    /// assert!(is_stepwise("COMMIT; PRAGMA foreign_keys = OFF; BEGIN;"));
    /// ```
    #[must_use]
    pub fn is_stepwise(self, statements: &[Statement<'_>], database: Database) -> bool {
        self != Mode::Transaction
            || statements
                .iter()
                .any(|statement| control(statement.text, database).is_some())
    }
}

/// The directives of one script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Directives {
    /// How it is run.
    pub mode: Mode,
    /// `-- migrate: foreign-keys on`: with SQLite's foreign keys enforced, in its own transaction.
    pub foreign_keys: bool,
    /// `-- migrate: irreversible`: it has no down on purpose.
    pub irreversible: bool,
    /// `-- migrate: unverified "why"`: the reason it cannot be run while the program compiles.
    pub unverified: Option<String>,
    /// `-- migrate: description "…"`.
    pub description: Option<String>,
}

/// A directive that is not understood, or stands where it has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misread {
    /// What is wrong with it.
    pub fault: Fault,
    /// Where its comment begins, in bytes from the start of the script.
    pub offset: usize,
    /// The text of the comment.
    pub text: String,
    /// The directive that was probably meant.
    pub suggestion: Option<&'static str>,
}

/// What can be wrong with a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such directive, or its argument is wrong.
    Unknown,
    /// It stands after the first statement.
    Misplaced,
    /// It contradicts one before it.
    Contradiction,
}

impl Directives {
    /// Reads the directives at the head of `script`; what is not understood comes back beside them.
    ///
    /// ```
    /// # use migrate_source::{Database, Mode, directive::Directives};
    /// let script = "-- migrate: no-transaction\nVACUUM;";
    /// let (directives, misread) = Directives::read(script, Database::Sqlite);
    /// assert_eq!(directives.mode, Mode::NoTransaction);
    /// assert!(misread.is_empty());
    ///
    /// let script = "-- migrate: no-transation\nVACUUM;";
    /// let (_, misread) = Directives::read(script, Database::Sqlite);
    /// assert_eq!(misread[0].suggestion, Some("-- migrate: no-transaction"));
    /// ```
    #[must_use]
    pub fn read(script: &str, database: Database) -> (Directives, Vec<Misread>) {
        let mut directives = Directives::default();
        let mut misread = Vec::new();
        let mut head = true;
        for token in tokens(script, database) {
            head &= token.kind.is_comment();
            let comment = match token.kind {
                TokenKind::LineComment => Comment::read(token.text, database),
                _ => Comment::Ordinary,
            };
            let (fault, suggestion) = match comment {
                Comment::Ordinary if head => match misspelt(token.text, database) {
                    Some(meant) => (Fault::Unknown, Some(meant)),
                    None => continue,
                },
                Comment::Unknown(suggestion) => (Fault::Unknown, suggestion),
                Comment::Directive(_) if !head => (Fault::Misplaced, None),
                Comment::Directive(directive) | Comment::Marker(directive)
                    if head && !directives.accept(&directive) =>
                {
                    (Fault::Contradiction, None)
                }
                _ => continue,
            };
            let text = token.text.to_owned();
            misread.push(Misread {
                fault,
                offset: token.offset,
                text,
                suggestion,
            });
        }
        (directives, misread)
    }

    /// The directives that matter when the script is run later, as comment lines that
    /// [`Directives::read`] reads back.
    ///
    /// ```
    /// # use migrate_source::{Mode, directive::Directives};
    /// let comments = Directives::to_comments(Mode::NoTransaction, false);
    /// assert_eq!(comments, "-- migrate: no-transaction\n");
    /// ```
    #[must_use]
    pub fn to_comments(mode: Mode, foreign_keys: bool) -> String {
        let mode = match mode {
            Mode::Transaction => None,
            Mode::NoTransaction => Some(NO_TRANSACTION),
            Mode::Repeat => Some(REPEAT),
        };
        let foreign_keys = foreign_keys.then_some(FOREIGN_KEYS);
        mode.into_iter()
            .chain(foreign_keys)
            .flat_map(|comment| [comment, "\n"])
            .collect()
    }

    /// Whether `directive` fits to what was read before it. If it does, it counts from now on.
    fn accept(&mut self, directive: &Directive<'_>) -> bool {
        match *directive {
            Directive::Mode(mode) => {
                let fits = self.mode == Mode::Transaction || self.mode == mode;
                if fits {
                    self.mode = mode;
                }
                fits
            }
            Directive::ForeignKeys => {
                self.foreign_keys = true;
                true
            }
            Directive::Irreversible => {
                self.irreversible = true;
                true
            }
            Directive::Unverified(why) => self.unverified.get_or_insert(why.to_owned()) == why,
            Directive::Description(text) => self.description.get_or_insert(text.to_owned()) == text,
        }
    }
}

const NO_TRANSACTION: &str = "-- migrate: no-transaction";
const REPEAT: &str = "-- migrate: repeat";
const FOREIGN_KEYS: &str = "-- migrate: foreign-keys on";

/// The names of the directives, and how each is written.
const FORMS: &[(&str, &str)] = &[
    ("no-transaction", NO_TRANSACTION),
    ("repeat", REPEAT),
    ("irreversible", "-- migrate: irreversible"),
    ("unverified", "-- migrate: unverified \"why\""),
    ("foreign-keys", FOREIGN_KEYS),
    ("description", "-- migrate: description \"…\""),
    ("up", "-- migrate:up"),
    ("down", "-- migrate:down"),
];

/// What a line comment is.
enum Comment<'a> {
    /// A directive, also in goose's words.
    Directive(Directive<'a>),
    /// A marker of another tool, which elsewhere than at the head is an ordinary comment.
    Marker(Directive<'a>),
    /// Meant for a directive, with the one that was probably meant.
    Unknown(Option<&'static str>),
    Ordinary,
}

impl<'a> Comment<'a> {
    fn read(comment: &'a str, database: Database) -> Comment<'a> {
        let no_transaction = Directive::Mode(Mode::NoTransaction);
        if Goose::of(comment) == Some(Goose::NoTransaction) {
            return Comment::Directive(no_transaction);
        }
        let text = comment.strip_prefix("--").unwrap_or(comment).trim();
        if let Some((prefix, text)) = text.split_at_checked(PREFIX.len())
            && prefix.eq_ignore_ascii_case(PREFIX)
        {
            let exact = prefix == PREFIX && !text.starts_with(|c: char| !c.is_whitespace());
            return match Directive::read(text, database) {
                Some(directive) if exact => Comment::Directive(directive),
                None if !exact => Comment::Ordinary,
                _ => Comment::Unknown(suggestion(text, database)),
            };
        }
        let mut words = text.split_whitespace();
        match (words.next(), words.next()) {
            (Some("no-transaction"), _)
            | (Some("postgres-migrations"), Some("disable-transaction")) => {
                Comment::Marker(no_transaction)
            }
            _ => Comment::Ordinary,
        }
    }
}

const PREFIX: &str = "migrate:";

enum Directive<'a> {
    Mode(Mode),
    ForeignKeys,
    Irreversible,
    Unverified(&'a str),
    Description(&'a str),
}

impl<'a> Directive<'a> {
    /// The directive that stands behind `migrate:`.
    fn read(text: &'a str, database: Database) -> Option<Directive<'a>> {
        let text = text.trim();
        let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let argument = argument.trim_start();
        match (name, argument) {
            ("no-transaction", "") => Some(Directive::Mode(Mode::NoTransaction)),
            ("repeat", "") => Some(Directive::Mode(Mode::Repeat)),
            ("irreversible", "") => Some(Directive::Irreversible),
            ("foreign-keys", "on") if has_switch(database) => Some(Directive::ForeignKeys),
            ("unverified", why) => quoted(why).map(Directive::Unverified),
            ("description", text) => quoted(text).map(Directive::Description),
            _ => None,
        }
    }
}

/// Whether foreign keys can be switched on and off there.
fn has_switch(database: Database) -> bool {
    database == Database::Sqlite
}

/// The text between two quotes, which has none itself.
fn quoted(argument: &str) -> Option<&str> {
    let text = argument.strip_prefix('"')?.strip_suffix('"')?.trim();
    (!text.is_empty() && !text.contains('"')).then_some(text)
}

/// The directive that a comment at the head consists of, but for the way it is introduced and at most
/// one slip: `-- migration: repeat`, `-- migrate repeat`, `/* migrate: repaet */`. With anything more
/// it is a comment about the migration.
fn misspelt(comment: &str, database: Database) -> Option<&'static str> {
    let text = comment.trim_matches(|c: char| "-/*#".contains(c) || c.is_whitespace());
    let rest = text.to_lowercase();
    let rest = rest.strip_prefix("migrat")?;
    let rest = ["ions", "ion", "es", "e"]
        .iter()
        .find_map(|ending| rest.strip_prefix(ending))?;
    let text = rest.trim_start_matches(|c: char| ":=".contains(c) || c.is_whitespace());
    if text.len() == rest.len() {
        return None;
    }
    let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let has_text = quoted(argument.trim_start()).is_some();
    let means = |form: &str| {
        let form = form.strip_prefix("-- migrate: ").unwrap_or(form);
        match form.split_once(" \"") {
            Some((wanted, _)) => has_text && distance(name, wanted) <= 1,
            None => distance(text, form) <= 1,
        }
    };
    // Markers are not read here.
    let directives = FORMS
        .iter()
        .filter(|(name, _)| !matches!(*name, "up" | "down"));
    let mut forms = directives.map(|(_, form)| *form);
    forms.find(|form| means(form) && (*form != FOREIGN_KEYS || has_switch(database)))
}

/// How the directive is written whose name is nearest to the first word of `text`, or to its first
/// two words as one. The nearest must agree in two letters of three.
fn suggestion(text: &str, database: Database) -> Option<&'static str> {
    let mut words = text.split_whitespace().map(str::to_lowercase);
    let first = words.next()?;
    let both = words.next().map(|second| format!("{first}-{second}"));
    FORMS
        .iter()
        .filter(|(_, form)| *form != FOREIGN_KEYS || has_switch(database))
        .filter_map(|(name, form)| {
            let limit = name.len() / 3;
            let near = |word: &String| Some(distance(word, name)).filter(|slips| *slips <= limit);
            let nearest = [Some(&first), both.as_ref()]
                .into_iter()
                .flatten()
                .filter_map(near);
            Some((nearest.min()?, *form))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, form)| form)
}
