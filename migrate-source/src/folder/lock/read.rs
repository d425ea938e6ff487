//! Text to a lock, and what is wrong with it by itself.

use super::{ACCEPTS, CHAIN, CHAIN_SCHEME, DOWN, FILE, Line, Lock, Locked, OPEN, Side};
use crate::folder::{Finding, Problem, text};
use crate::place::Place;
use crate::{Chain, Checksum};

/// A lock that was read.
pub(in crate::folder) struct Read {
    pub(in crate::folder) lock: Lock,
    /// Where each of its lines stands: its version and its name.
    pub(in crate::folder) places: Vec<Place>,
    pub(in crate::folder) findings: Vec<Finding>,
}

impl Read {
    pub(in crate::folder) fn bytes(bytes: &[u8]) -> Read {
        match text::decode(FILE, bytes) {
            Ok(text) => Read::text(&text),
            Err(finding) => Read {
                findings: vec![finding],
                ..Read::text("")
            },
        }
    }

    pub(super) fn text(text: &str) -> Read {
        let mut reader = Reader {
            text,
            side: Side::Both,
            base: false,
            comments: Vec::new(),
            lines: Vec::new(),
            places: Vec::new(),
            findings: Vec::new(),
        };
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            reader.line(offset, line.trim_end());
            offset += line.len();
        }
        reader.order();
        Read {
            lock: Lock {
                lines: reader.lines,
                comments_below: reader.comments,
            },
            places: reader.places,
            findings: reader.findings,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    side: Side,
    /// Whether this is the part of a conflict that both sides have changed.
    base: bool,
    /// Those above the next line.
    comments: Vec<String>,
    lines: Vec<Line>,
    places: Vec<Place>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn line(&mut self, offset: usize, line: &str) {
        let place = |at: usize, len: usize| Place::at(FILE, self.text, 1, offset + at, len);
        if let Some(marker) = marker(line) {
            // One finding a conflict, or for what is left of one.
            if marker == '<' || self.side == Side::Both {
                let finding = Finding::new(
                    Problem::LockConflict,
                    "version control has left a conflict here",
                );
                let finding = finding
                    .help("keep the lines of both sides, those that are shipped first")
                    .help("then give the migrations of the other side the next numbers: `cargo migrate renumber`");
                self.findings.push(finding.at(place(0, line.len())));
            }
            (self.side, self.base) = match marker {
                '<' => (Side::Ours, false),
                '|' => (self.side, true),
                '=' => (Side::Theirs, false),
                _ => (Side::Both, false),
            };
            return;
        }
        if self.base {
            return;
        }
        if line.is_empty() || line.starts_with('#') {
            self.comments.push(line.to_owned());
            return;
        }
        match fields(line) {
            Ok(fields) => {
                self.places.push(place(fields.subject.0, fields.subject.1));
                self.lines.push(Line {
                    version: fields.version,
                    name: fields.name,
                    locked: fields.locked,
                    side: self.side,
                    comments: std::mem::take(&mut self.comments),
                });
            }
            Err(Misread { at, len, message }) => {
                let finding = malformed(message).at(place(at, len));
                self.findings.push(finding);
            }
        }
    }

    /// Judges the lines among each other: those outside of conflicts, each with the one before.
    fn order(&mut self) {
        let mut before: Option<&Line> = None;
        let mut chain = Some(Chain::START);
        for (line, place) in self.lines.iter().zip(&self.places) {
            if line.side != Side::Both {
                // What follows a conflict can be judged once it is resolved.
                break;
            }
            let version = line.version;
            let misplaced = match before {
                Some(before) if before.version == version => Some(
                    finding(format!("version {version} has two lines"))
                        .help("give the migration that came second the next number: `cargo migrate renumber`"),
                ),
                Some(before) if before.version > version => Some(malformed(format!(
                    "version {version} stands behind version {}",
                    before.version
                ))),
                _ => None,
            };
            let wrong_order = misplaced.is_some();
            let misplaced = misplaced.map(|finding| finding.at(place.clone()));
            self.findings.extend(misplaced);
            before = Some(line);
            let Some(locked) = &line.locked else {
                // A line below it that is locked makes this one wrong: see `judge`.
                chain = None;
                continue;
            };
            let follows = chain.map(|chain| chain.then(version, &locked.checksum));
            if !wrong_order && follows.is_some_and(|follows| follows != locked.chain) {
                let message = format!(
                    "the chain of version {version} does not follow from the lines above it"
                );
                self.findings.push(malformed(message).at(place.clone()));
            }
            chain = Some(locked.chain);
        }
    }
}

/// The character of a conflict's marker.
fn marker(line: &str) -> Option<char> {
    let first = line.chars().next().filter(|c| "<|=>".contains(*c))?;
    let rest = line.trim_start_matches(first);
    let marks = line.len() - rest.len();
    (marks == 7 && (rest.is_empty() || rest.starts_with(' '))).then_some(first)
}

fn finding(message: impl Into<String>) -> Finding {
    Finding::new(Problem::LockMalformed, message)
}

fn malformed(message: impl Into<String>) -> Finding {
    finding(message).help(
        "bring the line back as version control has it: it is written by `cargo migrate lock`",
    )
}

/// The fields of a line.
struct Fields {
    /// Where its version and its name stand, as offset and length.
    subject: (usize, usize),
    version: i64,
    name: String,
    locked: Option<Locked>,
}

/// A field that is not understood.
struct Misread {
    at: usize,
    len: usize,
    message: String,
}

fn fields(line: &str) -> Result<Fields, Misread> {
    let mut words = words(line);
    let end = || Misread {
        at: 0,
        len: line.len(),
        message: "this line ends too soon: `VERSION NAME CHECKSUM chain:…` or `VERSION NAME open`"
            .to_owned(),
    };
    let (start, digits) = words.next().ok_or_else(end)?;
    let version = version(digits).ok_or_else(|| misread(start, digits, "is no version"))?;
    let (at, name) = words.next().ok_or_else(end)?;
    let subject = (start, at + name.len() - start);
    let (at, first) = words.next().ok_or_else(end)?;
    let mut fields = Fields {
        subject,
        version,
        name: name.to_owned(),
        locked: None,
    };
    if first == OPEN {
        return match words.next() {
            None => Ok(fields),
            Some((at, word)) => Err(misread(at, word, "stands behind `open`, which ends a line")),
        };
    }
    let checksum = first
        .parse()
        .map_err(|_| misread(at, first, "is neither a checksum (`t1:…`) nor `open`"))?;
    let (mut chain, mut down, mut accepts) = (None, None, None);
    for (at, word) in words {
        let before = if let Some(digits) = word.strip_prefix(CHAIN) {
            let value = format!("{CHAIN_SCHEME}{digits}").parse::<Chain>();
            let value = value.map_err(|_| misread(at, word, "is no chain"))?;
            chain.replace(value).is_some()
        } else if let Some(text) = word.strip_prefix(DOWN) {
            down.replace(self::checksum(at + DOWN.len(), text)?)
                .is_some()
        } else if let Some(list) = word.strip_prefix(ACCEPTS) {
            let mut at = at + ACCEPTS.len();
            let mut checksums = Vec::new();
            for text in list.split(',') {
                checksums.push(self::checksum(at, text)?);
                at += text.len() + 1;
            }
            accepts.replace(checksums).is_some()
        } else {
            return Err(misread(at, word, "is not understood here"));
        };
        if before {
            return Err(misread(at, word, "stands here twice"));
        }
    }
    fields.locked = Some(Locked {
        checksum,
        chain: chain.ok_or_else(end)?,
        down,
        accepts: accepts.unwrap_or_default(),
    });
    Ok(fields)
}

fn version(digits: &str) -> Option<i64> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let version = digits.parse().ok().filter(|_| number)?;
    (version > 0).then_some(version)
}

fn checksum(at: usize, text: &str) -> Result<Checksum, Misread> {
    text.parse::<Checksum>()
        .map_err(|_| misread(at, text, "is not a checksum of a known scheme (`t1:…`)"))
}

fn misread(at: usize, word: &str, what: &str) -> Misread {
    Misread {
        at,
        len: word.len(),
        message: format!("`{word}` {what}"),
    }
}

/// The words of a line, each with where it begins.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let start = end + line[end..].find(|c: char| !c.is_whitespace())?;
        let len = line[start..].find(char::is_whitespace);
        end = len.map_or(line.len(), |len| start + len);
        Some((start, &line[start..end]))
    })
}
