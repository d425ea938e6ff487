//! What a run costs on a server that is far away: its round trips.

use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Goal, Migrator, Transactions};

use crate::contract::TestConnection;
use crate::postgres::Scratch;
use crate::set_for;

/// How often a client speaks and waits for the server.
#[derive(Debug)]
pub struct Trips {
    /// To bring the database up.
    pub up: usize,
    /// To bring it up once more, when there is nothing to do.
    pub again: usize,
    /// To ask whether there is anything to do, when there is nothing.
    pub needs: usize,
}

impl Trips {
    /// Those of `pending` migrations, on a database that is used already or fresh.
    ///
    /// # Panics
    ///
    /// When a run fails, or does not do what it is for.
    pub fn of<C: TestConnection>(
        connect: fn(&Config) -> C,
        transactions: Transactions,
        pending: usize,
        used: bool,
    ) -> Trips {
        let name = |version: usize| format!("{version:04}_t.sql");
        let text = |version: usize| format!("CREATE TABLE t{version} (x integer);");
        let versions = 1..=pending + usize::from(used);
        let files: Vec<_> = versions.map(|v| (name(v), text(v))).collect();
        let files: Vec<_> = files
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        let folder = set_for(Database::Postgres, &files);
        let set = folder.migrations();
        let migrator = Migrator::new(&set).transactions(transactions);
        let scratch = Scratch::fresh();
        if used {
            migrator.up_to(&mut scratch.connect(), 1).unwrap();
        }
        let (proxy, config) = scratch.proxy();
        let mut db = connect(&config);
        let (up, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
        assert_eq!(report.unwrap().applied().len(), pending);
        let (again, report) = proxy.round_trips_of(|| db.bring(&migrator, Goal::Up));
        assert!(report.unwrap().is_empty());
        let (needs, needed) = proxy.round_trips_of(|| db.needs_migration(&migrator));
        assert!(!needed.unwrap());
        Trips { up, again, needs }
    }
}
