//! What can be wrong inside a script: its markers, its directives, its statements.

#![cfg(feature = "folder")]

mod support;

use migrate_source::Database::{self, Postgres, Sqlite};
use migrate_source::Mode;
use migrate_source::folder::{Folder, Options, Up};
use support::{check, read, read_with, summary};

/// Checks the problems of one migration, with their lines and columns.
#[track_caller]
fn found(database: Database, files: &[(&str, &str)], expected: &str) {
    let folder = read_with(&Options::new(database), files);
    assert_eq!(findings(&folder), expected, "{files:?}");
}

/// Checks the problems of a plain up.
#[track_caller]
fn up(text: &str, expected: &str) {
    found(Sqlite, &[("1_a.sql", text)], expected);
}

#[track_caller]
fn postgres(text: &str, expected: &str) {
    found(Postgres, &[("1_a.sql", text)], expected);
}

fn findings(folder: &Folder) -> String {
    let findings = folder.findings.iter().map(|finding| {
        let place = finding.place.as_ref().unwrap();
        format!("{} {}:{}", finding.problem, place.line, place.column)
    });
    findings.collect::<Vec<_>>().join(", ")
}

#[test]
fn empty() {
    for text in [
        "",
        "\n",
        "\u{feff}",
        " ;;\n",
        "--",
        "-- \n/* */;",
        "-- migrate: irreversible",
        "-- no-transaction\n",
    ] {
        up(text, "empty_up 1:1");
        found(
            Sqlite,
            &[("1_a.sql", "SELECT 1"), ("1_a.down.sql", text)],
            empty_down(text),
        );
        found(
            Sqlite,
            &[("R__a.sql", text)],
            &format!("empty_up 1:1{}", misplaced(text)),
        );
    }
    for template in [
        "-- Your SQL goes here\n",
        "-- This file should undo anything in `up.sql`",
        "-- Add migration script here\n",
        "-- Add up migration script here",
        "-- Add down migration script here",
    ] {
        up(template, "empty_up 1:1");
    }
    up(
        "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementEnd\n",
        "empty_up 2:1",
    );
    // A place behind the marker, so that an editor shows the right part.
    up(
        "-- migrate:up\nSELECT 1;\n-- migrate:down\n",
        "empty_down 4:1",
    );
    up("-- migrate:up\n-- migrate:down\nSELECT 1;", "empty_up 2:1");
}

fn empty_down(text: &str) -> &'static str {
    match text.contains("irreversible") {
        true => "empty_down 1:1, misplaced_directive 1:1",
        false => "empty_down 1:1",
    }
}

fn misplaced(text: &str) -> &'static str {
    match text.contains("irreversible") || text.contains("no-transaction") {
        true => ", misplaced_directive 1:1",
        false => "",
    }
}

#[test]
fn empty_on_purpose() {
    up("-- The table was made by hand on all databases.\n", "");
    up("/* nothing to do */", "");
    up("-- migrate: irreversible\n-- nothing to do\n", "");
    up("-- migrate:up\n-- none\n-- migrate:down\n-- none\n", "");
}

#[test]
fn unterminated() {
    for (text, expected) in [
        ("SELECT 'a", "unterminated_string 1:8"),
        ("SELECT 1;\nSELECT x'00", "unterminated_string 2:8"),
        ("SELECT \"a;", "unterminated_name 1:8"),
        ("SELECT `a;", "unterminated_name 1:8"),
        ("SELECT [a;", "unterminated_name 1:8"),
        ("SELECT 1; /* a", "unterminated_comment 1:11"),
        ("VACUUM; SELECT 'a", "unterminated_string 1:16"),
    ] {
        up(text, expected);
    }
    for (text, expected) in [
        ("SELECT $$a$;", "unterminated_dollar_quote 1:8"),
        ("SELECT $a$b$$;", "unterminated_dollar_quote 1:8"),
        ("SELECT E'a\\';", "unterminated_string 1:8"),
        ("/* /* */ SELECT 1;", "unterminated_comment 1:1"),
        ("SELECT U&\"a", "unterminated_name 1:8"),
    ] {
        postgres(text, expected);
    }
}

