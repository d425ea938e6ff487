//! Texts that a pattern matches.

/// A text that `LIKE pattern` matches, another one for each `number` where the pattern has room.
pub(super) fn like(pattern: &str, number: usize) -> String {
    let parts = pattern.chars().map(|character| match character {
        '%' => Part::Any,
        '_' => Part::OneOf(ALPHABET.chars().collect()),
        other => Part::Is(other),
    });
    spell(&parts.collect::<Vec<_>>(), number)
}

/// A text that `GLOB pattern` matches, another one for each `number` where the pattern has room.
pub(super) fn glob(pattern: &str, number: usize) -> String {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '*' => parts.push(Part::Any),
            '?' => parts.push(Part::OneOf(ALPHABET.chars().collect())),
            '[' => {
                let (class, after) = class(rest);
                parts.push(Part::OneOf(class.characters()));
                rest = after;
            }
            other => parts.push(Part::Is(other)),
        }
    }
    spell(&parts, number)
}

/// The characters that a text may have if `NOT GLOB pattern` is to hold, when the pattern excludes
/// all others: `*[^a-z]*`.
pub(super) fn only(pattern: &str) -> Option<Vec<char>> {
    let rest = pattern.strip_prefix("*[^")?;
    let (class, after) = class(rest);
    (after == "*" && !class.members.is_empty()).then_some(class.members)
}

/// A text of `length` characters out of `alphabet`, another one for each `number`.
pub(super) fn text_of(alphabet: &[char], length: usize, number: usize) -> String {
    let (mut text, mut number) = (vec![alphabet[0]; length], number);
    for character in text.iter_mut().rev() {
        *character = alphabet[number % alphabet.len()];
        number /= alphabet.len();
    }
    text.into_iter().collect()
}

const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

enum Part {
    Is(char),
    OneOf(Vec<char>),
    Any,
}

fn spell(parts: &[Part], number: usize) -> String {
    let varies = |part: &Part| !matches!(part, Part::Is(_));
    let last = parts.iter().rposition(varies);
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Is(character) => text.push(*character),
            Part::OneOf(characters) if Some(at) == last => {
                text.push(characters[number % characters.len()]);
            }
            Part::OneOf(characters) => text.push(characters[0]),
            Part::Any if Some(at) == last => text.push_str(&number.to_string()),
            Part::Any => text.push('1'),
        }
    }
    text
}

struct Class {
    excludes: bool,
    members: Vec<char>,
}

impl Class {
    fn characters(self) -> Vec<char> {
        let found: Vec<char> = match self.excludes {
            true => ALPHABET
                .chars()
                .chain(['A', '_', '-', ' '])
                .filter(|character| !self.members.contains(character))
                .collect(),
            false => self.members,
        };
        match found.is_empty() {
            true => vec!['a'],
            false => found,
        }
    }
}

/// The class whose `[` is before `text`, and what follows it.
fn class(text: &str) -> (Class, &str) {
    let (excludes, text) = match text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // A `]` that comes first is a member.
    let end = match text
        .char_indices()
        .skip(1)
        .find(|(_, character)| *character == ']')
    {
        Some((end, _)) => end,
        None => text.len(),
    };
    let characters: Vec<char> = text[..end].chars().collect();
    let (mut members, mut at) = (Vec::new(), 0);
    while at < characters.len() {
        match characters.get(at + 1..at + 3) {
            Some(['-', last]) => {
                members.extend((characters[at]..=*last).take(MEMBERS));
                at += 3;
            }
            _ => {
                members.push(characters[at]);
                at += 1;
            }
        }
    }
    (
        Class { excludes, members },
        text.get(end + 1..).unwrap_or(""),
    )
}

/// How many members of a range are known. No one needs all of Unicode.
const MEMBERS: usize = 128;
