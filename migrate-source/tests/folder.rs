//! A folder as a whole: its layouts, what belongs together, what is relaxed.

#![cfg(feature = "folder")]

mod support;

use migrate_source::folder::{File, Finding, Folder, Options, Problem, Up};
use migrate_source::{Chain, Checksum, Database};
use support::{check, read, read_with, summary};

const UP: &str = "CREATE TABLE a (x);";
const DOWN: &str = "DROP TABLE a;";
const CODE: &str = "pub fn up(db: &Db) {}";

#[test]
fn plain() {
    check(
        &[
            ("0002_add_email.sql", UP),
            ("0001_create_users.down.sql", DOWN),
            ("0001_create_users.up.sql", UP),
        ],
        "
1 create users: 0001_create_users.up.sql, 0001_create_users.down.sql
2 add email: 0002_add_email.sql",
    );
}

#[test]
fn an_up_may_lack_its_ending_and_have_a_down() {
    check(
        &[("1_a.sql", UP), ("1_a.down.sql", DOWN)],
        "1 a: 1_a.sql, 1_a.down.sql",
    );
}

#[test]
fn the_order_is_that_of_the_numbers() {
    check(
        &[
            ("10_j.sql", UP),
            ("9_i.sql", UP),
            ("20240131120000_k.sql", UP),
        ],
        "
9 i: 9_i.sql
10 j: 10_j.sql
20240131120000 k: 20240131120000_k.sql
gap 9_i.sql:1:1",
    );
}

#[test]
fn one_file_of_dbmate() {
    check(
        &[
            (
                "1_a.sql",
                "-- migrate:up\nCREATE TABLE a (x);\n\n-- migrate:down\nDROP TABLE a;\n",
            ),
            (
                "2_b.sql",
                "-- b\n\n-- migrate: up transaction:false\nVACUUM;\n-- migrate:down transaction: false\nVACUUM;",
            ),
            ("3_c.sql", "  --migrate:up\nCREATE TABLE c (x);"),
        ],
        "
1 a: 1_a.sql:2, 1_a.sql:5
2 b: 2_b.sql:4 no-transaction, 2_b.sql:6 no-transaction
3 c: 3_c.sql:2",
    );
}

#[test]
fn one_file_of_goose() {
    check(
        &[
            (
                "1_a.sql",
                "-- +goose Up\nCREATE TABLE a (x);\n-- +goose Down\nDROP TABLE a;\n",
            ),
            (
                "2_b.sql",
                "-- +goose NO TRANSACTION\n-- +goose up\nVACUUM;\n-- +goose DOWN\nVACUUM;",
            ),
            (
                "3_c.sql",
                "-- +goose Up\nVACUUM;\n-- +goose Down\n-- +goose NO TRANSACTION\nVACUUM;",
            ),
            (
                "4_d.sql",
                "-- +goose Up\n-- +goose StatementBegin\nSELECT 1; SELECT 2\n-- +goose StatementEnd",
            ),
        ],
        "
1 a: 1_a.sql:2, 1_a.sql:4
2 b: 2_b.sql:3 no-transaction, 2_b.sql:5 no-transaction
3 c: 3_c.sql:2 no-transaction, 3_c.sql:4 no-transaction
4 d: 4_d.sql:2",
    );
}

#[test]
fn one_file_with_bare_markers() {
    check(
        &[(
            "1_a.sql",
            "-- UP\nCREATE TABLE a (x);\n-- DOWN\nDROP TABLE a;\n",
        )],
        "1 a: 1_a.sql:2, 1_a.sql:4",
    );
    // Other comments with these words are comments.
    check(
        &[(
            "1_a.sql",
            "-- Up\n-- UP and DOWN\n--- UP\nCREATE TABLE a (x);\n-- going DOWN\n",
        )],
        "1 a: 1_a.sql",
    );
}

#[test]
fn the_text_of_a_part_lies_between_the_markers() {
    let folder = read(&[(
        "1_a.sql",
        "\u{feff}-- migrate: description \"The first\"\r\n-- migrate:up\r\nSELECT 1;\r\n-- migrate:down\r\nSELECT 2;",
    )]);
    let migration = &folder.migrations[0];
    let Up::Sql(up) = &migration.up else {
        panic!("not SQL")
    };
    assert_eq!((up.line, up.sql.as_str()), (3, "SELECT 1;\n"));
    let down = migration.down.as_ref().unwrap();
    assert_eq!((down.line, down.sql.as_str()), (5, "SELECT 2;"));
    assert_eq!(migration.description, "The first");
}

