//! What a user sees.

use std::io::{self, ErrorKind, Write};

use crate::notes::{Found, Note};

/// A line about a note.
pub(crate) fn line(note: &Note) -> String {
    format!("{}  {}  {}\n", note.id, note.day, note.title)
}

pub(crate) fn list(notes: &[Note]) -> String {
    if notes.is_empty() {
        return "no notes\n".to_owned();
    }
    notes.iter().map(line).collect()
}

pub(crate) fn found(found: &[Found]) -> String {
    if found.is_empty() {
        return "nothing found\n".to_owned();
    }
    let shown = found.iter().map(|Found { note, excerpt }| {
        let words: Vec<&str> = excerpt.split_whitespace().collect();
        format!("{}    {}\n", line(note), words.join(" "))
    });
    shown.collect()
}

/// Prints, for a reader who may stop reading, as `head` does.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
