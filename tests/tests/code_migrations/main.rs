//! Migrations that are Rust code, in the program that embeds them: what is not the same for every database, or
//! needs to be tried on one of them only. The rest is in the contract.

mod postgres;
mod sqlite;

use migrate_core::{Goal, Migration, embed_migrations};
use migrate_tests::contract::{Stage, TestConnection};
use migrate_tests::sqlite::SqliteFile;

// Outside of a function the generated tests are run.
embed_migrations!(static WRITTEN = "migrations/written");
embed_migrations!(static EDITED = "migrations/edited");
embed_migrations!(static REVISED = "migrations/revised");
embed_migrations!(static ADOPTING = "migrations/adopting");
embed_migrations!(static ASKING = "migrations/asking");
embed_migrations!(static ON_POSTGRES = "migrations/postgres/written", database = "postgres");
embed_migrations!(static ON_TOKIO = "migrations/tokio_postgres/written", database = "postgres");

#[test]
fn sets_that_are_embedded_twice_are_the_same() {
    assert_eq!(ADOPTING.len() + ASKING.len(), 6);
    for set in [&ON_POSTGRES, &ON_TOKIO] {
        let same = |(one, other): (&Migration<'_>, &Migration<'_>)| {
            one.is_code() == other.is_code() && one.description() == other.description()
        };
        assert!(WRITTEN.iter().zip(set).all(same));
        // Neither the text counts nor the driver.
        assert_eq!(set[1].checksum(), WRITTEN[1].checksum());
    }
}

const SPLIT: &str =
    "counted[2] people[1 ada lovelace ada lovelace, 2 grace hopper grace hopper] @ 1 2 3";

#[test]
fn code_is_described_by_its_constant_or_its_name() {
    let [create, split, count] = &WRITTEN;
    assert_eq!(split.description(), "Split the names of people");
    assert_eq!(count.description(), "count");
    let is_code = [create, split, count].map(Migration::is_code);
    assert_eq!(is_code, [false, true, true]);
    assert_eq!((split.up_sql(), split.down_sql()), (None, None));
    assert_eq!(count.down_sql(), Some("DROP TABLE counted;\n"));
    assert!(split.has_down() && count.has_down());
    assert!(
        split
            .file()
            .ends_with("migrations/written/0002_split_names.rs")
    );
    let mut stage = Stage::<SqliteFile>::new();
    let migrator = stage.migrator(&WRITTEN);
    stage.db.bring(&migrator, Goal::Up).unwrap();
    let applied = stage.db.applied(&migrator).unwrap();
    let rows: Vec<_> = applied
        .iter()
        .map(|row| (row.description(), row.down()))
        .collect();
    assert_eq!(
        rows[1..],
        [
            ("Split the names of people", None),
            ("count", Some("DROP TABLE counted;\n"))
        ]
    );
    let plan = stage.db.plan(&migrator, Goal::Down(2)).unwrap();
    let steps: Vec<_> = plan.steps().iter().map(|step| step.sql()).collect();
    assert_eq!(steps, [Some("DROP TABLE counted;\n"), None]);
}

#[test]
fn revision_counts_and_the_text_does_not() {
    let mut stage = Stage::<SqliteFile>::new();
    let mut check = |set: &[Migration<'_>], goal, result| {
        let _ = stage.check_set(set, goal, result, SPLIT);
    };
    check(&WRITTEN, Goal::Up, "0 -> 3: up 1, up 2, up 3");
    check(&EDITED, Goal::Up, "at 3");
    check(&REVISED, Goal::Up, "changed 2");
    check(&REVISED, Goal::Mark(2), "3 -> 3: mark 2");
    check(&REVISED, Goal::Up, "at 3");
    check(&WRITTEN, Goal::Up, "changed 2");
}