/// What is above a down in other tools' files, or nearly so: the down would run with the up.
#[test]
fn what_looks_like_a_down_is_not_passed_over() {
    for marker in [
        "-- down",
        "-- Down",
        "-- DOWN:",
        "-- ---- DOWN ----",
        "-- +migrate Down",
        "-- goose Down",
        "/* migrate:down */",
        "-- migrate:rollback",
        "-- @UNDO",
        "-- rambler down",
        "-- !Downs",
        "---- create above / drop below ----",
    ] {
        let text = format!("CREATE TABLE a (x);\n{marker}\nDROP TABLE a;\n");
        check(
            &[("1_a.sql", &text)],
            "1 a: 1_a.sql\nunknown_marker 1_a.sql:2:1",
        );
        // By its name it is an up, and nothing follows there.
        check(&[("1_a.up.sql", &text)], "1 a: 1_a.up.sql");
        let commented = format!("CREATE TABLE a (x);\n{marker}\n-- DROP TABLE a;\n");
        check(&[("1_a.sql", &commented)], "1 a: 1_a.sql");
    }
    for comment in [
        "-- down to the last row",
        "-- migrate the rest",
        "-- scroll down",
    ] {
        let text = format!("CREATE TABLE a (x);\n{comment}\nCREATE TABLE b (x);\n");
        check(&[("1_a.sql", &text)], "1 a: 1_a.sql");
    }
}

#[test]
fn names_whose_cure_is_no_other_name() {
    for (name, problem, help) in [
        (
            "1_a.down.rs",
            Problem::NearMiss,
            "the down of code is `pub fn down` in `1_a.rs`",
        ),
        (
            "V2_1__b.sql",
            Problem::NoNumber,
            "give it a whole number, and the migrations after it the numbers that follow",
        ),
    ] {
        let found = read(&[(name, UP)]).findings;
        assert_eq!(found[0].problem, problem, "{name}");
        assert_eq!(found[0].help, [help], "{name}");
    }
}

#[test]
fn names_that_are_nearly_those_of_the_lock_and_the_sample_data() {
    let lock = ["rename it to `migrations.lock`"].as_slice();
    let seed = "or call it `seed.sql`, if it is sample data for a verification";
    for (name, problem, help) in [
        ("migration.lock", Problem::NearMiss, lock),
        ("Migrations.lock", Problem::NearMiss, lock),
        ("migrations.lck", Problem::NearMiss, lock),
        (
            "seeds.sql",
            Problem::NoNumber,
            &["begin with its version: `0001_seeds.sql`", seed],
        ),
        (
            "Seed.sql",
            Problem::NoNumber,
            &["begin with its version: `0001_Seed.sql`", seed],
        ),
    ] {
        let found = read(&[("1_a.sql", UP), (name, "")]).findings;
        assert_eq!(found[0].problem, problem, "{name}");
        assert_eq!(found[0].help, help, "{name}");
    }
}

#[test]
fn sample_data() {
    let seed = |text: &str| read(&[("1_a.sql", UP), ("seed.sql", text)]);
    let folder = seed("\u{feff}INSERT INTO a\r\nVALUES (1);");
    assert_eq!(summary(&folder), "1 a: 1_a.sql");
    assert_eq!(folder.seed.unwrap().sql, "INSERT INTO a\nVALUES (1);");
    assert_eq!(read(&[("1_a.sql", UP)]).seed, None);
    assert!(seed("").findings.is_empty());
    for (text, problem, column) in [
        (
            "INSERT INTO a VALUES ('1);",
            Problem::UnterminatedString,
            23,
        ),
        (
            "BEGIN; INSERT INTO a VALUES (1); COMMIT;",
            Problem::TransactionStatement,
            1,
        ),
        ("ATTACH 'b.db' AS b;", Problem::Attach, 1),
        ("-- migrate: no-transaction", Problem::MisplacedDirective, 1),
        (
            "-- migrate: unverified \"it is\"",
            Problem::MisplacedDirective,
            1,
        ),
        ("-- migrate:up", Problem::MisplacedMarker, 1),
        ("\0", Problem::NulByte, 1),
    ] {
        let found = seed(text).findings;
        let place = found[0].place.as_ref().unwrap();
        assert_eq!((found[0].problem, found.len()), (problem, 1), "{text}");
        assert_eq!(
            (place.path.as_str(), place.column),
            ("seed.sql", column),
            "{text}"
        );
    }
    // A folder with nothing else is empty.
    let folder = read(&[("seed.sql", UP)]);
    assert_eq!(summary(&folder), "empty_folder");
}

