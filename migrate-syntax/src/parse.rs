//! The parser, at arm's length: it is made for editors, and a build must not end with it.

use std::panic::{self, AssertUnwindSafe};
use std::thread;

use squawk_syntax::{Parse, SourceFile};

use crate::bounds::within_bounds;

/// The stack of the thread that parses: enough for what [`within_bounds`] lets through.
const STACK: usize = 64 << 20;

/// Does `work` where there is stack enough to parse; none if that cannot be had.
pub(crate) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// What `look` makes of the tree of `sql`; none where the parser cannot do it.
pub(crate) fn parsed<T>(sql: &str, look: impl FnOnce(&Parse<SourceFile>) -> T) -> Option<T> {
    if !within_bounds(sql) {
        return None;
    }
    panic::catch_unwind(AssertUnwindSafe(|| look(&SourceFile::parse(sql)))).ok()
}
