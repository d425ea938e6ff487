//! Synchronous verbs over the asynchronous engine.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The output of a future that never waits. A synchronous backend blocks where an asynchronous one
/// would wait, so one poll runs the engine from its beginning to its end.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a synchronous backend waited"),
    }
}
