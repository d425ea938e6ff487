//! Why a command failed, in the words of the house.

use std::{fmt, io};

use migrate_source::{Finding, Place, place};

/// Why a command failed: what happened, where, what else is to be known, what to do.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
    place: Option<Box<Place>>,
    notes: Vec<String>,
    help: Vec<String>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// `what` could not be done to the file that is shown as `path`.
    pub(crate) fn file(what: &str, path: impl fmt::Display, error: &io::Error) -> Error {
        Error::new(format!("`{path}` cannot be {what}: {error}"))
    }

    /// The same at a place, whose path is as it is to be shown.
    pub(crate) fn at(mut self, place: Place) -> Error {
        self.place = Some(Box::new(place));
        self
    }

    /// The same with one more thing to know.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Error {
        self.notes.push(note.into());
        self
    }

    /// The same with one more cure.
    pub(crate) fn help(mut self, cure: impl Into<String>) -> Error {
        self.help.push(cure.into());
        self
    }
}

/// A finding about the folder that is shown as `folder`.
pub(crate) fn of_finding(finding: &Finding, folder: &str) -> Error {
    let mut error = Error::new(&finding.message);
    if let Some(place) = &finding.place {
        let path = format!("{}/{}", folder.trim_end_matches('/'), place.path);
        error = error.at(Place {
            path,
            ..place.clone()
        });
    }
    finding.help.iter().fold(error, Error::help)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_deref();
        f.write_str(&place::report(&self.message, place, "", &[]))?;
        let digits = place.map_or(1, |place| place.line.to_string().len());
        let margin = " ".repeat(digits);
        for note in &self.notes {
            write!(f, "\n{margin} = {note}")?;
        }
        for cure in &self.help {
            write!(f, "\n{margin} = help: {cure}")?;
        }
        Ok(())
    }
}
