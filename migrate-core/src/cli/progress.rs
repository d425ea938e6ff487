//! One line on the terminal while a run takes longer than a moment.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::script::one_line;
use crate::{Event, Migrator, Step};

/// How long a run may take before it shows anything.
const MOMENT: Duration = Duration::from_millis(300);

/// Shows the steps of a run until it is dropped, and leaves nothing on the terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Tells the thread that shows the line, by being dropped.
    running: Option<Sender<()>>,
    shows: Option<JoinHandle<()>>,
}

impl Progress {
    /// `None` where standard error is no terminal.
    pub(super) fn start() -> Option<Progress> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        let (running, ended) = mpsc::channel();
        let shown = bar.clone();
        let shows = thread::spawn(move || {
            if ended.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Some(Progress {
            bar,
            running: Some(running),
            shows: Some(shows),
        })
    }

    /// The migrator, which tells this line too what happens.
    pub(super) fn watch<'m>(&self, migrator: &Migrator<'m>) -> Migrator<'m> {
        let bar = self.bar.clone();
        migrator.clone().observe(move |event| show(&bar, event))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(shows) = self.shows.take() {
            // Its panic would only mean that there is no line.
            let _ = shows.join();
        }
        self.bar.finish_and_clear();
    }
}

fn show(bar: &ProgressBar, event: &Event<'_>) {
    match event {
        // It comes again when another process did a part.
        Event::Planned { plan } => bar.set_length(bar.position() + plan.steps().len() as u64),
        Event::Started { step } => bar.set_message(label(step)),
        Event::Repeated { step, count, .. } => {
            bar.set_message(format!("{}, step {count}", label(step)));
        }
        Event::OlderDatabase { .. } => {}
        Event::Finished { .. } => bar.inc(1),
        Event::Waiting { waited } => {
            let seconds = waited.as_secs();
            bar.set_message(format!("waiting for the lock on the database, {seconds} s"));
        }
        Event::Retrying { step, waited, .. } => {
            let seconds = waited.as_secs();
            bar.set_message(format!("{}, gave way for {seconds} s", label(step)));
        }
    }
}

fn label(step: &Step<'_>) -> String {
    let description = one_line(step.description());
    match step.version() {
        Some(version) => format!("{} {version} {description}", step.action()),
        None => format!("{} {description}", step.action()),
    }
}