/// Its version is known, so that it is missing nowhere.
#[test]
fn a_number_without_words_leaves_no_gap() {
    for name in ["2_\u{1f600}.sql", "2.sql", "2_.sql", "0002.rs", "V2__.sql"] {
        let found = read(&[("1_a.sql", UP), (name, UP), ("3_c.sql", UP)]).findings;
        let problems: Vec<_> = found.iter().map(|f| f.problem.name()).collect();
        assert_eq!(problems, ["near_miss"], "{name}");
    }
    let files = [
        ("1-a/up.sql", UP),
        ("2-\u{1f600}/up.sql", UP),
        ("3-c/up.sql", UP),
    ];
    let problems: Vec<_> = read(&files).findings.iter().map(|f| f.problem).collect();
    assert_eq!(problems, [Problem::NearMiss]);
}

/// What would never run is not allowed with what is no migration.
#[test]
fn scripts_in_other_directories_are_never_allowed() {
    let mut options = Options::new(Database::Sqlite);
    options.allow = [Problem::UnknownFile].into();
    for (path, near) in [
        ("old/0002_b.sql", true),
        ("old/0002_b.rs", true),
        ("old/V2__b.sql", true),
        ("old/R__v.sql", true),
        ("old/2024-01-31-120000_b.sql", true),
        ("2-b/0002_b.sql", true),
        ("old/notes.txt", false),
        ("old/seed.sql", false),
        ("2-b/notes.txt", false),
    ] {
        // One that is no migration comes first.
        let (dir, _) = path.split_once('/').unwrap();
        let first = format!("{dir}/0.txt");
        let files = [("1_a.sql", UP), (&first, ""), (path, UP)];
        let folder = read_with(&options, &files);
        let problems: Vec<_> = folder.findings.iter().map(|f| f.problem).collect();
        let expected: &[Problem] = if near { &[Problem::NearMiss] } else { &[] };
        assert_eq!(problems, expected, "{path}");
    }
}

#[test]
fn down_by_its_name_alone_is_offered_as_one() {
    let found = read(&[("1_a.sql", UP), ("1_a_down.sql", DOWN)]).findings;
    assert_eq!(
        found[0].help,
        ["if it is the down of the other, call it `1_a.down.sql`"]
    );
}

#[test]
fn markers_in_literals_are_none() {
    check(
        &[(
            "1_a.sql",
            "-- UP\nINSERT INTO a VALUES ('\n-- DOWN\n');\n/*\n-- DOWN\n*/\n-- DOWN\nDELETE FROM a;",
        )],
        "1 a: 1_a.sql:2, 1_a.sql:9",
    );
}

#[test]
fn folders() {
    check(
        &[
            ("00000000000000_initial/up.sql", UP),
            ("2024-01-31-120000_create_users/up.sql", UP),
            ("2024-01-31-120000_create_users/down.sql", DOWN),
            ("2025-12-18-104956-0000_add-email/up.sql", UP),
            // vaultwarden's, whose version ends at the underscore.
            ("2024-03-13_170000_sso/up.sql", UP),
            ("2020-12-7-190800_errors/up.sql", UP),
            ("20190526120000_dense/up.sql", UP),
        ],
        "
1 initial: 00000000000000_initial/up.sql
201905261200000000 dense: 20190526120000_dense/up.sql
202012719080000000 errors: 2020-12-7-190800_errors/up.sql
202401311200000000 create users: 2024-01-31-120000_create_users/up.sql, 2024-01-31-120000_create_users/down.sql
202403130000000000 170000 sso: 2024-03-13_170000_sso/up.sql
202512181049560000 add email: 2025-12-18-104956-0000_add-email/up.sql",
    );
}

#[test]
fn folders_with_small_numbers() {
    check(
        &[
            ("01-create_users/up.sql", UP),
            ("01-create_users/down.sql", DOWN),
            ("02-2fa/up.sql", UP),
            ("3_c/up.sql", UP),
            ("00000004_d/up.sql", UP),
        ],
        "
1 create users: 01-create_users/up.sql, 01-create_users/down.sql
2 2fa: 02-2fa/up.sql
3 c: 3_c/up.sql
4 d: 00000004_d/up.sql",
    );
}

