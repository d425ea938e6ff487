//! What takes locks: which rules speak, where, and what keeps them silent.

use migrate_source::folder::{File, Folder};
use migrate_source::{Database, Options, Place};
use migrate_syntax::{Lint, Rule, lint};

fn lints(files: &[(&str, &str)], options: &Options, shipped: bool) -> Vec<Lint> {
    let files = files.iter().map(|(path, sql)| File {
        path: (*path).to_owned(),
        bytes: sql.as_bytes().to_vec(),
    });
    let files: Vec<File> = files.collect();
    lint(&Folder::read(&files, options), options, shipped)
}

/// Checks what is told of a script: the rule and the text that it is about.
#[track_caller]
fn check(sql: &str, expected: &[(Rule, &str)]) {
    let found = lints(
        &[("0001_a.sql", sql)],
        &Options::new(Database::Postgres),
        false,
    );
    let found = found
        .iter()
        .map(|lint| (lint.rule.unwrap(), excerpt(&lint.place)));
    let expected = expected.iter().map(|(rule, at)| (*rule, (*at).to_owned()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        expected.collect::<Vec<_>>(),
        "{sql}"
    );
}

/// Checks that nothing is told of a script.
#[track_caller]
fn silent(sql: &str) {
    check(sql, &[]);
}

fn excerpt(place: &Place) -> String {
    let start = place.column as usize - 1;
    let text = place.excerpt.chars().skip(start);
    text.take(place.width as usize).collect()
}

#[test]
fn every_rule() {
    check(
        "CREATE INDEX i ON t (a);",
        &[(Rule::CreateIndex, "CREATE INDEX i ON t (a);")],
    );
    check("DROP INDEX i;", &[(Rule::DropIndex, "DROP INDEX i;")]);
    check("REINDEX TABLE t;", &[(Rule::Reindex, "REINDEX TABLE t;")]);
    check(
        "ALTER TABLE t DETACH PARTITION p;",
        &[(Rule::DetachPartition, "DETACH PARTITION p")],
    );
    check(
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES b (id);",
        &[(Rule::ForeignKey, "FOREIGN KEY (a) REFERENCES b (id)")],
    );
    check(
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);",
        &[(Rule::UniqueConstraint, "CONSTRAINT u UNIQUE (a)")],
    );
    check(
        "ALTER TABLE t ADD PRIMARY KEY (a);",
        &[(Rule::PrimaryKey, "PRIMARY KEY (a)")],
    );
    check(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        &[(Rule::Constraint, "ADD CONSTRAINT c CHECK (a > 0)")],
    );
    check(
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
        &[(Rule::NotNull, "SET NOT NULL")],
    );
    check(
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid();",
        &[(Rule::Default, "gen_random_uuid()")],
    );
    check(
        "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        &[(Rule::ColumnType, "TYPE bigint")],
    );
    check(
        "ALTER TABLE t RENAME COLUMN a TO b;",
        &[(Rule::RenameColumn, "RENAME COLUMN a TO b")],
    );
    check(
        "ALTER TABLE t RENAME TO u;",
        &[(Rule::RenameTable, "RENAME TO u")],
    );
}

