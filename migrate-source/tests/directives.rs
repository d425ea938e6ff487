//! What the head of a script says about how it is to be run.

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::Mode;
use migrate_source::directive::{Directives, Fault};

const BOTH: &[Database] = Database::ALL;

/// Checks what the script says; nothing of it may be misread.
#[track_caller]
fn check(databases: &[Database], script: &str, expect: impl Fn(&mut Directives)) {
    for &database in databases {
        let mut expected = Directives::default();
        expect(&mut expected);
        assert_eq!(
            Directives::read(script, database),
            (expected, vec![]),
            "{database}: {script:?}"
        );
    }
}

/// Checks that exactly one comment of the script is misread, and how.
#[track_caller]
fn check_misread(databases: &[Database], script: &str, fault: Fault, suggestion: Option<&str>) {
    for &database in databases {
        let (_, misread) = Directives::read(script, database);
        let [misread] = &misread[..] else {
            panic!("{database}: {script:?}: {misread:?}");
        };
        let found = (misread.fault, misread.suggestion);
        assert_eq!(found, (fault, suggestion), "{database}: {script:?}");
        assert!(
            script[misread.offset..].starts_with(&misread.text),
            "{database}: {script:?}"
        );
        assert!(misread.text.starts_with("--"), "{database}: {script:?}");
    }
}

#[test]
fn no_directives() {
    for script in ["", "SELECT 1;", "-- a comment\n/* and */ SELECT 1;"] {
        check(BOTH, script, |_| {});
    }
}

#[test]
fn each_directive() {
    check(BOTH, "-- migrate: no-transaction", |d| {
        d.mode = Mode::NoTransaction;
    });
    check(BOTH, "-- migrate: repeat\nUPDATE a SET b = 1;", |d| {
        d.mode = Mode::Repeat;
    });
    check(BOTH, "-- migrate: irreversible", |d| {
        d.irreversible = true;
    });
    check(&[Sqlite], "-- migrate: foreign-keys on", |d| {
        d.foreign_keys = true;
    });
    check(BOTH, "-- migrate: unverified \"needs vec0\"", |d| {
        d.unverified = Some("needs vec0".to_owned());
    });
    check(
        BOTH,
        "-- migrate: description \"Größe, in cm: it's “new”\"",
        |d| {
            d.description = Some("Größe, in cm: it's “new”".to_owned());
        },
    );
}

#[test]
fn spacing() {
    for comment in [
        "--migrate: repeat",
        "--   migrate: repeat",
        "--\tmigrate:\trepeat\t",
        "-- migrate:   repeat  ",
        "\u{feff}-- migrate: repeat",
        "  -- migrate: repeat\r\n",
        "-- about\n\n-- migrate: repeat\n",
        "/* about */ -- migrate: repeat",
        "# about\n-- migrate: repeat",
    ] {
        check(BOTH, &format!("{comment}\nDELETE FROM a;"), |d| {
            d.mode = Mode::Repeat;
        });
    }
    check(&[Sqlite], "-- migrate: foreign-keys   on", |d| {
        d.foreign_keys = true;
    });
    check(BOTH, "-- migrate: description  \" a b \"", |d| {
        d.description = Some("a b".to_owned());
    });
}

#[test]
fn several_directives() {
    let script =
        "-- migrate: description \"a\"\n-- migrate: no-transaction\n-- migrate: irreversible";
    check(BOTH, script, |d| {
        d.description = Some("a".to_owned());
        d.mode = Mode::NoTransaction;
        d.irreversible = true;
    });
}

#[test]
fn markers_of_other_tools() {
    for comment in [
        "-- no-transaction",
        "--no-transaction",
        "-- no-transaction because of the index",
        "-- +goose NO TRANSACTION",
        "-- +goose no transaction",
        "-- postgres-migrations disable-transaction",
    ] {
        check(BOTH, &format!("{comment}\nSELECT 1;"), |d| {
            d.mode = Mode::NoTransaction;
        });
        check(BOTH, &format!("-- a\n{comment}"), |d| {
            d.mode = Mode::NoTransaction;
        });
    }
    for comment in [
        "-- no-transaction",
        "-- postgres-migrations disable-transaction",
    ] {
        check(BOTH, &format!("SELECT 1;\n{comment}"), |_| {});
    }
    check_misread(
        BOTH,
        "SELECT 1;\n-- +goose NO TRANSACTION",
        Fault::Misplaced,
        None,
    );
}

#[test]
fn section_markers_are_no_directives() {
    for comment in [
        "-- migrate:up",
        "--migrate:down",
        "-- migrate:up transaction:false",
        "-- migrate:down  and more",
        "-- +goose Up",
        "-- +goose StatementBegin",
        "-- UP",
    ] {
        check(BOTH, comment, |_| {});
        check(BOTH, &format!("SELECT 1;\n{comment}"), |_| {});
    }
}

