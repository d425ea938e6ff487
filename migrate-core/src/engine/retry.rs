//! Giving way. Whatever comes after a statement that waits for a lock queues behind it, so it waits a
//! little only. Its transaction is rolled back, and tried again after a pause in which the queue drains.

use std::time::{Duration, Instant};

use crate::backend::{Backend, Failure, Fault, Order};
use crate::engine::step::failed;
use crate::engine::{Runner, Trouble};
use crate::error::{ErrorKind, Outcome};
use crate::migration::Body;
use crate::observer::Event;
use crate::plan::Step;

/// What a try counts as at least, for the pause after it: a statement may refuse to wait at all.
const SHORTEST_TRY: Duration = Duration::from_millis(50);

/// The longest pause, but for a try that took longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long the transaction of a pause may be idle: a server can be told to end those that are.
const AWAKE: Duration = Duration::from_secs(1);

/// The tries of a step that have given way, since anything was done last.
pub(super) struct Tries {
    count: u32,
    /// When the first of them began.
    since: Instant,
}

impl<B: Backend> Runner<'_, '_, B> {
    /// Whether the transaction that consists of `orders` is to be tried again. What runs outside of one
    /// is not: half of it may have been done.
    pub(super) fn gives_way(&self, failure: &Failure, orders: &[Order<'_>]) -> bool {
        matches!(failure.fault, Fault::LockNotAvailable)
            && !self.run.settings.statement_lock_timeout.is_zero()
            && orders
                .iter()
                .any(|o| matches!(o, Order::Begin | Order::Commit))
    }

    /// Pauses after a step has given way; nothing is open any more. Then the history is read again, or it
    /// has given way for long enough.
    pub(super) async fn give_way(
        &mut self,
        step: &Step<'_>,
        order: &Order<'_>,
        failure: Failure,
        outcome: Outcome,
    ) -> Trouble {
        let took = self.began.elapsed();
        let (count, since) = match &self.tries {
            Some(tries) => (tries.count + 1, tries.since),
            None => (1, self.began),
        };
        self.tries = Some(Tries { count, since });
        let holder = match &step.body {
            Some(Body::Sql(script)) => {
                let offset = failure.offset.map(|(offset, _)| offset);
                self.backend.in_the_way(&script.sql, offset).await
            }
            _ => None,
        };
        let waited = since.elapsed();
        let left = self.run.settings.lock_timeout.saturating_sub(waited);
        if left <= took {
            return match failed(step, order, failure, outcome) {
                Trouble::Error(ErrorKind::Sql { failed } | ErrorKind::Code { failed }, source) => {
                    let kind = ErrorKind::LockNotAvailable {
                        failed,
                        tries: count,
                        waited,
                        holder,
                    };
                    Trouble::Error(kind, source)
                }
                other => other,
            };
        }
        let pause = pause_after(took, count).min(left);
        self.run.observer.tell(&Event::Retrying {
            step,
            tries: count,
            waited,
            pause,
            holder: holder.as_ref(),
        });
        self.pause(pause).await;
        Trouble::Stale
    }

    /// Waits, with the lock against other runs: the tries of one would fill the pauses of another.
    async fn pause(&mut self, pause: Duration) {
        let began = Instant::now();
        if let Err(stopped) = self.backend.perform(&[Order::Begin], &mut |_| {}).await {
            // Another run is faster, and tries. Anything else the next try of this one tells.
            return self.rollback(stopped.open).await;
        }
        loop {
            let left = pause.saturating_sub(began.elapsed());
            if left.is_zero() {
                return self.rollback(true).await;
            }
            self.backend.sleep(left.min(AWAKE)).await;
            if self
                .backend
                .perform(&[Order::Savepoint], &mut |_| {})
                .await
                .is_err()
            {
                return self.rollback(true).await;
            }
        }
    }
}

/// Longer than the try, and longer each time.
fn pause_after(took: Duration, tries: u32) -> Duration {
    let pause = took.max(SHORTEST_TRY).saturating_mul(tries + 1);
    pause.min(LONGEST_PAUSE.max(took))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_not_shorter_than_the_try() {
        let check = |took: u64, tries, pause| {
            let found = pause_after(Duration::from_millis(took), tries);
            assert_eq!(found.as_millis(), pause, "{took} {tries}");
        };
        check(2_000, 1, 4_000);
        check(2_000, 2, 6_000);
        check(2_000, 100, 30_000);
        check(0, 1, 100);
        check(60_000, 1, 60_000);
        check(u64::MAX, u32::MAX - 1, u128::from(u64::MAX));
    }
}
