//! A database with the migrations that are meant for it.

use crate::connection::sealed::Connection;
use crate::{Error, Goal, Migrator, Plan, Report, Status, Verification};

/// A migrator on a connection, whichever way its driver waits: what a command does is written once.
pub(super) struct On<'a, 'm, C> {
    pub(super) migrator: &'a Migrator<'m>,
    pub(super) db: &'a mut C,
}

impl<'m, C: Connection> On<'_, 'm, C> {
    pub(super) async fn bring(&mut self, goal: Goal) -> Result<Report, Error> {
        let mut backend = self.migrator.on(self.db);
        self.migrator.bring_of(&mut backend, goal).await
    }

    pub(super) async fn plan(&mut self, goal: Goal) -> Result<Plan<'m>, Error> {
        let mut backend = self.migrator.on(self.db);
        self.migrator.plan_of(&mut backend, goal).await
    }

    pub(super) async fn status(&mut self) -> Result<Status, Error> {
        let mut backend = self.migrator.on(self.db);
        self.migrator.status_of(&mut backend).await
    }

    pub(super) async fn current_version(&mut self) -> Result<i64, Error> {
        let mut backend = self.migrator.on(self.db);
        self.migrator.version_of(&mut backend).await
    }

    pub(super) async fn verify(&mut self) -> Result<Verification, Error> {
        let mut backend = self.migrator.on(self.db);
        self.migrator.verification_of(&mut backend).await
    }
}
