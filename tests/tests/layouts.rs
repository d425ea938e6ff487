//! Every layout and every directive, through the macro: up, down step by step, and up again.

use migrate_core::folder::{Folder, Options};
use migrate_core::rusqlite::Connection;
use migrate_core::{Database, Migration, Migrator, Transactions};

migrate_core::embed_migrations!(static PLAIN = "migrations/layouts/plain");
migrate_core::embed_migrations!(static DBMATE = "migrations/layouts/one_file_dbmate");
migrate_core::embed_migrations!(static GOOSE = "migrations/layouts/one_file_goose");
migrate_core::embed_migrations!(static UP_DOWN = "migrations/layouts/up_down");
migrate_core::embed_migrations!(static DIESEL = "migrations/layouts/diesel");
migrate_core::embed_migrations!(static RUSQLITE_MIGRATION = "migrations/layouts/rusqlite_migration");
migrate_core::embed_migrations!(static REFINERY = "migrations/layouts/refinery");

migrate_core::embed_migrations!(static DIRECTIVES = "migrations/directives");

#[test]
fn plain() {
    check(
        &PLAIN,
        &[
            "1 create users",
            "2 add email",
            "3 create posts",
            "4 add the first user",
        ],
        &["authors", "posts", "posts_trim", "users"],
    );
}

#[test]
fn one_file_with_the_markers_of_dbmate() {
    check(
        &DBMATE,
        &[
            "20240131120000 create users",
            "20240131120001 add email",
            "20240131120002 create posts",
        ],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn one_file_with_the_markers_of_goose() {
    check(
        &GOOSE,
        &["1 create users", "2 add email", "3 create posts"],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn one_file_with_up_and_down() {
    check(
        &UP_DOWN,
        &["1 create users", "2 add email", "3 create posts"],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn folders_of_diesel() {
    check(
        &DIESEL,
        &[
            "1 initial",
            "202401311200000000 create users",
            "202402010930000000 add email",
            "202512181049560000 create posts",
        ],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn folders_of_rusqlite_migration() {
    check(
        &RUSQLITE_MIGRATION,
        &["1 create users", "2 add email", "3 create posts"],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn refinery() {
    check(
        &REFINERY,
        &["1 create users", "2 add email", "3 create posts"],
        &["posts", "posts_trim", "users"],
    );
}

#[test]
fn directives() {
    let mut db = Connection::open_in_memory().unwrap();
    let migrator = Migrator::new(&DIRECTIVES);
    assert_eq!(migrator.up(&mut db).unwrap().applied(), [1, 2, 3, 4, 5]);
    assert_eq!(DIRECTIVES[0].description(), "all the tables");
    assert_eq!(schema(&db), ["notes", "notes_author", "titles", "users"]);
}

/// The macro and the reading of a folder at run time are two ways to the same set.
#[test]
fn the_same_as_read_at_run_time() {
    for (folder, embedded) in [
        ("migrations/layouts/plain", &PLAIN[..]),
        ("migrations/layouts/one_file_dbmate", &DBMATE),
        ("migrations/layouts/one_file_goose", &GOOSE),
        ("migrations/layouts/up_down", &UP_DOWN),
        ("migrations/layouts/diesel", &DIESEL),
        ("migrations/layouts/rusqlite_migration", &RUSQLITE_MIGRATION),
        ("migrations/layouts/refinery", &REFINERY),
        ("migrations/directives", &DIRECTIVES),
    ] {
        let read = Folder::read(folder, Options::new(Database::Sqlite)).unwrap();
        // The compiler sees files from the workspace, and code only compiled.
        let embedded = format!("{embedded:#?}")
            .replace("\"tests/migrations/", "\"migrations/")
            .replace("Sqlite(fn)", "NotCompiled")
            .replace(
                "description: \"add the first user\"",
                "description: \"first user\"",
            )
            .replace(
                "check: Some(\n            Check(fn),\n        ),",
                "check: None,",
            );
        let embedded = without(&without(&embedded, "schema"), "verified");
        assert_eq!(embedded, format!("{:#?}", read.migrations()), "{folder}");
    }
}

/// A set as text, without what only the compiler finds out.
fn without(set: &str, field: &str) -> String {
    let begin = format!("        {field}: Some(\n");
    let mut rest = set.split(&begin);
    let first = rest.next().unwrap_or_default().to_owned();
    rest.fold(first, |text, rest| {
        let (_, rest) = rest.split_once("\n        ),\n").expect("its end");
        format!("{text}        {field}: None,\n{rest}")
    })
}

/// Runs a set all the way up, down and up again, in every way of grouping.
#[track_caller]
fn check(set: &[Migration<'_>], numbered: &[&str], objects: &[&str]) {
    let words = |m: &Migration<'_>| Some(format!("{} {}", m.version()?, m.description()));
    assert_eq!(set.iter().filter_map(words).collect::<Vec<_>>(), numbered);
    let versions: Vec<i64> = set.iter().filter_map(Migration::version).collect();
    for transactions in [
        Transactions::Auto,
        Transactions::Each,
        Transactions::Grouped,
    ] {
        let migrator = Migrator::new(set).transactions(transactions);
        let mut db = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            assert_eq!(migrator.up(&mut db).unwrap().applied(), versions);
            assert_eq!(schema(&db), objects);
            check_schema(&migrator, &mut db);
            let below = versions.iter().rev().skip(1).chain([&0]);
            for version in below {
                migrator.down(&mut db, 1).unwrap();
                assert_eq!(migrator.current_version(&mut db).unwrap(), *version);
                check_schema(&migrator, &mut db);
            }
            assert_eq!(schema(&db), [""; 0]);
        }
    }
}

/// The compiler knows the schema of each version, and that is what is there.
#[track_caller]
fn check_schema(migrator: &Migrator<'_>, db: &mut Connection) {
    let found = migrator.verify(db).unwrap();
    assert_eq!(found.not_compared, None);
    assert_eq!((found.drift, found.foreign), (vec![], vec![]));
}

/// The names of what is in the database, but for the history.
fn schema(db: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_migrate%' ESCAPE '\\'
        ORDER BY name";
    let mut names = db.prepare(sql).unwrap();
    let names = names.query_map((), |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}