#[test]
fn metadata_of_a_folder() {
    let cases = [
        ("run_in_transaction = false", " no-transaction"),
        ("# a\n\n  run_in_transaction=true # b\n", ""),
    ];
    for (metadata, mode) in cases {
        check(
            &[
                ("1_a/up.sql", UP),
                ("1_a/down.sql", DOWN),
                ("1_a/metadata.toml", metadata),
                ("2_b/up.sql", UP),
            ],
            &format!("1 a: 1_a/up.sql{mode}, 1_a/down.sql{mode}\n2 b: 2_b/up.sql"),
        );
    }
    for wrong in [
        "",
        "# run_in_transaction = false",
        "run_in_transaction",
        "run_in_transaction = no",
        "run_in_transaction = \"false\"",
        "run_in_transaction = false\nrun_in_transaction = false",
        "run_in_transaction = false\nother = 1",
        "[migration]\nrun_in_transaction = false",
        "\"",
    ] {
        let folder = read(&[("1_a/up.sql", UP), ("1_a/metadata.toml", wrong)]);
        let found: Vec<_> = folder.findings.iter().map(|f| f.problem).collect();
        assert_eq!(found, [Problem::InvalidMetadata], "{wrong}");
    }
}

#[test]
fn metadata_and_directives_agree() {
    let no_transaction = "-- migrate: no-transaction\nVACUUM;";
    check(
        &[
            ("1_a/up.sql", no_transaction),
            ("1_a/metadata.toml", "run_in_transaction = false"),
        ],
        "1 a: 1_a/up.sql no-transaction",
    );
    check(
        &[
            ("1_a/up.sql", no_transaction),
            ("1_a/metadata.toml", "run_in_transaction = true"),
        ],
        "1 a: 1_a/up.sql no-transaction\ncontradicting_directives 1_a/up.sql:1:1",
    );
    check(
        &[(
            "1_a.sql",
            "-- migrate:up transaction:false\n-- migrate: repeat\nDELETE FROM a;",
        )],
        "1 a: 1_a.sql:2 repeat\ncontradicting_directives 1_a.sql:2:1",
    );
}

#[test]
fn refinery() {
    check(
        &[
            ("V1__create_users.sql", UP),
            ("U1__create_users.sql", DOWN),
            ("V10__j.sql", UP),
            ("V2__b.rs", CODE),
        ],
        "
1 create users: V1__create_users.sql, U1__create_users.sql
2 b: V2__b.rs
10 j: V10__j.sql
gap V10__j.sql:1:1",
    );
}

#[test]
fn code_joins_any_layout() {
    check(&[("0001_a.rs", CODE)], "1 a: 0001_a.rs");
    check(
        &[("1_a.sql", UP), ("2_b.rs", CODE)],
        "1 a: 1_a.sql\n2 b: 2_b.rs",
    );
    check(
        &[("1_a.sql", "-- UP\nSELECT 1;"), ("2_b.rs", CODE)],
        "1 a: 1_a.sql:2\n2 b: 2_b.rs",
    );
    check(
        &[
            ("2024-01-31-120000_a/up.sql", UP),
            ("2024-02-01-120000_b.rs", CODE),
            ("20240202_c.rs", CODE),
        ],
        "
202401311200000000 a: 2024-01-31-120000_a/up.sql
202402011200000000 b: 2024-02-01-120000_b.rs
202402020000000000 c: 20240202_c.rs",
    );
}

#[test]
fn the_down_of_code_is_code_or_a_script() {
    check(
        &[("1_a.rs", CODE), ("1_a.down.sql", DOWN)],
        "1 a: 1_a.rs, 1_a.down.sql",
    );
    check(
        &[
            ("1_a.rs", "pub fn up() {} pub fn down() {}"),
            ("1_a.down.sql", DOWN),
        ],
        "1 a: 1_a.rs, 1_a.down.sql\nduplicate_version 1_a.down.sql:1:1",
    );
    check(
        &[("1_a.rs", CODE), ("1_a.sql", UP)],
        "1 a: 1_a.rs\nduplicate_version 1_a.sql:1:1",
    );
}

#[test]
fn repeatables_join_any_layout() {
    check(
        &[
            ("R__views.sql", UP),
            ("R__views.down.sql", DOWN),
            ("R__Functions of users.sql", UP),
            ("2024-01-31-120000_a/up.sql", UP),
        ],
        "
202401311200000000 a: 2024-01-31-120000_a/up.sql
R Functions of users: R__Functions of users.sql
R views: R__views.sql, R__views.down.sql",
    );
    check(
        &[("R__views.down.sql", DOWN)],
        "orphan_down R__views.down.sql:1:1",
    );
}