#[test]
fn comments_that_only_resemble_a_directive() {
    for comment in [
        "-- Migration: add users",
        "-- Migrate: add a table",
        "-- MIGRATE: repeat this until done",
        "-- Migrate: description of the users",
        "-- we migrate: repeat",
        "-- no transaction",
        "-- transaction",
        "-- postgres-migrations",
        "-- migrate:users to accounts",
        "-- migrated: repeat",
        "-- migration repeated",
        "/* migrate: repeatedly */",
        "-- Migration: reversible",
        "-- Migration: report",
        "-- Migrate: transaction log",
        "-- Migration: up",
        "-- Migrate: description",
        "-- Migration: descriptions of users",
        "SELECT 1; -- migrate repeat",
        "SELECT 1; -- Migrate: repaet",
        "SELECT 1; /* migrate: repeat */",
        "SELECT '\n-- migrate: repeat\n';",
    ] {
        check(BOTH, comment, |_| {});
    }
    check(&[Postgres], "DO $$\n-- migrate: repeat\n$$;", |_| {});
}

#[test]
fn unknown_names_and_what_was_meant() {
    for (comment, suggestion) in [
        ("-- migrates: repeat", Some("-- migrate: repeat")),
        ("-- migrate repeat", Some("-- migrate: repeat")),
        ("-- Migrate: repaet", Some("-- migrate: repeat")),
        ("-- migrations repat", Some("-- migrate: repeat")),
        (
            "-- Migration: Irreversable",
            Some("-- migrate: irreversible"),
        ),
        (
            "-- migrate no transaction",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- MIGRATE: NO_TRANSACTION",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- Migration: description \"a b\"",
            Some("-- migrate: description \"…\""),
        ),
        (
            "-- Migrate: unverifed \"a\"",
            Some("-- migrate: unverified \"why\""),
        ),
        ("-- migrate : repeat", Some("-- migrate: repeat")),
        ("-- migrate= repeat", Some("-- migrate: repeat")),
        ("--- migrate: repeat", Some("-- migrate: repeat")),
        (
            "-- Migration: irreversible",
            Some("-- migrate: irreversible"),
        ),
        (
            "-- migrations: no-transaction",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- migrate: no-transation",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- migrate: no_transaction",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- migrate: no transaction",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- migrate: NO-TRANSACTION",
            Some("-- migrate: no-transaction"),
        ),
        (
            "-- migrate: notransaction",
            Some("-- migrate: no-transaction"),
        ),
        ("-- migrate: Repeat", Some("-- migrate: repeat")),
        ("-- migrate: repaet", Some("-- migrate: repeat")),
        ("-- migrate: repeat;", Some("-- migrate: repeat")),
        ("-- migrate: irreversable", Some("-- migrate: irreversible")),
        (
            "-- migrate: unverifed \"a\"",
            Some("-- migrate: unverified \"why\""),
        ),
        (
            "-- migrate: desciption \"a\"",
            Some("-- migrate: description \"…\""),
        ),
        ("-- migrate: up", Some("-- migrate:up")),
        ("-- migrate: down", Some("-- migrate:down")),
        ("-- migrate: atomic", None),
        ("-- migrate: add a table", None),
        ("-- migrate:", None),
        ("-- migrate: ", None),
    ] {
        check_misread(BOTH, comment, Fault::Unknown, suggestion);
    }
    for comment in [
        "-- migrate: foreignkeys on",
        "-- migrate: foreign keys on",
        "-- Migrate: foreignkeys on",
        "-- migration foreign-key on",
    ] {
        check_misread(
            &[Sqlite],
            comment,
            Fault::Unknown,
            Some("-- migrate: foreign-keys on"),
        );
    }
}

#[test]
fn nearly_the_prefix() {
    for (comment, suggestion) in [
        ("-- Migrate: repeat", "-- migrate: repeat"),
        ("-- MIGRATE: no-transaction", "-- migrate: no-transaction"),
        ("-- migrate:irreversible", "-- migrate: irreversible"),
        (
            "-- Migrate:description \"a\"",
            "-- migrate: description \"…\"",
        ),
    ] {
        check_misread(BOTH, comment, Fault::Unknown, Some(suggestion));
    }
}

#[test]
fn wrong_arguments() {
    for (comment, suggestion) in [
        ("-- migrate: repeat 3", "-- migrate: repeat"),
        (
            "-- migrate: no-transaction please",
            "-- migrate: no-transaction",
        ),
        ("-- migrate: irreversible \"a\"", "-- migrate: irreversible"),
        ("-- migrate: unverified", "-- migrate: unverified \"why\""),
        (
            "-- migrate: unverified needs vec0",
            "-- migrate: unverified \"why\"",
        ),
        (
            "-- migrate: unverified \"",
            "-- migrate: unverified \"why\"",
        ),
        (
            "-- migrate: unverified \" \"",
            "-- migrate: unverified \"why\"",
        ),
        (
            "-- migrate: unverified 'a'",
            "-- migrate: unverified \"why\"",
        ),
        ("-- migrate: description a", "-- migrate: description \"…\""),
        (
            "-- migrate: description \"\"",
            "-- migrate: description \"…\"",
        ),
        (
            "-- migrate: description \"a\" b",
            "-- migrate: description \"…\"",
        ),
        (
            "-- migrate: description \"a \"b\" c\"",
            "-- migrate: description \"…\"",
        ),
    ] {
        check_misread(BOTH, comment, Fault::Unknown, Some(suggestion));
    }
    for comment in [
        "-- migrate: foreign-keys",
        "-- migrate: foreign-keys off",
        "-- migrate: foreign-keys ON",
        "-- migrate: foreign-keys on please",
    ] {
        check_misread(
            &[Sqlite],
            comment,
            Fault::Unknown,
            Some("-- migrate: foreign-keys on"),
        );
    }
}

