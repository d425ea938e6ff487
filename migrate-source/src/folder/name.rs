//! What the name of a file says: which version, which part of it, or what is wrong with it.

use super::{Finding, Problem, lock, misnamed};
use crate::near::distance;
use crate::place::Place;

/// What the path of a file below the folder says.
#[derive(Debug)]
pub(super) enum Name<'a> {
    /// No migration, by rule.
    Ignored,
    /// The lock file.
    Lock,
    /// Sample data.
    Seed,
    /// A part of a numbered migration.
    Numbered(Numbered<'a>),
    /// A part of a repeatable migration.
    Repeatable { name: &'a str, down: bool },
    /// Not understood. `subject` is what is wrongly named, the file or its directory; `claims` is
    /// the version it was probably meant to have.
    Wrong {
        subject: &'a str,
        finding: Finding,
        claims: Option<i64>,
    },
}

/// A part of a numbered migration.
#[derive(Debug)]
pub(super) struct Numbered<'a> {
    pub(super) version: i64,
    /// The words of the name, as they stand there: `create_users`.
    pub(super) words: &'a str,
    pub(super) part: Part,
    pub(super) style: Style,
}

/// Which part of a migration a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `0001_a.sql`: an up, or both parts with markers between them.
    Script,
    Up,
    Down,
    Code,
    Metadata,
}

/// How a file is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Folders,
    Refinery,
}

/// The name of the file with sample data.
pub(super) const SEED: &str = "seed.sql";

/// The least version that is a timestamp. Those below are counted from 1.
pub(super) const FIRST_TIMESTAMP: i64 = 10_000_000;

impl<'a> Name<'a> {
    /// Reads the name of the file at `path`.
    pub(super) fn read(path: &'a str, folders: &Folders<'_>) -> Name<'a> {
        match path.split_once('/') {
            None => top(path, folders),
            Some((dir, file)) => inside(path, dir, file, folders),
        }
    }
}

/// What the directories of a folder hold.
pub(super) struct Folders<'a> {
    /// Those that are migrations of the layout `folders`.
    migrations: Vec<&'a str>,
    /// Those with files that are named as migrations themselves.
    scripts: Vec<&'a str>,
}