#[test]
fn what_is_passed_over() {
    check(
        &[
            (".gitkeep", ""),
            (".git/config", ""),
            ("README", ""),
            ("README.txt", ""),
            ("notes.md", ""),
            ("NOTES.MD", ""),
            ("1_a.sql", UP),
        ],
        "1 a: 1_a.sql",
    );
    check(
        &[("1_a/up.sql", UP), ("1_a/README.md", ""), ("1_a/.keep", "")],
        "1 a: 1_a/up.sql",
    );
}

#[test]
fn a_folder_without_migrations_is_empty() {
    check(&[], "empty_folder");
    check(&[(".gitkeep", "")], "empty_folder");
    check(&[("schema.txt", "")], "unknown_file schema.txt:1:1");
}

#[test]
fn mixed_layouts() {
    let marked = "-- migrate:up\nSELECT 1;\n";
    // The less frequent layouts are reported, each at its first file.
    check(
        &[
            ("1_a.sql", UP),
            ("2_b.sql", UP),
            ("3_c/up.sql", UP),
            ("4_d/up.sql", UP),
            ("5_e.up.sql", UP),
            ("V6__f.sql", UP),
        ],
        "
1 a: 1_a.sql
2 b: 2_b.sql
3 c: 3_c/up.sql
4 d: 4_d/up.sql
5 e: 5_e.up.sql
6 f: V6__f.sql
mixed_layouts 3_c/up.sql:1:1
mixed_layouts V6__f.sql:1:1",
    );
    check(
        &[("1_a.sql", UP), ("2_b.sql", marked), ("3_c.sql", marked)],
        "
1 a: 1_a.sql
2 b: 2_b.sql:2
3 c: 3_c.sql:2
mixed_layouts 1_a.sql:1:1",
    );
    // A file whose markers stand in wrong places has no layout to report.
    let wrong = "-- migrate:down\nSELECT 1;\n";
    check(
        &[("1_a.sql", marked), ("2_b.sql", wrong)],
        "1 a: 1_a.sql:2\n2 b: 2_b.sql\nmisplaced_marker 2_b.sql:1:1",
    );
    let folder = read(&[("1_a.sql", UP), ("2_b.sql", marked)]);
    assert_eq!(
        folder.findings[0].message,
        "this file has the layout `one file`, but `1_a.sql` has `plain`"
    );
}

#[test]
fn duplicate_versions() {
    check(
        &[
            ("001_a.sql", UP),
            ("1_b.sql", UP),
            ("01_c.sql", UP),
            ("2_d.sql", UP),
        ],
        "
1 a: 001_a.sql
2 d: 2_d.sql
duplicate_version 01_c.sql:1:1
duplicate_version 1_b.sql:1:1",
    );
    check(
        &[("1_a.up.sql", UP), ("1_a.sql", UP)],
        "1 a: 1_a.sql\nduplicate_version 1_a.up.sql:1:1",
    );
    check(
        &[
            ("1_a.sql", UP),
            ("1_a.down.sql", DOWN),
            ("01_a.down.sql", DOWN),
        ],
        "1 a: 1_a.sql, 01_a.down.sql\nduplicate_version 1_a.down.sql:1:1",
    );
    check(
        &[("00000000000000_a/up.sql", UP), ("1_b/up.sql", UP)],
        "1 a: 00000000000000_a/up.sql\nduplicate_version 1_b/up.sql:1:1",
    );
    // The next number is free.
    let folder = read(&[("1_a.sql", UP), ("1_b.sql", UP), ("7_g.sql", UP)]);
    assert_eq!(
        folder.findings[0].help,
        [
            "give the newer one the next number: 8",
            "if `1_b.sql` is the newer one: `cargo migrate renumber 1_b.sql`"
        ]
    );
    let folder = read(&[("20240131120000_a.sql", UP), ("20240131120000_b.sql", UP)]);
    assert_eq!(
        folder.findings[0].help,
        [
            "give the newer one another timestamp",
            "if `20240131120000_b.sql` is the newer one: `cargo migrate renumber 20240131120000_b.sql`"
        ]
    );
}

