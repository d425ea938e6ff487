//! The numbers in the names of migrations: counted ones, and times.

use std::ops::Range;
use std::time::{Duration, SystemTime};

/// The number that the name of a file or directory begins with.
pub(crate) fn number_of(name: &str) -> &str {
    let end = name.find(|c: char| !c.is_ascii_digit() && c != '-');
    // The dash of `01-create` is not part of the number, those of a date are.
    name[..end.unwrap_or(name.len())].trim_end_matches('-')
}

/// The number after this one, dashes and all.
pub(crate) fn after(number: &str) -> String {
    let mut next: Vec<char> = number.chars().collect();
    for digit in next.iter_mut().rev().filter(|c| c.is_ascii_digit()) {
        match digit {
            '9' => *digit = '0',
            _ => {
                *digit = char::from(*digit as u8 + 1);
                return next.into_iter().collect();
            }
        }
    }
    format!("1{}", next.into_iter().collect::<String>())
}

/// The first `count` digits of the time in UTC, from the year to the second and zeros behind it.
pub(crate) fn digits(now: SystemTime, count: usize) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = seconds.unwrap_or(Duration::ZERO).as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
    format!("{text:0<count$}")[..count].to_owned()
}

/// Whether the digits of a number begin with a date.
pub(crate) fn is_date(number: &str) -> bool {
    let part = |at: Range<usize>| number.get(at).and_then(|text| text.parse().ok());
    let (year, month, day): (Option<u32>, Option<u32>, Option<u32>) =
        (part(0..4), part(4..6), part(6..8));
    year.is_some_and(|year| (1990..2200).contains(&year))
        && month.is_some_and(|month| (1..=12).contains(&month))
        && day.is_some_and(|day| (1..=31).contains(&day))
}

/// The date of a day since 1970, by the rules of the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut days = days;
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::{after, date, is_date};

    #[test]
    fn days() {
        for (day, expected) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (19_723, (2024, 1, 1)),
            (20_088, (2024, 12, 31)),
        ] {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn numbers_that_follow() {
        for (number, expected) in [
            ("1", "2"),
            ("0009", "0010"),
            ("9", "10"),
            ("99", "100"),
            ("2024-12-31-235959", "2024-12-31-235960"),
            ("2024-12-31-999999", "2024-12-32-000000"),
        ] {
            assert_eq!(after(number), expected);
        }
    }

    #[test]
    fn dates() {
        for (number, expected) in [
            ("20240131120000", true),
            ("20241301000000", false),
            ("1700000000", false),
            ("2024", false),
        ] {
            assert_eq!(is_date(number), expected, "{number}");
        }
    }
}