#[test]
fn markers() {
    let both = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";
    for (text, expected) in [
        (
            "SELECT 1;\n-- migrate:up\nSELECT 2;",
            "misplaced_marker 2:1",
        ),
        ("SELECT 1;\n-- DOWN\nSELECT 2;", "misplaced_marker 2:1"),
        (
            "SELECT 1;\n-- +goose Down\nSELECT 2;",
            "misplaced_marker 2:1",
        ),
        (
            "SELECT 1; -- migrate:down\nSELECT 2;",
            "misplaced_marker 1:11",
        ),
        (
            "-- migrate:down\nSELECT 1;\n-- migrate:up\nSELECT 2;",
            "misplaced_marker 1:1, misplaced_marker 3:1",
        ),
        (
            &format!("{both}-- migrate:up\nSELECT 3;"),
            "misplaced_marker 5:1",
        ),
        (
            &format!("{both}-- migrate:down\nSELECT 3;"),
            "misplaced_marker 5:1",
        ),
        ("-- UP\n-- UP\nSELECT 1;", "misplaced_marker 2:1"),
        (
            "-- +goose StatementBegin\n-- +goose Up\nSELECT 1;",
            "misplaced_marker 1:1",
        ),
        (
            "-- +goose Up\nSELECT 1;\n-- +goose StatementEnd",
            "misplaced_marker 3:1",
        ),
        (
            "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd",
            "misplaced_marker 3:1",
        ),
        ("-- migrate:Up\nSELECT 1;", "unknown_marker 1:1"),
        ("-- Migrate:up\nSELECT 1;", "unknown_marker 1:1"),
        ("-- migrate up\nSELECT 1;", "unknown_marker 1:1"),
        ("-- migrate:dwon\nSELECT 1;", "unknown_marker 1:1"),
        (
            "-- migrate:up transaction:no\nSELECT 1;",
            "unknown_marker 1:1",
        ),
        (
            "-- migrate:up transactions:false\nSELECT 1;",
            "unknown_marker 1:1",
        ),
        ("-- +goose Upp\nSELECT 1;", "unknown_marker 1:1"),
        ("-- +goose ENVSUB ON\nSELECT 1;", "unknown_marker 1:1"),
        (
            "-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;",
            "unknown_marker 2:1",
        ),
        // With a space it could be a directive as well, and is reported once.
        ("SELECT 1;\n-- migrate: up\n", "misplaced_marker 2:1"),
        ("-- migrate: dwon\nSELECT 1;", "unknown_marker 1:1"),
        ("-- Migrate the users up to the new table\nSELECT 1;", ""),
        ("-- +goosebumps\nSELECT 1;", ""),
    ] {
        up(text, expected);
    }
}

#[test]
fn markers_belong_to_files_without_a_direction() {
    let text = "-- migrate:up\nSELECT 1;\n";
    for path in ["1_a.up.sql", "V1__a.sql", "1_a/up.sql", "R__a.sql"] {
        found(Sqlite, &[(path, text)], "misplaced_marker 1:1");
    }
}

#[test]
fn suggestions_for_markers() {
    let help = |text| read(&[("1_a.sql", text)]).findings[0].help.join("; ");
    assert_eq!(help("-- migrate:UP\nSELECT 1;"), "write `-- migrate:up`");
    assert_eq!(
        help("-- migrate:donw\nSELECT 1;"),
        "write `-- migrate:down`"
    );
    assert_eq!(
        help("-- +goose StatmentBegin\nSELECT 1;"),
        "write `-- +goose StatementBegin`"
    );
    assert_eq!(help("-- +goose ENVSUB ON\nSELECT 1;"), "remove it");
    assert_eq!(
        help("-- migrate:up transaction=false\nSELECT 1;"),
        "write `transaction:false`"
    );
}

