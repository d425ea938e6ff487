//! What is printed: answers to standard output, findings and errors to standard error.

use std::io::{self, IsTerminal, Write};
use std::{env, fmt::Write as _};

use crate::args::Color;
use crate::error::Error;

/// Writes an answer to standard output.
pub(crate) fn answer(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has read all that it wanted, as `head` does.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("the answer cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes an error to standard error, as a compiler does.
pub(crate) fn complain(paint: Paint, report: &str) {
    say(paint, "error", report);
}

/// The same for something that stops nobody.
pub(crate) fn warn(paint: Paint, report: &str) {
    say(paint, "warning", report);
}

/// The same for what is good to know.
pub(crate) fn note(paint: Paint, report: &str) {
    say(paint, "note", report);
}

fn say(paint: Paint, level: &str, report: &str) {
    // When standard error is closed, there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{}", paint.report(level, report));
}

/// Whether there are colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const RESET: &str = "\x1b[0m";

impl Paint {
    pub(crate) fn for_stderr(color: Color) -> Paint {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        Paint(match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
                io::stderr().is_terminal() && !set("NO_COLOR") && !dumb
            }
        })
    }

    /// The lines of a report behind the word for how bad it is, in the colours of rustc.
    fn report(self, level: &str, report: &str) -> String {
        if !self.0 {
            return format!("{level}: {report}");
        }
        let strong = if level == "error" { RED } else { YELLOW };
        let (message, rest) = report.split_once('\n').unwrap_or((report, ""));
        let mut text = format!("{strong}{level}{RESET}{BOLD}: {message}{RESET}");
        let lines = rest.split('\n').filter(|_| report.contains('\n'));
        for line in lines {
            // Text takes everything that is written to it.
            let _ = write!(text, "\n{}", painted(line, strong));
        }
        text
    }
}

/// A line of a report: its margin blue, the carets below an excerpt strong.
fn painted(line: &str, strong: &str) -> String {
    let start = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    let (margin, rest) = line.split_at(line.len() - start.len());
    let Some(mark) = ["-->", "|", "="].into_iter().find(|m| start.starts_with(m)) else {
        return line.to_owned();
    };
    let rest = &rest[mark.len()..];
    let carets = mark == "|" && rest.trim_matches([' ', '\t', '…', '^']).is_empty();
    let rest = match carets && margin.trim().is_empty() && !rest.is_empty() {
        true => format!("{strong}{rest}{RESET}"),
        false => rest.to_owned(),
    };
    format!("{BLUE}{margin}{mark}{RESET}{rest}")
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn colours() {
        let report = "what\n --> m/1_a.sql:12:8\n   |\n12 | x | 'a\n   |     ^^\n   = help: so";
        let painted = "<1;31>error<0><1>: what<0>\n<1;34> --><0> m/1_a.sql:12:8\n<1;34>   |<0>\n\
                       <1;34>12 |<0> x | 'a\n<1;34>   |<0><1;31>     ^^<0>\n<1;34>   =<0> help: so";
        let said = Paint(true).report("error", report);
        let said = said.replace("\x1b[", "<").replace('m', ">");
        let plain = |text: &str| text.replace('m', ">");
        assert_eq!(said, plain(painted));
        let said = Paint(false).report("warning", report);
        assert_eq!(said, format!("warning: {report}"));
    }
}