impl<'a> Folders<'a> {
    /// Those of the files at `paths`.
    pub(super) fn among(paths: impl Iterator<Item = &'a str>) -> Folders<'a> {
        let mut folders = Folders {
            migrations: Vec::new(),
            scripts: Vec::new(),
        };
        for (dir, file) in paths.filter_map(|path| path.split_once('/')) {
            if matches!(file, "up.sql" | "down.sql") {
                folders.migrations.push(dir);
            } else if misnamed::is_script(file) {
                folders.scripts.push(dir);
            }
        }
        for dirs in [&mut folders.migrations, &mut folders.scripts] {
            dirs.sort_unstable();
            dirs.dedup();
        }
        folders
    }

    fn contains(&self, dir: &str) -> bool {
        self.migrations.binary_search(&dir).is_ok()
    }

    fn has_scripts(&self, dir: &str) -> bool {
        self.scripts.binary_search(&dir).is_ok()
    }
}

/// The words of a name as people write them: `create_users` is `create users`.
pub(super) fn description(words: &str) -> String {
    let separator = |c: char| c == '_' || c == '-' || c.is_whitespace();
    words
        .split(separator)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A name that follows the rules, its number still text.
pub(super) struct Strict<'a> {
    digits: String,
    words: &'a str,
    part: Part,
    style: Style,
}

fn top<'a>(name: &'a str, folders: &Folders<'_>) -> Name<'a> {
    if ignored(name) {
        return Name::Ignored;
    }
    match name {
        lock::FILE => return Name::Lock,
        SEED => return Name::Seed,
        _ => {}
    }
    // A file beside folders is numbered as they are, so that its place among them is clear.
    let dashes = !folders.migrations.is_empty();
    if let Some((name, down)) = repeatable(name) {
        return Name::Repeatable { name, down };
    }
    if let Some(strict) = numbered(name, dashes) {
        return checked(name, name, strict, dashes);
    }
    let (finding, better) = misnamed::file(name, dashes);
    let meant = better.and_then(|better| Some(numbered(&better, dashes)?.digits));
    let meant = meant.or_else(|| misnamed::lone_number(name).map(str::to_owned));
    let claims = meant.and_then(|digits| version(&digits, dashes).ok());
    wrong(name, name, finding, claims)
}

fn inside<'a>(path: &'a str, dir: &'a str, file: &'a str, folders: &Folders<'_>) -> Name<'a> {
    if ignored(dir) || ignored(file) {
        return Name::Ignored;
    }
    let Some((digits, words)) = numbered_dir(dir) else {
        if !folders.contains(dir) {
            let finding = misnamed::stray_directory(dir, folders.has_scripts(dir));
            return wrong(dir, path, finding, None);
        }
        let (finding, better) = misnamed::directory(dir);
        let meant = better.and_then(|better| Some(numbered_dir(&better)?.0));
        let meant = meant.or_else(|| misnamed::lone_number(dir).map(str::to_owned));
        let claims = meant.and_then(|digits| version(&digits, true).ok());
        return wrong(dir, path, finding, claims);
    };
    let part = match file {
        "up.sql" => Part::Up,
        "down.sql" => Part::Down,
        "metadata.toml" if folders.contains(dir) => Part::Metadata,
        _ => {
            let claims = version(&digits, true).ok();
            return wrong(path, path, misnamed::member(path, file), claims);
        }
    };
    checked(
        path,
        dir,
        Strict {
            digits,
            words,
            part,
            style: Style::Folders,
        },
        true,
    )
}

/// Names that are no migrations: hidden files, and notes to the reader.
fn ignored(name: &str) -> bool {
    let note = name
        .rsplit_once('.')
        .is_some_and(|(_, end)| end.eq_ignore_ascii_case("md"));
    name.starts_with('.') || name.starts_with("README") || note
}

fn checked<'a>(path: &'a str, name: &'a str, strict: Strict<'a>, dashes: bool) -> Name<'a> {
    let Strict {
        digits,
        words,
        part,
        style,
    } = strict;
    let finding = match version(&digits, dashes) {
        Ok(version) => {
            return Name::Numbered(Numbered {
                version,
                words,
                part,
                style,
            });
        }
        Err(Problem::VersionZero) => Finding::new(
            Problem::VersionZero,
            format!("`{name}` has version 0, which means a database without any migration"),
        )
        .help(format!(
            "number the migrations from {:0>1$} on",
            1,
            digits.len()
        )),
        Err(problem) => Finding::new(
            problem,
            format!(
                "the version of `{name}` is greater than {}, the greatest there is",
                i64::MAX
            ),
        )
        .help("shorten the number; a timestamp has 14 digits: `20240131120000`"),
    };
    wrong(name, path, finding, None)
}

/// The version that `digits` write. With `padded`, a timestamp is filled up to 18 digits, so that
/// dates with and without a time of day, or with a counter behind it, keep the order of their
/// texts, which is that of Diesel.
fn version(digits: &str, padded: bool) -> Result<i64, Problem> {
    const TIMESTAMP_DIGITS: usize = 8;
    if digits.bytes().all(|digit| digit == b'0') {
        // Diesel's first migration is `00000000000000_diesel_initial_setup`.
        let timestamp = digits.len() >= TIMESTAMP_DIGITS;
        return if timestamp {
            Ok(1)
        } else {
            Err(Problem::VersionZero)
        };
    }
    let number = |digits: &str| digits.parse::<i64>().map_err(|_| Problem::VersionOverflow);
    match number(digits)? {
        timestamp if padded && timestamp >= FIRST_TIMESTAMP => number(&format!("{digits:0<18}")),
        version => Ok(version),
    }
}

