//! Names that are not understood: what was probably meant, and what to say about them.

use super::name::{
    SEED, date_like, direction, has_words, leading_date, leading_digits, numbered, numbered_dir,
    repeatable, undashed,
};
use super::{Finding, Problem, lock};
use crate::near::{distance, nearest};

/// A finding about the file `name` in the folder itself, and the name that was probably meant.
pub(super) fn file(name: &str, dashes: bool) -> (Finding, Option<String>) {
    let better = repair(name, dashes);
    let finding = match (&better, name.rsplit_once('.')) {
        (Some(code), Some((stem, "rs"))) if direction(stem) == Some(true) => Finding::new(
            Problem::NearMiss,
            format!("`{name}` is not quite the name of a migration"),
        )
        .help(format!("the down of code is `pub fn down` in `{code}`")),
        (Some(better), _) => near_miss("the name of a migration", name, better),
        (None, Some((_, "sql"))) if distance(name, SEED) <= 1 => no_number(name, "").help(format!(
            "or call it `{SEED}`, if it is sample data for a verification"
        )),
        (None, Some((stem, "sql" | "rs"))) => no_number(name, stem),
        _ if distance(name, lock::FILE) <= 3 => near_miss("the lock file", name, lock::FILE),
        _ => unknown(name),
    };
    (finding, better)
}

/// The same about the directory `dir` of a migration.
pub(super) fn directory(dir: &str) -> (Finding, Option<String>) {
    let better = repair_directory(dir);
    let finding = match &better {
        Some(better) => near_miss("the name of a migration", dir, better),
        None => no_number(dir, dir),
    };
    (finding, better)
}

/// A finding about `file` in the directory of a migration, at `path`.
pub(super) fn member(path: &str, file: &str) -> Finding {
    let near = nearest(file, &["up.sql"], 1);
    let near = near.or_else(|| nearest(file, &["down.sql", "metadata.toml"], 2));
    match near.filter(|better| *better != file) {
        Some(better) => near_miss("a file of a migration", file, better),
        None if is_script(file) => Finding::new(
            Problem::NearMiss,
            format!("`{path}` is in the directory of another migration"),
        )
        .help("move it out of there"),
        None => unknown(path),
    }
}

/// A finding about the directory `dir`, which is that of no migration. With `scripts` it holds files
/// that are named as migrations, and would never run.
pub(super) fn stray_directory(dir: &str, scripts: bool) -> Finding {
    let message = format!("the directory `{dir}` is no migration");
    match scripts {
        true => Finding::new(Problem::NearMiss, message).help(format!(
            "its files look like migrations: name `{dir}` as the folder, or move them out of it"
        )),
        false => Finding::new(Problem::UnknownFile, message)
            .help("move it out of the folder, or begin its name with a dot"),
    }
}

/// Whether a file is named as a migration, in any of the layouts.
pub(super) fn is_script(file: &str) -> bool {
    numbered(file, false).is_some() || numbered(file, true).is_some() || repeatable(file).is_some()
}

fn unknown(name: &str) -> Finding {
    Finding::new(Problem::UnknownFile, format!("`{name}` is no migration"))
        .help("move it out of the folder, or begin its name with a dot; notes may end in `.md`")
}

/// The name that was probably meant by `name`.
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
        // Flyway's `V2_1__b` is 2.1.
        let (minor, after) = leading_digits(words);
        if !minor.is_empty() && after.starts_with("__") {
            return None;
        }
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

fn repair_directory(dir: &str) -> Option<String> {
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

fn near_miss(what: &str, name: &str, better: &str) -> Finding {
    Finding::new(Problem::NearMiss, format!("`{name}` is not quite {what}"))
        .help(format!("rename it to `{better}`"))
}

/// The digits of a name that has nothing else: its version is clear, only its words are missing.
pub(super) fn lone_number(name: &str) -> Option<&str> {
    let stem = match name.rsplit_once('.') {
        Some((stem, "sql" | "rs")) => stem,
        _ => name,
    };
    let (digits, rest) = leading_digits(stem.trim_start_matches(['V', 'U']));
    (!digits.is_empty() && !has_words(rest)).then_some(digits)
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
    if has_words(rest.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit())) {
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
