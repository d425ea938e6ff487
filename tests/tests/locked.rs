//! The lock file through the macro.

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Migration, Migrator};

migrate_core::embed_migrations!(static BEFORE = "migrations/locked/before");
// Its second migration was edited and accepted, its third is still open.
migrate_core::embed_migrations!(static AFTER = "migrations/locked/after");

#[test]
fn accepted_texts_are_embedded() {
    let mut db = Connection::open_in_memory().unwrap();
    assert_eq!(Migrator::new(&BEFORE).up(&mut db).unwrap().to(), 2);
    let report = Migrator::new(&AFTER).up(&mut db).unwrap();
    assert_eq!((report.from(), report.to()), (2, 3));
    let status = Migrator::new(&AFTER).status(&mut db).unwrap();
    assert!(status.is_current());
    let accepted: Vec<bool> = status.migrations.iter().map(|line| line.accepted).collect();
    assert_eq!(accepted, [false, true, false]);
    assert_eq!(AFTER[1].accepted(), [BEFORE[1].checksum()]);
    assert_ne!(AFTER[1].checksum(), BEFORE[1].checksum());
}

/// A program that embeds a folder, and a tool that reads it, go on with each other's databases.
#[test]
fn embedded_as_read() {
    check(&BEFORE, "before");
    check(&AFTER, "after");
}

#[track_caller]
fn check(embedded: &[Migration<'_>], name: &str) {
    let folder = format!("{}/migrations/locked/{name}", env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::read(folder, Options::new(Database::Sqlite)).unwrap();
    let read = folder.migrations();
    let mut histories = Vec::new();
    for set in [embedded, &read] {
        let mut db = Connection::open_in_memory().unwrap();
        let migrator = Migrator::new(set);
        migrator.up(&mut db).unwrap();
        let sql = "SELECT group_concat(version || checksum || chain) FROM _migrate_history";
        let history = db.query_one(sql, [], |row| row.get::<_, String>(0));
        histories.push(history.unwrap());
    }
    assert_eq!(histories[0], histories[1]);
    let accepted =
        |set: &[Migration<'_>]| -> Vec<_> { set.iter().map(|m| m.accepted().to_vec()).collect() };
    assert_eq!(accepted(embedded), accepted(&read));
}
