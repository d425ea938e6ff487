//! The two drivers: both send one message of simple queries and give back what came of it.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::{Error, SimpleQueryMessage, SimpleQueryRow};

use crate::migration::{BoxError, Check, Run};

/// A connection, as a driver gives it.
///
/// Simple queries need no prepared statement, so that a pooler may stand in between, and several of
/// them travel together.
pub trait Driver: Send {
    /// Whether code has to be asynchronous.
    const IS_ASYNC: bool;

    /// Sends one message. A synchronous driver's future is ready.
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Reply>, Broken>> + Send;

    /// As [`send`](Driver::send), and keeps only the first row of each answer: a statement of a migration may
    /// return any number of them, and nobody looks at those.
    fn act(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Reply>, Broken>> + Send;

    /// Runs the code of a migration; `None` when it is for another driver, or is not there.
    fn run(&mut self, run: Run) -> impl Future<Output = Option<Result<(), BoxError>>> + Send;

    /// Asks the check of a migration, likewise.
    fn ask(&mut self, check: Check) -> impl Future<Output = Option<Result<bool, BoxError>>> + Send;

    /// Waits.
    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// What came of one command of a message.
#[derive(Debug, Default)]
pub struct Reply {
    pub(crate) rows: Vec<SimpleQueryRow>,
    /// How many rows it returned or changed.
    pub(crate) count: u64,
}

/// Why a message failed.
#[derive(Debug)]
pub struct Broken {
    pub(crate) error: Error,
    /// How many commands of the message had completed, where the driver tells.
    pub(crate) completed: Option<usize>,
}

/// Collects replies from the parts of an answer.
struct Replies {
    done: Vec<Reply>,
    open: Reply,
    /// How many rows of each are kept.
    rows: usize,
}

impl Replies {
    fn of(rows: usize) -> Replies {
        Replies {
            done: Vec::new(),
            open: Reply::default(),
            rows,
        }
    }

    fn take(&mut self, message: SimpleQueryMessage) {
        match message {
            SimpleQueryMessage::Row(row) if self.open.rows.len() < self.rows => {
                self.open.rows.push(row);
            }
            SimpleQueryMessage::CommandComplete(count) => {
                self.open.count = count;
                self.done.push(std::mem::take(&mut self.open));
            }
            _ => {}
        }
    }
}

#[cfg(feature = "postgres")]
mod blocking {
    use super::{BoxError, Broken, Check, Driver, Duration, Replies, Reply, Run};

    impl Driver for &mut postgres::Client {
        const IS_ASYNC: bool = false;

        async fn send(&mut self, sql: &str) -> Result<Vec<Reply>, Broken> {
            // It gives all of the answer or the error, and not how far it came before.
            let messages = self.simple_query(sql).map_err(|error| Broken {
                error,
                completed: None,
            })?;
            let mut replies = Replies::of(usize::MAX);
            messages.into_iter().for_each(|m| replies.take(m));
            Ok(replies.done)
        }

        /// The driver has collected all rows before it gives any.
        async fn act(&mut self, sql: &str) -> Result<Vec<Reply>, Broken> {
            self.send(sql).await
        }

        async fn run(&mut self, run: Run) -> Option<Result<(), BoxError>> {
            match run {
                Run::Postgres(run) => Some(run(self)),
                _ => None,
            }
        }

        async fn ask(&mut self, check: Check) -> Option<Result<bool, BoxError>> {
            #[allow(unreachable_patterns)]
            match check {
                Check::Postgres(check) => Some(check(self)),
                _ => None,
            }
        }

        async fn sleep(&mut self, duration: Duration) {
            std::thread::sleep(duration);
        }
    }
}

#[cfg(feature = "tokio-postgres")]
mod asynchronous {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::task::{Poll, Waker};

    use futures_core::Stream;
    use tokio_postgres::Client;

    use super::{BoxError, Broken, Check, Driver, Duration, Replies, Reply, Run};

    impl Driver for &mut Client {
        const IS_ASYNC: bool = true;

        async fn send(&mut self, sql: &str) -> Result<Vec<Reply>, Broken> {
            collect(self, sql, usize::MAX).await
        }

        async fn act(&mut self, sql: &str) -> Result<Vec<Reply>, Broken> {
            collect(self, sql, 1).await
        }

        async fn run(&mut self, run: Run) -> Option<Result<(), BoxError>> {
            match run {
                Run::TokioPostgres(run) => Some(run(self).await),
                _ => None,
            }
        }

        async fn ask(&mut self, check: Check) -> Option<Result<bool, BoxError>> {
            #[allow(unreachable_patterns)]
            match check {
                Check::TokioPostgres(check) => Some(check(self).await),
                _ => None,
            }
        }

        /// No runtime is assumed, so a thread keeps the time. It is needed only while another process
        /// has the lock.
        async fn sleep(&mut self, duration: Duration) {
            let state = Arc::new(Mutex::new((false, Waker::noop().clone())));
            let timer = Arc::clone(&state);
            std::thread::spawn(move || {
                std::thread::sleep(duration);
                let mut state = timer.lock().unwrap_or_else(PoisonError::into_inner);
                state.0 = true;
                state.1.wake_by_ref();
            });
            poll_fn(|context| {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.1.clone_from(context.waker());
                if state.0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        }
    }

    /// Sends a message, and keeps so many rows of each answer, as they come.
    async fn collect(client: &Client, sql: &str, rows: usize) -> Result<Vec<Reply>, Broken> {
        let mut replies = Replies::of(rows);
        let broken = |error, completed| Broken {
            error,
            completed: Some(completed),
        };
        let answer = client.simple_query_raw(sql).await;
        let mut answer = pin!(answer.map_err(|error| broken(error, 0))?);
        while let Some(message) = poll_fn(|context| answer.as_mut().poll_next(context)).await {
            match message {
                Ok(message) => replies.take(message),
                Err(error) => return Err(broken(error, replies.done.len())),
            }
        }
        Ok(replies.done)
    }
}
