//! What holds for every folder, whatever its names and bytes are.

#![cfg(feature = "folder")]

use std::collections::BTreeSet;

use migrate_source::Database;
use migrate_source::folder::{File, Folder, Options, Up, lock};
use proptest::prelude::*;

/// Names made of the pieces that names are made of, and any others.
fn path() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "0",
        "1",
        "01",
        "2",
        "20240131",
        "2024-01-31",
        "99999999999999999999",
        "_",
        "__",
        "-",
        " ",
        ".",
        "..",
        "V",
        "U",
        "v",
        "R",
        "R__",
        "a",
        "é",
        "users",
        ".up",
        ".down",
        ".Down",
        ".sql",
        ".SQL",
        ".rs",
        ".psql",
        ".md",
        "/",
        "/up.sql",
        "/down.sql",
        "/metadata.toml",
        "README",
    ]);
    let usual = (
        "[1-4]",
        "[ab]",
        prop::sample::select(vec![
            ".sql",
            ".up.sql",
            ".down.sql",
            ".rs",
            "/up.sql",
            "/down.sql",
            "/metadata.toml",
        ]),
    );
    prop_oneof![
        4 => usual.prop_map(|(version, words, end)| format!("{version}_{words}{end}")),
        4 => prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat()),
        1 => prop::sample::select(vec!["seed.sql", "migrations.lock"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Texts made of the pieces that scripts and Rust files are made of, and any bytes.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "SELECT 1",
        ";",
        "\n",
        "\r\n",
        "'",
        "\"",
        "$$",
        "/*",
        "*/",
        "--",
        " a",
        "\0",
        "\u{feff}",
        "\n-- migrate:up\n",
        "\n-- migrate:down\n",
        "\n-- +goose Up\n",
        "\n-- +goose Down\n",
        "\n-- +goose StatementBegin\n",
        "\n-- +goose StatementEnd\n",
        "-- +goose NO TRANSACTION\n",
        "\n-- UP\n",
        "\n-- DOWN\n",
        "-- migrate: repeat\n",
        "-- migrate: no-transaction\n",
        "-- migrate: irreversible\n",
        "-- migrate: description \"é\"\n",
        "BEGIN;",
        "COMMIT;",
        "VACUUM;",
        "pub fn up() {}",
        "fn down() {}",
        "pub const REVISION: u32 = 1;",
        "//! a\n",
        "run_in_transaction = false\n",
        "1 a open\n",
        "2_b open\n",
        "é",
    ]);
    prop_oneof![
        6 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => any::<Vec<u8>>(),
    ]
}

fn files() -> impl Strategy<Value = Vec<File>> {
    let file = (path(), bytes()).prop_map(|(path, bytes)| File { path, bytes });
    // A folder cannot hold two files of one name.
    prop::collection::vec(file, 0..8).prop_map(|mut files| {
        let mut seen = BTreeSet::new();
        files.retain(|file| seen.insert(file.path.clone()));
        files
    })
}

fn options() -> impl Strategy<Value = Options> {
    let database = prop::sample::select(Database::ALL);
    (database, prop::sample::select(vec![0, 1, 2])).prop_map(|(database, trust)| {
        let mut options = Options::new(database);
        options.trust_through = trust;
        options
    })
}

/// The files that something was made of.
fn used(folder: &Folder) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    for migration in &folder.migrations {
        used.insert(match &migration.up {
            Up::Sql(script) => script.path.as_str(),
            Up::Code(code) => code.path.as_str(),
        });
        used.extend(migration.down.as_ref().map(|down| down.path.as_str()));
    }
    for repeatable in &folder.repeatables {
        used.insert(repeatable.up.path.as_str());
        used.extend(repeatable.down.as_ref().map(|down| down.path.as_str()));
    }
    used.extend(folder.seed.as_ref().map(|seed| seed.path.as_str()));
    used.extend(folder.lock.as_ref().map(|_| lock::FILE));
    used
}

/// Whether a file may be passed over, or belongs to another one.
fn aside(path: &str) -> bool {
    path.split('/').any(|part| {
        part.starts_with(['.', 'R'])
            || part.to_lowercase().ends_with(".md")
            || part == "metadata.toml"
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_never_panics(files in files(), options in options()) {
        let folder = Folder::read(&files, &options);
        for finding in &folder.findings {
            prop_assert!(!finding.render("migrations").is_empty());
            prop_assert!(!finding.help.is_empty(), "{finding:?}");
            if let Some(place) = &finding.place {
                prop_assert!(files.iter().any(|file| file.path == place.path), "{finding:?}");
            }
        }
        let versions: Vec<_> = folder.migrations.iter().map(|m| m.version).collect();
        prop_assert!(versions.is_sorted_by(|a, b| a < b) && versions.iter().all(|v| *v > 0));
    }

    #[test]
    fn the_order_of_the_files_makes_no_difference(mut files in files(), options in options()) {
        let folder = Folder::read(&files, &options);
        files.reverse();
        prop_assert_eq!(Folder::read(&files, &options), folder);
    }

    #[test]
    fn nothing_is_ignored_silently(files in files(), options in options()) {
        let folder = Folder::read(&files, &options);
        if folder.findings.is_empty() {
            let used = used(&folder);
            for file in files.iter().filter(|file| !aside(&file.path)) {
                prop_assert!(used.contains(file.path.as_str()), "{}", file.path);
            }
        }
    }

    #[test]
    fn the_parts_are_lines_of_the_file(files in files(), options in options()) {
        let folder = Folder::read(&files, &options);
        let downs = folder.migrations.iter().filter_map(|m| m.down.as_ref());
        let ups = folder.migrations.iter().filter_map(|m| match &m.up {
            Up::Sql(script) => Some(script),
            Up::Code(_) => None,
        });
        for script in ups.chain(downs) {
            let file = files.iter().find(|file| file.path == script.path).unwrap();
            let text = std::str::from_utf8(&file.bytes).unwrap().replace("\r\n", "\n");
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let lines: Vec<_> = text.split_inclusive('\n').skip(script.line as usize - 1).collect();
            prop_assert!(lines.concat().starts_with(&script.sql), "{script:?}");
        }
    }
}
