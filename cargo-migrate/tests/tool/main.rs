//! The real tool, run as an author runs it.

mod check;
mod database;
mod desk;
mod find;
mod init;
mod lint;
mod lock;
mod new;
mod postgres;
mod renumber;
mod verify;