#[test]
fn rules_say_what_to_do() {
    let mut names = Vec::new();
    for rule in Rule::ALL {
        assert!(!rule.help().is_empty(), "{rule:?}");
        assert!(!rule.about().ends_with('.'), "{rule:?}");
        names.push(rule.name());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/postgres-syntax.md");
    let text = std::fs::read_to_string(path).unwrap();
    let documented = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented = documented.filter_map(|line| line.split_once("` | "));
    let documented: Vec<_> = documented.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(documented, names);
}

#[test]
fn several_of_one_statement() {
    check(
        "ALTER TABLE t\n  ADD COLUMN a int,\n  ADD COLUMN b uuid DEFAULT uuid_generate_v4(),\n  \
         ALTER COLUMN c SET NOT NULL;\nDROP INDEX i;",
        &[
            (Rule::Default, "uuid_generate_v4()"),
            (Rule::NotNull, "SET NOT NULL"),
            (Rule::DropIndex, "DROP INDEX i;"),
        ],
    );
}

#[test]
fn safe_forms() {
    silent("-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);");
    silent("-- migrate: no-transaction\nDROP INDEX CONCURRENTLY i;");
    silent("-- migrate: no-transaction\nREINDEX TABLE CONCURRENTLY t;");
    silent("-- migrate: no-transaction\nALTER TABLE t DETACH PARTITION p CONCURRENTLY;");
    silent("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (id) NOT VALID;");
    silent("ALTER TABLE t VALIDATE CONSTRAINT f;");
    silent("ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i;");
    silent("ALTER TABLE t ADD CONSTRAINT u PRIMARY KEY USING INDEX i;");
    silent("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;");
    silent("ALTER TABLE t VALIDATE CONSTRAINT c;\nALTER TABLE t ALTER a SET NOT NULL;");
    silent("ALTER TABLE t ALTER COLUMN a SET DEFAULT gen_random_uuid();");
}

#[test]
fn what_locks_nothing_for_long() {
    silent("CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE REFERENCES b (id));");
    silent("ALTER TABLE t ADD COLUMN a int REFERENCES b (id);");
    silent("ALTER TABLE t ADD COLUMN a int DEFAULT -1;");
    silent("ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now();");
    silent("ALTER TABLE t ADD COLUMN a jsonb DEFAULT ('{}'::jsonb);");
    silent("ALTER TABLE t ADD COLUMN a uuid DEFAULT ('0'::uuid);");
    silent("ALTER TABLE t ADD COLUMN a text DEFAULT lower('A');");
    silent("ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =);");
    silent("ALTER TABLE t DROP COLUMN a;");
    silent("DO $$ BEGIN EXECUTE 'CREATE INDEX i ON t (a)'; END $$;");
}

#[test]
fn what_the_script_has_made() {
    silent("CREATE TABLE t (a int);\nCREATE INDEX i ON t (a);\nDROP INDEX i;");
    silent(
        "CREATE TABLE IF NOT EXISTS s.\"T\" (a int);\nALTER TABLE ONLY s.\"T\" ALTER a SET NOT NULL;",
    );
    silent(
        "CREATE TABLE t (a int);\nALTER TABLE t ALTER a TYPE bigint;\nALTER TABLE T RENAME TO u;",
    );
    silent(
        "CREATE TEMP TABLE t (a int);\nALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid();",
    );
    silent("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a;\nCREATE UNIQUE INDEX i ON v (a);");
    silent("-- migrate: no-transaction\nCREATE TABLE t (a int);\nCREATE INDEX ON t (a);");
    check(
        "CREATE TABLE t (a int);\nCREATE INDEX i ON u (a);",
        &[(Rule::CreateIndex, "CREATE INDEX i ON u (a);")],
    );
    check(
        "ALTER TABLE t ALTER a SET NOT NULL;\nDROP TABLE t;\nCREATE TABLE t (a int);",
        &[(Rule::NotNull, "SET NOT NULL")],
    );
}

#[test]
fn off_by_comment() {
    silent("-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON t (a);");
    silent(
        "CREATE VIEW v AS SELECT 1;\n\
         -- squawk-ignore-file renaming-column, renaming-table\n\
         ALTER TABLE t RENAME a TO b;\nALTER TABLE t RENAME TO u;",
    );
    check(
        "-- squawk-ignore renaming-table\nALTER TABLE t RENAME a TO b;",
        &[(Rule::RenameColumn, "RENAME a TO b")],
    );
    // A comment for one statement is not one for the next.
    check(
        "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON t (a);\n\nCREATE INDEX j ON t (b);",
        &[(Rule::CreateIndex, "CREATE INDEX j ON t (b);")],
    );
    let found = lints(
        &[(
            "0001_a.sql",
            "SELECT 1;\n-- squawk-ignore renaming-colum\nSELECT 2;",
        )],
        &Options::new(Database::Postgres),
        false,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "there is no rule `renaming-colum`");
    assert_eq!(
        (found[0].rule, found[0].place.line, found[0].place.column),
        (None, 2, 18)
    );
}

const INDEX: &str = "CREATE INDEX i ON t (a);";

/// Checks which files are told of.
#[track_caller]
fn told(files: &[(&str, &str)], options: &Options, shipped: bool, expected: &[&str]) {
    let found = lints(files, options, shipped);
    let paths = found.iter().map(|lint| lint.place.path.as_str());
    assert_eq!(paths.collect::<Vec<_>>(), expected);
}

#[test]
fn which_migrations() {
    let files = [
        ("0001_a.up.sql", INDEX),
        ("0001_a.down.sql", "DROP INDEX i;"),
        ("0002_b.up.sql", INDEX),
    ];
    let mut options = Options::new(Database::Postgres);
    told(&files, &options, false, &["0001_a.up.sql", "0002_b.up.sql"]);
    options.trust_through = 1;
    told(&files, &options, false, &["0002_b.up.sql"]);
    told(&files, &options, true, &["0001_a.up.sql", "0002_b.up.sql"]);
    told(&files, &Options::new(Database::Sqlite), true, &[]);
    told(
        &[("R__v.sql", INDEX)],
        &Options::new(Database::Postgres),
        false,
        &["R__v.sql"],
    );
    // A text that cannot be read has a problem, which is told of elsewhere.
    told(
        &[("0001_a.sql", "DROP INDEX i; SELECT 'a;")],
        &Options::new(Database::Postgres),
        false,
        &[],
    );
}
