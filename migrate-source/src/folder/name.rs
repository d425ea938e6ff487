//! What the name of a file says: which version, which part of it, or what is wrong with it.

use super::near::{distance, nearest};
use super::{Finding, Problem};
use crate::place::Place;

/// What the path of a file below the folder says.
#[derive(Debug)]
pub(super) enum Name<'a> {
    /// No migration, by rule.
    Ignored,
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

/// The directories that are migrations of the layout *folders*.
pub(super) struct Folders<'a>(Vec<&'a str>);

impl<'a> Folders<'a> {
    /// Those that hold an `up.sql` or a `down.sql` among `paths`.
    pub(super) fn among(paths: impl Iterator<Item = &'a str>) -> Folders<'a> {
        let mut dirs: Vec<&str> = paths
            .filter_map(|path| path.split_once('/'))
            .filter(|(_, file)| matches!(*file, "up.sql" | "down.sql"))
            .map(|(dir, _)| dir)
            .collect();
        dirs.sort_unstable();
        dirs.dedup();
        Folders(dirs)
    }

    fn contains(&self, dir: &str) -> bool {
        self.0.binary_search(&dir).is_ok()
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
struct Strict<'a> {
    digits: String,
    words: &'a str,
    part: Part,
    style: Style,
}

fn top<'a>(name: &'a str, folders: &Folders<'_>) -> Name<'a> {
    // The last two belong to the lock and to the verification, which read them themselves.
    if ignored(name) || matches!(name, "migrations.lock" | "seed.sql") {
        return Name::Ignored;
    }
    // A file beside folders is numbered as they are, so that its place among them is clear.
    let dashes = !folders.0.is_empty();
    if let Some((name, down)) = repeatable(name) {
        return Name::Repeatable { name, down };
    }
    if let Some(strict) = numbered(name, dashes) {
        return checked(name, name, strict, dashes);
    }
    if let Some(better) = repair(name, dashes) {
        let claims =
            numbered(&better, dashes).and_then(|strict| version(&strict.digits, dashes).ok());
        return wrong(
            name,
            name,
            near_miss("the name of a migration", name, &better),
            claims,
        );
    }
    let finding = match name.rsplit_once('.') {
        Some((stem, "sql" | "rs")) => no_number(name, stem),
        _ => unknown_file(name),
    };
    wrong(name, name, finding, None)
}

fn inside<'a>(path: &'a str, dir: &'a str, file: &'a str, folders: &Folders<'_>) -> Name<'a> {
    if ignored(dir) || ignored(file) {
        return Name::Ignored;
    }
    let Some((digits, words)) = numbered_dir(dir) else {
        if !folders.contains(dir) {
            return wrong(dir, path, unknown_dir(dir, file), None);
        }
        let Some(better) = repair_dir(dir) else {
            return wrong(dir, path, no_number(dir, dir), None);
        };
        let claims = numbered_dir(&better).and_then(|(digits, _)| version(&digits, true).ok());
        return wrong(
            dir,
            path,
            near_miss("the name of a migration", dir, &better),
            claims,
        );
    };
    let part = match file {
        "up.sql" => Part::Up,
        "down.sql" => Part::Down,
        "metadata.toml" if folders.contains(dir) => Part::Metadata,
        _ => {
            let near = nearest(file, &["up.sql"], 1);
            let near = near.or_else(|| nearest(file, &["down.sql", "metadata.toml"], 2));
            let finding = match near.filter(|better| *better != file) {
                Some(better) => near_miss("a file of a migration", file, better),
                None => unknown_file(path),
            };
            return wrong(path, path, finding, version(&digits, true).ok());
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

fn repeatable(name: &str) -> Option<(&str, bool)> {
    let stem = name.strip_prefix("R__")?.strip_suffix(".sql")?;
    let (stem, down) = match stem.strip_suffix(".down") {
        Some(stem) => (stem, true),
        None => (stem, false),
    };
    (has_words(stem) && direction(stem).is_none()).then_some((stem, down))
}

fn numbered(name: &str, dashes: bool) -> Option<Strict<'_>> {
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
fn numbered_dir(dir: &str) -> Option<(String, &str)> {
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

/// The name that was probably meant by `name`, which is none.
fn repair(name: &str, dashes: bool) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let extension = match extension.to_ascii_lowercase().as_str() {
        "rs" => "rs",
        "psql" | "pgsql" | "mysql" => "sql",
        other if other.bytes().all(|b| b.is_ascii_alphabetic()) && distance(other, "sql") <= 1 => {
            "sql"
        }
        _ => return None,
    };
    let mut rest = stem.trim();
    let mut ending = "";
    while let Some(down) = direction(rest) {
        rest = rest.rsplit_once('.').map_or(rest, |(rest, _)| rest);
        ending = match ending {
            "" if extension == "rs" => "",
            "" if down => ".down",
            "" => ".up",
            last => last,
        };
    }
    let letter = rest.chars().next()?.to_ascii_uppercase();
    let better = if letter.is_ascii_digit() {
        let (digits, words) = number_and_words(rest)?;
        let digits = if dashes {
            digits.to_owned()
        } else {
            undashed(digits)
        };
        format!("{digits}_{words}{ending}.{extension}")
    } else if matches!(letter, 'V' | 'U') {
        let letter = match ending {
            ".down" => 'U',
            _ if extension == "rs" => 'V',
            _ => letter,
        };
        let (digits, words) = number_and_words(&rest[1..])?;
        format!("{letter}{}__{words}.{extension}", undashed(digits))
    } else if letter == 'R' && rest[1..].starts_with(['_', '-', ' ']) {
        let ending = if ending == ".down" { ending } else { "" };
        format!(
            "R__{}{ending}.{extension}",
            rest[1..].trim_start_matches(['_', '-', ' '])
        )
    } else {
        return None;
    };
    let understood = numbered(&better, dashes).is_some() || repeatable(&better).is_some();
    understood.then_some(better)
}

fn repair_dir(dir: &str) -> Option<String> {
    let (digits, words) = number_and_words(dir.trim().trim_start_matches(['v', 'V']))?;
    let better = format!("{digits}_{words}");
    numbered_dir(&better).is_some().then_some(better)
}

/// The number a name begins with, dashes between its digits included, and what is left behind
/// the characters that separate them.
fn number_and_words(name: &str) -> Option<(&str, &str)> {
    let (date, _) = leading_date(name);
    let date = date.trim_end_matches('-');
    let number = if date_like(date) {
        date
    } else {
        leading_digits(name).0
    };
    let rest = &name[number.len()..];
    let words = rest.trim_start_matches(['_', '-', '.', ' ']);
    // `1.5_a` has a number that is none, and no other spelling of it would be right.
    let fraction = rest.starts_with('.') && words.starts_with(|c: char| c.is_ascii_digit());
    (!number.is_empty() && !words.is_empty() && !fraction).then_some((number, words))
}

/// Whether the last ending of `stem` means a direction, and whether that is down. A down that is
/// taken for an up destroys data, so every spelling of it is noticed.
fn direction(stem: &str) -> Option<bool> {
    let (_, ending) = stem.rsplit_once('.')?;
    match ending.to_lowercase().as_str() {
        "up" => Some(false),
        "undo" | "rollback" | "revert" => Some(true),
        ending => (distance(ending, "down") <= 1).then_some(true),
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn leading_date(text: &str) -> (&str, &str) {
    text.split_at(
        text.bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'-')
            .count(),
    )
}

/// Whether `date` is more than a number: a year, a dash and further digits.
fn date_like(date: &str) -> bool {
    date.find('-') == Some(4) && undashed(date).len() >= 8
}

fn undashed(date: &str) -> String {
    date.replace('-', "")
}

fn has_words(words: &str) -> bool {
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

fn near_miss(what: &str, name: &str, better: &str) -> Finding {
    Finding::new(Problem::NearMiss, format!("`{name}` is not quite {what}"))
        .help(format!("rename it to `{better}`"))
}

fn no_number(name: &str, stem: &str) -> Finding {
    let (digits, rest) = leading_digits(stem.trim_start_matches(['V', 'U']));
    if digits.is_empty() {
        return Finding::new(
            Problem::NoNumber,
            format!("`{name}` does not begin with a number"),
        )
        .help(format!(
            "begin with its version: `0001_{}`",
            name.trim_start_matches(|c: char| !c.is_alphanumeric())
        ));
    }
    if has_words(rest) {
        return Finding::new(
            Problem::NoNumber,
            format!("the version of `{name}` is not a whole number"),
        )
        .help("give it a whole number, and the migrations after it the numbers that follow");
    }
    Finding::new(
        Problem::NearMiss,
        format!("`{name}` has a number, but no description"),
    )
    .help(format!(
        "say what it does: `{}`",
        name.replacen(stem, &described(stem), 1)
    ))
}

/// `0001_what_it_does` for `0001` or `0001_`.
fn described(stem: &str) -> String {
    let number = stem.trim_end_matches(|c: char| !c.is_ascii_digit());
    let separator = if number.starts_with(['V', 'U']) {
        "__"
    } else {
        "_"
    };
    format!("{number}{separator}what_it_does")
}

fn unknown_file(name: &str) -> Finding {
    Finding::new(Problem::UnknownFile, format!("`{name}` is no migration"))
        .help("move it out of the folder, or begin its name with a dot; notes may end in `.md`")
}

fn unknown_dir(dir: &str, file: &str) -> Finding {
    let finding = Finding::new(
        Problem::UnknownFile,
        format!("the directory `{dir}` is no migration"),
    );
    if numbered(file, false).is_some() {
        finding.help(format!(
            "its files look like migrations: name `{dir}` as the folder"
        ))
    } else {
        finding.help("move it out of the folder, or begin its name with a dot")
    }
}
