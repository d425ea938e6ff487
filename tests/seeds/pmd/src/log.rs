//! The log: events of `tracing`, a line each.

use std::fmt::{Debug, Write as _};
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes the events of the store and of its migrations, a line each:
/// `INFO store opened version=4 applied=0`.
#[derive(Debug)]
pub struct Log<W> {
    out: Mutex<W>,
    most: Level,
}

impl<W: Write + Send + 'static> Log<W> {
    /// A log of the events up to a level.
    pub fn new(out: W, most: Level) -> Log<W> {
        Log {
            out: Mutex::new(out),
            most,
        }
    }
}

/// A log has no use for spans: it takes them and forgets them.
impl<W: Write + Send + 'static> Subscriber for Log<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = ["migrate_core", "seed_pmd"];
        metadata.is_event()
            && *metadata.level() <= self.most
            && ours.iter().any(|name| metadata.target().starts_with(name))
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // When nobody reads the log, the store works on.
        let _ = writeln!(
            out,
            "{} {}{}",
            event.metadata().level(),
            line.message,
            line.fields
        );
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
