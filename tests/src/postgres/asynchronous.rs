//! The contract on `tokio-postgres`. The verbs run on no runtime at all: only the connection has one.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use migrate_core::tokio_postgres::{Client, Config, NoTls};
use migrate_core::{
    Applied, Database, Error, Goal, Migration, Migrator, Plan, Report, Status, Verification,
    embed_migrations,
};
use tokio::runtime::{Builder, Runtime};

use crate::contract::{CodeSet, TestConnection, TestDatabase};
use crate::postgres::{Scratch, looks, texts, told};

/// A database that is taken through `tokio-postgres`.
pub struct Asynchronous(Scratch);

/// A connection, which the tests wait for.
pub struct AsyncClient(Client);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build();
    runtime.expect("a runtime")
});

impl TestDatabase for Asynchronous {
    const DATABASE: Database = Database::Postgres;
    const TOLD_AFTERWARDS: bool = true;

    const CODE: &'static str = "migrations/tokio_postgres";

    type Connection = AsyncClient;

    #[allow(unnameable_test_items)]
    fn code(set: CodeSet) -> &'static [Migration<'static>] {
        embed_migrations!(static WRITTEN = "migrations/tokio_postgres/written", database = "postgres");
        embed_migrations!(static MISBEHAVING = "migrations/tokio_postgres/misbehaving", database = "postgres");
        embed_migrations!(static ADOPTING = "migrations/tokio_postgres/adopting", database = "postgres");
        embed_migrations!(static ASKING = "migrations/tokio_postgres/asking", database = "postgres");
        match set {
            CodeSet::Written => &WRITTEN,
            CodeSet::Misbehaving => &MISBEHAVING,
            CodeSet::Adopting => &ADOPTING,
            CodeSet::Asking => &ASKING,
        }
    }

    fn fresh() -> Asynchronous {
        Asynchronous(Scratch::fresh())
    }

    fn connect(&self) -> AsyncClient {
        AsyncClient::connect(&self.0.config())
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.snapshot()
    }
}

impl AsyncClient {
    /// A connection.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    #[must_use]
    pub fn connect(config: &Config) -> AsyncClient {
        let connected = RUNTIME.block_on(config.connect(NoTls));
        let (client, connection) = connected.expect("a connection");
        // Its end is seen by the client.
        RUNTIME.spawn(async move { drop(connection.await) });
        AsyncClient(client)
    }

    /// The verb of `goal`, for who does not wait for its end.
    ///
    /// # Errors
    ///
    /// Those of the verb.
    pub async fn bring_later(
        &mut self,
        migrator: &Migrator<'_>,
        goal: Goal,
    ) -> Result<Report, Error> {
        migrator.bring_async(&mut self.0, goal).await
    }
}

impl TestConnection for AsyncClient {
    fn bring(&mut self, migrator: &Migrator<'_>, goal: Goal) -> Result<Report, Error> {
        let db = &mut self.0;
        wait(async {
            match goal {
                Goal::Up => migrator.up_async(db).await,
                Goal::UpTo(version) => migrator.up_to_async(db, version).await,
                Goal::Down(count) => migrator.down_async(db, count).await,
                Goal::DownTo(version) => migrator.down_to_async(db, version).await,
                Goal::Reset => migrator.reset_async(db).await,
                Goal::Redo => migrator.redo_async(db).await,
                Goal::Mark(version) => migrator.mark_async(db, version).await,
                Goal::Unmark(version) => migrator.unmark_async(db, version).await,
                other => migrator.bring_async(db, other).await,
            }
        })
    }

    fn plan<'m>(&mut self, migrator: &Migrator<'m>, goal: Goal) -> Result<Plan<'m>, Error> {
        wait(migrator.plan_async(&mut self.0, goal))
    }

    fn applied(&mut self, migrator: &Migrator<'_>) -> Result<Vec<Applied>, Error> {
        wait(migrator.applied_async(&mut self.0))
    }

    fn status(&mut self, migrator: &Migrator<'_>) -> Result<Status, Error> {
        wait(migrator.status_async(&mut self.0))
    }

    fn pending(&mut self, migrator: &Migrator<'_>) -> Result<Vec<i64>, Error> {
        let pending = wait(migrator.pending_async(&mut self.0))?;
        Ok(pending.into_iter().filter_map(Migration::version).collect())
    }

    fn current_version(&mut self, migrator: &Migrator<'_>) -> Result<i64, Error> {
        wait(migrator.current_version_async(&mut self.0))
    }

    fn needs_migration(&mut self, migrator: &Migrator<'_>) -> Result<bool, Error> {
        wait(migrator.needs_migration_async(&mut self.0))
    }

    fn verify(&mut self, migrator: &Migrator<'_>) -> Result<Verification, Error> {
        wait(migrator.verify_async(&mut self.0))
    }

    looks::looks!();

    fn rows(&mut self, sql: &str) -> Vec<String> {
        let answer = wait(self.0.simple_query(sql));
        texts(answer.unwrap_or_else(|error| panic!("{}: {sql}", told(&error))))
    }
}

/// Runs a future to its end on this thread, also inside of another one: an observer may do that.
/// That it takes only futures that are `Send` is a promise of the verbs.
fn wait<T>(future: impl Future<Output = T> + Send) -> T {
    struct Bell {
        thread: Thread,
        rang: AtomicBool,
    }
    impl Wake for Bell {
        fn wake(self: Arc<Bell>) {
            self.rang.store(true, Ordering::SeqCst);
            self.thread.unpark();
        }
    }
    let bell = Arc::new(Bell {
        thread: thread::current(),
        rang: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&bell));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        while !bell.rang.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}