#[test]
fn gaps() {
    let messages = |files: &[(&str, &str)]| {
        let findings = read(files).findings;
        findings.into_iter().map(|f| f.message).collect::<Vec<_>>()
    };
    assert_eq!(
        messages(&[
            ("2_b.sql", UP),
            ("3_c.sql", UP),
            ("5_e.sql", UP),
            ("9_i.sql", UP)
        ]),
        [
            "version 1 is missing before `2_b.sql`",
            "version 4 is missing between `3_c.sql` and `5_e.sql`",
            "versions 6 to 8 are missing between `5_e.sql` and `9_i.sql`",
        ]
    );
    // From eight digits on versions are timestamps, which have gaps by nature.
    assert_eq!(messages(&[("1_a.sql", UP), ("9999999_b.sql", UP)]).len(), 1);
    assert_eq!(
        messages(&[("1_a.sql", UP), ("10000000_b.sql", UP)]).len(),
        0
    );
    // What is there, but wrongly named, is not missing as well.
    check(
        &[("1_a.sql", UP), ("2-b.sql", UP), ("3_c.sql", UP)],
        "1 a: 1_a.sql\n3 c: 3_c.sql\nnear_miss 2-b.sql:1:1",
    );
    check(
        &[
            ("1_a.sql", UP),
            ("2-b.sql", UP),
            ("2_b.down.sql", DOWN),
            ("3_c.sql", UP),
        ],
        "1 a: 1_a.sql\n3 c: 3_c.sql\nnear_miss 2-b.sql:1:1",
    );
}

#[test]
fn ups_and_downs_belong_together() {
    check(
        &[("1_a.sql", UP), ("2_b.down.sql", DOWN)],
        "1 a: 1_a.sql\norphan_down 2_b.down.sql:1:1",
    );
    check(
        &[("1_a/up.sql", UP), ("2_b/down.sql", DOWN)],
        "1 a: 1_a/up.sql\norphan_down 2_b/down.sql:1:1",
    );
    check(&[("U1__a.sql", DOWN)], "orphan_down U1__a.sql:1:1");
    check(
        &[("V1__a.sql", UP), ("U1__b.sql", DOWN)],
        "1 a: V1__a.sql, U1__b.sql\nname_mismatch U1__b.sql:1:1",
    );
}

#[test]
fn all_findings_of_all_files_in_their_order() {
    let files = [
        ("3_c.sql", "SELECT 'a"),
        ("x.sql", UP),
        ("1_a.sql", "VACUUM;\n-- migrate: repaet\nBEGIN;"),
    ];
    let expected = "
1 a: 1_a.sql
3 c: 3_c.sql
not_in_transaction 1_a.sql:1:1
unknown_directive 1_a.sql:2:1
transaction_statement 1_a.sql:3:1
gap 3_c.sql:1:1
unterminated_string 3_c.sql:1:8
no_number x.sql:1:1";
    check(&files, expected);
    let [a, b, c] = files;
    check(&[c, b, a], expected);
    check(&[b, a, c], expected);
}

#[test]
fn allowed_by_name() {
    let files = [("2_b.sql", "VACUUM;"), ("2_c.sql", UP), ("x.txt", "")];
    let mut options = Options::new(Database::Sqlite);
    options.allow = Problem::ALL.iter().copied().collect();
    // What cannot be allowed stays, even if it is asked for.
    assert_eq!(
        summary(&read_with(&options, &files)),
        "2 b: 2_b.sql\nduplicate_version 2_c.sql:1:1"
    );
    options.allow = [Problem::Gap, Problem::UnknownFile].into();
    assert_eq!(
        summary(&read_with(&options, &files)),
        "2 b: 2_b.sql\nnot_in_transaction 2_b.sql:1:1\nduplicate_version 2_c.sql:1:1"
    );
    options.allow = [Problem::EmptyFolder].into();
    assert_eq!(summary(&read_with(&options, &[])), "");
}

#[test]
fn trusted_through_a_version() {
    let files = [
        ("2_b.sql", "COMMIT; PRAGMA foreign_keys = OFF; BEGIN;"),
        ("3_c.sql", ""),
        ("3_d.down.sql", ""),
        ("5_e.sql", "VACUUM;"),
        ("6_f.sql", "ROLLBACK;"),
    ];
    let found = |trust_through| {
        let mut options = Options::new(Database::Sqlite);
        options.trust_through = trust_through;
        let folder = read_with(&options, &files);
        let findings = folder.findings.iter().map(|f| f.problem.name());
        findings.collect::<Vec<_>>().join(" ")
    };
    let from_5 = "gap not_in_transaction rollback_statement";
    assert_eq!(
        found(0),
        format!(
            "gap transaction_statement foreign_keys_pragma empty_up name_mismatch empty_down {from_5}"
        )
    );
    assert_eq!(
        found(2),
        format!("empty_up name_mismatch empty_down {from_5}")
    );
    assert_eq!(found(4), from_5);
    assert_eq!(found(5), "rollback_statement");
    assert_eq!(found(6), "rollback_statement");
    assert_eq!(found(7), "trust_beyond_newest rollback_statement");
}

