//! Databases in other encodings than UTF-8.

use migrate_core::{Database, ErrorKind, Goal, Migrator};
use migrate_tests::contract::told;
use migrate_tests::postgres::{DRIVERS, Scratch, connect, execute, rows, server};
use migrate_tests::set_for;

/// Where the database knows no characters, the server counts bytes.
#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn place_and_text_are_what_they_are_in_utf8() {
    const GOOD: (&str, &str) = (
        "0001_ä.sql",
        "CREATE TABLE \"ä\" (x text DEFAULT 'ö'); INSERT INTO \"ä\" DEFAULT VALUES;",
    );
    const BAD: (&str, &str) = (
        "0002_b.sql",
        "SELECT 'ää';\nSELECT 'ää', no_such FROM \"ä\";",
    );
    for encoding in ["UTF8", "LATIN1", "SQL_ASCII"] {
        for driver in DRIVERS {
            let scratch = Scratch::fresh();
            let name = scratch.name();
            let mut admin = connect(&server());
            execute(&mut admin, &format!("DROP DATABASE {name}"));
            execute(
                &mut admin,
                &format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding} LC_COLLATE 'C' LC_CTYPE 'C'"
                ),
            );
            let folder = set_for(Database::Postgres, &[GOOD, BAD]);
            let set = folder.migrations();
            let result = driver(&scratch.config()).bring(&Migrator::new(&set), Goal::Up);
            let failed = "sql at 0002_b.sql:2, rolled back; kept 0 -> 1: up 1";
            assert_eq!(told(&result), failed, "{encoding}");
            let error = result.unwrap_err();
            let ErrorKind::Sql { failed } = error.kind() else {
                panic!("{error}");
            };
            let column = failed.place.as_ref().map(|place| place.column);
            assert_eq!(column, Some(14), "{encoding}");
            let found = rows(
                &mut scratch.connect(),
                "SELECT x, description FROM \"ä\", _migrate_history",
            );
            assert_eq!(found, ["ö ä"], "{encoding}");
        }
    }
}
