//! What is said when the server refuses or ends a run, outside of what migrations themselves do: what was about
//! to be done, the server's words with their SQLSTATE, and what to do.

use migrate_core::tokio_postgres::Config;
use migrate_core::{Database, Error, Goal, Migrator, Transactions};
use migrate_tests::postgres::{DRIVERS, Scratch, execute};
use migrate_tests::set_for;

const FILES: &[(&str, &str)] = &[
    (
        "0001_a.sql",
        "CREATE TABLE IF NOT EXISTS mine.a (x integer);",
    ),
    ("0002_b.sql", "INSERT INTO mine.a VALUES (1);"),
];

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn role_that_lacks_a_right() {
    let scratch = Scratch::fresh();
    let role = scratch.name();
    let mut owner = scratch.connect();
    execute(
        &mut owner,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             CREATE SCHEMA mine; GRANT USAGE, CREATE ON SCHEMA mine TO {role}"
        ),
    );
    let mut config = scratch.config();
    config.user(role).password("secret");
    let refused = |count: usize, goal: Option<Goal>, words: &[&str]| {
        for connect in DRIVERS {
            let mut db = connect(&config);
            let folder = set_for(Database::Postgres, &FILES[..count]);
            let set = folder.migrations();
            let migrator = Migrator::new(&set);
            let error = match goal {
                Some(goal) => db.bring(&migrator, goal).unwrap_err(),
                None => db.status(&migrator).unwrap_err(),
            };
            check(&error, words);
        }
    };
    let create = format!(
        "= help: grant the role what it needs: `GRANT CREATE, USAGE ON SCHEMA \"public\" TO \"{role}\"`"
    );
    refused(
        1,
        Some(Goal::Up),
        &[
            "the history `public._migrate_history` cannot be created: permission denied for schema public (SQLSTATE 42501)",
            &create,
            "= help: or name a schema in which it may create tables with the setting `schema`",
        ],
    );
    let folder = set_for(Database::Postgres, &FILES[..1]);
    let set = folder.migrations();
    Migrator::new(&set).up(&mut owner).unwrap();
    let read = format!("GRANT SELECT ON \"public\".\"_migrate_history\" TO \"{role}\"`");
    for goal in [None, Some(Goal::Up)] {
        refused(
            1,
            goal,
            &[
                "the history `public._migrate_history` cannot be read: permission denied for table _migrate_history (SQLSTATE 42501)",
                &read,
            ],
        );
    }
    execute(
        &mut owner,
        &format!("GRANT SELECT ON _migrate_history TO {role}; GRANT INSERT ON mine.a TO {role}"),
    );
    let write = format!(
        "`GRANT SELECT, INSERT, UPDATE, DELETE ON \"public\".\"_migrate_history\" TO \"{role}\"`"
    );
    refused(
        2,
        Some(Goal::Up),
        &[
            "the history of migration 2 cannot be written: permission denied for table _migrate_history (SQLSTATE 42501)",
            &write,
        ],
    );
    execute(
        &mut owner,
        &format!("DROP OWNED BY {role}; DROP ROLE {role}"),
    );
}

#[test]
#[cfg_attr(
    not(have_postgres),
    ignore = "needs PostgreSQL: scripts/with-postgres, or TEST_POSTGRES_URL"
)]
fn connection_that_is_ended_by_the_server() {
    for connect in DRIVERS {
        let scratch = Scratch::fresh();
        let config: Config = scratch.config();
        let mut db = connect(&config);
        let folder = set_for(
            Database::Postgres,
            &[
                ("0001_a.sql", "CREATE TABLE a (x integer);"),
                (
                    "0002_b.sql",
                    "SELECT pg_terminate_backend(pg_backend_pid());",
                ),
            ],
        );
        let set = folder.migrations();
        let migrator = Migrator::new(&set).transactions(Transactions::Each);
        let error = db.bring(&migrator, Goal::Up).unwrap_err();
        // Whether the driver still has the server's last words is a matter of luck.
        let text = error.to_string();
        let is_said = text.starts_with("the server ended the connection: ")
            && text.contains("(SQLSTATE 57P01)");
        assert!(
            is_said || text.starts_with("the connection was lost: "),
            "{text}"
        );
        check(
            &error,
            &[
                "= under way: migration 2 \"b\"; whether it was committed, the status tells",
                "= kept: this run had",
                "= help: what was committed is recorded, the server rolls back the rest: start again",
            ],
        );
        check(
            &db.status(&migrator).unwrap_err(),
            &["the connection was lost: ", "= help: what was committed"],
        );
    }
}

#[track_caller]
fn check(error: &Error, words: &[&str]) {
    let text = error.to_string();
    for words in words {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
}
