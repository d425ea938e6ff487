//! One occurrence of a problem, and its text.

use crate::Database;
use crate::place::{self, Place};
use crate::problem::Problem;
use crate::sql::{TokenKind, tokens};

/// One thing that is wrong: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing.
    pub problem: Problem,
    /// What happened, in one line.
    pub message: String,
    /// Where, unless it is the folder as a whole.
    pub place: Option<Place>,
    /// What to do, a cure a line.
    pub help: Vec<String>,
    /// Whether it is about a down.
    pub in_down: bool,
}

impl Finding {
    /// A finding about the folder as a whole, without a cure yet.
    #[must_use]
    pub fn new(problem: Problem, message: impl Into<String>) -> Finding {
        Finding {
            problem,
            message: message.into(),
            place: None,
            help: Vec::new(),
            in_down: false,
        }
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Finding {
        self.place = Some(place);
        self
    }

    /// The same with one more cure.
    #[must_use]
    pub fn help(mut self, cure: impl Into<String>) -> Finding {
        self.help.push(cure.into());
        self
    }

    /// The folder `folder` does not exist; `nearest` is one that does and was perhaps meant.
    #[must_use]
    pub fn missing_folder(folder: &str, nearest: Option<&str>) -> Finding {
        let finding = Finding::new(
            Problem::MissingFolder,
            format!("the folder `{folder}` does not exist"),
        );
        match nearest {
            Some(nearest) => finding.help(format!("there is a folder `{nearest}`")),
            None => finding.help("the path is relative to the folder of the package's Cargo.toml"),
        }
    }

    /// The folder is named by the absolute path `folder`.
    #[must_use]
    pub fn absolute_path(folder: &str) -> Finding {
        Finding::new(
            Problem::AbsolutePath,
            format!("`{folder}` is an absolute path"),
        )
        .help("name the folder relative to the package's Cargo.toml: `migrations`")
    }

    /// The folder `folder` is not below the folder of the package.
    #[must_use]
    pub fn outside_package(folder: &str) -> Finding {
        Finding::new(
            Problem::OutsidePackage,
            format!("the folder `{folder}` is outside the package"),
        )
        .help("move it below the package's Cargo.toml: `cargo package` leaves it out where it is")
        .help("a package that is never published may say `allow(outside_package)`")
    }

    /// The same with a word on how it can be taken as it is, where it can: by trust where it is about
    /// `version`, and by name. `newest` is the newest version of the folder: that one is hardly in
    /// production, so that nothing is said of trust.
    ///
    /// ```
    /// # use migrate_source::{Finding, Problem};
    /// let finding = Finding::new(Problem::EmptyUp, "this up does nothing");
    /// assert_eq!(
    ///     finding.relaxable(Some(7), 9).help,
    ///     [
    ///         "if version 7 is in production already: `trust_through = 7` takes it as it is",
    ///         "or allow it in the whole folder: `allow(empty_up)`",
    ///     ],
    /// );
    /// ```
    #[must_use]
    pub fn relaxable(mut self, version: Option<i64>, newest: i64) -> Finding {
        let problem = self.problem;
        let trusted = version.filter(|version| self.can_be_trusted() && *version < newest);
        if let Some(version) = trusted {
            self = self.help(format!(
                "if version {version} is in production already: `trust_through = {version}` takes it as it is"
            ));
        }
        let allow = format!("`allow({problem})`");
        let said = self.help.iter().any(|cure| cure.contains(&allow));
        if problem.can_be_allowed() && !said {
            self = self.help(format!("or allow it in the whole folder: {allow}"));
        }
        self
    }

    /// The same, about a script with this SQL that was read as SQLite's. Where PostgreSQL's writing is
    /// in it, the cure may be to read it as that.
    ///
    /// ```
    /// # use migrate_source::{Finding, Problem};
    /// let finding = Finding::new(Problem::FailingUp, "unrecognized token: \":\"");
    /// let finding = finding.perhaps_postgres("SELECT 1::text;");
    /// assert_eq!(finding.help, ["if it is for PostgreSQL, say `database = \"postgres\"`"]);
    /// ```
    #[must_use]
    pub fn perhaps_postgres(self, sql: &str) -> Finding {
        match is_postgres(sql) {
            true => self.help("if it is for PostgreSQL, say `database = \"postgres\"`"),
            false => self,
        }
    }

    /// Whether it is none in a migration that `trust_through` covers.
    #[must_use]
    pub const fn can_be_trusted(&self) -> bool {
        self.problem.can_be_trusted() || (self.in_down && self.problem.can_be_trusted_in_down())
    }

    /// Sorts findings as they are told: by their places, then their problems.
    pub fn sort(findings: &mut [Finding]) {
        findings.sort_by_cached_key(Finding::order);
    }

    fn order(&self) -> impl Ord + use<> {
        let position = |place: &Place| (place.path.clone(), place.line, place.column);
        (self.place.as_ref().map(position), self.problem)
    }

    /// Its text, as a compiler prints it: what happened, where with an excerpt, what to do.
    /// `folder` is the path of the folder as it is to be shown; it is put before the file.
    ///
    /// ```
    /// # #[cfg(feature = "folder")] {
    /// # use migrate_source::{Database, folder::{File, Folder, Options}};
    /// let file = File { path: "0001_a.sql".into(), bytes: b"SELECT 'a;\n".into() };
    /// let folder = Folder::read(&[file], &Options::new(Database::Sqlite));
    /// assert_eq!(
    ///     folder.findings[0].render("migrations"),
    ///     "this string is not closed
    ///  --> migrations/0001_a.sql:1:8
    ///   |
    /// 1 | SELECT 'a;
    ///   |        ^^^
    ///   = help: close it with `'`; a `'` inside a string is written twice",
    /// );
    /// # }
    /// ```
    #[must_use]
    pub fn render(&self, folder: &str) -> String {
        place::report(&self.message, self.place.as_ref(), folder, &self.help)
    }
}

/// Whether SQL has what only PostgreSQL understands: `::`, a dollar-quoted string, `BIGSERIAL`.
fn is_postgres(sql: &str) -> bool {
    let mut colon = None;
    tokens(sql, Database::Postgres).any(|token| {
        let is_cast = token.is_punctuation(':') && colon == Some(token.offset);
        colon = token.is_punctuation(':').then(|| token.end());
        let is_dollar_quoted = token.kind == TokenKind::String && token.text.starts_with('$');
        is_cast || is_dollar_quoted || token.is_keyword("BIGSERIAL")
    })
}
