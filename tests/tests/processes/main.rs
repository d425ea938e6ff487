//! Several processes on one database, a file or on a server: racing, crashing, out of room, in each other's
//! way.

mod back;
mod crashes;
mod full;
mod ledger;
mod locks;
mod pooler;
mod races;
mod server_deaths;
mod server_races;
mod starter;
