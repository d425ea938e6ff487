//! Places in files, and how a message about one is laid out: as rustc prints its own, so that
//! editors and people find their way.

/// A place in a file.
///
/// Columns and widths are counted in characters (Unicode scalar values), as editors count them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, below its folder, with `/` between the parts.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters are meant, 0 when it is the file as a whole.
    pub width: u32,
    /// The text of the line, empty when it is the file as a whole.
    pub excerpt: String,
}

impl Place {
    /// The place of the `len` bytes from `offset` in `text`, which begins on line `first_line` of
    /// the file. Of a range over several lines the part on its first line is meant.
    ///
    /// An offset beyond the end means the end; one inside a character means that character.
    ///
    /// ```
    /// # use migrate_source::Place;
    /// let sql = "SELECT 'é',\n  nme;";
    /// let place = Place::at("0002_b.sql", sql, 5, sql.find("nme").unwrap(), 3);
    /// assert_eq!((place.line, place.column, place.width), (6, 3, 3));
    /// assert_eq!(place.excerpt, "  nme;");
    /// ```
    #[must_use]
    pub fn at(path: &str, text: &str, first_line: u32, offset: usize, len: usize) -> Place {
        let start = char_start(text, offset);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |newline| start + newline);
        let end = char_start(text, offset.saturating_add(len)).clamp(start, line_end);
        Place {
            path: path.to_owned(),
            line: first_line.saturating_add(count(text[..line_start].matches('\n'))),
            column: count(text[line_start..start].chars()).saturating_add(1),
            width: count(text[start..end].chars()).max(1),
            excerpt: text[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }

    /// The file as a whole: its first line, so that an editor can jump there, and no excerpt.
    #[must_use]
    pub fn file(path: &str) -> Place {
        Place {
            path: path.to_owned(),
            line: 1,
            column: 1,
            width: 0,
            excerpt: String::new(),
        }
    }
}

/// The text of a message: what happened, where, and a cure a line. `folder` is what is printed
/// before the path of the place; it may be empty.
///
/// ```
/// # use migrate_source::{Place, place};
/// let sql = "ALTER TABEL users ADD COLUMN email TEXT;";
/// let at = Place::at("0002_add_email.up.sql", sql, 1, 6, 5);
/// assert_eq!(
///     place::report("near \"TABEL\": syntax error", Some(&at), "migrations", &[]),
///     r#"near "TABEL": syntax error
///  --> migrations/0002_add_email.up.sql:1:7
///   |
/// 1 | ALTER TABEL users ADD COLUMN email TEXT;
///   |       ^^^^^"#,
/// );
/// ```
#[must_use]
pub fn report(message: &str, place: Option<&Place>, folder: &str, help: &[String]) -> String {
    let mut text = shown(message);
    let mut margin = " ".to_owned();
    if let Some(place) = place {
        let number = place.line.to_string();
        margin = " ".repeat(number.len());
        let slash = if folder.is_empty() || folder.ends_with('/') {
            ""
        } else {
            "/"
        };
        let path = shown(&format!("{folder}{slash}{}", place.path));
        text.push_str(&format!(
            "\n{margin}--> {path}:{}:{}",
            place.line, place.column
        ));
        if place.width > 0 {
            let (excerpt, underline) = excerpt(place);
            let line = format!("{number} | {excerpt}");
            let line = line.trim_end();
            text.push_str(&format!("\n{margin} |\n{line}\n{margin} | {underline}"));
        }
    }
    for cure in help {
        text.push_str(&format!("\n{margin} = help: {}", shown(cure)));
    }
    text
}

/// How many characters of a long line are shown before and after the start of what is meant.
const BEFORE: usize = 60;
const AFTER: usize = 80;

/// The line of a place, shortened when it is very long, and the line with the carets below it.
fn excerpt(place: &Place) -> (String, String) {
    let line: Vec<char> = shown(&place.excerpt).chars().collect();
    let start = (place.column as usize).saturating_sub(1).min(line.len());
    let (from, to) = if line.len() <= BEFORE + AFTER {
        (0, line.len())
    } else {
        (
            start.saturating_sub(BEFORE),
            (start + AFTER).min(line.len()),
        )
    };
    let cut = |at: bool| if at { "…" } else { "" };
    let (head, tail) = (cut(from > 0), cut(to < line.len()));
    let visible: String = line[from..to].iter().collect();
    // A tab stays a tab below a tab: only so do the carets stand right in every terminal.
    let blank = |c: &char| if *c == '\t' { '\t' } else { ' ' };
    let indent: String = line[from..start].iter().map(blank).collect();
    let carets = (place.width as usize).min(to - start).max(1);
    let underline = format!(
        "{}{indent}{}",
        " ".repeat(head.chars().count()),
        "^".repeat(carets)
    );
    (format!("{head}{visible}{tail}"), underline)
}

/// `text` as it may stand in one line of a terminal: control characters, and those that turn the
/// direction of writing, could make a message say something else.
fn shown(text: &str) -> String {
    let odd = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let shown = |c| match c {
        '\n' => ' ',
        c if odd(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// The start of the character that byte `offset` belongs to.
fn char_start(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