#[test]
fn finished_statements_of_goose() {
    for (text, expected) in [
        ("-- +goose Up\nSELECT 1", "unfinished_statement 2:1"),
        (
            "-- +goose Up\nSELECT 1; SELECT 2",
            "unfinished_statement 2:11",
        ),
        (
            "-- +goose Up\nSELECT 1\n-- +goose Down\nSELECT 2",
            "unfinished_statement 2:1, unfinished_statement 4:1",
        ),
        (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1",
            "unfinished_statement 2:1",
        ),
        (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\nSELECT 2;",
            "unfinished_statement 2:1",
        ),
        (
            "-- +goose Up\nSELECT 1\n-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd",
            "unfinished_statement 2:1",
        ),
        (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd",
            "",
        ),
        ("-- +goose Up\nSELECT 1; -- done\n", ""),
        // Only goose is so strict.
        ("-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 2", ""),
        ("SELECT 1", ""),
    ] {
        up(text, expected);
    }
}

#[test]
fn directives() {
    for (text, expected) in [
        ("-- migrate: repaet\nSELECT 1;", "unknown_directive 1:1"),
        (
            "-- migrate: foreign-keys off\nSELECT 1;",
            "unknown_directive 1:1",
        ),
        (
            "SELECT 1;\n-- migrate: irreversible\n",
            "misplaced_directive 2:1",
        ),
        (
            "-- migrate: repeat\n-- migrate: no-transaction\nSELECT 1;",
            "contradicting_directives 2:1",
        ),
        (
            "-- migrate: repeat\n-- migrate:up\n-- migrate: no-transaction\nSELECT 1;",
            "contradicting_directives 3:1",
        ),
        (
            "-- migrate: what\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;",
            "unknown_directive 1:1",
        ),
        (
            "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- migrate: what\nSELECT 2;",
            "unknown_directive 4:1",
        ),
        (
            "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- migrate: irreversible\nSELECT 2;",
            "misplaced_directive 4:1",
        ),
        (
            "-- migrate: irreversible\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;",
            "irreversible_with_down 1:1",
        ),
        ("-- migrate: irreversible\n-- migrate:up\nSELECT 1;", ""),
        (
            "-- migrate: description \"x\"\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;",
            "",
        ),
    ] {
        up(text, expected);
    }
    let down = |text| {
        let files = [("1_a.sql", "SELECT 1;"), ("1_a.down.sql", text)];
        findings(&read(&files))
    };
    assert_eq!(
        down("-- migrate: description \"x\"\nSELECT 1;"),
        "misplaced_directive 1:1"
    );
    assert_eq!(down("-- migrate: no-transaction\nVACUUM;"), "");
}

#[test]
fn directives_before_the_markers_hold_for_both_parts() {
    let folder = read(&[(
        "1_a.sql",
        "-- migrate: foreign-keys on\n-- migrate: no-transaction\n-- UP\nSELECT 1;\n-- DOWN\nSELECT 2;",
    )]);
    let migration = &folder.migrations[0];
    let Up::Sql(up) = &migration.up else {
        panic!("not SQL")
    };
    for script in [up, migration.down.as_ref().unwrap()] {
        assert!(script.directives.foreign_keys);
        assert_eq!(script.directives.mode, Mode::NoTransaction);
    }
}

#[test]
fn directives_of_repeatables() {
    for (directive, up, down) in [
        ("foreign-keys on", "", ""),
        ("unverified \"needs a function\"", "", ""),
        ("description \"x\"", "", "misplaced_directive 1:1"),
        (
            "irreversible",
            "misplaced_directive 1:1",
            "misplaced_directive 1:1",
        ),
        (
            "no-transaction",
            "misplaced_directive 1:1",
            "misplaced_directive 1:1",
        ),
        (
            "repeat",
            "misplaced_directive 1:1",
            "misplaced_directive 1:1",
        ),
    ] {
        let text = format!("-- migrate: {directive}\nSELECT 1;");
        found(Sqlite, &[("R__a.sql", &text)], up);
        found(
            Sqlite,
            &[("R__a.sql", "SELECT 1;"), ("R__a.down.sql", &text)],
            down,
        );
    }
}

#[test]
fn irreversible_and_down() {
    check(
        &[
            (
                "1_a.sql",
                "-- irrevocable\n-- migrate: irreversible\nSELECT 1;",
            ),
            ("1_a.down.sql", "SELECT 2;"),
        ],
        "1 a: 1_a.sql, 1_a.down.sql\nirreversible_with_down 1_a.sql:2:1",
    );
    let folder = read(&[("1_a.sql", "-- migrate: irreversible\nSELECT 1;")]);
    assert!(folder.migrations[0].irreversible);
    assert_eq!(summary(&folder), "1 a: 1_a.sql");
}

