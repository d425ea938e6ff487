//! How the next migration of a folder is called and what stands in it, as those before it are.
//! Nothing here touches the disk.

use std::time::{Duration, SystemTime};

use migrate_source::Options;
use migrate_source::folder::{File, Folder, Migration, Problem, Script, Up};

use crate::args::New;
use crate::number::{after, digits, is_date, number_of};

/// The words of a name, as they stand in the name of a file: `add_phone` for `Add phone`.
///
/// What cannot stand there is an error, which says what is wrong.
pub(crate) fn words(name: &str) -> Result<String, String> {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_whitespace() || c == '_' || c == '-' {
            words.push('_');
        } else if c.is_alphanumeric() {
            if c.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
                words.push('_');
            }
            words.extend(c.to_lowercase());
        } else {
            return Err(format!("`{c}` cannot stand in the name of a migration"));
        }
        before = c;
    }
    let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
    let is_between = |c: char| c.is_whitespace() || c == '_' || c == '-';
    let first = name.split(is_between).find(|word| !word.is_empty());
    let first = first.unwrap_or_default();
    match words.join("_") {
        words if words.is_empty() => Err("the name of a migration needs a word".to_owned()),
        _ if first.bytes().all(|byte| byte.is_ascii_digit()) => Err(format!(
            "a name cannot begin with a number, such as `{first}`: the next one comes before it by itself"
        )),
        // The number and the endings come to it; most file systems end at 255 bytes.
        words if words.len() > 200 => Err("this name is too long for a file".to_owned()),
        words => Ok(words),
    }
}

/// Whether a version is the time at which its migration was written, and no count.
pub(crate) fn is_timestamp(version: i64) -> bool {
    version >= FIRST_TIMESTAMP
}

/// The problems of a folder because of which the number of the next migration would be a guess.
pub(crate) fn hides_number(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::LockConflict
            | Problem::LockMalformed
            | Problem::MixedLayouts
            | Problem::UnreadableFile
            | Problem::NameNotUtf8
            | Problem::NearMiss
            | Problem::NoNumber
            | Problem::VersionZero
            | Problem::VersionOverflow
            | Problem::DuplicateVersion
            | Problem::OrphanDown
            | Problem::NotUtf8
            | Problem::NulByte
    )
}

/// The problems of a folder because of which it is not clear which migrations it has.
pub(crate) fn hides_version(problem: Problem) -> bool {
    hides_number(problem)
        && !matches!(
            problem,
            Problem::DuplicateVersion
                | Problem::LockConflict
                | Problem::LockMalformed
                | Problem::OrphanDown
        )
}

/// A migration that is to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) version: i64,
    /// Its files, the up first.
    pub(crate) files: Vec<File>,
}

/// The migration that comes next in a folder, above the version `taken`. What cannot be named is an
/// error.
pub(crate) fn next(
    files: &[File],
    folder: &Folder,
    options: &Options,
    new: &New,
    words: &str,
    taken: i64,
    now: SystemTime,
) -> Result<Draft, String> {
    let naming = Naming::of(files, folder);
    let mut number = naming.following(folder, taken, new.timestamp, now);
    for _ in 0..TRIES {
        let draft = naming.draft(&number, words, new);
        let mut all = files.to_vec();
        all.push(draft[0].clone());
        let read = Folder::read(&all, options);
        let made = read
            .migrations
            .iter()
            .find(|m| m.up.path() == draft[0].path);
        let newest = folder.migrations.last().map_or(0, |newest| newest.version);
        let made = made.filter(|made| made.version > newest.max(taken));
        // An orphan that is allowed may have the number.
        let is_own = |down: &Script| down.path == draft[0].path;
        if let Some(made) = made.filter(|made| made.down.as_ref().is_none_or(is_own)) {
            return Ok(Draft {
                version: made.version,
                files: draft,
            });
        }
        number = after(&number);
    }
    Err(format!("no number was found for `{words}`"))
}

/// The numbers of the next `count` migrations of a folder, above the version `taken`.
pub(crate) fn numbers(
    files: &[File],
    folder: &Folder,
    taken: i64,
    count: usize,
    now: SystemTime,
) -> Vec<String> {
    let first = Naming::of(files, folder).following(folder, taken, false, now);
    std::iter::successors(Some(first), |number| Some(after(number)))
        .take(count)
        .collect()
}

/// The name of a file or directory, with another number.
pub(crate) fn renumbered(name: &str, number: &str) -> String {
    let start = usize::from(name.starts_with(['V', 'U']));
    let rest = &name[start..];
    format!(
        "{}{number}{}",
        &name[..start],
        &rest[number_of(rest).len()..]
    )
}

