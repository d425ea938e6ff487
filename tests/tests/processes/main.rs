//! Several processes on one database file: racing, crashing, out of room, in each other's way.

mod back;
mod crashes;
mod full;
mod ledger;
mod locks;
mod races;
mod starter;
