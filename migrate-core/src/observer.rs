//! Telling the caller what happens while it happens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Holder;
use crate::plan::{Plan, Step};
use crate::report::Done;

/// Something that happens during a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// There is something to do, and the database is an older release than the one that ran the
    /// migrations while the program was compiled. Both as the database counts: 3050004 is SQLite 3.50.4.
    /// It comes once, before anything else, and the run goes on.
    OlderDatabase {
        /// The release that ran them.
        verified: i32,
        /// The release that is to run them now.
        running: i32,
    },
    /// There is something to do, and this is it. It comes again when another process did a part, or may
    /// have.
    Planned {
        /// The steps ahead.
        plan: &'e Plan<'e>,
    },
    /// A step begins, also when it is tried again.
    Started {
        /// The step.
        step: &'e Step<'e>,
    },
    /// A `repeat` migration has done one of its bites, which is kept.
    Repeated {
        /// The step.
        step: &'e Step<'e>,
        /// How many bites it has done.
        count: u64,
        /// How many rows this one changed.
        rows: u64,
    },
    /// A step has come to its end. It is kept once its transaction is.
    Finished {
        /// What was done.
        done: &'e Done,
    },
    /// Another process holds the lock; the run waits.
    Waiting {
        /// For how long it has waited.
        waited: Duration,
    },
    /// A statement has not got a lock in time, so that its transaction was rolled back:
    /// [`statement_lock_timeout`](crate::Migrator::statement_lock_timeout). The run pauses, and tries again.
    Retrying {
        /// The step.
        step: &'e Step<'e>,
        /// How often it has been tried.
        tries: u32,
        /// For how long it has been tried, pauses included.
        waited: Duration,
        /// How long the pause is.
        pause: Duration,
        /// Who may have the lock, where the database tells.
        holder: Option<&'e Holder>,
    },
}

type Observe<'o> = dyn Fn(&Event<'_>) + Send + Sync + 'o;

/// Who is told, if anybody.
#[derive(Clone, Default)]
pub(crate) struct Observer<'o>(Option<Arc<Observe<'o>>>);

impl<'o> Observer<'o> {
    /// Tells `observe` too, after those that are told already.
    pub(crate) fn and(self, observe: impl Fn(&Event<'_>) + Send + Sync + 'o) -> Observer<'o> {
        Observer(Some(match self.0 {
            None => Arc::new(observe),
            Some(before) => Arc::new(move |event: &Event<'_>| {
                before(event);
                observe(event);
            }),
        }))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        trace(event);
        if let Some(observe) = &self.0 {
            observe(event);
        }
    }
}

impl fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Observer"
        } else {
            "nobody"
        })
    }
}

#[cfg(feature = "tracing")]
fn trace(event: &Event<'_>) {
    match event {
        Event::OlderDatabase { verified, running } => tracing::warn!(
            verified,
            running,
            "the database is older than the one that verified the migrations"
        ),
        Event::Planned { plan } => tracing::info!(
            from = plan.from(),
            to = plan.to(),
            steps = plan.steps().len(),
            "migrating the database"
        ),
        Event::Started { step } => tracing::debug!(
            action = %step.action(),
            version = step.version(),
            description = step.description(),
            "migration started"
        ),
        Event::Repeated { step, count, rows } => {
            tracing::debug!(version = step.version(), count, rows, "migration repeated");
        }
        Event::Finished { done } => tracing::info!(
            action = %done.action,
            version = done.version,
            description = done.description,
            duration_ms = u64::try_from(done.duration.as_millis()).unwrap_or(u64::MAX),
            "migration finished"
        ),
        Event::Waiting { waited } => tracing::debug!(
            waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            "waiting for the lock on the database"
        ),
        Event::Retrying {
            step,
            tries,
            pause,
            holder,
            ..
        } => tracing::warn!(
            version = step.version(),
            description = step.description(),
            tries,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            pid = holder.map(|holder| holder.pid),
            application = holder.and_then(|holder| holder.application.as_deref()),
            "migration gave way to others, and is tried again"
        ),
    }
}

/// A step that came to its end.
pub(crate) fn done(step: &Step<'_>, duration: Duration) -> Done {
    Done {
        action: step.action,
        version: step.version(),
        description: step.description.clone().into_owned(),
        duration,
    }
}
