//! Folders of real projects, which PostgreSQL 15 has run: what is found must be wrong.
//!
//! They are not part of this repository. `MIGRATE_SHARED` names the folder that holds their folder
//! `corpora`; it is `../shared` beside the repository otherwise.

use std::path::{Path, PathBuf};

use migrate_source::folder::disk;
use migrate_source::{Database, Options};
use migrate_syntax::syntax_errors;

/// Checks what is wrong with a history of which nothing is trusted.
#[track_caller]
fn check(name: &str, expected: &[&str]) {
    let shared = std::env::var_os("MIGRATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let listing = disk::list(&shared.join("corpora").join(name).join("migrations")).unwrap();
    let options = Options::new(Database::Postgres);
    let findings = syntax_errors(&listing.read(&options), &options);
    let found = findings.iter().map(|finding| {
        let place = finding.place.as_ref().unwrap();
        let directory = place.path.split('/').next().unwrap();
        format!(
            "{directory}:{}:{} {}",
            place.line, place.column, finding.message
        )
    });
    assert_eq!(found.collect::<Vec<_>>(), expected, "{name}");
}

#[test]
#[ignore = "needs ../shared/corpora"]
fn histories() {
    check("bionic-gpt-pg", &[]);
    check("docsrs-pg", &[]);
    check("openfga-pg", &[]);
    check("rauthy-pg", &[]);
    // All of them in downs that cannot have run.
    check(
        "graph-node-pg",
        &[
            "2020-12-15-000000_remove_nested_templates:4:21 syntax error at or near \";\"",
            "2020-12-15-000000_remove_nested_templates:9:21 syntax error at or near \";\"",
            "2021-03-24-220541_deployment_schemas_deployment_shard:1:6 syntax error at or near \"constraint\"",
            "2022-10-13-000000_track_processed_data_source:1:1 syntax error at or near \"raise\"",
            "2023-12-15-182102_add_first_last_fn:1:27 syntax error at or near \";\"",
            "2023-12-15-182102_add_first_last_fn:2:28 syntax error at or near \";\"",
        ],
    );
}
