//! Steps to orders: what a transaction consists of.

use crate::backend::Order;
use crate::history::{Applied, History, Repeated};
use crate::migration::{Body, Id, Migration};
use crate::plan::{Step, Transaction, stored_down};
use crate::report::Action;
use crate::settings::Settings;

/// The orders of one transaction, and what the history says once it is committed.
pub(super) struct Orders<'p> {
    pub(super) orders: Vec<Order<'p>>,
    /// For each order, the step it belongs to.
    pub(super) step: Vec<Option<usize>>,
    pub(super) after: History,
    set: &'p [Migration<'p>],
    user_version: bool,
}

/// How far a step that runs statement by statement has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// What to write as `resume_at`; `None` once it is finished.
    pub(super) resume_at: Option<String>,
    /// The time it has taken before.
    pub(super) spent_ms: i64,
}

impl<'p> Orders<'p> {
    pub(super) fn new(
        set: &'p [Migration<'p>],
        settings: &Settings,
        history: &History,
    ) -> Orders<'p> {
        Orders {
            orders: Vec::new(),
            step: Vec::new(),
            after: history.clone(),
            set,
            user_version: settings.user_version,
        }
    }

    /// A transaction over whole steps. Each says for itself whether foreign keys are enforced: what
    /// came before may have stopped anywhere, or have switched them itself.
    pub(super) fn transaction(
        set: &'p [Migration<'p>],
        settings: &Settings,
        steps: &'p [Step<'p>],
        before: &'p History,
    ) -> Orders<'p> {
        let mut orders = Orders::new(set, settings, before);
        let grouped = steps[0].transaction == Transaction::Group;
        let enforced = steps[0].body.as_ref().is_some_and(Body::foreign_keys);
        orders.push(None, Order::Enforce(enforced));
        orders.begin(before);
        for (at, step) in steps.iter().enumerate() {
            if grouped {
                orders.push(Some(at), Order::Savepoint);
            }
            if let (Action::Adopt, Some(check)) =
                (step.action, step.migration.and_then(|m| m.check))
            {
                orders.push(Some(at), Order::InPlace(check));
            }
            match &step.body {
                Some(Body::Sql(script)) => orders.push(Some(at), Order::Sql(script)),
                Some(Body::Code(code)) => orders.push(Some(at), Order::Code(code)),
                None => {}
            }
            if step.body.is_some() {
                orders.push(Some(at), Order::PutBack);
                // Also where they are enforced: a deferred one is looked at only when all is
                // committed.
                orders.push(Some(at), Order::ForeignKeys);
            }
            orders.book(at, step, Part::default());
            if grouped {
                orders.push(Some(at), Order::Release);
            }
        }
        orders.push(None, Order::Commit);
        orders
    }

    pub(super) fn begin(&mut self, before: &'p History) {
        let repeatables = self.set.last().is_some_and(|m| m.name().is_some());
        self.push(None, Order::Begin);
        self.push(None, Order::Create { repeatables });
        self.push(None, Order::Expect(before));
    }

    pub(super) fn push(&mut self, step: Option<usize>, order: Order<'p>) {
        self.orders.push(order);
        self.step.push(step);
    }

    /// The bookkeeping of a step.
    pub(super) fn book(&mut self, at: usize, step: &Step<'p>, part: Part) {
        match &step.id {
            Id::Version(version) => self.book_version(at, step, *version, part),
            Id::Repeatable(name) if step.action.records() => {
                let checksum = step.migration.map(|m| m.checksum.to_string());
                let row = Repeated {
                    name: name.to_string(),
                    checksum: checksum.unwrap_or_default(),
                    applied_at: String::new(),
                    duration_ms: part.spent_ms,
                    down: step.migration.and_then(stored_down),
                };
                self.after.record_repeated(row.clone());
                self.push(Some(at), Order::RecordRepeated(row));
            }
            Id::Repeatable(name) => {
                self.after.erase_repeated(name);
                self.push(Some(at), Order::EraseRepeated(name.to_string()));
            }
        }
    }

    fn book_version(&mut self, at: usize, step: &Step<'p>, version: i64, part: Part) {
        match step.migration {
            Some(migration) if step.action.records() => {
                let chain = self
                    .after
                    .chain_before(version)
                    .then(version, &migration.first);
                let row = Applied {
                    version,
                    description: migration.description().to_owned(),
                    checksum: migration.checksum.to_string(),
                    chain: chain.to_string(),
                    applied_at: String::new(),
                    duration_ms: part.spent_ms,
                    down: stored_down(migration),
                    resume_at: part.resume_at,
                };
                self.after.record(row.clone());
                self.push(Some(at), Order::Record(row));
            }
            _ => match part.resume_at {
                Some(resume_at) => {
                    self.after.resume(version, &resume_at);
                    self.push(Some(at), Order::Resume(version, resume_at));
                }
                None => {
                    self.after.erase(version);
                    self.push(Some(at), Order::Erase(version));
                }
            },
        }
        for (later, chain) in self.after.rechain(version, self.set) {
            self.push(Some(at), Order::Chain(later, chain));
        }
        if self.user_version {
            self.push(Some(at), Order::Counter(self.after.version()));
        }
    }
}