/// A down with an open quote can be run by no database, so it counts as none; where an up has one, nothing
/// behind it is known.
#[test]
fn trusted_downs_that_cannot_be_read() {
    let check = |database, files: &[(&str, &str)], trust_through, expected: &str| {
        let mut options = Options::new(database);
        options.trust_through = trust_through;
        assert_eq!(summary(&read_with(&options, files)), expected.trim());
    };
    let (sqlite, postgres) = (Database::Sqlite, Database::Postgres);
    let files = [
        ("1_a.sql", UP),
        ("1_a.down.sql", "DROP TABLE 'a;"),
        ("2_b.sql", UP),
    ];
    check(
        sqlite,
        &files,
        0,
        "1 a: 1_a.sql\n2 b: 2_b.sql\nunterminated_string 1_a.down.sql:1:12",
    );
    check(sqlite, &files, 1, "1 a: 1_a.sql\n2 b: 2_b.sql");
    check(
        sqlite,
        &[files[0], ("1_a.down.sql", "DROP TABLE \"a;")],
        1,
        "1 a: 1_a.sql",
    );
    check(
        postgres,
        &[files[0], ("1_a.down.sql", "end $$;")],
        1,
        "1 a: 1_a.sql",
    );
    // The up of such a file is read as ever, its down is the part that counts as none.
    let one = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT $a$ 1;\n";
    check(postgres, &[("1_a.sql", one)], 1, "1 a: 1_a.sql:2");
    // SQLite runs a script whose last comment is open.
    let open = [files[0], ("1_a.down.sql", "DROP TABLE a; /* why")];
    check(sqlite, &open, 1, "1 a: 1_a.sql, 1_a.down.sql");
    check(postgres, &open, 1, "1 a: 1_a.sql");
    check(
        sqlite,
        &[
            ("1_a.sql", "SELECT 'a;"),
            ("R__v.sql", UP),
            ("R__v.down.sql", "SELECT 'a;"),
        ],
        1,
        "
1 a: 1_a.sql
R v: R__v.sql, R__v.down.sql
unterminated_string 1_a.sql:1:8
unterminated_string R__v.down.sql:1:8",
    );
}

/// The newest is hardly in production, and what cannot be relaxed says nothing of it.
#[test]
fn how_a_finding_is_relaxed_is_said_with_it() {
    let files = [
        ("1_a.sql", "VACUUM; ROLLBACK;"),
        ("2_b.sql", "-- migrate:dwon\nSELECT 1;"),
        ("3_c.sql", "ATTACH 'a' AS a;"),
        ("notes.txt", ""),
    ];
    let said = |finding: &Finding| {
        let help = finding
            .help
            .iter()
            .filter(|cure| cure.contains("trust") || cure.contains("allow("));
        help.map(String::as_str).collect::<Vec<_>>().join("; ")
    };
    let folder = read(&files);
    let found: Vec<_> = folder
        .findings
        .iter()
        .map(|f| (f.problem.name(), said(f)))
        .collect();
    let trust = |version: i64| {
        format!(
            "if version {version} is in production already: `trust_through = {version}` takes it as it is"
        )
    };
    let allow = |name: &str| format!("or allow it in the whole folder: `allow({name})`");
    let expected = [
        ("rollback_statement", String::new()),
        (
            "not_in_transaction",
            format!("{}; {}", trust(1), allow("not_in_transaction")),
        ),
        ("unknown_marker", trust(2)),
        ("attach", allow("attach")),
        ("unknown_file", allow("unknown_file")),
    ];
    let sorted = |mut all: Vec<(&'static str, String)>| {
        all.sort();
        all
    };
    assert_eq!(sorted(found), sorted(expected.to_vec()));
}

#[test]
fn a_trusted_file_is_cut_at_its_first_markers() {
    let file =
        "-- migrate:up\n\n-- migrate:down\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;";
    let mut options = Options::new(Database::Sqlite);
    options.trust_through = 1;
    let folder = read_with(&options, &[("1_a.sql", file)]);
    assert_eq!(summary(&folder), "1 a: 1_a.sql:2, 1_a.sql:4");
}

