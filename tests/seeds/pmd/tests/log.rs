//! What the log says about migrations.

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use common::Place;
use seed_pmd::{Database, Log};
use tracing::Level;

const UPGRADE: [&str; 5] = [
    "INFO migrating the database from=1 to=4 steps=3",
    "INFO migration finished action=up version=2 description=\"Keep the search index current by triggers\"",
    "INFO migration finished action=up version=3 description=\"Count the words of every document\"",
    "INFO migration finished action=up version=4 description=\"Find documents by tag and texts by document\"",
    "INFO store opened version=4 applied=3",
];

#[test]
fn logging_for_migration_status() {
    let place = Place::in_use_since_version_1();
    assert_eq!(captured(&place, Level::INFO), UPGRADE);
    assert_eq!(
        captured(&place, Level::INFO),
        ["INFO store opened version=4 applied=0"]
    );
}

#[test]
fn logging_of_every_detail() {
    let place = Place::in_use_since_version_1();
    let lines = captured(&place, Level::DEBUG);
    let started = lines
        .iter()
        .filter(|line| line.starts_with("DEBUG migration started action=up"));
    assert_eq!(started.count(), 3, "{lines:#?}");
}

/// A migration that fails was announced, is not told as finished, and the store as not opened.
#[test]
fn logging_of_a_failure() {
    let place = Place::in_use_since_version_1();
    place
        .connect()
        .execute_batch("ALTER TABLE content RENAME COLUMN body TO text")
        .unwrap();
    assert_eq!(captured(&place, Level::INFO), UPGRADE[..1]);
}

#[test]
fn the_program_writes_its_log_to_standard_error() {
    let place = Place::in_use_since_version_1();
    let log = place.pmd(&["--verbose", "init"]).log();
    assert_eq!(timeless(&log), UPGRADE);
    assert_eq!(place.pmd(&["init"]).log(), "");
}

/// What is logged when the store is opened.
fn captured(place: &Place, most: Level) -> Vec<String> {
    let shared = Shared::default();
    tracing::subscriber::with_default(Log::new(shared.clone(), most), || {
        // What fails is for the log to tell.
        drop(Database::open(&place.store()));
    });
    let bytes = shared.0.lock().unwrap();
    timeless(std::str::from_utf8(&bytes).unwrap())
}

/// The lines without how long things took.
fn timeless(log: &str) -> Vec<String> {
    let line = |line: &str| line.split(" duration_ms=").next().unwrap().to_owned();
    log.lines().map(line).collect()
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