/// The least version that is a timestamp: see `migrate_source::folder`.
const FIRST_TIMESTAMP: i64 = 10_000_000;

const TRIES: usize = 1000;

/// How the files of a folder are named.
#[derive(Debug, PartialEq, Eq)]
struct Naming {
    layout: Layout,
    /// How many digits a number has, at least.
    width: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Layout {
    /// `0001_a.up.sql`, or without `.up`.
    Plain { up: &'static str },
    /// `0001_a.sql` with these lines for its up and its down.
    OneFile { up: String, down: &'static str },
    /// `0001_a/up.sql`, with this between number and words.
    Folders { separator: char },
    /// `V1__a.sql`.
    Refinery,
}

impl Naming {
    fn of(files: &[File], folder: &Folder) -> Naming {
        let numbers = folder.migrations.iter().map(number);
        let width = numbers.filter(|number| number.starts_with('0'));
        let width = width.map(str::len).max();
        Naming {
            width: width.unwrap_or(match folder.migrations.is_empty() {
                true => 4,
                false => 0,
            }),
            layout: layout(files, folder),
        }
    }

    /// The number that follows the newest one of the folder and the version `taken`.
    fn following(&self, folder: &Folder, taken: i64, timestamp: bool, now: SystemTime) -> String {
        let newest = folder.migrations.last();
        let last = newest.map_or(0, |newest| newest.version).max(taken);
        if last < FIRST_TIMESTAMP {
            return match timestamp {
                true => self.stamp(now),
                false => self.padded(last + 1),
            };
        }
        let stamp = match newest {
            Some(newest) => self.stamp_like(number(newest), now),
            None => self.stamp(now),
        };
        // The clock may be behind, or the day the same; or only the lock knows the newest version.
        match newest {
            _ if self.version(&stamp) > last => stamp,
            Some(newest) if newest.version == last => after(number(newest)),
            _ => self.padded(last + 1),
        }
    }

    /// The version that a timestamp is read as, 0 for what is none.
    fn version(&self, stamp: &str) -> i64 {
        let digits = stamp.replace('-', "");
        let digits = match self.layout {
            Layout::Folders { .. } => format!("{digits:0<18}"),
            _ => digits,
        };
        digits.parse().unwrap_or(0)
    }

    fn padded(&self, version: i64) -> String {
        format!("{version:0>width$}", width = self.width)
    }

    /// The time as the usual number of this layout.
    fn stamp(&self, now: SystemTime) -> String {
        let digits = digits(now, 14);
        match self.layout {
            Layout::Folders { .. } => format!(
                "{}-{}-{}-{}",
                &digits[..4],
                &digits[4..6],
                &digits[6..8],
                &digits[8..]
            ),
            _ => digits,
        }
    }

    /// The time as the newest number has it: a date with as many digits and the same dashes, or
    /// the seconds since 1970.
    fn stamp_like(&self, shape: &str, now: SystemTime) -> String {
        let count = shape.chars().filter(char::is_ascii_digit).count();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or(Duration::ZERO);
        let digits = match count {
            10 if !is_date(shape) => since.as_secs().to_string(),
            13 if !is_date(shape) => since.as_millis().to_string(),
            _ => digits(now, count),
        };
        let mut digits = digits.chars();
        let shaped = shape.chars().map(|c| match c {
            '-' => '-',
            _ => digits.next().unwrap_or('0'),
        });
        shaped.collect()
    }

    /// The files of a migration with this number, the up first.
    fn draft(&self, number: &str, words: &str, new: &New) -> Vec<File> {
        // A dash would be one more of a date.
        let separated = |separator: &char| match number.contains('-') {
            true => '_',
            false => *separator,
        };
        if new.rs {
            let path = match &self.layout {
                Layout::Refinery => format!("V{number}__{words}.rs"),
                Layout::Folders { separator } => {
                    format!("{number}{}{words}.rs", separated(separator))
                }
                _ => format!("{number}_{words}.rs"),
            };
            // What it says depends on the driver, and not on what it is called.
            return vec![file(path, "")];
        }
        let down = |path: String| new.down.then(|| file(path, DOWN));
        let (up, down) = match &self.layout {
            Layout::Plain { up } => (
                file(format!("{number}_{words}{up}.sql"), UP),
                down(format!("{number}_{words}.down.sql")),
            ),
            Layout::OneFile { up, down } => {
                let mut text = format!("{up}\n{UP}");
                if new.down {
                    text.push_str(&format!("\n{down}\n{DOWN}"));
                }
                (file(format!("{number}_{words}.sql"), &text), None)
            }
            Layout::Folders { separator } => {
                let dir = format!("{number}{}{words}", separated(separator));
                (
                    file(format!("{dir}/up.sql"), UP),
                    down(format!("{dir}/down.sql")),
                )
            }
            Layout::Refinery => (
                file(format!("V{number}__{words}.sql"), UP),
                down(format!("U{number}__{words}.sql")),
            ),
        };
        [Some(up), down].into_iter().flatten().collect()
    }
}

/// What a new script says. A script with nothing else does not compile, and is so not applied
/// before it is written.
const UP: &str = "-- Write here what brings a database to this version\n";
const DOWN: &str = "-- Write here what takes this version back\n";

fn file(path: String, text: &str) -> File {
    File {
        path,
        bytes: text.as_bytes().to_vec(),
    }
}

/// The layout of the newest script, or the one that code without scripts has.
fn layout(files: &[File], folder: &Folder) -> Layout {
    let scripts = folder.migrations.iter().rev();
    let mut scripts = scripts.filter_map(|migration| match &migration.up {
        Up::Sql(script) => Some(script),
        Up::Code(_) => None,
    });
    let Some(script) = scripts.next() else {
        let refinery = |migration: &Migration| migration.up.path().starts_with('V');
        return match folder.migrations.last().is_some_and(refinery) {
            true => Layout::Refinery,
            false => Layout::Plain { up: ".up" },
        };
    };
    if let Some((dir, _)) = script.path.split_once('/') {
        let number = number_of(dir);
        let separator = dir[number.len()..].chars().next().unwrap_or('_');
        return Layout::Folders { separator };
    }
    if script.path.starts_with('V') {
        return Layout::Refinery;
    }
    // The text of a script that a marker begins starts on the line behind it.
    let bytes = files.iter().find(|file| file.path == script.path);
    let text = bytes.map(|file| String::from_utf8_lossy(&file.bytes));
    let lines_before = (script.line as usize).checked_sub(2);
    let marker = text
        .as_ref()
        .zip(lines_before)
        .and_then(|(text, before)| text.lines().nth(before));
    match marker.map(str::trim) {
        Some(marker) => Layout::OneFile {
            up: match marker.split_whitespace().nth(1) {
                Some("+goose") => "-- +goose Up",
                Some("UP") => "-- UP",
                _ => "-- migrate:up",
            }
            .to_owned(),
            down: match marker.split_whitespace().nth(1) {
                Some("+goose") => "-- +goose Down",
                Some("UP") => "-- DOWN",
                _ => "-- migrate:down",
            },
        },
        None => Layout::Plain {
            up: match script.path.ends_with(".up.sql") {
                true => ".up",
                false => "",
            },
        },
    }
}

/// The number in the name of a migration, as it stands there.
fn number(migration: &Migration) -> &str {
    number_of(migration.up.path().trim_start_matches('V'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrate_source::Database;

    /// What the next migration of a folder is called, at 2026-02-03 04:05:06.
    #[track_caller]
    fn check(files: &[(&str, &str)], arguments: &str, expected: &[&str]) {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| file((*path).to_owned(), text))
            .collect();
        let new = New {
            name: Vec::new(),
            down: arguments.contains("--down"),
            rs: arguments.contains("--rs"),
            timestamp: arguments.contains("--timestamp"),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_091_506);
        let options = Options::new(Database::Sqlite);
        let folder = Folder::read(&files, &options);
        let draft = next(&files, &folder, &options, &new, "b", 0, now)
            .unwrap_or_else(|why| panic!("{files:?}: {why}"));
        let paths: Vec<&str> = draft.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, expected, "{files:?}");
    }

    const SQL: &str = "SELECT 1;\n";

    #[test]
    fn layouts() {
        for (files, both) in [
            (&[][..], ["0001_b.up.sql", "0001_b.down.sql"]),
            (
                &[("0009_a.up.sql", SQL)],
                ["0010_b.up.sql", "0010_b.down.sql"],
            ),
            (&[("0009_a.sql", SQL)], ["0010_b.sql", "0010_b.down.sql"]),
            (&[("9_a.sql", SQL)], ["10_b.sql", "10_b.down.sql"]),
            (
                &[("001_a.sql", SQL), ("002_c.rs", "pub fn up() {}")],
                ["003_b.sql", "003_b.down.sql"],
            ),
            (
                &[("01_a.rs", "pub fn up() {}")],
                ["02_b.up.sql", "02_b.down.sql"],
            ),
            (&[("V1__a.sql", SQL)], ["V2__b.sql", "U2__b.sql"]),
            (&[("V01__a.sql", SQL)], ["V02__b.sql", "U02__b.sql"]),
            (&[("01-a/up.sql", SQL)], ["02-b/up.sql", "02-b/down.sql"]),
            (
                &[("2024-01-01-000000_a/up.sql", SQL)],
                ["2026-02-03-040506_b/up.sql", "2026-02-03-040506_b/down.sql"],
            ),
            (
                &[("2024-01-01-000000-0000_a/up.sql", SQL)],
                [
                    "2026-02-03-040506-0000_b/up.sql",
                    "2026-02-03-040506-0000_b/down.sql",
                ],
            ),
        ] {
            check(files, "--down", &both);
            check(files, "", &both[..1]);
        }
    }

    #[test]
    fn one_file() {
        for (text, up, down) in [
            (
                "-- migrate:up\nSELECT 1;\n",
                "-- migrate:up\n",
                "-- migrate:down\n",
            ),
            (
                "-- x\n\n-- +goose Up\nSELECT 1;\n",
                "-- +goose Up\n",
                "-- +goose Down\n",
            ),
            ("-- UP\nSELECT 1;\n", "-- UP\n", "-- DOWN\n"),
        ] {
            let files = [file("1_a.sql".to_owned(), text)];
            let folder = Folder::read(&files, &Options::new(Database::Sqlite));
            let naming = Naming::of(&files, &folder);
            let new = New {
                name: Vec::new(),
                down: true,
                rs: false,
                timestamp: false,
            };
            let draft = naming.draft("2", "b", &new);
            let written = String::from_utf8(draft[0].bytes.clone()).expect("it is text");
            assert_eq!(written, format!("{up}{UP}\n{down}{DOWN}"));
        }
    }

    #[test]
    fn timestamps() {
        for (last, arguments, expected) in [
            ("0001_a.sql", "--timestamp", "20260203040506_b.sql"),
            ("01-a/up.sql", "--timestamp", "2026-02-03-040506_b/up.sql"),
            ("20240131120000_a.sql", "", "20260203040506_b.sql"),
            ("20270131120000_a.sql", "", "20270131120001_b.sql"),
            (
                "2090-01-01-000000_a/up.sql",
                "",
                "2090-01-01-000001_b/up.sql",
            ),
            ("20260203_a.sql", "", "20260204_b.sql"),
            ("20240203_a.sql", "", "20260203_b.sql"),
            ("1700000000_a.sql", "", "1770091506_b.sql"),
            ("1700000000000_a.sql", "", "1770091506000_b.sql"),
            ("202401311200_a.sql", "", "202602030405_b.sql"),
            ("V20240131120000__a.sql", "", "V20260203040506__b.sql"),
        ] {
            check(&[(last, SQL)], arguments, &[expected]);
        }
    }

    #[test]
    fn code() {
        for (last, expected) in [
            ("0001_a.up.sql", "0002_b.rs"),
            ("V1__a.sql", "V2__b.rs"),
            ("01-a/up.sql", "02-b.rs"),
            ("2024-01-01-000000_a/up.sql", "2026-02-03-040506_b.rs"),
        ] {
            check(&[(last, SQL)], "--rs --down", &[expected]);
        }
    }

    #[test]
    fn names() {
        for (name, expected) in [
            ("add_phone", Ok("add_phone")),
            ("Add phone", Ok("add_phone")),
            ("AddPhone", Ok("add_phone")),
            ("  add--phone_ ", Ok("add_phone")),
            ("HTTP codes", Ok("http_codes")),
            ("fügt Öl hinzu", Ok("fügt_öl_hinzu")),
            ("v2 tables", Ok("v2_tables")),
            ("2FA login", Ok("2_fa_login")),
            (
                "0005_x",
                Err(
                    "a name cannot begin with a number, such as `0005`: the next one comes before it by itself",
                ),
            ),
            ("", Err("the name of a migration needs a word")),
            ("_ -", Err("the name of a migration needs a word")),
            ("a/b", Err("`/` cannot stand in the name of a migration")),
            ("a.up", Err("`.` cannot stand in the name of a migration")),
            ("a\0", Err("`\0` cannot stand in the name of a migration")),
        ] {
            let expected = expected.map(ToOwned::to_owned).map_err(ToOwned::to_owned);
            assert_eq!(words(name), expected);
        }
        assert!(words(&"a".repeat(300)).is_err());
    }
}