#[test]
fn checksums_and_chain() {
    let of = |sql| Checksum::of_sql(sql, Database::Sqlite);
    let folder = read(&[
        ("1_a.sql", "CREATE TABLE a (x)"),
        ("2_b.rs", "pub const REVISION: u32 = 7; pub fn up() {}"),
        ("R__v.sql", "SELECT 1"),
    ]);
    let (first, second) = (of("CREATE TABLE a (x)"), Checksum::of_code(2, 7));
    let checksums: Vec<_> = folder.migrations.iter().map(|m| m.checksum).collect();
    assert_eq!(checksums, [first, second]);
    let chains: Vec<_> = folder.migrations.iter().map(|m| m.chain).collect();
    let chain = Chain::START.then(1, &first);
    assert_eq!(chains, [chain, chain.then(2, &second)]);
    assert_eq!(folder.repeatables[0].checksum, of("SELECT 1"));
}

#[test]
fn the_checksum_is_that_of_the_up() {
    let of = |text| read(&[("1_a.sql", text)]).migrations[0].checksum;
    let plain = of("SELECT 'a\nb';");
    assert_eq!(plain, of("\u{feff}-- why\r\nSELECT 'a\r\nb' ;\r\n"));
    assert_eq!(
        plain,
        of("-- migrate:up\nSELECT 'a\nb';\n-- migrate:down\nSELECT 2;")
    );
    assert_ne!(plain, of("SELECT 'a b';"));
}

#[test]
fn texts_are_alike_from_every_checkout() {
    let folder = read(&[("1_a.sql", "\u{feff}SELECT 1;\r\nSELECT '\r\n';\r")]);
    let Up::Sql(script) = &folder.migrations[0].up else {
        panic!("not SQL")
    };
    assert_eq!(script.sql, "SELECT 1;\nSELECT '\n';\r");
}

#[test]
fn texts_that_are_none() {
    let check = |bytes: &[u8], expected: &str| {
        let file = File {
            path: "1_a.sql".into(),
            bytes: bytes.into(),
        };
        let folder = Folder::read(&[file], &Options::new(Database::Sqlite));
        assert_eq!(folder.findings[0].render(""), expected.trim());
        assert_eq!(folder.findings.len(), 1);
    };
    check(
        b"\xff\xfeS\0E\0",
        "
this file is UTF-16, not UTF-8
 --> 1_a.sql:1:1
  = help: save it as UTF-8",
    );
    check(
        b"\xef\xbb\xbfSELECT 1;\r\n\tSELECT '\xc3\xa9\xe9';\r\n",
        "
the byte 0xE9 is not UTF-8 here
 --> 1_a.sql:2:11
  |
2 | \tSELECT '\u{e9}\u{fffd}';
  | \t         ^
  = help: save the file as UTF-8",
    );
}

#[test]
fn a_thousand_files_are_read_at_once() {
    let names: Vec<_> = (1..=1000).map(|n| format!("{n:04}_a.sql")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "BEGIN;")).collect();
    let folder = read(&files);
    assert_eq!(folder.migrations.len(), 1000);
    assert_eq!(folder.findings.len(), 1000);
    assert_eq!(folder.migrations[999].version, 1000);
}

/// What is PostgreSQL's and is read as SQLite's gets a word about that, once for each script.
#[test]
fn perhaps_postgres() {
    let cure = "if it is for PostgreSQL, say `database = \"postgres\"`";
    let count = |sql: &str| {
        let folder = read(&[("1_a.sql", sql)]);
        assert!(!folder.findings.is_empty(), "{sql}");
        let help = folder.findings.iter().flat_map(|finding| &finding.help);
        help.filter(|help| *help == cure).count()
    };
    for (sql, expected) in [
        ("DO $$ BEGIN; COMMIT; END $$;", 1),
        ("DO $x$ BEGIN; COMMIT; END $x$;", 1),
        ("SELECT 'a'::text; BEGIN; COMMIT;", 1),
        ("CREATE TABLE a (id bigserial); BEGIN; COMMIT;", 1),
        ("CREATE TABLE a (id INTEGER); BEGIN; COMMIT;", 0),
        (
            "SELECT '::', \"$$\", \": :\"; BEGIN; COMMIT; -- BIGSERIAL",
            0,
        ),
        ("SELECT :a, : :b; BEGIN; COMMIT;", 0),
    ] {
        assert_eq!(count(sql), expected, "{sql}");
    }
}