#[test]
fn repeated_scripts() {
    up("-- migrate: repeat\nDELETE FROM a;", "");
    up(
        "-- migrate: repeat\nDELETE FROM a; SELECT 1; SELECT 2;",
        "repeat_not_single 2:16",
    );
    up("-- migrate: repeat\n", "empty_up 1:1");
    up("-- migrate: repeat\nVACUUM;", "not_in_transaction 2:1");
}

#[test]
fn transactions() {
    for (text, expected) in [
        ("BEGIN; SELECT 1; COMMIT;", "transaction_statement 1:1"),
        ("SELECT 1;\n  END;", "transaction_statement 2:3"),
        ("ROLLBACK;", "rollback_statement 1:1"),
        ("SAVEPOINT a; ROLLBACK TO a; RELEASE a;", ""),
        (
            "BEGIN; SELECT 1; ROLLBACK;",
            "transaction_statement 1:1, rollback_statement 1:18",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
            "",
        ),
        (
            "-- migrate: no-transaction\nBEGIN; SELECT 1; COMMIT; BEGIN; COMMIT;",
            "",
        ),
        (
            "-- migrate: no-transaction\nBEGIN; SELECT 1;",
            "transaction_statement 2:1",
        ),
        (
            "-- migrate: no-transaction\nBEGIN; BEGIN; COMMIT;",
            "transaction_statement 2:8",
        ),
        (
            "-- migrate: no-transaction\nSELECT 1; COMMIT;",
            "transaction_statement 2:11",
        ),
        (
            "-- migrate: no-transaction\nBEGIN; ROLLBACK;",
            "rollback_statement 2:8",
        ),
    ] {
        up(text, expected);
    }
}

#[test]
fn outside_of_transactions() {
    for (text, expected) in [
        ("SELECT 1; VACUUM; VACUUM;", "not_in_transaction 1:11"),
        ("PRAGMA journal_mode = WAL;", "not_in_transaction 1:1"),
        ("PRAGMA journal_mode;", ""),
        ("-- migrate: no-transaction\nVACUUM;", ""),
        ("-- no-transaction\nVACUUM;", ""),
        (
            "-- migrate: no-transaction\nBEGIN; VACUUM; COMMIT;",
            "not_in_transaction 2:8",
        ),
        // Between COMMIT and BEGIN there is no transaction.
        ("COMMIT; VACUUM; BEGIN;", "transaction_statement 1:1"),
    ] {
        up(text, expected);
    }
    postgres(
        "CREATE INDEX CONCURRENTLY i ON a (x);",
        "not_in_transaction 1:1",
    );
    postgres(
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x);",
        "",
    );
    let help = |text| read(&[("1_a.sql", text)]).findings[0].help[0].clone();
    assert_eq!(
        help("VACUUM;"),
        "move it to a migration of its own that begins with `-- migrate: no-transaction`"
    );
    assert_eq!(
        help("-- migrate: no-transaction\nBEGIN; VACUUM; COMMIT;"),
        "move it out of `BEGIN … COMMIT`"
    );
}

#[test]
fn what_reaches_beyond_the_script() {
    for (text, expected) in [
        (
            "PRAGMA foreign_keys = OFF; PRAGMA foreign_keys = ON;",
            "foreign_keys_pragma 1:1",
        ),
        (
            "-- migrate: no-transaction\nPRAGMA foreign_keys(0);",
            "foreign_keys_pragma 2:1",
        ),
        ("PRAGMA foreign_keys;", ""),
        ("PRAGMA foreign_key_check;", ""),
        ("ATTACH 'a.db' AS a;", "attach 1:1"),
        ("# a\nSELECT 1;\n# b\nSELECT 2;", "hash_comment 1:1"),
    ] {
        up(text, expected);
    }
    postgres("SELECT 1;\n\\copy a from 'b'\n", "psql_command 2:1");
    postgres("COPY a FROM stdin;\nit's\n\\.\n", "psql_command 1:1");
    postgres("SELECT '{}'::jsonb #> '{a}';", "");
}
