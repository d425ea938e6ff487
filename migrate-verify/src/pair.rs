//! A migration and its down: the schema comes back as it was.

use migrate_source::{Finding, Place, Problem};
use rusqlite::Result;

use crate::blame;
use crate::catalog::Catalog;
use crate::run::{Failed, OnFailure, Ran, is_simple};
use crate::scratch::Scratch;
use crate::set::{Body, Migration};
use crate::walk::{Walk, body};
use crate::words::{failed_body, incomplete};

impl<'s> Walk<'s> {
    /// Takes the migration back and looks at what is left; the database is as before then. Tells
    /// whether it can be taken back.
    pub(crate) fn pair(
        &mut self,
        migration: &Migration<'s>,
        before: &Catalog,
        nested: bool,
    ) -> Result<bool> {
        let Some(down) = &migration.down else {
            return Ok(false);
        };
        if matches!(down, Body::Code(code) if code.run.is_none()) {
            return Ok(true);
        }
        let image = match nested {
            true => {
                self.plain.execute("SAVEPOINT pair")?;
                None
            }
            false => Some(self.plain.image()?),
        };
        let finding = self.down_and_look(migration, down, before)?;
        match image {
            None if self.plain.db().is_autocommit() => {
                // What failed has rolled back everything.
                self.plain.execute("BEGIN")?;
                body(&self.plain, &migration.up, OnFailure::GoOn);
            }
            None => self.plain.execute("ROLLBACK TO pair; RELEASE pair")?,
            Some(image) => self.plain = Scratch::of_image(&image)?,
        }
        let good = finding.is_none();
        if let Some(finding) = finding.filter(|_| !is_unverified(down)) {
            self.report(Some(migration.version), finding);
        }
        Ok(good)
    }

    fn down_and_look(
        &self,
        migration: &Migration<'s>,
        down: &Body<'s>,
        before: &Catalog,
    ) -> Result<Option<Finding>> {
        let own = self.plain.db().is_autocommit() && is_simple(down);
        if own {
            self.plain.execute("BEGIN")?;
        }
        let ran = body(&self.plain, down, OnFailure::Stop);
        let now = Catalog::of(&self.plain, &self.catalog)?;
        let finding = match ran.failures.first() {
            Some(Failed { failure, .. }) if self.doubt.believes(failure) => {
                Some(failed_body(Problem::FailingDown, down, failure))
            }
            // Nothing is known.
            Some(_) => None,
            None => incomplete(
                &self.doubt,
                &before.schema,
                &self.catalog.schema,
                &now.schema,
            ),
        };
        let again = match (&finding, &migration.up) {
            // What SQL does, the walk down to nothing and up again does once more.
            (None, Body::Code(_)) => body(&self.plain, &migration.up, OnFailure::Stop),
            _ => Ran::default(),
        };
        if own && !self.plain.db().is_autocommit() {
            self.plain.execute("ROLLBACK")?;
        }
        let finding = finding.map(|finding| match (finding.place.is_some(), down) {
            (false, Body::Sql(script)) => finding.at(blame::place(script, &[])),
            (false, Body::Code(code)) => finding.at(Place::file(code.path)),
            (true, _) => finding,
        });
        Ok(finding.or_else(|| {
            let failed = again.failures.first()?;
            let finding = failed_body(Problem::FailingAgain, &migration.up, &failed.failure);
            Some(
                finding.help(
                    "it ran once: what its down leaves behind is in the way of a second time",
                ),
            )
        }))
    }
}

pub(crate) fn path<'s>(body: &Body<'s>) -> &'s str {
    match body {
        Body::Sql(script) => script.path,
        Body::Code(code) => code.path,
    }
}

pub(crate) fn is_unverified(body: &Body<'_>) -> bool {
    matches!(body, Body::Sql(script) if script.unverified)
}