pub(super) fn repeatable(name: &str) -> Option<(&str, bool)> {
    let stem = name.strip_prefix("R__")?.strip_suffix(".sql")?;
    let (stem, down) = match stem.strip_suffix(".down") {
        Some(stem) => (stem, true),
        None => (stem, false),
    };
    (has_words(stem) && direction(stem).is_none()).then_some((stem, down))
}

pub(super) fn numbered(name: &str, dashes: bool) -> Option<Strict<'_>> {
    let (stem, extension) = name.rsplit_once('.')?;
    let code = match extension {
        "sql" => false,
        "rs" => true,
        _ => return None,
    };
    let (digits, rest, style, refinery_part) = match stem.strip_prefix(['V', 'U']) {
        Some(rest) => {
            let (digits, rest) = leading_digits(rest);
            let part = if stem.starts_with('V') {
                Part::Up
            } else {
                Part::Down
            };
            (
                digits.to_owned(),
                rest.strip_prefix("__")?,
                Style::Refinery,
                Some(part),
            )
        }
        None if dashes => {
            let (digits, words) = numbered_dir(stem)?;
            (digits, words, Style::Plain, None)
        }
        None => {
            let (digits, rest) = leading_digits(stem);
            (
                digits.to_owned(),
                rest.strip_prefix('_')?,
                Style::Plain,
                None,
            )
        }
    };
    // golang-migrate takes more dots than one: `30_ignore_autotag.up..sql`.
    let words = rest.trim_end_matches('.');
    let (words, part) = match refinery_part {
        _ if code => (words, Part::Code),
        Some(part) => (words, part),
        None => match (words.strip_suffix(".up"), words.strip_suffix(".down")) {
            (Some(words), _) => (words, Part::Up),
            (_, Some(words)) => (words, Part::Down),
            _ => (words, Part::Script),
        },
    };
    let words = words.trim_end_matches('.');
    let code_down = code && refinery_part == Some(Part::Down);
    let fits = !digits.is_empty() && has_words(words) && direction(words).is_none() && !code_down;
    fits.then_some(Strict {
        digits,
        words,
        part,
        style,
    })
}

/// The digits and the words of the name of a directory: those of Diesel
/// (`2024-01-01-000000_create_users`) and of `rusqlite_migration` (`01-create_users`).
pub(super) fn numbered_dir(dir: &str) -> Option<(String, &str)> {
    let (date, rest) = leading_date(dir);
    if let Some(words) = rest.strip_prefix('_')
        && date.ends_with(|c: char| c.is_ascii_digit())
    {
        return has_words(words).then(|| (undashed(date), words));
    }
    let (digits, rest) = leading_digits(dir);
    let words = rest.strip_prefix('-')?;
    let plain = !digits.is_empty() && !date_like(date);
    (plain && words.contains(char::is_alphabetic)).then(|| (digits.to_owned(), words))
}

/// Whether the last ending of `stem` means a direction, and whether that is down. A down that is
/// taken for an up destroys data, so every spelling of it is noticed.
pub(super) fn direction(stem: &str) -> Option<bool> {
    let (_, ending) = stem.rsplit_once('.')?;
    match ending.to_lowercase().as_str() {
        "up" => Some(false),
        "undo" | "rollback" | "revert" => Some(true),
        ending => (distance(ending, "down") <= 1).then_some(true),
    }
}

pub(super) fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

pub(super) fn leading_date(text: &str) -> (&str, &str) {
    text.split_at(
        text.bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'-')
            .count(),
    )
}

/// Whether `date` is more than a number: a year, a dash and further digits.
pub(super) fn date_like(date: &str) -> bool {
    date.find('-') == Some(4) && undashed(date).len() >= 8
}

pub(super) fn undashed(date: &str) -> String {
    date.replace('-', "")
}

pub(super) fn has_words(words: &str) -> bool {
    words.contains(char::is_alphanumeric)
}

/// `subject`, named by the file at `path`, is wrong.
fn wrong<'a>(subject: &'a str, path: &str, finding: Finding, claims: Option<i64>) -> Name<'a> {
    Name::Wrong {
        subject,
        finding: finding.at(Place::file(path)),
        claims,
    }
}