#[test]
fn foreign_keys_cannot_be_switched_on_postgres() {
    check_misread(
        &[Postgres],
        "-- migrate: foreign-keys on",
        Fault::Unknown,
        None,
    );
}

#[test]
fn after_the_first_statement() {
    for script in [
        "SELECT 1;\n-- migrate: repeat",
        "SELECT 1 -- migrate: repeat",
        "SELECT -- migrate: irreversible\n1;",
        ";-- migrate: description \"a\"",
    ] {
        check_misread(BOTH, script, Fault::Misplaced, None);
    }
    let script = "SELECT 1;\n-- migrate: repaet";
    check_misread(BOTH, script, Fault::Unknown, Some("-- migrate: repeat"));
}

#[test]
fn contradictions() {
    for script in [
        "-- migrate: repeat\n-- migrate: no-transaction",
        "-- migrate: no-transaction\n-- migrate: repeat",
        "-- migrate: repeat\n-- no-transaction",
        "-- +goose NO TRANSACTION\n-- migrate: repeat",
        "-- migrate: description \"a\"\n-- migrate: description \"b\"",
        "-- migrate: unverified \"a\"\n-- migrate: unverified \"b\"",
    ] {
        check_misread(BOTH, script, Fault::Contradiction, None);
        let (_, misread) = Directives::read(script, Sqlite);
        assert_eq!(
            misread[0].offset,
            script.find('\n').unwrap() + 1,
            "the later one is at fault"
        );
    }
}

#[test]
fn the_same_twice_is_no_contradiction() {
    for comment in [
        "-- migrate: repeat",
        "-- migrate: no-transaction",
        "-- migrate: irreversible",
        "-- migrate: description \"a\"",
        "-- migrate: unverified \"a\"",
    ] {
        let (once, _) = Directives::read(comment, Sqlite);
        assert_ne!(once, Directives::default());
        assert_eq!(
            Directives::read(&format!("{comment}\n{comment}"), Sqlite),
            (once, vec![])
        );
    }
    let both = "-- no-transaction\n-- migrate: no-transaction";
    check(BOTH, both, |d| {
        d.mode = Mode::NoTransaction;
    });
}

#[test]
fn what_is_contradicted_stays() {
    let script = "-- migrate: description \"a\"\n-- migrate: description \"b\"\n-- migrate: repeat";
    let (directives, _) = Directives::read(script, Sqlite);
    assert_eq!(directives.description.as_deref(), Some("a"));
    assert_eq!(directives.mode, Mode::Repeat);
}

#[test]
fn all_that_is_wrong_is_reported() {
    let script = "-- migrate: repaet\n-- migrate: a\nSELECT 1; -- migrate: repeat";
    let (directives, misread) = Directives::read(script, Sqlite);
    assert_eq!(directives, Directives::default());
    let faults: Vec<_> = misread.iter().map(|misread| misread.fault).collect();
    assert_eq!(faults, [Fault::Unknown, Fault::Unknown, Fault::Misplaced]);
}

#[test]
fn to_comments_and_back() {
    for mode in [Mode::Transaction, Mode::NoTransaction, Mode::Repeat] {
        for foreign_keys in [false, true] {
            let comments = Directives::to_comments(mode, foreign_keys);
            check(&[Sqlite], &format!("{comments}SELECT 1;"), |d| {
                d.mode = mode;
                d.foreign_keys = foreign_keys;
            });
            let plain = mode == Mode::Transaction && !foreign_keys;
            assert_eq!(comments.is_empty(), plain);
        }
        check(&[Postgres], &Directives::to_comments(mode, false), |d| {
            d.mode = mode;
        });
    }
}

#[test]
fn directive_in_a_block_comment_is_none() {
    let script = "/* migrate: repeat */\nDELETE FROM a;";
    for database in [Sqlite, Postgres] {
        let (directives, misread) = Directives::read(script, database);
        assert_eq!(directives, Directives::default());
        assert_eq!(misread[0].suggestion, Some("-- migrate: repeat"));
        assert_eq!(
            (misread[0].offset, &*misread[0].text),
            (0, "/* migrate: repeat */")
        );
    }
}
